// Runs a TypeScript file as a process of its own, with nothing of this environment but PATH and HOME.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface ProcessResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessRequest {
  readonly file: string;
  readonly words?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly directory?: string;
  readonly input?: string;
}

/** What the process said and how it ended. */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const { file, words = [], directory = '/', input = '' } = request;
  const child = spawn(process.execPath, [file, ...words], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, ...request.environment },
  });
  const ended = new Promise<Pick<ProcessResult, 'code' | 'signal'>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  // A process that ends without reading its input is no failure of the test.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { ...end, stdout, stderr };
}
