// Blobs that are put: in one piece, to the registry's own origin, and not twice.

import { afterEach, describe, expect, it } from 'vitest';
import { parseRepository } from '../../src/model/reference.ts';
import { digestOf } from '../../src/registry/check-digest.ts';
import type { OciEndpoint } from '../../src/registry/oci-manifests.ts';
import { putBlob } from '../../src/registry/put-blob.ts';
import { putManifest } from '../../src/registry/put-manifest.ts';
import { buildArtifact, buildImage } from '../builders/image.ts';
import { type Reply, type Script, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { openTestTransport } from '../support/try-transport.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const BYTES = Buffer.from('{}');
const DIGEST = digestOf(BYTES);
const QUERY = `digest=${encodeURIComponent(DIGEST)}`;
const UPLOADS = '/v2/team/app/blobs/uploads/';
const HEAD = `HEAD /v2/team/app/blobs/${DIGEST}`;
const says = (status: number, code: string): Reply => ({
  status,
  body: JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }),
});
const absent: Reply = { status: 404 };
const begun = (location = `${UPLOADS}1`): Reply => ({ status: 202, headers: { location } });

interface Answers {
  readonly head?: Script;
  readonly post?: Script;
  readonly put?: Script;
}

async function start({ head, post, put }: Answers): Promise<{ server: ScriptedServer; endpoint: OciEndpoint }> {
  const server = await startScriptedServer(async (request, count) => {
    if (request.method === 'HEAD') return (await head?.(request, count)) ?? absent;
    if (request.method === 'POST') return (await post?.(request, count)) ?? begun();
    return (await put?.(request, count)) ?? { status: 201 };
  });
  closers.push(() => server.stop());
  const transport = await openTestTransport(server.host, { settings: { username: 'alice', password: 'hush' } });
  closers.push(() => transport.close());
  const repository = parseRepository(`${server.host}/team/app`);
  return { server, endpoint: { repository, transport, place: 'registry/team/app' } };
}

async function put(answers: Answers): Promise<{ readonly log: readonly string[]; readonly error: unknown }> {
  const { server, endpoint } = await start(answers);
  const error = await putBlob(endpoint, BYTES).catch((thrown: unknown) => thrown);
  return { log: server.requests.map(({ method, url }) => `${method} ${url}`), error };
}

describe('a blob is put', () => {
  it('as a whole to where the registry wants it', async () => {
    const { server, endpoint } = await start({});
    await putBlob(endpoint, BYTES);
    expect(server.requests.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      `${HEAD} `,
      `POST ${UPLOADS} `,
      `PUT ${UPLOADS}1?${QUERY} {}`,
    ]);
    expect(server.requests[1]?.headers['content-length']).toBe('0');
    expect(server.requests[2]?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '2',
    });
  });

  it('not at all when it is there', async () => {
    expect(await put({ head: () => ({ status: 200 }) })).toEqual({ log: [HEAD], error: undefined });
  });

  it.each<[string, (origin: string) => string, string]>([
    ['a whole address', (origin) => `${origin}/upload/1`, '/upload/1?'],
    ['a path beside the uploads', () => '1', `${UPLOADS}1?`],
    [
      'a path with a state, which goes back as it came',
      () => `${UPLOADS}1?_state=a%2Bb~%3D&x`,
      `${UPLOADS}1?_state=a%2Bb~%3D&x&`,
    ],
  ])('at %s', async (_name, locationAt, path) => {
    const { log, error } = await put({ post: ({ headers }) => begun(locationAt(`http://${headers.host}`)) });
    expect(error).toBeUndefined();
    expect(log.at(-1)).toBe(`PUT ${path}${QUERY}`);
  });

  it('again when the answer got lost, which ends well when it had arrived', async () => {
    const { log, error } = await put({
      head: (_request, count) => ({ status: count === 1 ? 404 : 200 }),
      put: (_request, count) => (count === 1 ? { fault: 'reset' } : says(404, 'BLOB_UPLOAD_UNKNOWN')),
    });
    expect(error).toBeUndefined();
    expect(log.filter((line) => line.startsWith('PUT'))).toHaveLength(2);
    expect(log.at(-1)).toBe(HEAD);
  });

  it('again when the registry fails for a moment, at the beginning and at the end', async () => {
    const flaky: Script = (request, count) =>
      count === 1 ? { status: 503 } : request.method === 'POST' ? begun() : { status: 201 };
    const { log, error } = await put({ post: flaky, put: flaky });
    expect(error).toBeUndefined();
    expect(log.map((line) => line.split(' ')[0])).toEqual(['HEAD', 'POST', 'POST', 'PUT', 'PUT']);
  });

  it('and looked for, where the answer does not say that it was made', async () => {
    const head: Script = (_request, count) => ({ status: count === 1 ? 404 : 200 });
    expect((await put({ head, put: () => ({ status: 202 }) })).error).toBeUndefined();
    expect((await put({ put: () => ({ status: 202 }) })).error).toMatchObject({
      name: 'ProtocolError',
      code: 'PROTOCOL',
    });
  });

  it('although a store behind the registry does not let anybody look', async () => {
    const store = await startScriptedServer(() => ({ status: 403 }));
    closers.push(() => store.stop());
    const head: Script = () => ({ status: 307, headers: { location: `${store.origin}/x` } });
    expect((await put({ head })).error).toBeUndefined();
  });
});

describe('a blob goes nowhere', () => {
  it('when the registry wants it on another host', async () => {
    const other = await startScriptedServer(() => ({ status: 201 }));
    closers.push(() => other.stop());
    const { log, error } = await put({ post: () => begun(`${other.origin}/upload?signature=hush`) });
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
    expect(String(error)).toContain(`wants it at ${other.origin}/upload?…`);
    expect(log).toHaveLength(2);
    expect(other.requests).toHaveLength(0);
  });

  it.each([
    ['does not say where to', { status: 202 }],
    ['says an address that is none', begun('http://[')],
    ['redirects', { status: 307, headers: { location: '/elsewhere' } }],
  ])('when the registry %s', async (_name, answer) => {
    const { log, error } = await put({ post: () => answer });
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
    expect(log).toHaveLength(2);
  });

  it('with a user name in the address', async () => {
    const { error } = await put({ post: ({ headers }) => begun(`http://me:hush@${headers.host}/upload`) });
    expect(error).toMatchObject({ code: 'PROTOCOL' });
    expect(String(error)).not.toContain('hush');
  });
});

describe('a refusal to take a blob', () => {
  const FORBIDDEN = { name: 'AuthError', code: 'FORBIDDEN' };
  it.each<[string, Reply, object]>([
    ['403 names the right to push', says(403, 'DENIED'), { ...FORBIDDEN, details: { permission: ['pull', 'push'] } }],
    ['401 is about the credentials', { status: 401 }, { name: 'AuthError', code: 'AUTH' }],
    [
      '404 of a name is about the repository',
      says(404, 'NAME_UNKNOWN'),
      { name: 'AuthError', code: 'REPOSITORY_UNKNOWN' },
    ],
    ['405 is about the registry', says(405, 'UNSUPPORTED'), { name: 'RegistryError', code: 'REGISTRY_UNSUPPORTED' }],
    ['413 is about its size', { status: 413 }, { name: 'RegistryError', code: 'REGISTRY_REFUSED' }],
    ['400 is about its digest', says(400, 'DIGEST_INVALID'), { name: 'RegistryError', code: 'REGISTRY_REFUSED' }],
    ['500 is tried again, and is then nobody’s word', { status: 500 }, { name: 'NetworkError', code: 'NETWORK' }],
  ])('by %s', async (_name, answer, expected) => {
    expect((await put({ post: () => answer })).error).toMatchObject(expected);
    expect((await put({ put: () => answer })).error).toMatchObject(expected);
  });

  it('names the right to push in words', async () => {
    const { error } = await put({ post: () => says(403, 'DENIED') });
    expect(error).toHaveProperty('hint', expect.stringContaining('pull and push'));
  });

  it('by storing other bytes is told from a success', async () => {
    const headers = { 'docker-content-digest': digestOf(Buffer.from('other')) };
    expect((await put({ put: () => ({ status: 201, headers }) })).error).toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('ends in an error when a lost upload is not there either', async () => {
    const { error } = await put({ put: () => says(404, 'BLOB_UPLOAD_UNKNOWN') });
    expect(error).toMatchObject({ name: 'RegistryError', details: { status: 404 } });
  });
});

describe('a put of a manifest says that it is indexed', () => {
  const image = buildImage({ seed: 'subject' });
  const artifact = buildArtifact('of it', image);
  const other = buildImage({ seed: 'another' }).digest;
  it.each<[string, typeof image, { readonly [name: string]: string }, boolean]>([
    ['when the registry names its subject', artifact, { 'oci-subject': image.digest }, true],
    ['and not when it names another', artifact, { 'oci-subject': other }, false],
    ['and not when it is silent', artifact, {}, false],
    ['and not when it names one for a manifest without', image, { 'oci-subject': image.digest }, false],
  ])('%s', async (_name, manifest, headers, isIndexed) => {
    const { endpoint } = await start({ put: () => ({ status: 201, headers }) });
    expect(await putManifest(endpoint, manifest, manifest.digest)).toEqual({ isIndexed });
  });
});
