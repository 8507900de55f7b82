// The settings of the demo, by the same way that the command line's options take: what it prints as the next command does
// the same.

import { join, relative } from 'node:path';
import { normalizeSettings } from '../config/normalize-settings.ts';
import type { Settings } from '../config/settings.ts';
import type { World } from './make-world.ts';

/** The files that a run in the world leaves behind. */
export interface DemoFiles {
  readonly plan: string;
  readonly report: string;
  readonly journal: string;
}

/** Where the plan, the report of the apply and the journal lie. */
export function demoFiles(world: World): DemoFiles {
  return {
    plan: join(world.directory, 'plan.json'),
    report: join(world.directory, 'report.json'),
    journal: join(world.directory, 'journal.jsonl'),
  };
}

/**
 * Settings of one command in the world: `plan` and `apply` have the plan file, `apply` the report and the journal, `look` is a plan
 * that writes nothing.
 * @throws UsageError when the world's policy file is wrong.
 */
export async function demoSettings(world: World, step: 'plan' | 'apply' | 'look'): Promise<Settings> {
  const files = demoFiles(world);
  const options = {
    command: step === 'apply' ? 'apply' : 'plan',
    config: world.policyFile,
    'git-dir': world.cloneDirectory,
    'kube-manifests': [world.clustersDirectory],
    ...(step === 'look' ? {} : { 'plan-file': files.plan }),
    ...(step === 'apply' ? { 'report-file': files.report, journal: files.journal } : {}),
  };
  // Nothing of the surroundings may change the story: no credentials, no kubeconfig, no CI.
  const source = { environment: {}, workingDirectory: world.directory, frontEnd: 'cli' } as const;
  const { settings } = await normalizeSettings(options, source);
  return settings;
}

/** Lines for a shell in a checkout: a variable for the folder, and commands that work on the world. */
export function demoCommands(world: World, commands: readonly string[]): readonly string[] {
  const inside = (path: string): string => `"$DEMO/${relative(world.directory, path)}"`;
  const options = [
    `--config ${inside(world.policyFile)}`,
    `--git-dir ${inside(world.cloneDirectory)}`,
    `--kube-manifests ${inside(world.clustersDirectory)}`,
  ].join(' ');
  const lines = commands.map((command) => `npx registry-cleanup ${command} ${options}`);
  return [`DEMO='${world.directory.replaceAll("'", "'\\''")}'`, ...lines];
}
