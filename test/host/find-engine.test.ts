import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { findEngine } from '../../src/host/find-engine.ts';

const AMBIENT = { kind: 'ambient' } as const;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'find-engine-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function writeCertificates(): Promise<string> {
  for (const name of ['ca', 'cert', 'key']) await writeFile(join(folder, `${name}.pem`), name);
  return folder;
}

/** As docker's own client lays them out. */
async function writeContext(name: string, host: string): Promise<void> {
  const place = join(folder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}

async function refusal(environment: Record<string, string>): Promise<UsageError> {
  try {
    await findEngine(AMBIENT, { HOME: folder, ...environment });
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the engine that is meant', () => {
  it('is the one that was named, whatever the environment says', async () => {
    const named = { kind: 'unix', path: '/named.sock' } as const;
    expect(await findEngine(named, { DOCKER_HOST: 'unix:///other.sock' })).toEqual(named);
  });

  it.each([
    ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['tcp://127.0.0.1:4000', { kind: 'tcp', host: '127.0.0.1', port: 4000 }],
    ['tcp://[::1]:4000', { kind: 'tcp', host: '::1', port: 4000 }],
    ['tcp://localhost', { kind: 'tcp', host: 'localhost', port: 2375 }],
    ['localhost:2375', { kind: 'tcp', host: 'localhost', port: 2375 }],
  ])('is where DOCKER_HOST=%s leads', async (DOCKER_HOST, place) => {
    expect(await findEngine(AMBIENT, { DOCKER_HOST })).toEqual(place);
  });

  it('is spoken to with TLS where docker would', async () => {
    const DOCKER_CERT_PATH = await writeCertificates();
    const place = await findEngine(AMBIENT, {
      DOCKER_HOST: 'tcp://ci.example',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH,
    });
    expect(place).toEqual({
      kind: 'tcp',
      host: 'ci.example',
      port: 2376,
      tls: { ca: 'ca', cert: 'cert', key: 'key' },
    });
  });

  it.each([
    ['over ssh', 'ssh://root@ci.example'],
    ['by a pipe of Windows', 'npipe:////./pipe/docker_engine'],
    ['with a password', 'tcp://me:s3cret@127.0.0.1:2375'],
    ['with a path', 'tcp://127.0.0.1:2375/x'],
    ['at a socket without its folder', 'unix://x.sock'],
    ['nowhere', 'tcp://'],
  ])('is none %s', async (_name, DOCKER_HOST) => {
    const error = await refusal({ DOCKER_HOST });
    expect(error.code).toBe('USAGE');
    expect(JSON.stringify([error.message, error.hint])).not.toContain('s3cret');
  });

  it('is no other machine without TLS', async () => {
    expect((await refusal({ DOCKER_HOST: 'tcp://ci.example:2375' })).message).toContain('no certificates');
  });

  it('is not spoken to when its certificates are missing', async () => {
    const { message } = await refusal({ DOCKER_HOST: 'tcp://ci.example:2376', DOCKER_CERT_PATH: join(folder, 'none') });
    expect(message).toContain('ca.pem');
  });

  it("is the one of docker's current context, and DOCKER_CONTEXT before that", async () => {
    await writeFile(join(folder, 'config.json'), JSON.stringify({ currentContext: 'own' }));
    await writeContext('own', 'unix:///own.sock');
    await writeContext('other', 'unix:///other.sock');
    const environment = { DOCKER_CONFIG: folder };
    expect(await findEngine(AMBIENT, environment)).toEqual({ kind: 'unix', path: '/own.sock' });
    const other = await findEngine(AMBIENT, { ...environment, DOCKER_CONTEXT: 'other' });
    expect(other).toEqual({ kind: 'unix', path: '/other.sock' });
  });

  it('is none when the context that is chosen is not there: another one is never taken instead', async () => {
    expect((await refusal({ DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'gone' })).message).toContain('"gone"');
  });

  it("is podman's without root, where nobody has Docker", async () => {
    await mkdir(join(folder, 'podman'));
    const path = join(folder, 'podman', 'podman.sock');
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    try {
      const place = await findEngine(AMBIENT, { XDG_RUNTIME_DIR: folder, HOME: folder });
      // A machine with an engine of its own has that one.
      expect([path, '/var/run/docker.sock']).toContain(place.kind === 'unix' ? place.path : '');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
