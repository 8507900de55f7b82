import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rbac-'));
});

afterAll(() => rm(folder, { recursive: true }));

const rbac = (words: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) =>
  runProcess({ file: START, words: ['rbac', ...words], directory: folder, environment });

async function policy(text: string): Promise<readonly string[]> {
  const path = join(folder, 'policy.yml');
  await writeFile(path, text);
  return ['--config', path];
}

const kindsIn = (yaml: string) =>
  parseAllDocuments(yaml).map((document) => {
    const { kind, metadata } = document.toJS() as { kind: string; metadata: { namespace?: string } };
    return metadata.namespace === undefined ? kind : `${kind} ${metadata.namespace}`;
  });

describe('rbac', () => {
  it('prints manifests on standard output and nothing else, also in CI, where no cluster is named', async () => {
    const result = await rbac([], { CI: 'true' });
    expect(result.code).toBe(0);
    expect(kindsIn(result.stdout)).toEqual([
      'Namespace',
      'ServiceAccount registry-cleanup',
      'ClusterRole',
      'ClusterRoleBinding',
    ]);
  });

  it('asks no cluster that happens to be in the surroundings', async () => {
    const environment = { KUBECONFIG: join(folder, 'not-there'), KUBERNETES_SERVICE_HOST: '127.0.0.1' };
    expect(await rbac([], environment)).toMatchObject({ code: 0 });
  });

  it('prints a Role for each namespace, of the option or of the policy file', async () => {
    const expected = ['Role bank', 'RoleBinding bank', 'Role shop', 'RoleBinding shop'];
    const given = await rbac(['--namespace', 'shop', '--namespace', 'bank']);
    expect(kindsIn(given.stdout)).toEqual(expect.arrayContaining(expected));
    const written = await rbac(await policy('kubernetes: {namespaces: [shop, bank]}\n'));
    expect(written.stdout).toBe(given.stdout);
  });

  it('prints JSON for programs', async () => {
    const { stdout } = await rbac(['--format', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'List', items: [{ kind: 'Namespace' }, {}, {}, {}] });
  });

  it('leaves out what the policy file excludes', async () => {
    const all = await rbac();
    const { stdout } = await rbac(await policy('kubernetes: {exclude: [jobs.batch]}\n'));
    expect([all.stdout, stdout].map((text) => /\bjobs\b/.test(text))).toEqual([true, false]);
    expect(stdout).toContain('cronjobs');
  });

  it('guesses no plural: a kind that only a cluster knows ends it', async () => {
    const words = await policy('kubernetes: {resources: [{group: apps.example.com, kind: Widget}, {kind: Pod}]}\n');
    const { code, stdout, stderr } = await rbac(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Widget (apps.example.com)');
    expect(stderr).not.toContain('Pod');
    expect(stderr).toContain('--kube-config');
  });

  it.each([
    ['a context without a kubeconfig', ['--kube-context', 'a'], '--kube-context'],
    ['a format that is for people', ['--format', 'markdown'], '--format'],
    ['an impossible namespace', ['--namespace', 'Shop'], 'no namespace can have that name'],
    ['an option that has no effect on rights', ['--kube-manifests', '.'], '--kube-manifests'],
    ['a repository', ['--repository', 'ghcr.io/team/app'], '--repository'],
    ['a kubeconfig that is not there', ['--kube-config', 'nowhere'], 'nowhere'],
  ])('refuses %s', async (_name, words, named) => {
    const { code, stdout, stderr } = await rbac(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(named);
  });
});
