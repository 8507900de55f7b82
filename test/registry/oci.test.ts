// The generic adapter against registries with habits, and against answers that no registry should give.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CleanupError } from '../../src/errors.ts';
import { type Digest, parseTag, type Tag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import {
  type BuiltManifest,
  buildArtifact,
  buildAttested,
  buildImage,
  buildIndex,
  buildMultiArch,
  buildOdd,
  buildSchema1,
  pushImage,
  sha256,
  TYPES,
} from '../builders/image.ts';
import { openServerRegistry } from '../contract/registry-places.ts';
import {
  type FakeRegistry,
  type RegistryQuirks,
  type ScriptedAnswer,
  startFakeRegistry,
} from '../fakes/registry-server.ts';

const NAME = 'team/app';
const TAGS_PATH = `/v2/${NAME}/tags/list?n=1000`;
const MANIFEST_UNKNOWN = JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] });
const V1 = parseTag('v1');
const V2 = parseTag('v2');

let fake: FakeRegistry;
let registry: Registry;

async function start(quirks: RegistryQuirks = {}): Promise<void> {
  await stop();
  fake = await startFakeRegistry(quirks);
  registry = await openServerRegistry(fake, NAME);
}

async function stop(): Promise<void> {
  await registry?.close();
  await fake?.stop();
}

async function put(manifest: BuiltManifest, ...tags: string[]): Promise<void> {
  await pushImage(fake.origin, NAME, { manifest, tags });
}

/** Answers the requests whose path begins so. */
function answerTo(begin: string, answer: ScriptedAnswer, method = 'GET'): void {
  const before = fake.script;
  fake.script = (request) => (request.method === method && request.path.startsWith(begin) ? answer : before(request));
}

/** What is asked for from here on, once `action` is over. */
async function requestsOf(action: () => Promise<unknown>): Promise<readonly string[]> {
  const begin = fake.log.length;
  await action();
  return fake.log.slice(begin);
}

function json(body: unknown, headers: { readonly [name: string]: string } = {}): ScriptedAnswer {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** A page of tags with a link. */
function withLink(link: string): ScriptedAnswer {
  return json({ tags: ['v1'] }, { link });
}

/** Any text that holds this one. */
function textWith(part: string): unknown {
  return expect.stringContaining(part);
}

beforeEach(() => start());
afterEach(() => stop());

describe('the requests of a snapshot', () => {
  it('are the pages, each tag once, each config once, and one look for referrers', async () => {
    await start({ noReferrersApi: true, pageSize: 2 });
    const images = ['a', 'b'].map((seed) => buildImage({ seed }));
    const [one, two] = images;
    if (one === undefined || two === undefined) throw new Error('no images');
    await put(one, 't1', 't2', 't3');
    await put(two, 't4', 't5');
    const log = await requestsOf(() => registry.readSnapshot([]));
    const configs = images.map(({ blobs }) => `GET /v2/${NAME}/blobs/${blobs[0]?.digest}`);
    const [firstDigest] = images.map(({ digest }) => digest).sort();
    expect([...log].sort()).toEqual(
      [
        `GET ${TAGS_PATH}`,
        `GET /v2/${NAME}/tags/list?n=2&last=2`,
        `GET /v2/${NAME}/tags/list?n=2&last=4`,
        ...['t1', 't2', 't3', 't4', 't5'].map((tag) => `GET /v2/${NAME}/manifests/${tag}`),
        ...configs,
        `GET /v2/${NAME}/referrers/${firstDigest}`,
      ].sort(),
    );
    const again = await requestsOf(() => registry.readSnapshot([]));
    expect(again.filter((line) => line.includes('/referrers/'))).toEqual([]);
  });

  it('ask each node once for its referrers where there is an API, and page through them', async () => {
    await start({ pageSize: 1 });
    const image = buildImage();
    const [first, second] = [buildArtifact('1', image), buildArtifact('2', image)];
    await put(image, 'v1');
    await put(first);
    await put(second);
    const log = await requestsOf(async () => {
      const snapshot = await registry.readSnapshot([]);
      expect([...snapshot.nodes.keys()].sort()).toEqual([image.digest, first.digest, second.digest].sort());
    });
    const asked = log.filter((line) => line.includes('/referrers/') && !line.includes('last='));
    expect(asked).toHaveLength(3);
    expect(new Set(asked).size).toBe(3);
  });

  it('fetch no config of an attestation, an artifact, or a config that two images share twice', async () => {
    const { index, image, attestation } = buildAttested('x');
    const twin = buildImage({
      seed: 'x',
      labels: { seed: 'x' },
      created: '2026-05-01T10:00:00Z',
      annotations: { other: 'bytes' },
    });
    await put(index, 'v1');
    await put(twin, 'v2');
    await put(buildArtifact('helm'), 'chart');
    expect(twin.blobs[0]?.digest).toBe(image.blobs[0]?.digest);
    const log = await requestsOf(() => registry.readSnapshot([]));
    expect(log.filter((line) => line.includes('/blobs/'))).toEqual([`GET /v2/${NAME}/blobs/${image.blobs[0]?.digest}`]);
    expect(attestation.blobs[0]?.digest).not.toBe(image.blobs[0]?.digest);
  });

  it('fetch the config of an attestation that something else names too', async () => {
    const { index, attestation } = buildAttested('x');
    await put(index, 'v1');
    await put(buildIndex([{ manifest: attestation }]), 'v2');
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.nodes.get(attestation.digest)?.content).toMatchObject({ facts: { kind: 'read' } });
    expect(fake.log).toContain(`GET /v2/${NAME}/blobs/${attestation.blobs[0]?.digest}`);
  });

  it('name all manifest types in Accept, on HEAD too', async () => {
    await start({ strictAccept: true });
    const accepts = new Set<string>();
    fake.script = ({ path, accept }) => {
      if (path.includes('/manifests/')) accepts.add(accept);
      return undefined;
    };
    const image = buildImage();
    await put(image, 'v1');
    accepts.clear();
    await registry.readSnapshot([]);
    expect(await registry.resolveTag(V1)).toBe(image.digest);
    await registry.readManifest(image.digest);
    expect(accepts.size).toBe(1);
    const listed = [...accepts][0]?.split(', ');
    for (const type of [TYPES.image, TYPES.index, TYPES.dockerImage, TYPES.dockerList, TYPES.schema1])
      expect(listed).toContain(type);
    expect(listed).toContain('application/vnd.docker.distribution.manifest.v1+prettyjws');
  });

  it('send no DELETE, PUT, POST or HEAD', async () => {
    await put(buildMultiArch('x'), 'v1');
    const log = await requestsOf(() => registry.readSnapshot([sha256(Buffer.from('nowhere'))]));
    expect(log.filter((line) => !line.startsWith('GET '))).toEqual([]);
  });
});

describe('a tag list', () => {
  const pages = (answer: ScriptedAnswer): void => answerTo(`/v2/${NAME}/tags/list`, answer);

  it.each<[string, ScriptedAnswer, RegExp]>([
    ['HTML', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }, /no tag list/],
    ['an empty body', { status: 200, body: '' }, /no tag list/],
    ['no tags at all', json({ name: NAME }), /no tag list/],
    ['tags that are no list', json({ tags: 'v1' }), /no tag list/],
    ['a tag that is no text', json({ tags: ['v1', 7] }), /no tag list: tags.1/],
    ['a tag with a slash', json({ tags: ['v1', '../../etc'] }), /no tag list: tags.1/],
    ['an empty tag', json({ tags: [''] }), /no tag list: tags.0/],
    ['a link that cannot be read', withLink('next'), /cannot be read/],
    [
      'a link to another host',
      withLink(`<https://evil.example${TAGS_PATH}&last=x>; rel="next"`),
      /leads to https:..evil/,
    ],
    [
      'a link to another port',
      withLink(`<//127.0.0.1:1${TAGS_PATH}&last=x>; rel="next"`),
      /leads to http:..127.0.0.1:1,/,
    ],
    [
      'a link to another repository',
      withLink('</v2/team/other/tags/list?last=x>; rel="next"'),
      /leads to another list/,
    ],
    ['a link to itself', withLink(`<${TAGS_PATH}>; rel="next"`), /comes back/],
    [
      'a 404 page of a proxy',
      { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>' },
      /not the registry/,
    ],
  ])('with %s stops the run', async (_name, answer, message) => {
    await put(buildImage(), 'v1');
    pages(answer);
    const reading = registry.readSnapshot([]);
    await expect(reading).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL', exitCode: 4 });
    await expect(reading).rejects.toThrow(message);
    expect(fake.log.some((line) => line.startsWith('DELETE'))).toBe(false);
  });

  it('that is cut off on the way stops the run', async () => {
    pages({ ...json({ tags: ['v1', 'v2', 'v3'] }), truncate: true });
    await expect(registry.listTags()).rejects.toMatchObject({ name: 'NetworkError', exitCode: 4 });
  });

  it('whose links go in a circle stops the run', async () => {
    fake.script = ({ path }) => {
      const next = path.endsWith('last=a') ? 'b' : 'a';
      return json({ tags: [next] }, { link: `</v2/${NAME}/tags/list?n=1000&last=${next}>; rel="next"` });
    };
    await expect(registry.listTags()).rejects.toThrow(/comes back/);
    expect(fake.log.length).toBe(3);
  });

  it('that never ends stops the run', async () => {
    let count = 0;
    fake.script = () => {
      count += 1;
      return json({ tags: [] }, { link: `<?last=${count}>; rel="next"` });
    };
    await expect(registry.listTags()).rejects.toThrow(/does not end after 10000 pages/);
    expect(fake.log.length).toBe(10_000);
  });

  it('follows relative and absolute links past short, empty and overlapping pages', async () => {
    const links: { [path: string]: ScriptedAnswer } = {
      [TAGS_PATH]: json({ tags: ['a', 'b'] }, { link: `<${fake.origin}/v2/${NAME}/tags/list?last=b>; rel="next"` }),
      [`/v2/${NAME}/tags/list?last=b`]: json({ tags: [] }, { link: '<list?last=c>; rel=next' }),
      [`/v2/${NAME}/tags/list?last=c`]: json(
        { tags: ['b', 'c'] },
        { link: '<list?first>; rel="first", <list?last=d>; title="x"; rel="next"' },
      ),
      [`/v2/${NAME}/tags/list?last=d`]: json({ tags: ['d'] }, { link: '<list?first>; rel="first"' }),
    };
    fake.script = ({ path }) => links[path];
    expect([...(await registry.listTags())].sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  const numbered = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => `t${String(at).padStart(5, '0')}`);

  it.each([
    [
      'knows no links',
      2345,
      (all: readonly string[], last: string) => all.filter((tag) => tag > last).slice(0, 1000),
      3,
    ],
    [
      'knows no links, and ends with a full page',
      2000,
      (all: readonly string[], last: string) => all.filter((tag) => tag > last).slice(0, 1000),
      3,
    ],
    ['knows no pages', 1000, (all: readonly string[]) => all, 2],
    ['knows no pages, and has more than one would hold', 2500, (all: readonly string[]) => all, 1],
  ])('of a registry that %s is read whole', async (_, count, page, requests) => {
    const all = numbered(count);
    fake.script = ({ path }) =>
      json({ tags: page(all, new URL(path, 'http://registry').searchParams.get('last') ?? '') });
    expect([...(await registry.listTags())].sort()).toEqual(all);
    expect(fake.log).toHaveLength(requests);
  });

  it('of an unknown repository is an error of rights, not an empty one', async () => {
    await expect(registry.readSnapshot([])).rejects.toMatchObject({
      name: 'AuthError',
      code: 'REPOSITORY_UNKNOWN',
      exitCode: 3,
    });
  });

  it('with null is an empty repository', async () => {
    pages(json({ name: NAME, tags: null }));
    await put(buildImage());
    expect((await registry.readSnapshot([])).nodes.size).toBe(0);
  });
});

describe('a manifest', () => {
  const image = buildImage({ seed: 'good' });
  const path = (reference: Tag | Digest): string => `/v2/${NAME}/manifests/${reference}`;

  it('with other bytes than its digest stops the run, with both digests', async () => {
    const index = buildIndex([{ manifest: image }]);
    await put(index, 'v1');
    const other = Buffer.from('{"schemaVersion":2}');
    answerTo(path(image.digest), { status: 200, headers: { 'content-type': TYPES.image }, body: other });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'DIGEST_MISMATCH',
      details: { expected: image.digest, actual: sha256(other) },
    });
    await expect(registry.readManifest(image.digest)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await expect(registry.readEdges(image.digest)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('with other bytes than its header says stops the run', async () => {
    await put(image, 'v1');
    const headers = { 'content-type': TYPES.image, 'docker-content-digest': sha256(Buffer.from('x')) };
    answerTo(path(V1), { status: 200, headers, body: image.bytes });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('of 5 MB is opaque under the digest of the header', async () => {
    const large = buildOdd(TYPES.index, { schemaVersion: 2, manifests: [], annotations: { a: 'x'.repeat(5_000_000) } });
    await put(large, 'v1');
    await put(buildIndex([{ manifest: large }]), 'v2');
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.nodes.get(large.digest)).toMatchObject({
      tags: ['v1'],
      sizeBytes: large.bytes.byteLength,
      mediaType: TYPES.index,
      content: { kind: 'opaque', why: textWith('oversized'), mayListManifests: true },
    });
    expect(await registry.readEdges(large.digest)).toBe('opaque');
    await expect(registry.readManifest(large.digest)).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(await registry.resolveTag(V1)).toBe(large.digest);
  });

  it('of 5 MB whose digest nobody tells stops the run', async () => {
    await start({ hideDigest: true });
    await put(buildOdd(TYPES.index, { a: 'x'.repeat(5_000_000) }), 'v1');
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
  });

  it('that a proxy answers 404 for is not absent', async () => {
    await put(image, 'v1');
    answerTo(path(V1), { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>nothing here</html>' });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'ProtocolError' });
    await expect(registry.resolveTag(V1)).resolves.toBe(image.digest);
    answerTo(path(V1), { status: 404 }, 'HEAD');
    await expect(registry.resolveTag(V1)).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  it.each([
    ['NAME_UNKNOWN', 'REPOSITORY_UNKNOWN'],
    ['DENIED', 'FORBIDDEN'],
  ])('that is answered 404 %s is an error of rights', async (code, expected) => {
    await put(image, 'v1');
    answerTo(path(V1), { status: 404, body: JSON.stringify({ errors: [{ code, message: 'x' }] }) });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'AuthError', code: expected });
  });

  it.each([401, 403])('that is answered %i is an error of rights', async (status) => {
    await put(image, 'v1');
    answerTo(path(V1), { status });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'AuthError', exitCode: 3 });
  });

  it('that is answered 500 stops the run', async () => {
    await put(buildIndex([{ manifest: image }]), 'v1');
    answerTo(path(image.digest), { status: 500 });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'NetworkError' });
  });

  it('resolves by GET where HEAD says 404 or tells no digest', async () => {
    await put(image, 'v1');
    answerTo(path(V1), { status: 404 }, 'HEAD');
    expect(await registry.resolveTag(V1)).toBe(image.digest);
    answerTo(path(V1), { status: 200 }, 'HEAD');
    expect(await registry.resolveTag(V1)).toBe(image.digest);
  });

  it('of signed Docker schema 1 has the digest of the header, which leaves the signatures out', async () => {
    const old = buildSchema1('v1');
    const signed = { ...old, mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws' };
    await put(image, 'v1');
    const headers = { 'content-type': signed.mediaType, 'docker-content-digest': sha256(Buffer.from('payload')) };
    answerTo(path(V1), { status: 200, headers, body: old.bytes });
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.tags.get(V1)).toBe(headers['docker-content-digest']);
    expect([...snapshot.nodes.values()][0]?.content).toMatchObject({ kind: 'opaque', mayListManifests: false });
  });
});

describe('a listed tag that is not there', () => {
  it('is asked for once more, and then has vanished', async () => {
    await put(buildImage(), 'v1');
    answerTo(`/v2/${NAME}/tags/list`, json({ tags: ['v1', 'v2'] }));
    const log = await requestsOf(async () => {
      const snapshot = await registry.readSnapshot([]);
      expect(snapshot.vanishedTags).toEqual(['v2']);
      expect([...snapshot.tags.keys()]).toEqual(['v1']);
    });
    expect(log.filter((line) => line.endsWith('/manifests/v2'))).toHaveLength(2);
    expect(log.at(-1)).toBe(`GET /v2/${NAME}/manifests/v2`);
  });

  it('and comes back is read, with all it lists', async () => {
    const index = buildMultiArch('late');
    await put(index, 'v2');
    let asked = 0;
    fake.script = ({ path }) => {
      if (!path.endsWith('/manifests/v2')) return undefined;
      asked += 1;
      return asked === 1 ? { status: 404, body: MANIFEST_UNKNOWN } : undefined;
    };
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.vanishedTags).toEqual([]);
    expect(snapshot.nodes.size).toBe(3);
  });

  it('is no proof of anything when a gateway without a route said so', async () => {
    await put(buildMultiArch('routed'), 'v3');
    fake.script = ({ path }) => (path.endsWith('/manifests/v3') ? { status: 404 } : undefined);
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
  });

  it('nor is one such answer about a child, which is asked for again', async () => {
    const index = buildMultiArch('flaky');
    await put(index, 'v4');
    let asked = 0;
    fake.script = ({ path }) => {
      if (!path.includes('/manifests/sha256:')) return undefined;
      asked += 1;
      return asked === 1 ? { status: 404, body: MANIFEST_UNKNOWN } : undefined;
    };
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.absent.size).toBe(0);
    expect(snapshot.nodes.size).toBe(3);
  });

  it('is read to the last page when a proxy adds links of its own', async () => {
    await put(buildMultiArch('page'), 'v5');
    const pages = [['v5'], ['v6']];
    await put(buildMultiArch('page two'), 'v6');
    fake.script = ({ path }) => {
      if (!path.includes('/tags/list')) return undefined;
      const at = path.includes('last=') ? 1 : 0;
      const next = `</v2/${NAME}/tags/list?n=1&last=v5>; rel="next"`;
      return {
        status: 200,
        headers: { 'content-type': 'application/json', ...(at === 0 ? { link: ['</x.css>; rel=preload', next] } : {}) },
        body: JSON.stringify({ name: NAME, tags: pages[at] }),
      };
    };
    expect((await registry.readSnapshot([])).tags.size).toBe(2);
  });
});

describe('a config that cannot be read leaves its image with unknown facts', () => {
  const image = buildImage({
    created: '2026-01-01T00:00:00Z',
    annotations: { 'org.opencontainers.image.created': '2020-01-01T00:00:00Z' },
  });
  const path = `/v2/${NAME}/blobs/${image.blobs[0]?.digest}`;

  it.each<[string, ScriptedAnswer]>([
    ['404', { status: 404 }],
    ['no JSON', { status: 200, body: 'x' }],
    ['other bytes', { status: 200, body: '{"created":"2011-01-01T00:00:00Z"}' }],
    ['9 MB', { status: 200, body: ' '.repeat(9 * 1024 * 1024) }],
  ])('%s', async (_name, answer) => {
    await put(image, 'v1');
    answerTo(path, answer);
    const node = (await registry.readSnapshot([])).nodes.get(image.digest);
    expect(node?.content).toMatchObject({
      kind: 'image',
      facts: { kind: 'unread', why: textWith('its config') },
    });
    expect(node?.created).toMatchObject({ kind: 'unknown', why: textWith('its config') });
  });

  it('but a refusal to hand it out stops the run', async () => {
    await put(image, 'v1');
    answerTo(path, { status: 403 });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'AuthError' });
  });
});

describe('a time', () => {
  it.each([
    [
      'the config’s, when both tell',
      { created: '2026-01-01T00:00:00Z', annotation: '2025-01-01T00:00:00Z' },
      Date.UTC(2026, 0, 1),
    ],
    ['the annotation’s, when the config tells none', { annotation: '2025-01-01T00:00:00Z' }, Date.UTC(2025, 0, 1)],
    ['unknown, when it is a placeholder', { created: '1970-01-01T00:00:00Z' }, undefined],
    ['unknown, when it lies in the future', { created: '2030-01-01T00:00:00Z' }, undefined],
    ['unknown, when nobody tells', {}, undefined],
  ])('is %s', async (_name, told: { created?: string; annotation?: string }, expected) => {
    const image = buildImage({
      ...(told.created === undefined ? {} : { created: told.created }),
      annotations: told.annotation === undefined ? {} : { 'org.opencontainers.image.created': told.annotation },
    });
    await put(image, 'v1');
    const created = (await registry.readSnapshot([])).nodes.get(image.digest)?.created;
    expect(created?.kind === 'known' ? created.at : undefined).toBe(expected);
  });
});

describe('the referrers API', () => {
  const image = buildMultiArch('x');
  const path = `/v2/${NAME}/referrers/`;

  it.each([404, 405, 501])('does not exist where the first answer is %i', async (status) => {
    await put(image, 'v1');
    answerTo(path, { status, headers: { 'content-type': 'text/plain' }, body: '404 page not found' });
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.capabilities.referrers).toBe('fallback-tags');
    expect(fake.log.filter((line) => line.includes('/referrers/'))).toHaveLength(1);
  });

  it.each<[string, ScriptedAnswer]>([
    ['404', { status: 404 }],
    ['500', { status: 500 }],
    ['403', { status: 403 }],
    ['HTML', { status: 200, body: '<html>' }],
    ['a list of something', json({ schemaVersion: 2, manifests: [{ digest: 'x' }] })],
  ])('that has answered and then says %s stops the run', async (_name, answer) => {
    await put(image, 'v1');
    const first = [image.digest, ...image.children.map(({ digest }) => digest)].sort()[0];
    fake.script = (request) =>
      request.path.startsWith(path) && !request.path.endsWith(`${first}`) ? answer : undefined;
    await expect(registry.readSnapshot([])).rejects.toBeInstanceOf(CleanupError);
  });

  it.each([400, 403, 429, 503])('is not taken for missing when the first answer is %i', async (status) => {
    await put(image, 'v1');
    answerTo(path, { status, headers: { 'retry-after': '0' } });
    await expect(registry.readSnapshot([])).rejects.toBeInstanceOf(CleanupError);
  });

  it('gives a subject to a manifest that names none itself, and stops when it contradicts one', async () => {
    const single = buildImage({ seed: 'single' });
    const signature = buildArtifact('signature without a subject');
    const list = (listed: BuiltManifest): ScriptedAnswer =>
      json({
        schemaVersion: 2,
        mediaType: TYPES.index,
        manifests: [{ mediaType: listed.mediaType, digest: listed.digest, size: 1 }],
      });
    await put(single, 'v1');
    await put(signature);
    answerTo(path + single.digest, list(signature));
    expect((await registry.readSnapshot([])).nodes.get(signature.digest)?.subject).toBe(single.digest);
    const stranger = buildArtifact('of another', buildImage({ seed: 'another' }));
    await put(stranger);
    answerTo(path + single.digest, list(stranger));
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'ProtocolError' });
  });
});

describe('a delete', () => {
  const image = buildImage({ seed: 'to delete' });

  it('by digest also takes the tags that the registry leaves behind', async () => {
    await start({ keepTags: true });
    await put(image, 'v1', 'v2');
    const log = await requestsOf(async () => {
      expect(await registry.deleteManifest(image.digest, [V1, V2])).toEqual({ kind: 'deleted' });
    });
    const base = `/v2/${NAME}/manifests`;
    expect(log.filter((line) => line.startsWith('DELETE'))).toEqual([
      `DELETE ${base}/${image.digest}`,
      `DELETE ${base}/v1`,
      `DELETE ${base}/v2`,
    ]);
    expect(await registry.resolveTag(V1)).toBe('absent');
  });

  it('that cannot take the tags along is refused, not done', async () => {
    await start({ keepTags: true, refuseTagDelete: true });
    await put(image, 'v1');
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({
      kind: 'refused',
      why: textWith('kept its tag v1'),
    });
  });

  it('does not touch a tag that points elsewhere by now', async () => {
    const next = buildImage({ seed: 'next' });
    await put(image, 'v1');
    await put(next, 'v1');
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'deleted' });
    expect(await registry.resolveTag(V1)).toBe(next.digest);
  });

  it('finishes what an earlier run left: a tag on a manifest that is gone', async () => {
    await start({ keepTags: true });
    await put(image, 'v1');
    await registry.deleteManifest(image.digest, []);
    expect(await registry.resolveTag(V1)).toBe(image.digest);
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'deleted' });
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'already-gone' });
  });

  it('where deletes are switched off is refused, with what to switch on', async () => {
    await start({ deleteDisabled: true });
    await put(image, 'v1');
    const refused = { kind: 'refused', why: textWith('storage.delete.enabled') };
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual(refused);
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({ kind: 'refused' });
    expect(await registry.resolveTag(V1)).toBe(image.digest);
  });

  it('answered 404 for what is there is a missing right', async () => {
    await start({ deleteHidden: true });
    await put(image, 'v1');
    await expect(registry.deleteManifest(image.digest, [V1])).rejects.toMatchObject({
      name: 'AuthError',
      code: 'FORBIDDEN',
    });
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({ kind: 'refused' });
  });

  it('answered 404 and then by a proxy proves nothing', async () => {
    await start({ deleteHidden: true });
    await put(image, 'v1');
    answerTo(`/v2/${NAME}/manifests/`, { status: 404, body: '<html>' });
    await expect(registry.deleteManifest(image.digest, [V1])).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  it.each([401, 403])('answered %i is an error of rights', async (status) => {
    await put(image, 'v1');
    answerTo(`/v2/${NAME}/manifests/`, { status }, 'DELETE');
    await expect(registry.deleteManifest(image.digest, [V1])).rejects.toMatchObject({ name: 'AuthError', exitCode: 3 });
    await expect(registry.deleteTag(V1, image.digest)).rejects.toMatchObject({ name: 'AuthError' });
  });

  it.each([409, 412, 423])('answered %i is refused in the words of the registry', async (status) => {
    await put(image, 'v1');
    const body = JSON.stringify({ errors: [{ code: 'LOCKED', message: 'immutable\u001b[31m tag' }] });
    answerTo(`/v2/${NAME}/manifests/`, { status, body }, 'DELETE');
    const why = `the registry refuses to delete it (status ${status}, LOCKED: immutable [31m tag)`;
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'refused', why });
  });

  it('of a tag that is there afterwards is refused', async () => {
    await put(image, 'v1');
    answerTo(`/v2/${NAME}/manifests/`, { status: 202 }, 'DELETE');
    expect(await registry.deleteTag(V1, image.digest)).toEqual({
      kind: 'refused',
      why: textWith('still points at'),
    });
  });

  it('that empties the repository out of existence is done', async () => {
    await put(image, 'v1');
    let deleted = false;
    fake.script = ({ method }) => {
      if (deleted) return { status: 404, body: JSON.stringify({ errors: [{ code: 'NAME_UNKNOWN' }] }) };
      deleted = method === 'DELETE';
      return deleted ? { status: 202 } : undefined;
    };
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'deleted' });
  });
});
