// Runs everything that `npm run check` runs, so that `npm test` alone tells whether the tree is good.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { root } from '../support/source-files.ts';

const Manifest = z.object({ scripts: z.record(z.string(), z.string()) });
const { scripts } = Manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));

/** Bundling takes some 20 seconds on an idle machine; a loaded one may need many times that. */
const TIMEOUT_MS = 600_000;

describe('the checks', () => {
  it('are all part of `npm run check`', () => {
    expect(scripts['check']?.split(' && ')).toEqual(checks.map((name) => `npm run ${name}`));
    expect(checks.length).toBeGreaterThanOrEqual(5);
  });

  it.each(checks)('%s passes', { timeout: TIMEOUT_MS }, (name) => {
    const { status, output } = run('npm', ['run', '--silent', name]);
    expect(status, output).toBe(0);
  });

  // A check that looked at nothing passes too.
  it.each([
    ['check:format', /Checked (\d+) files/],
    ['check:lint', /on (\d+) files/],
  ])('%s looks at all the sources', { timeout: TIMEOUT_MS }, (name, count) => {
    const { output } = run('npm', ['run', '--silent', name]);
    expect(Number(count.exec(output)?.[1]), output).toBeGreaterThan(50);
  });

  it('check:types looks at sources, tests, scripts and benchmarks', { timeout: TIMEOUT_MS }, () => {
    const { output } = run('npx', ['--no-install', 'tsc', '--listFilesOnly']);
    for (const folder of ['src', 'test', 'scripts', 'bench']) expect(output).toContain(`${join(root, folder)}/`);
  });
});

function run(program: string, args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    // Without colours, and as if nobody asked for a reporter of their own.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}
