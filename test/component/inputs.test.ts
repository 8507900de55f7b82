// What a user writes into an input arrives at the command line as it was written, and is never run.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { listComponentOptions } from '../../scripts/write-component.ts';
import { readInputVariables } from '../../src/cli/read-input-variables.ts';
import { openPipelineProject, type PipelineProject, SOURCES } from '../support/gitlab-ci-local.ts';

/** Texts that would do something, or be something else, if they got into a script, a word of one, or YAML. */
const NASTY = [
  '$(touch PWNED)',
  '`touch PWNED`',
  '; touch PWNED #',
  'a\ntouch PWNED\n',
  '"; touch PWNED; echo "',
  "'; touch PWNED; echo '",
  '--allow-delete-all',
  '* a  b',
  'é ß 漢 \u{1f600}',
  'x\n    script: [touch PWNED]',
  'a\\',
];

let project: PipelineProject;
let folder: string;

beforeAll(() => {
  project = openPipelineProject();
  folder = mkdtempSync(join(tmpdir(), 'inputs-'));
  installRecorder(join(folder, 'bin'));
});

afterAll(() => {
  project.close();
  rmSync(folder, { recursive: true });
});

/** In the place of the command line: writes down how it was called. */
function installRecorder(bin: string): void {
  mkdirSync(bin);
  const program = join(bin, 'registry-cleanup');
  const record = `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'call.json'))}, JSON.stringify({ words: process.argv.slice(2), environment: process.env }))`;
  writeFileSync(program, `#!${process.execPath}\n${record}\n`);
  chmodSync(program, 0o755);
}

const Call = z.object({ words: z.array(z.string()), environment: z.record(z.string(), z.string()) });

/** What the job gives to the command line. */
async function call(job: 'plan' | 'apply', inputs: object, variables: Readonly<Record<string, string>> = {}) {
  const include = { component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/cleanup@$CI_COMMIT_SHA', inputs };
  project.configure(JSON.stringify({ include: [include] }));
  rmSync(join(folder, 'call.json'), { force: true });
  const source = job === 'plan' ? SOURCES.merge_request : SOURCES.schedule;
  const run = await project.runJob(`registry-cleanup-${job}`, { ...source, ...variables }, [join(folder, 'bin')]);
  if (!existsSync(join(folder, 'call.json'))) throw new Error(run.output);
  const { words, environment } = Call.parse(JSON.parse(readFileSync(join(folder, 'call.json'), 'utf8')));
  return { words, environment, given: Object.fromEntries(readInputVariables(environment, job)) };
}

describe('an input', () => {
  it('that nobody gives is no option, save those whose default says the same', async () => {
    const { given } = await call('apply', {});
    expect(given).toEqual({
      'build-cache-only': ' false',
      'without-git': ' false',
      'without-forge': ' false',
      'without-kube': ' false',
      'plain-http': ' false',
      flush: ' false',
      dev: ' false',
      provider: 'auto',
      'api-budget': '0.8',
      'log-level': 'info',
    });
  });

  it('of every kind arrives', async () => {
    const { given } = await call(
      'apply',
      {
        repository: ['$CI_REGISTRY_IMAGE', 'a.example.com/b'],
        'kube-config': ['$KUBECONFIG', '$SECOND'],
        namespace: ['shop', 'pay'],
        config: 'deploy/$CI_PROJECT_PATH.yml',
        untag: 'false',
        'without-git': true,
        'max-delete-share': '0.5',
        'gitlab-token-variable': 'CLEANUP_TOKEN',
      },
      {
        CI_REGISTRY_IMAGE: 'r.example.com/group/app',
        KUBECONFIG: '/tmp/a b/config',
        SECOND: 'two',
        CLEANUP_TOKEN: 'glpat-1',
      },
    );
    expect(given).toMatchObject({
      repository: ['r.example.com/group/app', 'a.example.com/b'],
      'kube-config': ['/tmp/a b/config', 'two'],
      namespace: ['shop', 'pay'],
      config: 'deploy/group/app.yml',
      untag: 'false',
      'without-git': ' true',
      'max-delete-share': '0.5',
      'gitlab-token': 'glpat-1',
    });
  });

  it('of a list whose variable is not there is an empty entry, which is a mistake by then, and never no list', async () => {
    const { given } = await call('apply', { 'kube-config': ['$KUBECONFIG'] });
    expect(given).toMatchObject({ 'kube-config': [''] });
  });

  it('with anything in it stays a text, or one entry of a list', async () => {
    const options = listComponentOptions().filter(
      ({ kind, secret, choices }) => kind === 'text' && !secret && !choices,
    );
    expect(options.length).toBeGreaterThan(NASTY.length);
    const texts = Object.fromEntries(NASTY.map((text, at) => [options[at]?.name ?? '', text]));
    const entries = NASTY.filter((text) => !/[\n\\]/.test(text));
    const { words, given } = await call('apply', { ...texts, namespace: entries, 'kube-context': ['"], "x": ["'] });
    expect(given).toMatchObject({ ...texts, namespace: entries, 'kube-context': ['"], "x": ["'] });
    expect(words.slice(0, 3)).toEqual(['apply', '--cache-dir', '.registry-cleanup-cache']);
    expect(words.filter((word) => word.includes('/'))).toEqual(
      ['journal.jsonl', 'report.json', 'apply.md'].map((name) => `registry-cleanup-report/${name}`),
    );
    expect(words).toHaveLength(9);
    const built = join(project.folder, '.gitlab-ci-local', 'builds', 'registry-cleanup-apply');
    expect(existsSync(join(built, '.gitlab-ci.yml'))).toBe(true);
    expect(existsSync(join(built, 'PWNED'))).toBe(false);
  });
});

describe('the job', () => {
  it('plan writes its reports where the artifacts are, and asks for a note only where there is a token', async () => {
    const without = await call('plan', {});
    expect(without.given).not.toHaveProperty('merge-request-note');
    const { given, words } = await call('plan', {}, { GITLAB_TOKEN: 'glpat-1' });
    expect(given).toMatchObject({ 'merge-request-note': ' true', 'gitlab-token': 'glpat-1' });
    expect(words.filter((word) => word.includes('/'))).toEqual(
      ['plan.json', 'report.json', 'plan.md', 'code-quality.json'].map((name) => `registry-cleanup-report/${name}`),
    );
    const off = await call('plan', { 'merge-request-note': false }, { GITLAB_TOKEN: 'glpat-1' });
    expect(off.given).toMatchObject({ 'merge-request-note': ' false' });
  });

  it('tells git that the sources are its own, and fetches no history', async () => {
    const { environment } = await call('plan', {});
    expect(environment).toMatchObject({ GIT_DEPTH: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_COUNT: '1' });
    expect(environment['GIT_CONFIG_VALUE_0']).toBe(environment['CI_PROJECT_DIR']);
  });
});
