// Runs what users run: `bin/registry-cleanup.js` as the command line, and `dist/index.js` as the runner of GitHub Actions starts it.

import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type ProcessRequest, type ProcessResult, runProcess } from '../cli/run-process.ts';
import { root } from './source-files.ts';

/** The program that the command line starts. */
export const program: string = join(root, 'bin', 'registry-cleanup.js');

/** Options of Node under which a process waits 20 times shorter: retries and time limits in full, but quickly. */
export const inAHurry: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=${new URL('./fast-clock.ts', import.meta.url).href}`,
};

/** Runs the command line to its end. */
export function runCli(words: readonly string[], more: Omit<ProcessRequest, 'file' | 'words'>): Promise<ProcessResult> {
  return runProcess({ file: program, words, ...more });
}

/** What is left of one run of the action. */
export interface ActionResult extends ProcessResult {
  readonly outputs: Readonly<Record<string, string>>;
  /** The job summary as Markdown. */
  readonly summary: string;
  /** GITHUB_OUTPUT, byte for byte. */
  readonly outputText: string;
  /** The workspace, RUNNER_TEMP and the home directory lie in it. */
  readonly folder: string;
  readonly temporary: string;
}

const actionFile = z.object({
  inputs: z.record(z.string(), z.object({ default: z.string().optional() })),
  outputs: z.record(z.string(), z.unknown()),
  runs: z.object({ main: z.string() }),
});

/** What `action.yml` declares. */
export async function readActionFile(): Promise<z.infer<typeof actionFile>> {
  return actionFile.parse(parse(await readFile(join(root, 'action.yml'), 'utf8')));
}

/**
 * Runs the bundle in a new folder below `parent`, as the runner does: every input that `action.yml` declares is in the
 * environment, with its default or empty, in upper case, hyphens stay; and nothing of this process but PATH. There is no GitHub here
 * but the one of a test: without `without-forge: 'false'` none is asked.
 */
export async function runAction(
  parent: string,
  inputs: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = {},
): Promise<ActionResult> {
  const declared = await readActionFile();
  const unknown = Object.keys(inputs).filter((name) => !(name in declared.inputs));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`);
  const folder = await mkdtemp(join(parent, 'action-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['workspace', 'temp', 'home']) await mkdir(at(name));
  for (const name of ['output', 'env', 'state', 'path', 'summary.md']) await writeFile(at(name), '');
  await writeFile(at('event.json'), '{}');
  const wanted: Readonly<Record<string, string>> = { 'without-forge': 'true', ...inputs };
  const given = Object.entries(declared.inputs).map(([name, input]): [string, string] => [
    `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
    wanted[name] ?? evaluate(input.default ?? ''),
  ]);
  const result = await runProcess({
    file: join(root, declared.runs.main),
    directory: at('workspace'),
    environment: {
      HOME: at('home'),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      RUNNER_OS: 'Linux',
      RUNNER_TEMP: at('temp'),
      GITHUB_REPOSITORY: 'team/app',
      GITHUB_EVENT_NAME: 'workflow_dispatch',
      GITHUB_EVENT_PATH: at('event.json'),
      GITHUB_OUTPUT: at('output'),
      GITHUB_ENV: at('env'),
      GITHUB_STATE: at('state'),
      GITHUB_PATH: at('path'),
      GITHUB_STEP_SUMMARY: at('summary.md'),
      GITHUB_WORKSPACE: at('workspace'),
      GITHUB_RUN_ID: '1',
      GITHUB_REF: 'refs/heads/main',
      ...Object.fromEntries(given),
      ...environment,
    },
  });
  const outputText = await readFile(at('output'), 'utf8');
  return {
    ...result,
    folder,
    temporary: at('temp'),
    outputText,
    outputs: parseOutputs(outputText),
    summary: await readFile(at('summary.md'), 'utf8'),
  };
}

/** The one expression that action.yml has for a default. */
function evaluate(text: string): string {
  return text.replace(/^\$\{\{ github\.token \}\}$/, 'ghs_of_this_job_0123456789');
}

/** `name<<ghadelimiter_…`, the value, the delimiter. */
function parseOutputs(text: string): Readonly<Record<string, string>> {
  const blocks = text.matchAll(/^(.+)<<(ghadelimiter_.+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...blocks].map(([, name = '', , value = '']) => [name, value] as const));
}
