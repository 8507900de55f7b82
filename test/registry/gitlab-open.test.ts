// Opening the adapter for GitLab: whose credentials go where. The ones for deleting delete and do nothing else.

import { expect, it, onTestFinished } from 'vitest';
import type { GitlabRegistryAccess } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { parseRegistryHost, parseRepository, parseTag } from '../../src/model/reference.ts';
import type { ConnectionSettings } from '../../src/registry/connection.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import type { Registry } from '../../src/registry/port.ts';
import { buildImage } from '../builders/image.ts';
import { NOW } from '../contract/registry-places.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';

const image = buildImage();
const reader = { username: 'reader', password: 'read', from: '--gitlab-token' };
const cleaner = { username: 'cleaner', password: 'clean', from: 'REGISTRY_CLEANUP_DELETE_TOKEN' };

/** A registry with one image as v1, whose tokens are the names of who asked for them. */
async function startRegistry(): Promise<ScriptedServer> {
  let isThere = true;
  const server = await startScriptedServer(({ method, url, headers }) => {
    const { authorization = '' } = headers;
    if (url.startsWith('/jwt/auth')) {
      const [user = ''] = Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8').split(':');
      return { status: 200, body: JSON.stringify({ token: user === '' ? 'nobody' : user }) };
    }
    if (authorization === '') {
      const realm = `http://${headers.host}/jwt/auth`;
      return { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}",service="s"` } };
    }
    if (url.startsWith('/gitlab/v1/')) {
      const tag = { name: 'v1', digest: image.digest, created_at: '2026-01-01T00:00:00Z' };
      return { status: 200, body: JSON.stringify([tag]) };
    }
    if (url.includes('/blobs/')) return { status: 200, body: Buffer.from(image.blobs[0]?.bytes ?? '') };
    if (url.includes('/referrers/')) return { status: 404 };
    if (method === 'DELETE') {
      isThere = false;
      return { status: 202 };
    }
    if (!isThere) return { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' };
    const told = { 'content-type': image.mediaType, 'docker-content-digest': image.digest };
    return { status: 200, headers: told, body: Buffer.from(image.bytes) };
  });
  onTestFinished(() => server.stop());
  return server;
}

async function open(
  server: ScriptedServer,
  access: Partial<GitlabRegistryAccess> | undefined,
  settings: Partial<ConnectionSettings> = {},
): Promise<Registry> {
  const host = parseRegistryHost(server.host);
  const registry = await openRegistry(
    { kind: 'registry', repository: parseRepository(`${server.host}/team/app`), provider: 'gitlab' },
    {
      settings: { plainHttp: false, ...settings, ...(access === undefined ? {} : { gitlab: { host, ...access } }) },
      environment: {},
      now: NOW,
      log: silentLog,
    },
  );
  onTestFinished(() => registry.close());
  return registry;
}

/** Who has done what, each once: `reader GET`. */
function actorsOf(server: ScriptedServer): readonly string[] {
  const actors = server.requests
    .filter(({ url, headers }) => !url.startsWith('/jwt/') && headers.authorization !== undefined)
    .map(({ method, headers }) => `${(headers.authorization ?? '').replace('Bearer ', '')} ${method}`);
  return [...new Set(actors)].sort();
}

async function readAndDelete(registry: Registry): Promise<void> {
  await registry.readSnapshot([]);
  expect(await registry.deleteManifest(image.digest, [parseTag('v1')])).toEqual({ kind: 'deleted' });
}

it.each<[string, Partial<GitlabRegistryAccess> | undefined, Partial<ConnectionSettings>, readonly string[]]>([
  ['one login does everything', { login: reader }, {}, ['reader DELETE', 'reader GET', 'reader HEAD']],
  [
    'the login for deleting deletes',
    { login: reader, deleteLogin: cleaner },
    {},
    ['cleaner DELETE', 'reader GET', 'reader HEAD'],
  ],
  [
    'the login for deleting never reads, even when there is no other',
    { deleteLogin: cleaner },
    {},
    ['cleaner DELETE', 'nobody GET', 'nobody HEAD'],
  ],
  [
    'a user name and a password outrank the login for everything, and not the one for deleting',
    { login: reader, deleteLogin: cleaner },
    { username: 'given', password: 'p' },
    ['cleaner DELETE', 'given GET', 'given HEAD'],
  ],
  [
    'logins for another registry stay at home',
    { host: parseRegistryHost('registry.example.com'), login: reader, deleteLogin: cleaner },
    {},
    ['nobody DELETE', 'nobody GET', 'nobody HEAD'],
  ],
  ['without any access it is as docker logged in', undefined, {}, ['nobody DELETE', 'nobody GET', 'nobody HEAD']],
])('%s', async (_name, access, settings, actors) => {
  const server = await startRegistry();
  await readAndDelete(await open(server, access, settings));
  expect(actorsOf(server)).toEqual(actors);
});

it('asks for nothing with the login for deleting but the right to delete', async () => {
  const server = await startRegistry();
  await readAndDelete(await open(server, { login: reader, deleteLogin: cleaner }));
  const header = `Basic ${Buffer.from('cleaner:clean').toString('base64')}`;
  const scopes = server.requests
    .filter(({ url, headers }) => url.startsWith('/jwt/') && headers.authorization === header)
    .map(({ url }) => new URL(url, 'http://x').searchParams.get('scope'));
  expect([...new Set(scopes)]).toEqual(['repository:team/app:delete,pull', 'repository:team/app:delete']);
});

it('opens no connection for deleting before anybody asks about it', async () => {
  const server = await startRegistry();
  const registry = await open(server, { login: reader, deleteLogin: cleaner });
  await registry.listTags();
  expect(server.pings()).toBe(1);
});
