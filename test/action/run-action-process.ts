// Runs the action from its sources as the runner does: inputs in the environment, upper case, hyphens stay, unset ones empty.

import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProcessResult, runProcess } from '../cli/run-process.ts';

const START = fileURLToPath(new URL('./start-action.ts', import.meta.url));

/** What is left of a run. */
export interface ActionRun extends ProcessResult {
  readonly outputs: Readonly<Record<string, string>>;
  /** The job summary as Markdown. */
  readonly summary: string;
}

/** Runs it in a new folder below `parent`, or in the folder that `more` names as GITHUB_WORKSPACE. No GitHub unless inputs say so. */
export async function runActionProcess(
  parent: string,
  inputs: Readonly<Record<string, string>>,
  more: NodeJS.ProcessEnv = {},
): Promise<ActionRun> {
  const runner = await mkdtemp(join(parent, 'run-'));
  await mkdir(join(runner, 'temp'));
  const files = { GITHUB_OUTPUT: join(runner, 'output'), GITHUB_STEP_SUMMARY: join(runner, 'summary.md') };
  for (const file of Object.values(files)) await writeFile(file, '');
  const given = Object.entries({ 'without-forge': 'true', ...inputs }).map(([name, value]): [string, string] => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  const environment = {
    GITHUB_ACTIONS: 'true',
    CI: 'true',
    RUNNER_TEMP: join(runner, 'temp'),
    ...files,
    ...Object.fromEntries(given),
    ...more,
  };
  const result = await runProcess({ file: START, environment, directory: more['GITHUB_WORKSPACE'] ?? runner });
  return {
    ...result,
    outputs: parseOutputs(await readFile(files.GITHUB_OUTPUT, 'utf8')),
    summary: await readFile(files.GITHUB_STEP_SUMMARY, 'utf8'),
  };
}

/** `name<<ghadelimiter_…`, the value, the delimiter. */
function parseOutputs(text: string): Readonly<Record<string, string>> {
  const blocks = text.matchAll(/^(.+)<<(ghadelimiter_.+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...blocks].map(([, name = '', , value = '']) => [name, value] as const));
}
