// Turns an engine that does not answer, or answers no, into the error that fits. Reads codes and statuses, never texts.

import { AuthError, type CleanupError, EvidenceError } from '../errors.ts';
import { quoteFirstLine } from '../http/redact-text.ts';

/** What was asked. */
export interface EngineQuestion {
  /** `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** What was being done: `list the images`. */
  readonly purpose: string;
}

const UNREACHED: Readonly<Record<string, string>> = {
  ENOENT: 'there is no socket',
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host is not known',
  EAI_AGAIN: 'the name service does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
};

/** The error for a connection that broke, or never came to be. */
export function explainLoss({ address, purpose }: EngineQuestion, cause: unknown): CleanupError {
  const code = codeOf(cause);
  if (code === 'EACCES' || code === 'EPERM') return forbidden({ address, purpose }, cause);
  const why = UNREACHED[code];
  const hint =
    why === undefined
      ? 'Nothing was deleted for want of an answer. Is the engine in good health?'
      : 'Is the engine running? Name another one with --engine or DOCKER_HOST.';
  const text = why ?? (isTimeout(cause) ? 'no answer within the time limit' : `the answer broke off (${code})`);
  return new EvidenceError(`The engine at ${address} cannot be reached to ${purpose}: ${text}.`, {
    code: 'EVIDENCE_ENGINE',
    temporary: true,
    hint,
    cause,
  });
}

/** The error for an answer that is none of those that were hoped for. `words` are the engine's, untrusted. */
export function explainStatus(
  { address, purpose }: EngineQuestion,
  answer: { readonly status: number; readonly words: string },
): CleanupError {
  if (answer.status === 401 || answer.status === 403) return forbidden({ address, purpose }, undefined);
  const words = quoteFirstLine(answer.words);
  return new EvidenceError(
    `The engine at ${address} answered ${answer.status} to the request to ${purpose}${words === undefined ? '' : `: ${words}`}.`,
    { code: 'EVIDENCE_ENGINE', temporary: answer.status >= 500 },
  );
}

/** The error for an answer that is not as the Engine API has it. `problem` begins in lower case. */
export function explainNonsense({ address, purpose }: EngineQuestion, problem: string, cause?: unknown): EvidenceError {
  return new EvidenceError(`The engine at ${address} gave no usable answer to the request to ${purpose}: ${problem}.`, {
    code: 'EVIDENCE_ENGINE',
    hint: 'What an engine does not tell in full is not known, and nothing is deleted. Is this Docker 20.10 or Podman 4, or newer?',
    cause,
  });
}

function forbidden({ address, purpose }: EngineQuestion, cause: unknown): AuthError {
  return new AuthError(`This user may not ask the engine at ${address} to ${purpose}.`, {
    code: 'FORBIDDEN',
    hint: "Add the user to the group of the socket (Docker's is docker), or use an engine without root: its socket lies in $XDG_RUNTIME_DIR.",
    cause,
  });
}

function codeOf(cause: unknown): string {
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'no code';
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'TimeoutError' || cause.name === 'AbortError');
}
