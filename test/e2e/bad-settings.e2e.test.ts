// What a user can get wrong in options and files: one error, exit code 2, and no registry hears of it.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import * as z from 'zod';
import { IMAGES, runBadInput, type Stage, type Words } from '../support/bad-input.ts';
import { type ExpectedStop, expectStopped } from '../support/expect-stopped.ts';
import { runCli } from '../support/run-bundle.ts';

interface Row {
  readonly title: string;
  readonly expected: ExpectedStop;
  readonly arrange: (stage: Stage) => Promise<Words> | Words;
  readonly environment?: NodeJS.ProcessEnv;
}

const usage = (golden: string): ExpectedStop => ({ exit: 2, code: 'USAGE', golden });
const policy = (golden: string): ExpectedStop => ({ exit: 2, code: 'POLICY_INVALID', golden });
const plan = (golden: string): ExpectedStop => ({ exit: 2, code: 'PLAN_INVALID', golden });

/** A run with this policy file. */
const withPolicy = (text: string) => async (stage: Stage) => ({ config: await stage.write('policy.yml', text) });

/** The file that `plan` writes about the stage's registry, or the report. */
async function makeFile(stage: Stage, option: 'plan-file' | 'report-file', more: readonly string[] = []) {
  const path = join(stage.inputs, `${option}.json`);
  const words = [
    '--repository',
    `${stage.registry.host}/team/app`,
    '--without-git',
    '--without-kube',
    `--${option}`,
    path,
    ...more,
  ];
  const { code, stderr } = await runCli(['plan', ...words], { directory: stage.inputs });
  if (code !== 0) throw new Error(stderr);
  return path;
}

const planFile = z.looseObject({ repositories: z.array(z.looseObject({ steps: z.array(z.unknown()) })) });

describe('options that are wrong', () => {
  const rows: readonly Row[] = [
    {
      title: 'an unknown one is told with the nearest known one',
      expected: { ...usage('unknown-option'), withoutReport: true },
      arrange: () => ({ 'max-delete-shares': '0.5' }),
    },
    { title: 'a share above 1', expected: usage('share-above-1'), arrange: () => ({ 'max-delete-share': '1.5' }) },
    { title: 'no repository', expected: usage('no-repository'), arrange: () => ({ repository: false }) },
    {
      title: 'a repository that is no name',
      expected: usage('no-name'),
      arrange: () => ({ repository: 'http://127.0.0.1:5000/Team/App' }),
    },
    {
      title: 'all mistakes are told at once: options, policy file and keep list',
      expected: usage('all-at-once'),
      arrange: async (stage) => ({
        config: await stage.write('policy.yml', 'pins:\n  tagz: [keep]\ncleanup:\n  keepPolicys: []\n'),
        'keep-list': await stage.write('bad-list.txt', 'keep # fine\nno tag\nsha256:short\n'),
        'max-delete-share': 'half',
      }),
    },
    {
      title: 'no cluster in CI',
      expected: usage('no-cluster-in-ci'),
      arrange: () => ({ 'without-kube': false }),
      environment: { CI: 'true', KUBECONFIG: '/etc/hostname' },
    },
    {
      title: 'a plan made with --as-of is for looking at',
      expected: plan('plan-as-of'),
      arrange: async (stage) => ({
        'plan-file': await makeFile(stage, 'plan-file', ['--as-of', '2030-01-01T00:00:00Z']),
      }),
    },
  ];
  it.each(rows)('$title', async ({ expected, arrange, environment = {} }) => {
    await expectStopped(await runBadInput(arrange, { environment }), expected);
  });
});

describe('a policy file that is wrong', () => {
  const rows: readonly Row[] = [
    {
      title: 'an unknown key is told with line, column and the nearest known one',
      expected: policy('unknown-key'),
      arrange: withPolicy('cleanup:\n  keepPolicys:\n    - references: {branch: main}\n'),
    },
    {
      title: 'a regular expression that is none',
      expected: policy('bad-regex'),
      arrange: withPolicy('cleanup:\n  keepPolicies:\n    - references: {branch: /main(/}\n'),
    },
    {
      title: 'a regular expression that only other engines know',
      expected: policy('lookahead'),
      arrange: withPolicy('pins:\n  expressions: ["(?!x)"]\n'),
    },
    {
      title: 'a negative duration',
      expected: policy('negative-duration'),
      arrange: withPolicy('cleanup:\n  keepPolicies:\n    - references: {branch: main, limit: {in: -168h}}\n'),
    },
    { title: 'no YAML', expected: policy('no-yaml'), arrange: withPolicy('cleanup:\n  keepPolicies: [\n') },
  ];
  it.each(rows)('$title', async ({ expected, arrange }) => {
    await expectStopped(await runBadInput(arrange), expected);
  });
});

describe('a file that cannot be used', () => {
  const rows: readonly Row[] = [
    {
      title: 'a kubeconfig that is not there',
      expected: usage('kube-config-missing'),
      arrange: ({ inputs }) => ({ 'without-kube': false, 'kube-config': join(inputs, 'nowhere') }),
    },
    {
      title: 'a kubeconfig that is a folder',
      expected: usage('kube-config-folder'),
      arrange: async ({ inputs }) => {
        await mkdir(join(inputs, 'folder'));
        return { 'without-kube': false, 'kube-config': join(inputs, 'folder') };
      },
    },
    {
      title: 'a kubeconfig that is no kubeconfig',
      expected: usage('kube-config-nonsense'),
      arrange: async (stage) => ({
        'without-kube': false,
        'kube-config': await stage.write('config', 'hello: [world'),
      }),
    },
    {
      title: 'a CA file without a certificate',
      expected: usage('ca-file-nonsense'),
      arrange: async (stage) => ({ 'ca-file': await stage.write('ca.crt', 'not PEM') }),
    },
    {
      title: 'every bad line of a keep list is told',
      expected: usage('keep-list'),
      arrange: async (stage) => ({
        'keep-list': await stage.write(
          'bad-list.txt',
          `keep\nkeep-2 # fine\ntwo words\n\n-dash\nsha256:123\n${'x'.repeat(129)}\n`,
        ),
      }),
    },
    {
      title: 'a plan file of another repository',
      expected: { exit: 2, code: 'PLAN_FOREIGN', golden: 'plan-foreign' },
      arrange: async (stage) => ({
        'plan-file': await makeFile(stage, 'plan-file'),
        repository: `${stage.registry.host}/team/other`,
      }),
    },
    {
      title: 'a plan file that was changed by hand',
      expected: plan('plan-changed'),
      arrange: async (stage) => {
        const path = await makeFile(stage, 'plan-file');
        const { repositories, ...rest } = planFile.parse(JSON.parse(await readFile(path, 'utf8')));
        const fewer = repositories.map((repository) => ({ ...repository, steps: repository.steps.slice(1) }));
        await writeFile(path, JSON.stringify({ ...rest, repositories: fewer }, null, 2));
        return { 'plan-file': path };
      },
    },
    {
      title: 'a plan file that was cut off',
      expected: plan('plan-cut-off'),
      arrange: async (stage) => {
        const path = await makeFile(stage, 'plan-file');
        await writeFile(path, (await readFile(path, 'utf8')).slice(0, -100));
        return { 'plan-file': path };
      },
    },
    {
      title: 'a report in place of a plan',
      expected: plan('plan-is-report'),
      arrange: async (stage) => ({ 'plan-file': await makeFile(stage, 'report-file') }),
    },
    {
      title: 'a plan in place of the previous report',
      expected: plan('report-is-plan'),
      arrange: async (stage) => ({ 'previous-report': await makeFile(stage, 'plan-file') }),
    },
    {
      title: 'a previous report that was cut off',
      expected: plan('report-cut-off'),
      arrange: async (stage) => {
        const path = await makeFile(stage, 'report-file');
        await writeFile(path, (await readFile(path, 'utf8')).slice(0, -100));
        return { 'previous-report': path };
      },
    },
    {
      title: 'a previous report whose times are no times',
      expected: plan('report-times'),
      arrange: async (stage) => {
        const path = await makeFile(stage, 'report-file');
        const { digest } = IMAGES['old'] ?? {};
        const text = await readFile(path, 'utf8');
        await writeFile(path, text.replace(`"${digest}": "2024-03-01T10:00:00Z"`, `"${digest}": "long ago"`));
        return { 'previous-report': path };
      },
    },
  ];
  it.each(rows)('$title', async ({ expected, arrange }) => {
    await expectStopped(await runBadInput(arrange), expected);
  });
});
