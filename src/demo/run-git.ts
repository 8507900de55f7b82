// The `git` program for the demo's own repositories: no user configuration, no variables of an outer repository.

import { spawn } from 'node:child_process';
import { InternalError, UsageError } from '../errors.ts';

const MAX_STDERR_CHARACTERS = 2000;

/** One call of git. */
export interface GitCall {
  readonly directory: string;
  readonly arguments: readonly string[];
  /** What git reads on its standard input. */
  readonly input?: string;
  /** The environment of this process, from which only what is no GIT_ variable is handed on. */
  readonly environment: { readonly [name: string]: string | undefined };
}

/**
 * Runs git to its end and returns nothing: the demo only writes with it.
 * @throws UsageError USAGE when there is no git program; InternalError when git ends with anything but 0.
 */
export async function runGit(call: GitCall): Promise<void> {
  const command = `git ${call.arguments.join(' ')}`;
  await new Promise<void>((resolve, reject) => {
    const child = spawn('git', call.arguments, {
      cwd: call.directory,
      env: isolatedEnvironment(call.environment),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, MAX_STDERR_CHARACTERS);
    });
    child.once('error', (cause) => {
      reject(
        new UsageError(`Cannot run ${command}.`, { code: 'USAGE', cause, hint: 'The demo needs git: install it.' }),
      );
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new InternalError(`${command} ended with ${signal ?? code}: ${stderr.trim()}`, { code: 'INTERNAL' }));
    });
    // Git may end before it has read everything; its exit code then says why, not the broken pipe.
    child.stdin.once('error', () => undefined);
    child.stdin.end(call.input ?? '');
  });
}

/** The environment without all that would make git behave differently on another machine. */
export function isolatedEnvironment(environment: GitCall['environment']): NodeJS.ProcessEnv {
  const inherited = Object.entries(environment).filter(([name]) => !name.startsWith('GIT_'));
  return {
    ...Object.fromEntries(inherited),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  };
}
