// Whether a blob can still be pulled: what registries answer, and what they only claim.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDigest } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import { openServerRegistry } from '../contract/registry-places.ts';
import { type FakeRegistry, type ScriptedAnswer, startFakeRegistry } from '../fakes/registry-server.ts';
import { startScriptedServer } from '../support/scripted-server.ts';

const NAME = 'team/app';
const BLOB = parseDigest(`sha256:${'b'.repeat(64)}`);
const PATH = `/v2/${NAME}/blobs/${BLOB}`;
const UNKNOWN = JSON.stringify({ errors: [{ code: 'BLOB_UNKNOWN', message: 'blob unknown to registry' }] });

let fake: FakeRegistry;
let registry: Registry;
beforeEach(async () => {
  fake = await startFakeRegistry();
  registry = await openServerRegistry(fake, NAME);
});
afterEach(async () => {
  await registry.close();
  await fake.stop();
});

function answer(get: ScriptedAnswer, head: ScriptedAnswer = get): void {
  fake.script = ({ method, path }) => {
    if (path === '/v2/') return undefined;
    return method === 'HEAD' ? head : get;
  };
}

const look = () => registry.hasBlob?.(BLOB);

describe('a blob is there', () => {
  it.each<[string, ScriptedAnswer]>([
    ['by its first byte', { status: 206, body: 'x' }],
    ['by the whole of a small one', { status: 200, body: 'x' }],
    ['by the beginning of a large one, where ranges are not known', { status: 200, body: 'x'.repeat(1_000_000) }],
    ['when it is empty', { status: 416, body: '' }],
  ])('%s', async (_what, reply) => {
    answer(reply);
    expect(await look()).toBe(true);
    expect(fake.log).toEqual([`GET ${PATH}`]);
  });

  it('in the store that the registry redirects to', async () => {
    const store = await startFakeRegistry();
    store.script = () => ({ status: 200, body: 'all of it' });
    answer({ status: 307, headers: { location: `${store.origin}/store/blob?signature=x` } });
    expect(await look()).toBe(true);
    await store.stop();
  });
});

it('no more than the first byte of a blob is asked for', async () => {
  const server = await startScriptedServer(() => ({ status: 206, body: 'x' }));
  const scripted = await openServerRegistry(server, NAME);
  expect(await scripted.hasBlob?.(BLOB)).toBe(true);
  expect(server.requests).toMatchObject([{ method: 'GET', url: PATH, headers: { range: 'bytes=0-0' } }]);
  await scripted.close();
  await server.stop();
});

describe('a blob is not there', () => {
  it.each<[string, ScriptedAnswer]>([
    ['when the registry does not know it', { status: 404, body: UNKNOWN }],
    ['when nobody says why', { status: 404, body: '' }],
  ])('%s', async (_what, reply) => {
    answer(reply);
    expect(await look()).toBe(false);
  });

  it('when the store that the registry redirects to does not have it', async () => {
    const store = await startFakeRegistry();
    store.script = () => ({ status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' });
    answer({ status: 307, headers: { location: `${store.origin}/store/blob?signature=x` } });
    expect(await look()).toBe(false);
    await store.stop();
  });
});

describe('nobody can tell whether a blob is there', () => {
  it.each<[string, ScriptedAnswer]>([
    ['breaks off', { status: 206, headers: { 'content-length': '2' }, body: 'xx', truncate: true }],
    ['fails', { status: 500, body: '' }],
  ])('when the registry says that it has it and %s: what to do is told', async (_what, reply) => {
    answer(reply, { status: 200 });
    const message: unknown = expect.stringContaining('It says that it has it.');
    const hint: unknown = expect.stringContaining('restart it');
    await expect(look()).rejects.toMatchObject({ name: 'NetworkError', code: 'NETWORK', message, hint });
    expect(fake.log).toEqual([`GET ${PATH}`, `GET ${PATH}`, `HEAD ${PATH}`]);
  });

  it.each<[string, ScriptedAnswer, ScriptedAnswer, string]>([
    ['does not say that it has it', { status: 500, body: '' }, { status: 404 }, 'NetworkError'],
    ['fails in all', { status: 500, body: '' }, { status: 503 }, 'NetworkError'],
    ['does not let us read', { status: 403, body: '' }, { status: 200 }, 'AuthError'],
    [
      'asks for a pause',
      { status: 429, headers: { 'retry-after': '900' }, body: '' },
      { status: 200 },
      'RegistryError',
    ],
  ])('when the registry %s', async (_what, get, head, name) => {
    answer(get, head);
    const error: unknown = await look()?.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name });
    expect(error).not.toMatchObject({ hint: expect.stringContaining('restart it') as unknown });
  });
});
