import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseRegistryHost, parseRepositoryName } from '../../src/model/reference.ts';
import type { Credentials } from '../../src/registry/credentials.ts';
import { findCredentials } from '../../src/registry/find-credentials.ts';
import { askCredentialHelper } from '../../src/registry/run-credential-helper.ts';
import { createRememberingLog } from '../support/try-transport.ts';
import { containing } from '../support/typed-matchers.ts';

const folders: string[] = [];
let home = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'credentials-'));
  folders.push(home);
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function write(path: string, content: unknown): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function find(
  reference: string,
  more: {
    readonly environment?: NodeJS.ProcessEnv;
    readonly username?: string;
    readonly password?: string;
    readonly dockerConfig?: string;
  } = {},
): Promise<Credentials> {
  const [host = '', ...path] = reference.split('/');
  return findCredentials({
    host: parseRegistryHost(host),
    repository: parseRepositoryName(path.join('/')),
    log: createRememberingLog(),
    ...more,
    environment: { HOME: home, PATH: `${join(home, 'bin')}:/usr/bin:/bin`, ...more.environment },
  });
}

/** A helper as a shell script; it writes down what it was asked on standard input. */
async function writeHelper(name: string, script: string): Promise<void> {
  const file = await write(`bin/docker-credential-${name}`, `#!/bin/sh\ncat > "${home}/asked-${name}"\n${script}\n`);
  await chmod(file, 0o755);
}

const asked = (name: string): Promise<string> => readFile(join(home, `asked-${name}`), 'utf8');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const pair = (username: string, password: string): object => ({ kind: 'password', username, password });

describe('entries of auths', () => {
  const cases: readonly (readonly [string, object, object])[] = [
    ['auth is base64 of user:password', { auth: base64('u:p') }, pair('u', 'p')],
    ['a password may hold colons', { auth: base64('u:p:q:') }, pair('u', 'p:q:')],
    ['trailing NULs of a password are dropped', { auth: base64('u:p\0\0') }, pair('u', 'p')],
    ['username and password stand for themselves', { username: 'u', password: 'p' }, pair('u', 'p')],
    ['auth outranks username and password', { auth: base64('a:b'), username: 'u', password: 'p' }, pair('a', 'b')],
    [
      'an identity token outranks auth and takes its user name',
      { auth: base64('u:'), identitytoken: 'idt' },
      { kind: 'identity-token', token: 'idt', username: 'u' },
    ],
    [
      'a registry token outranks all',
      { registrytoken: 'rt', identitytoken: 'i' },
      { kind: 'registry-token', token: 'rt' },
    ],
    ['an empty entry holds nothing', {}, { kind: 'anonymous' }],
    ['an entry with empty texts holds nothing', { auth: '', username: '', password: '' }, { kind: 'anonymous' }],
  ];
  it.each(cases)('%s', async (_name, entry, expected) => {
    await write('.docker/config.json', { auths: { 'ghcr.io': entry } });
    expect(await find('ghcr.io/team/app')).toMatchObject(expected);
  });

  it('registers the secret with the log and names the file, not the secret, as the source', async () => {
    const file = await write('.docker/config.json', { auths: { 'ghcr.io': { auth: base64('u:hush-hush') } } });
    const log = createRememberingLog();
    const found = await findCredentials({
      host: parseRegistryHost('ghcr.io'),
      repository: parseRepositoryName('team/app'),
      environment: { HOME: home },
      log,
    });
    expect(log.secrets).toEqual(['hush-hush']);
    expect(found).toMatchObject({ source: `auths in ${file}` });
    expect(log.lines.join('\n')).not.toContain('hush-hush');
  });
});

describe('which key of auths is meant', () => {
  const cases: readonly (readonly [string, string, readonly string[], string | undefined])[] = [
    ['the host itself', 'ghcr.io/team/app', ['quay.io', 'ghcr.io'], 'ghcr.io'],
    [
      'the host with its port',
      'localhost:5000/app',
      ['localhost', 'localhost:5001', 'localhost:5000'],
      'localhost:5000',
    ],
    [
      'never a part of a host',
      'ghcr.io/team/app',
      ['cr.io', 'hcr.io', 'ghcr.io.evil.example', 'evil.example/ghcr.io'],
      undefined,
    ],
    [
      'never a host that ends alike',
      'ghcr.io/team/app',
      ['evil-ghcr.io', 'x.ghcr.io', 'https://ghcr.io@evil.example/'],
      undefined,
    ],
    ['a key with a scheme', 'reg.example/app', ['https://reg.example'], 'https://reg.example'],
    [
      'a key with a scheme and a path means the host',
      'reg.example/app',
      ['https://reg.example/v1/'],
      'https://reg.example/v1/',
    ],
    ['hosts are compared without case', 'reg.example/app', ['REG.example'], 'REG.example'],
    [
      'a key without a scheme before one with it',
      'reg.example/app',
      ['https://reg.example', 'reg.example'],
      'reg.example',
    ],
    [
      'Docker Hub by its old address',
      'docker.io/library/nginx',
      ['https://index.docker.io/v1/'],
      'https://index.docker.io/v1/',
    ],
    ['Docker Hub by its name', 'docker.io/library/nginx', ['docker.io'], 'docker.io'],
    [
      'Docker Hub is not another host with a docker in it',
      'docker.io/library/nginx',
      ['mydocker.io', 'docker.io.example'],
      undefined,
    ],
    [
      'the longest prefix of the repository',
      'quay.io/team/app',
      ['quay.io', 'quay.io/team', 'quay.io/team/app'],
      'quay.io/team/app',
    ],
    ['a prefix of whole components only', 'quay.io/team/app', ['quay.io/tea', 'quay.io/team/ap'], undefined],
    ['a prefix before the host', 'quay.io/team/sub/app', ['quay.io', 'quay.io/team'], 'quay.io/team'],
    ['not a longer path than the repository', 'quay.io/team', ['quay.io/team/app'], undefined],
  ];
  it.each(cases)('%s', async (...[, reference, keys, expected]) => {
    const auths = Object.fromEntries(keys.map((key) => [key, { username: key, password: 'p' }]));
    await write('.docker/config.json', { auths });
    const found = await find(reference);
    expect(found).toMatchObject(expected === undefined ? { kind: 'anonymous' } : { username: expected });
  });

  it('passes over a fitting key without secrets', async () => {
    await write('.docker/config.json', {
      auths: { 'quay.io/team/app': {}, 'quay.io': { username: 'u', password: 'p' } },
    });
    expect(await find('quay.io/team/app')).toMatchObject(pair('u', 'p'));
  });
});

describe('which place is asked first', () => {
  const entry = (username: string): object => ({ auths: { 'ghcr.io': { username, password: 'p' } } });
  it('goes from the inputs through the files to DOCKER_AUTH_CONFIG', async () => {
    const environment: NodeJS.ProcessEnv = {
      REGISTRY_AUTH_FILE: await write('explicit.json', entry('registry-auth-file')),
      DOCKER_CONFIG: dirname(await write('docker/config.json', entry('docker-config'))),
      XDG_RUNTIME_DIR: dirname(dirname(await write('run/containers/auth.json', entry('runtime')))),
      DOCKER_AUTH_CONFIG: JSON.stringify(entry('inline')),
    };
    await write('.docker/config.json', entry('home'));
    await write('.config/containers/auth.json', entry('config'));
    const seen: unknown[] = [];
    const note = async (more: object = {}): Promise<void> => {
      const found = await find('ghcr.io/team/app', { environment, ...more });
      seen.push(found.kind === 'password' ? found.username : found.kind);
    };
    await note({ username: 'input', password: 'p' });
    await note();
    for (const name of ['REGISTRY_AUTH_FILE', 'DOCKER_CONFIG'] as const) {
      delete environment[name];
      await note();
    }
    await rm(join(home, '.docker'), { recursive: true });
    await note();
    delete environment['XDG_RUNTIME_DIR'];
    await note();
    await rm(join(home, '.config'), { recursive: true });
    await note();
    delete environment['DOCKER_AUTH_CONFIG'];
    await note();
    expect(seen).toEqual([
      'input',
      'registry-auth-file',
      'docker-config',
      'home',
      'runtime',
      'config',
      'inline',
      'anonymous',
    ]);
  });

  it('looks into the next file when one has nothing for the host', async () => {
    await write('.docker/config.json', { auths: { 'quay.io': { username: 'q', password: 'p' } }, HttpHeaders: {} });
    await write('.config/containers/auth.json', entry('podman'));
    expect(await find('ghcr.io/team/app')).toMatchObject({ username: 'podman' });
  });

  it('is anonymous without a home directory and without files', async () => {
    expect(await find('ghcr.io/team/app', { environment: { HOME: undefined } })).toEqual({ kind: 'anonymous' });
  });

  it.each([
    ['user name', { username: 'u' }, 'password'],
    ['password', { password: 'hush' }, 'user name'],
  ])('refuses a %s alone', async (_name, given, missing) => {
    await expect(find('ghcr.io/team/app', given)).rejects.toMatchObject({
      name: 'UsageError',
      message: containing(missing),
    });
  });
});

describe('credential helpers', () => {
  const json = (answer: object): string => `echo '${JSON.stringify(answer)}'`;
  it('asks the helper of the host before credsStore before auths', async () => {
    await writeHelper('own', json({ ServerURL: 'ghcr.io', Username: 'u', Secret: 'from-own' }));
    await writeHelper('store', json({ Username: 'u', Secret: 'from-store' }));
    const auths = { 'ghcr.io': { username: 'u', password: 'from-auths' } };
    await write('.docker/config.json', { auths, credsStore: 'store', credHelpers: { 'ghcr.io': 'own' } });
    expect(await find('ghcr.io/team/app')).toMatchObject({ password: 'from-own' });
    await write('.docker/config.json', { auths, credsStore: 'store', credHelpers: { 'quay.io': 'own' } });
    expect(await find('ghcr.io/team/app')).toMatchObject({ password: 'from-store' });
    await write('.docker/config.json', { auths, credsStore: '', credHelpers: { 'ghcr.io': '' } });
    expect(await find('ghcr.io/team/app')).toMatchObject({ password: 'from-auths' });
  });

  it.each([
    ['ghcr.io/team/app', 'ghcr.io\n'],
    ['localhost:5000/team/app', 'localhost:5000\n'],
    ['docker.io/library/nginx', 'https://index.docker.io/v1/\n'],
  ])('asks for %s by the name that helpers know', async (reference, expected) => {
    await writeHelper('store', json({ Username: 'u', Secret: 's' }));
    await write('.docker/config.json', { credsStore: 'store' });
    await find(reference);
    expect(await asked('store')).toBe(expected);
  });

  it('takes the user name <token> for an identity token', async () => {
    await writeHelper('store', json({ Username: '<token>', Secret: 'refresh' }));
    await write('.docker/config.json', { credsStore: 'store' });
    expect(await find('ghcr.io/team/app')).toMatchObject({ kind: 'identity-token', token: 'refresh' });
  });

  it('goes on when the helper says that it has nothing', async () => {
    await writeHelper('store', 'echo "credentials not found in native keychain"; exit 1');
    await write('.docker/config.json', { credsStore: 'store', auths: { 'ghcr.io': { auth: base64('u:p') } } });
    expect(await find('ghcr.io/team/app')).toMatchObject(pair('u', 'p'));
  });

  it.each([
    ['fails with another message', 'echo "the keychain is locked"; exit 1', 'the keychain is locked'],
    ['fails without a word', 'exit 3', 'exit code 3'],
    ['fails with success words in a longer text', 'echo "error: credentials not found"; exit 1', 'exit code 1'],
    ['is ended by a signal', 'kill -9 $$', 'signal'],
    ['prints no JSON', 'echo hello', 'no credentials'],
    ['prints another JSON', 'echo "[1]"', 'no credentials'],
    ['gives a user name without a secret', json({ Username: 'u', Secret: '' }), 'without a secret'],
    ['never stops printing', 'yes', 'too much'],
  ])('is an error, not anonymous, when a helper %s', async (_name, script, words) => {
    await writeHelper('store', script);
    await write('.docker/config.json', { credsStore: 'store' });
    await expect(find('ghcr.io/team/app')).rejects.toMatchObject({
      name: 'AuthError',
      code: 'AUTH',
      message: containing(words),
    });
  });

  it('ends a helper that does not answer, whatever it started', async () => {
    await writeHelper('slow', `sh -c 'echo $$ > "${home}/child"; while sleep 0.1; do echo; done'`);
    const environment = { PATH: `${join(home, 'bin')}:/usr/bin:/bin` };
    const request = { server: 'ghcr.io', file: 'a test', environment, timeoutMs: 300 };
    await expect(askCredentialHelper('slow', request)).rejects.toMatchObject({
      code: 'AUTH',
      message: containing('gave no answer in 0.3 s'),
    });
    const child = Number(await readFile(join(home, 'child'), 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(child, 0)).toThrow('ESRCH'), 5000);
  });

  it('is an error when the helper is not installed', async () => {
    await write('.docker/config.json', { credsStore: 'desktop' });
    await expect(find('ghcr.io/team/app')).rejects.toMatchObject({
      code: 'AUTH',
      message: containing('docker-credential-desktop is not on PATH'),
    });
  });

  it('does not quote what a failing helper printed when it looks like credentials', async () => {
    await writeHelper('store', `${json({ Username: 'u', Secret: 'hush' })}; exit 1`);
    await write('.docker/config.json', { credsStore: 'store' });
    const error: unknown = await find('ghcr.io/team/app').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'AuthError' });
    expect(JSON.stringify(error) + String(error)).not.toContain('hush');
  });

  it.each(['../evil', 'a b', 'a/b', '$(touch x)', 'a;b'])('never runs a helper named %j', async (name) => {
    await write('.docker/config.json', { credHelpers: { 'ghcr.io': name } });
    await expect(find('ghcr.io/team/app')).rejects.toMatchObject({ name: 'UsageError' });
  });
});

describe('broken credentials files', () => {
  it.each([
    ['no JSON', '{"auths": {"ghcr.io": {"auth": "c2VjcmV0"', 'it is not JSON'],
    ['an array', '[]', 'the file has the wrong form'],
    ['auths of another type', '{"auths": []}', 'auths has the wrong form'],
    ['an entry of another type', '{"auths": {"ghcr.io": "x"}}', 'auths.ghcr.io has the wrong form'],
    ['a number for a password', '{"auths": {"ghcr.io": {"username": "u", "password": 5}}}', 'wrong form'],
    ['auth that is not base64', '{"auths": {"ghcr.io": {"auth": "!!!"}}}', 'is not base64'],
    ['auth without a colon', `{"auths": {"ghcr.io": {"auth": "${base64('secret')}"}}}`, 'is not base64'],
  ])('a file with %s is a usage error with its path', async (_name, text, words) => {
    const file = await write('.docker/config.json', text);
    await expect(find('ghcr.io/team/app')).rejects.toMatchObject({
      name: 'UsageError',
      message: containing(file),
    });
    const error: unknown = await find('ghcr.io/team/app').catch((cause: unknown) => cause);
    expect(String(error)).toContain(words);
    expect(JSON.stringify(error) + String(error)).not.toMatch(/secret|c2VjcmV0/);
  });

  it('a broken entry of another host harms nobody', async () => {
    await write('.docker/config.json', { auths: { 'quay.io': { auth: '!' }, 'ghcr.io': { auth: base64('u:p') } } });
    expect(await find('ghcr.io/team/app')).toMatchObject(pair('u', 'p'));
  });

  it('DOCKER_AUTH_CONFIG that is no JSON is named', async () => {
    await expect(find('ghcr.io/a', { environment: { DOCKER_AUTH_CONFIG: '{' } })).rejects.toMatchObject({
      message: containing('DOCKER_AUTH_CONFIG'),
    });
  });

  it('a folder in the place of a file is a usage error', async () => {
    await mkdir(join(home, '.docker', 'config.json'), { recursive: true });
    await expect(find('ghcr.io/a')).rejects.toMatchObject({ name: 'UsageError' });
  });
});

describe('a folder that was named', () => {
  const auths = (user: string) => ({ auths: { 'registry.example.com': { auth: base64(`${user}:p`) } } });

  it('goes before every other place, and after a user name that was given', async () => {
    await write('named/config.json', auths('named'));
    const environment = {
      REGISTRY_AUTH_FILE: await write('auth.json', auths('file')),
      DOCKER_CONFIG: dirname(await write('docker/config.json', auths('docker'))),
    };
    const more = { environment, dockerConfig: join(home, 'named') };
    expect(await find('registry.example.com/a', more)).toMatchObject({ username: 'named' });
    expect(await find('registry.example.com/a', { environment })).toMatchObject({ username: 'file' });
    const given = await find('registry.example.com/a', { ...more, username: 'me', password: 'p' });
    expect(given).toMatchObject({ username: 'me' });
  });

  it('leaves the others to be looked at where it has nothing for the host', async () => {
    await write('named/config.json', { auths: {} });
    const environment = { DOCKER_CONFIG: dirname(await write('docker/config.json', auths('docker'))) };
    const found = await find('registry.example.com/a', { environment, dockerConfig: join(home, 'named') });
    expect(found).toMatchObject({ username: 'docker' });
  });
});
