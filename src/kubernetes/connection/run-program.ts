// Runs one program without a shell and without a terminal, with bounds on time and output.

import { spawn } from 'node:child_process';

/** How a program is run. */
export interface ProgramRun {
  readonly command: string;
  readonly args: readonly string[];
  /** All of it; its PATH is where the program is looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/** How it ended. */
export type ProgramEnd =
  | { readonly kind: 'ended'; readonly code: number; readonly output: string; readonly complaint: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly complaint: string }
  /** It could not be started: `ENOENT`, `EACCES`. */
  | { readonly kind: 'not-started'; readonly code: string }
  | { readonly kind: 'too-slow' | 'too-much' | 'stopped' };

/** A credential has a few kilobytes. */
const MAX_OUTPUT = 1024 * 1024;
/** What is kept of standard error: its end, where programs say why they failed. */
const MAX_COMPLAINT = 8192;

/** Runs it to its end. Never rejects. */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>();
  // `spawn` itself throws for a name with a NUL character.
  const child = spawn(run.command, run.args, { env: { ...run.environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (how: ProgramEnd): void => {
    clearTimeout(timer);
    run.signal.removeEventListener('abort', onAbort);
    resolve(how);
  };
  const stop = (kind: 'too-slow' | 'too-much' | 'stopped'): void => {
    child.kill('SIGKILL');
    // What it started itself may live on and print; it gets a broken pipe now.
    child.stdout.destroy();
    child.stderr.destroy();
    end({ kind });
  };
  const onAbort = (): void => stop('stopped');
  const timer = setTimeout(() => stop('too-slow'), run.timeoutMs);
  if (run.signal.aborted) onAbort();
  else run.signal.addEventListener('abort', onAbort);
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (output.length > MAX_OUTPUT) stop('too-much');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-MAX_COMPLAINT);
  });
  child.once('error', (error: NodeJS.ErrnoException) => end({ kind: 'not-started', code: error.code ?? error.name }));
  child.once('close', (code, signal) =>
    end(
      code === null
        ? { kind: 'signalled', signal: signal ?? 'unknown', complaint }
        : { kind: 'ended', code, output, complaint },
    ),
  );
  return promise;
}
