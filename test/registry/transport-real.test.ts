// The transport against CNCF docker-registry: open, with users behind TLS, and with tokens.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionSettings } from '../../src/registry/connection.ts';
import type { Transport } from '../../src/registry/transport.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, type RegistryServerOptions, startRegistry } from '../support/registry-server.ts';
import { ask, createRememberingLog, openTestTransport, textOf } from '../support/try-transport.ts';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Pushes a blob and a manifest with it under the tag; returns the manifest's digest. */
async function push(transport: Transport, tag: string): Promise<string> {
  const blob = Buffer.from(JSON.stringify({ tag }));
  const begin = await ask(transport, '/v2/team/app/blobs/uploads/', {
    method: 'POST',
    actions: ['pull', 'push'],
    expect: [202],
  });
  const location = new URL(begin.header('location') ?? '', transport.origin);
  location.searchParams.set('digest', digestOf(blob));
  await ask(transport, `${location.pathname}${location.search}`, {
    method: 'PUT',
    actions: ['pull', 'push'],
    headers: { 'Content-Type': 'application/octet-stream' },
    body: blob,
    expect: [201],
  });
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(blob), size: blob.length };
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers: [] }));
  await ask(transport, `/v2/team/app/manifests/${tag}`, {
    method: 'PUT',
    actions: ['pull', 'push'],
    headers: { 'Content-Type': MANIFEST_TYPE },
    body: manifest,
    expect: [201],
  });
  return digestOf(manifest);
}

const isComplete = (['docker-registry', 'openssl', 'htpasswd'] as const).map(requireProgram).every(Boolean);
const MISSING = `/v2/team/app/manifests/sha256:${'0'.repeat(64)}`;
const DELETE = { method: 'DELETE', actions: ['delete'], expect: [202, 404] } as const;

/** Starts a registry for the tests of a block; the function returned gives it. */
function useRegistry(options: RegistryServerOptions): () => RegistryServer {
  let registry: RegistryServer | undefined;
  beforeAll(async () => {
    registry = await startRegistry(options);
  });
  afterAll(() => registry?.stop());
  return () => {
    if (registry === undefined) throw new Error('no registry');
    return registry;
  };
}

function authorityOf({ caFile }: RegistryServer): Partial<ConnectionSettings> {
  return caFile === undefined ? {} : { caFile };
}

function settingsOf(registry: RegistryServer): Partial<ConnectionSettings> {
  const { username, password } = registry;
  const login = username === undefined || password === undefined ? {} : { username, password };
  return { ...authorityOf(registry), ...login };
}

async function withTransport(
  registry: RegistryServer,
  options: Parameters<typeof openTestTransport>[1],
  use: (transport: Transport) => Promise<void>,
): Promise<void> {
  const transport = await openTestTransport(registry.host, options);
  try {
    await use(transport);
  } finally {
    await transport.close();
  }
}

const OPEN: readonly (readonly [string, RegistryServerOptions])[] = [['open to all', {}]];
const TOKENS: readonly (readonly [string, RegistryServerOptions])[] = [
  ['with tokens', { tokenAuth: true }],
  ['with tokens behind TLS', { tls: true, tokenAuth: true }],
];
const GUARDED: readonly (readonly [string, RegistryServerOptions])[] = [
  ['with users behind TLS', { tls: true, htpasswd: true }],
  ...TOKENS,
];

describe.runIf(isComplete).each([...OPEN, ...GUARDED])('docker-registry %s', (_name, options) => {
  const registry = useRegistry(options);

  it('is pushed to, listed, read and deleted from', async () => {
    await withTransport(registry(), { settings: settingsOf(registry()) }, async (transport) => {
      expect(transport.origin).toBe(registry().origin);
      const digest = await push(transport, 'v1');
      const list = await ask(transport, '/v2/team/app/tags/list');
      expect(JSON.parse(textOf(list))).toEqual({ name: 'team/app', tags: ['v1'] });
      const headers = { Accept: MANIFEST_TYPE };
      const manifest = await ask(transport, '/v2/team/app/manifests/v1', { headers });
      expect([manifest.header('docker-content-digest'), digestOf(manifest.body)]).toEqual([digest, digest]);
      const path = `/v2/team/app/manifests/${digest}`;
      expect((await ask(transport, path, DELETE)).status).toBe(202);
      expect((await ask(transport, path, DELETE)).status).toBe(404);
      expect((await ask(transport, path, { method: 'HEAD', headers, expect: [200, 404] })).status).toBe(404);
    });
  });

  it('is asked for one token by many requests at once, and no secret gets into the log', async () => {
    const log = createRememberingLog();
    const before = registry().tokenRequests.length;
    await withTransport(registry(), { settings: settingsOf(registry()), log }, async (transport) => {
      const listing = { expect: [200, 404] };
      await Promise.all(Array.from({ length: 60 }, () => ask(transport, '/v2/team/app/tags/list', listing)));
    });
    expect(registry().tokenRequests.length - before).toBe(options.tokenAuth === true ? 1 : 0);
    for (const secret of log.secrets) expect(log.lines.join('\n')).not.toContain(secret);
  });
});

describe.runIf(isComplete)('docker-registry open to all', () => {
  const registry = useRegistry({});

  it('does not know a repository that nobody pushed', async () => {
    await withTransport(registry(), {}, async (transport) => {
      await expect(ask(transport, '/v2/team/app/tags/list')).rejects.toMatchObject({ code: 'REPOSITORY_UNKNOWN' });
    });
  });
});

describe.runIf(isComplete).each(GUARDED)('docker-registry %s', (_name, options) => {
  const registry = useRegistry(options);

  it('refuses a wrong password', async () => {
    const settings = { ...authorityOf(registry()), username: 'alice', password: 'wrong' };
    await withTransport(registry(), { settings }, async (transport) => {
      await expect(ask(transport, MISSING, DELETE)).rejects.toMatchObject({ name: 'AuthError', code: 'AUTH' });
    });
  });

  it('lets nobody delete without credentials', async () => {
    await withTransport(registry(), { settings: authorityOf(registry()) }, async (transport) => {
      await expect(ask(transport, MISSING, DELETE)).rejects.toMatchObject({ name: 'AuthError', code: 'AUTH_REQUIRED' });
    });
  });
});

describe.runIf(isComplete).each(TOKENS)('docker-registry %s', (_name, options) => {
  const registry = useRegistry(options);

  it('takes an identity token from a credentials file', async () => {
    const auths = { [registry().host]: { identitytoken: registry().identityToken } };
    const environment = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) };
    await withTransport(registry(), { environment, settings: authorityOf(registry()) }, async (transport) => {
      await push(transport, 'v2');
    });
    expect(registry().tokenRequests.at(-1)).toMatchObject({ method: 'POST', user: 'identity-token', status: 200 });
  });
});

describe.runIf(isComplete)('docker-registry behind TLS', () => {
  const registry = useRegistry({ tls: true, htpasswd: true });

  it('gets no password without its authority', async () => {
    const { username = '', password = '' } = registry();
    await expect(openTestTransport(registry().host, { settings: { username, password } })).rejects.toMatchObject({
      code: 'TLS',
    });
  });
});

describe.runIf(isComplete).each([
  ['with deletes switched off', { deleteEnabled: false }],
  ['in read-only mode', { readOnly: true }],
])('docker-registry %s', (_name, options) => {
  const registry = useRegistry(options);

  it('says that it does not delete', async () => {
    await withTransport(registry(), {}, async (transport) => {
      await expect(ask(transport, MISSING, DELETE)).rejects.toMatchObject({
        name: 'RegistryError',
        code: 'REGISTRY_UNSUPPORTED',
        details: { status: 405 },
      });
    });
  });
});

describe.runIf(isComplete)('docker-registry with tokens that are over when they arrive', () => {
  // It allows 60 s more than a token says.
  const registry = useRegistry({ tokenAuth: true, tokenTtlSeconds: -70 });

  it('is asked with a second token, and not for ever', async () => {
    await withTransport(registry(), { settings: settingsOf(registry()) }, async (transport) => {
      await expect(ask(transport, '/v2/team/app/tags/list')).rejects.toMatchObject({ code: 'AUTH' });
    });
    expect(registry().tokenRequests).toHaveLength(2);
  });
});
