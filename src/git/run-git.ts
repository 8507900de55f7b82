// The one place that starts git. A call ends well only when git exited with 0, closed its output and complained of nothing.
//
// `@actions/exec` 3 has four traps, which is why nothing else may call it:
// - `input`: when git exits before it read everything, the EPIPE is an uncaught exception. Git gets no standard input here.
// - `delay` (default 10 s): some time after the exit it reports success although output is still to come. Set to "for ever".
// - a signal arrives as the exit code null, in spite of its type, and `ignoreReturnCode: false` would lose git's message.
// - a listener that throws is an uncaught exception. Listeners here never throw.

import { describeCause, EvidenceError } from '../errors.ts';
import type { Redact } from './secrets.ts';

/** One call of git. */
export interface GitCall {
  /** Never holds a secret or a list that grows with the repository: other users of the machine can see it. */
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** For messages: `list the references of origin`. */
  readonly purpose: string;
  readonly redact: Redact;
}

/** The longest delay that a timer takes. */
const FOR_EVER_MS = 2 ** 31 - 1;
/** Git's complaints come last; what stands before them is progress. */
const MAX_STDERR_BYTES = 64 * 1024;
const MAX_MESSAGE_LENGTH = 2000;

/**
 * Runs git and hands its standard output to `onOutput`, chunk by chunk, as it comes.
 * @throws EvidenceError EVIDENCE_GIT when git is not installed, is ended by a signal, exits with anything but 0, or prints
 *   a line that starts with `fatal:` or `error:`. Whatever `onOutput` throws is thrown again, after git has ended.
 */
export async function streamGit(call: GitCall, onOutput: (chunk: Buffer) => void): Promise<void> {
  let stderr = Buffer.alloc(0);
  let thrown: { readonly cause: unknown } | undefined;
  const { exec } = await import('@actions/exec');
  let exitCode: number | null;
  try {
    exitCode = await exec('git', [...call.arguments], {
      cwd: call.directory,
      env: { ...call.environment },
      silent: true,
      ignoreReturnCode: true,
      delay: FOR_EVER_MS,
      listeners: {
        stdout: (chunk) => {
          try {
            if (thrown === undefined) onOutput(chunk);
          } catch (cause) {
            thrown = { cause };
          }
        },
        stderr: (chunk) => {
          stderr = Buffer.concat([stderr, chunk]).subarray(-MAX_STDERR_BYTES);
        },
      },
    });
  } catch (cause) {
    throw notStarted(call, cause);
  }
  const complaint = stderr.toString('utf8');
  if (exitCode !== 0 || /^(?:fatal|error): /m.test(complaint)) throw failed(call, exitCode, complaint);
  if (thrown !== undefined) throw thrown.cause;
}

/**
 * Runs git and returns its standard output as UTF-8.
 * @throws EvidenceError EVIDENCE_GIT as {@link streamGit} does.
 */
export async function readGit(call: GitCall): Promise<string> {
  const chunks: Buffer[] = [];
  await streamGit(call, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function notStarted(call: GitCall, cause: unknown): EvidenceError {
  return new EvidenceError(`Cannot run git to ${call.purpose}: ${call.redact(describeCause(cause))}`, {
    code: 'EVIDENCE_GIT',
    hint: 'Install git 2.31 or newer and check --git-dir, or leave Git out with --without-git.',
    details: { purpose: call.purpose },
  });
}

function failed(call: GitCall, exitCode: number | null, stderr: string): EvidenceError {
  const message = call.redact(stderr).trim();
  const shown = message.length > MAX_MESSAGE_LENGTH ? `… ${message.slice(-MAX_MESSAGE_LENGTH)}` : message;
  const end = exitCode === null ? 'was ended by a signal' : `ended with exit code ${exitCode}`;
  return new EvidenceError(`git could not ${call.purpose}: it ${end}${shown === '' ? '.' : ` and said: ${shown}`}`, {
    code: 'EVIDENCE_GIT',
    hint: hintFor(stderr),
    details: { purpose: call.purpose, exitCode },
  });
}

/** Words for people only: nothing is decided by git's text, which is in English because of LC_ALL=C. */
function hintFor(stderr: string): string {
  if (stderr.includes('dubious ownership') || stderr.includes('unsafe repository')) {
    return 'The repository belongs to another user. Trust it with git config --global --add safe.directory FOLDER.';
  }
  if (stderr.includes('not a git repository')) {
    return 'Give the folder of a clone with --git-dir, name a repository on GitHub with --github-repository, or leave Git out with --without-git.';
  }
  return 'Check that the clone is whole and that this job may read origin, or leave Git out with --without-git.';
}
