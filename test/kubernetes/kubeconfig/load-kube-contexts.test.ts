import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { type KubeConfigOrigin, loadKubeContexts } from '../../../src/kubernetes/kubeconfig/load-kube-contexts.ts';
import { kubeConfigText } from '../../fakes/kubernetes-server.ts';

const SERVER = { url: 'https://127.0.0.1:6443', caFile: '/etc/ca.crt' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function config(...names: string[]): string {
  return kubeConfigText(names.map((name) => ({ name, server: SERVER, user: { token: `tok-${name}` } })));
}

async function namesOf(origin: KubeConfigOrigin, names: string[] = [], environment: Record<string, string> = {}) {
  const contexts = await loadKubeContexts(origin, names, { environment, home: folder });
  return contexts.map(({ name }) => name);
}

/** The usage error, whatever part of it is looked at. */
async function refusal(promise: Promise<unknown>): Promise<UsageError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UsageError) return error;
  throw new Error('It was not refused with a usage error.', { cause: error });
}

describe('the contexts of a kubeconfig', () => {
  it('are all of one file, in its order', async () => {
    const path = await file('config', config('prod', 'dev', 'alpha'));
    expect(await namesOf({ kind: 'files', paths: [path] })).toEqual(['prod', 'dev', 'alpha']);
  });

  it('are all of several files', async () => {
    const paths = [await file('a', config('prod')), await file('b', config('dev'))];
    expect(await namesOf({ kind: 'files', paths })).toEqual(['prod', 'dev']);
  });

  it('come from a text', async () => {
    expect(await namesOf({ kind: 'inline', text: config('prod') })).toEqual(['prod']);
  });

  it('are only the named ones when names are given', async () => {
    expect(await namesOf({ kind: 'inline', text: config('a', 'b', 'c') }, ['c', 'a', 'c'])).toEqual(['a', 'c']);
  });

  it('may join a cluster and a user that stand in two files', async () => {
    const clusters = await file('a', 'clusters: [{name: c, cluster: {server: "https://c.test"}}]');
    const users = await file(
      'b',
      'users: [{name: u, user: {token: t}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]',
    );
    const [context] = await loadKubeContexts({ kind: 'files', paths: [clusters, users] }, [], { environment: {} });
    expect(context).toMatchObject({ name: 'x', cluster: { server: 'https://c.test' }, user: { token: 't' } });
  });

  it('may stand in two files when they are equal there', async () => {
    const paths = [await file('a', config('prod')), await file('b', config('prod', 'dev'))];
    expect(await namesOf({ kind: 'files', paths })).toEqual(['prod', 'dev']);
  });

  it('mean paths relative to their file', async () => {
    await mkdir(join(folder, 'sub'));
    const user = {
      tokenFile: 'token',
      'client-certificate': 'a.crt',
      'client-key': 'k/a.key',
      exec: { command: './plugin' },
    };
    const path = await file(
      'sub/config',
      kubeConfigText([{ name: 'x', server: { ...SERVER, caFile: 'ca.crt' }, user }]),
    );
    const [context] = await loadKubeContexts({ kind: 'files', paths: [path] }, [], { environment: {} });
    expect(context?.cluster['certificate-authority']).toBe(join(folder, 'sub/ca.crt'));
    expect(context?.user).toMatchObject({
      tokenFile: join(folder, 'sub/token'),
      'client-certificate': join(folder, 'sub/a.crt'),
      'client-key': join(folder, 'sub/k/a.key'),
      exec: { command: join(folder, 'sub/plugin') },
    });
  });
});

describe('an ambient kubeconfig', () => {
  it('is every file of KUBECONFIG, in front of the one in the home folder', async () => {
    await mkdir(join(folder, '.kube'));
    await file('.kube/config', config('home'));
    const list = [await file('a', config('prod')), '', await file('b', config('dev'))].join(delimiter);
    expect(await namesOf({ kind: 'ambient' }, [], { KUBECONFIG: list })).toEqual(['prod', 'dev']);
  });

  it('is the file in the home folder when KUBECONFIG is empty or not set', async () => {
    await mkdir(join(folder, '.kube'));
    await file('.kube/config', config('home'));
    expect(await namesOf({ kind: 'ambient' })).toEqual(['home']);
    expect(await namesOf({ kind: 'ambient' }, [], { KUBECONFIG: '' })).toEqual(['home']);
  });

  it('is the account of the pod when there is no file', async () => {
    await file('token', 'tok');
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    const contexts = await loadKubeContexts({ kind: 'ambient' }, [], { environment, serviceAccountDirectory: folder });
    expect(contexts).toEqual([
      {
        name: 'in-cluster',
        cluster: { server: 'https://[fd00::1]:6443', 'certificate-authority': join(folder, 'ca.crt') },
        user: { tokenFile: join(folder, 'token') },
      },
    ]);
  });

  it.each([
    ['nothing is there', {}],
    ['KUBECONFIG names a missing file', { KUBECONFIG: '/nowhere/config' }],
    ['KUBECONFIG holds separators only', { KUBECONFIG: delimiter }],
    ['a pod has no account', { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }],
  ])('is a usage error when %s', async (_, environment) => {
    const surroundings = { environment, home: folder, serviceAccountDirectory: folder };
    expect((await refusal(loadKubeContexts({ kind: 'ambient' }, [], surroundings))).exitCode).toBe(2);
  });

  it('does not skip a missing file of KUBECONFIG, whose contexts would go unread', async () => {
    const list = [await file('a', config('prod')), join(folder, 'gone')].join(delimiter);
    const error = await refusal(namesOf({ kind: 'ambient' }, [], { KUBECONFIG: list }));
    expect(error.message).toContain('gone');
  });
});

describe('a kubeconfig that cannot be used', () => {
  it.each([
    ['it is empty', '', /is empty/],
    ['it is space', ' \n', /is empty/],
    ['it is no YAML', 'clusters: [\nusers: }', /:2:\d+ .*not YAML/],
    ['it is still base64', Buffer.from('kind: Config').toString('base64'), /expected object/],
    ['it is another kind of object', 'kind: Pod', /kind/],
    ['it has no context', 'kind: Config\ncontexts: []', /no context/],
    ['its contexts are null', 'kind: Config\ncontexts:', /no context/],
    ['its contexts are an object', 'contexts: {a: {}}', /contexts/],
    ['a context has no cluster', 'contexts: [{name: a, context: {user: u}}]', /cluster/],
    [
      'a context names a missing cluster',
      'contexts: [{name: a, context: {cluster: c}}]',
      /names a cluster that it does not have/,
    ],
    [
      'a context names a missing user',
      'clusters: [{name: c, cluster: {server: "https://c.test"}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]',
      /names a user that it does not have/,
    ],
    ['a server is no address', 'clusters: [{name: c, cluster: {server: "c.test:6443"}}]', /server/],
    [
      'two contexts have one name',
      `${config('a')}`.replace('contexts:', 'contexts:\n  - {name: a, context: {cluster: a}}'),
      /two context entries/,
    ],
    [
      'insecure-skip-tls-verify is a text',
      'clusters: [{name: c, cluster: {server: "https://c", insecure-skip-tls-verify: "true"}}]',
      /insecure-skip-tls-verify/,
    ],
  ])('is refused with its path when %s', async (_, text, why) => {
    const path = await file('config', text);
    const error = await refusal(namesOf({ kind: 'files', paths: [path] }));
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(error.message).toContain(path);
    expect(error.message).toMatch(why);
  });

  it('is refused when it cannot be read', async () => {
    expect((await refusal(namesOf({ kind: 'files', paths: [folder] }))).message).toMatch(/EISDIR|directory/);
    expect((await refusal(namesOf({ kind: 'files', paths: [join(folder, 'gone')] }))).message).toContain(
      'no such file',
    );
    expect((await refusal(namesOf({ kind: 'files', paths: [] }))).exitCode).toBe(2);
  });

  it('is refused when it is the UTF-16 that PowerShell writes, and says so', async () => {
    const path = join(folder, 'config');
    await writeFile(path, Buffer.from(`\uFEFF${config('a')}`, 'utf16le'));
    expect((await refusal(namesOf({ kind: 'files', paths: [path] }))).message).toMatch(/not UTF-8 .*PowerShell/);
  });

  it('is refused for a context that it does not have, with those that it has', async () => {
    const error = await refusal(namesOf({ kind: 'inline', text: config('prod', 'dev') }, ['prod', 'staging']));
    expect(error.message).toContain('"staging"');
    expect(error.hint).toContain('"prod", "dev"');
  });

  it.each(['cluster', 'user', 'context'])(
    'is refused when two files have a different %s of one name, because one of them would be hidden',
    async (what) => {
      const first = { name: 'default', server: SERVER, user: { token: 'one' } };
      const second = {
        cluster: { ...first, server: { ...SERVER, url: 'https://other.test' } },
        user: { ...first, user: { token: 'two' } },
        context: { ...first, user: undefined },
      }[what] as typeof first;
      const paths = [await file('a', kubeConfigText([first])), await file('b', kubeConfigText([second]))];
      const error = await refusal(namesOf({ kind: 'files', paths }));
      expect(error.message).toMatch(new RegExp(`\\(${what}\\).*"default" also stands in an earlier file`));
    },
  );

  it('never shows a line of the file', async () => {
    for (const text of [
      'users: [{name: u, user: {token: s3cret}',
      'token: s3cret\n  - s3cret',
      '"s3cret" "s3cret"',
      's3cret',
    ]) {
      const error = await refusal(namesOf({ kind: 'inline', text }));
      expect(`${error.message} ${error.hint} ${JSON.stringify(error.details)}`).not.toContain('s3cret');
    }
  });
});
