// In CI no cluster is found by chance: through both front ends, with kubeconfigs lying wherever kubectl would look.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runActionProcess } from '../../action/run-action-process.ts';
import { runProcess } from '../../cli/run-process.ts';

const CLI = fileURLToPath(new URL('../../cli/start-cli.ts', import.meta.url));
const REFUSED = /no cluster to ask|is the secret set\?|got the empty file|got an empty value/;
/** Whoever reads one of the kubeconfigs says so. */
const READ = /names a user that it does not have|s3cret/;
const FOUND = `clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: found, context: {cluster: c, user: s3cret}}]\n`;

describe('a kubeconfig that nobody gave', () => {
  let folder: string;
  let environment: Record<string, string>;
  const base = ['plan', '--repository', 'registry.test/a', '--without-git'];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'never-ambient-'));
    await mkdir(join(folder, '.kube'));
    for (const name of ['.kube/config', 'ambient']) await writeFile(join(folder, name), FOUND);
    for (const [name, text] of Object.entries({ empty: '', blank: ' \n', mark: '\uFEFF\n' }))
      await writeFile(join(folder, name), text);
    environment = {
      HOME: folder,
      KUBECONFIG: join(folder, 'ambient'),
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: '1',
    };
  });
  afterAll(() => rm(folder, { recursive: true }));

  const cli = (words: readonly string[], more: Record<string, string | undefined> = {}) =>
    runProcess({ file: CLI, words: [...base, ...words], directory: folder, environment: { ...environment, ...more } });

  it.each([
    ['from KUBECONFIG', {}],
    ['from the home folder', { KUBECONFIG: undefined }],
  ])('is taken %s on a desk, so that this test can fail', async (_, more) => {
    const { code, stderr } = await cli([], more);
    expect(code).toBe(2);
    expect(stderr).toMatch(READ);
  });

  it.each<[string, readonly string[]]>([
    ['nothing is said', []],
    ['the secret is empty', ['--kube-config-base64', '']],
    ['the secret is blank', ['--kube-config-base64', ' \n']],
    ['the file is empty', ['--kube-config', 'empty']],
    ['the file is blank', ['--kube-config', 'blank']],
    ['the file holds a byte order mark alone', ['--kube-config', 'mark']],
    ['the name of the file is empty', ['--kube-config', '']],
    ['one of two files is empty', ['--kube-config', 'ambient', '--kube-config', 'empty']],
  ])('is not taken by the command line in CI when %s', async (_, words) => {
    const { code, stdout, stderr } = await cli(words, { CI: 'true' });
    expect(code).toBe(2);
    expect(stderr).toMatch(REFUSED);
    expect(stdout + stderr).not.toMatch(READ);
  });

  it('is not taken on a desk either when the secret is empty', async () => {
    const { code, stdout, stderr } = await cli(['--kube-config-base64', '']);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toMatch(READ);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['nothing is said', {}],
    ['the secret is empty', { 'kube-config-base64': '' }],
    ['the secret is blank', { 'kube-config-base64': ' \n' }],
    ['the file is empty', { 'kube-config': 'empty' }],
    ['the list of files is blank', { 'kube-config': '\n' }],
  ])('is never taken by the action, also without CI in the environment, when %s', async (_, inputs) => {
    const all = { repository: 'registry.test/a', 'without-git': 'true', ...inputs };
    const { code, stdout, stderr, summary } = await runActionProcess(folder, all, {
      ...environment,
      CI: '',
      GITHUB_WORKSPACE: folder,
    });
    expect(code).toBe(2);
    expect(stdout).toMatch(REFUSED);
    expect(stdout + stderr + summary).not.toMatch(READ);
  });
});
