// The process as the command line sees it. Values and streams; what happens with them is for others.

import { type Instant, instantFromMs } from '../model/time.ts';

/** What a command gets from outside. */
export interface CliProcess {
  /** What stands after the program's name. */
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly now: () => Instant;
}

/** This process. */
export function thisProcess(): CliProcess {
  const { env: environment, stdin, stdout, stderr } = process;
  return { words: process.argv.slice(2), environment, stdin, stdout, stderr, now: () => instantFromMs(Date.now()) };
}

/** Writes a result; the exit code of having done so. */
export function print(io: CliProcess, text: string): 0 {
  io.stdout.write(text);
  return 0;
}
