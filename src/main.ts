// The one entry of the bundle. `bin/registry-cleanup.js` calls `runCli`; the runner of GitHub Actions starts this file
// itself. Nothing is loaded before it is known which of the two it is.

import { basename } from 'node:path';

/** Runs the command line of this process and sets its exit code. */
export async function runCli(): Promise<void> {
  const [cli, { thisProcess }] = await Promise.all([import('./cli/run-cli.ts'), import('./cli/cli-process.ts')]);
  process.stdout.on('error', endQuietly);
  process.exitCode = await cli.runCli(thisProcess());
}

/** The reader of a pipe went away (`registry-cleanup | head`): that is no failure of ours, and there is no one to tell. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  throw error;
}

async function runAction(): Promise<void> {
  const { runAction: run } = await import('./action/run-action.ts');
  process.exitCode = await run(process.env);
}

// `runs: main: dist/index.js` of action.yml. Anybody else imports this file.
if (basename(process.argv[1] ?? '') === 'index.js') await runAction();
