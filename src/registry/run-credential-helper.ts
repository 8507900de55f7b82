// Asks a credential helper program: https://github.com/docker/docker-credential-helpers#development

import { spawn } from 'node:child_process';
import * as z from 'zod';
import { AuthError, UsageError } from '../errors.ts';
import { quoteFirstLine } from '../http/redact-text.ts';
import type { Credentials } from './credentials.ts';

/** What to ask for. */
export interface HelperRequest {
  /** The server's name as helpers know it: `ghcr.io`, `https://index.docker.io/v1/`. */
  readonly server: string;
  /** The file that names the helper, for messages. */
  readonly file: string;
  /** The helper's environment; its PATH is where the helper is looked for. */
  readonly environment: NodeJS.ProcessEnv;
  /** Default 30 s: helpers of clouds make requests of their own. */
  readonly timeoutMs?: number;
}

interface HelperResult {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly output: string;
}

const MAX_OUTPUT = 262_144;
/** A user name that says that the secret is an identity token. */
const TOKEN_USER = '<token>';

const helperAnswer = z.object({ Username: z.string().default(''), Secret: z.string().default('') });

/**
 * What `docker-credential-<name> get` has for the server; `none` only when the helper itself says that it has nothing.
 * @throws UsageError USAGE for a name that is no plain word; AuthError AUTH for every other failure, so that a broken
 *   helper never passes for "no credentials".
 */
export async function askCredentialHelper(
  name: string,
  request: HelperRequest,
): Promise<Exclude<Credentials, { readonly kind: 'anonymous' }> | 'none'> {
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) {
    throw new UsageError(
      `${request.file} names a credential helper that cannot be: ${JSON.stringify(name.slice(0, 100))}.`,
      {
        code: 'USAGE',
        hint: 'A helper is named by what follows docker-credential- in its program name.',
      },
    );
  }
  const program = `docker-credential-${name}`;
  const { code, output } = await run(program, request);
  if (code !== 0) {
    // The words are the protocol: https://github.com/docker/docker-credential-helpers/blob/v0.8.2/credentials/error.go
    if (/^credentials not found\b/i.test(output.trim())) return 'none';
    throw failed(program, request, describeEnd(code, output));
  }
  const answer = helperAnswer.safeParse(parseJson(output));
  if (!answer.success) throw failed(program, request, 'answered with something that is no credentials');
  const { Username: username, Secret: secret } = answer.data;
  if (username === '' && secret === '') return 'none';
  if (secret === '') throw failed(program, request, 'answered without a secret');
  const source = `the credential helper ${program}`;
  if (username === TOKEN_USER) return { kind: 'identity-token', token: secret, source };
  return { kind: 'password', username, password: secret, source };
}

function run(program: string, request: HelperRequest): Promise<HelperResult> {
  return new Promise((resolve, reject) => {
    const timeoutMs = request.timeoutMs ?? 30_000;
    const child = spawn(program, ['get'], { env: request.environment, stdio: ['pipe', 'pipe', 'ignore'] });
    const stop = (what: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      // What the helper started itself may live on and print; it gets a broken pipe now.
      child.stdout.destroy();
      reject(failed(program, request, what));
    };
    const timer = setTimeout(() => stop(`gave no answer in ${timeoutMs / 1000} s`), timeoutMs);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length > MAX_OUTPUT) stop('answered with too much');
    });
    child.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        failed(program, request, cause.code === 'ENOENT' ? 'is not on PATH' : `cannot be started (${cause.code})`),
      );
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? undefined, output });
    });
    // A helper may end without reading; its exit code tells what that means.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${request.server}\n`);
  });
}

/** A failing helper prints its complaint; JSON would be credentials, which are never quoted. */
function describeEnd(code: number | undefined, output: string): string {
  const complaint = output.includes('{') ? undefined : quoteFirstLine(output);
  const end = code === undefined ? 'was ended by a signal' : `ended with exit code ${code}`;
  return complaint === undefined ? end : `${end}: ${complaint}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it with the same message as any other wrong shape.
    return undefined;
  }
}

function failed(program: string, request: HelperRequest, what: string): AuthError {
  return new AuthError(`Cannot get the credentials for ${request.server}: ${program} ${what}.`, {
    code: 'AUTH',
    hint: `${request.file} names this helper. Install or repair it, or give --username and --password-stdin.`,
    details: { host: request.server, program },
  });
}
