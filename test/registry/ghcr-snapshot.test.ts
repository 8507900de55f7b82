// Snapshots of GitHub's container registry: what is listed, what is not yet, what lies, and what it costs. The rest is in the contract.

import { describe, expect, it } from 'vitest';
import { type Digest, parseDigest, parseTag } from '../../src/model/reference.ts';
import type { ImageNode, Snapshot } from '../../src/model/snapshot.ts';
import { type BuiltManifest, buildAttested, buildImage, buildIndex, buildMultiArch } from '../builders/image.ts';
import { containing, matching } from '../support/typed-matchers.ts';
import { count, startScene } from './ghcr-scene.ts';

const MANIFESTS = /^GET \/v2\/[^ ]+\/manifests\//;
const PAGES = /^GET \/(?:orgs|users)\/[^ ]+\/versions\?/;

function nodeOf(snapshot: Snapshot, manifest: BuiltManifest | undefined): ImageNode {
  const node = snapshot.nodes.get(manifest?.digest ?? parseDigest(`sha256:${'0'.repeat(64)}`));
  if (node === undefined) throw new Error(`The snapshot lacks ${manifest?.digest}.`);
  return node;
}

function images(howMany: number): readonly BuiltManifest[] {
  return Array.from({ length: howMany }, (_, at) => buildImage({ seed: `image ${at}` }));
}

describe('the owner', () => {
  it.each([
    ['an organisation', 'Organization', 'team/app', '/orgs/team/packages/container/app'],
    ['a user', 'User', 'octocat/app', '/users/octocat/packages/container/app'],
    [
      'an organisation, with a nested name',
      'Organization',
      'team/app/base',
      '/orgs/team/packages/container/app%2Fbase',
    ],
    ['a user, with a nested name', 'User', 'octocat/a/b/c', '/users/octocat/packages/container/a%2Fb%2Fc'],
  ] as const)('of a package may be %s, found out once', async (_, ownerKind, name, route) => {
    const scene = await startScene({ ownerKind, name });
    scene.app.add(buildImage(), { tags: ['v1'] });
    scene.app.add(buildImage({ seed: 'second' }), { tags: ['v2'] });
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    expect([...snapshot.tags.keys()].sort()).toEqual(['v1', 'v2']);
    expect(await registry.deleteManifest(buildImage().digest, [parseTag('v1')])).toEqual({ kind: 'deleted' });
    const log = scene.log('rest');
    expect(count(log, /^GET \/users\/[^/]+ /)).toBe(1);
    expect(log.filter((line) => line.includes('/packages/')).every((line) => line.includes(route))).toBe(true);
  });

  it('that nobody knows stops everything', async () => {
    const scene = await startScene();
    const registry = await scene.open();
    scene.github.fault('GET /users/team', { status: 404, json: { message: 'Not Found' } });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'AuthError', code: 'REPOSITORY_UNKNOWN' });
  });

  it('that is neither stops everything', async () => {
    const scene = await startScene();
    const registry = await scene.open();
    scene.github.fault('GET /users/team', { status: 200, json: { login: 'team', type: 'Bot' } });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'ProtocolError' });
  });
});

describe('a snapshot', () => {
  it('costs its pages and each manifest once', async () => {
    const scene = await startScene();
    for (const image of images(250)) scene.app.add(image, { tags: [`t-${image.digest.slice(7, 20)}`] });
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.nodes.size).toBe(250);
    expect(snapshot.tags.size).toBe(250);
    const log = scene.log();
    expect(new Set(log.filter((line) => MANIFESTS.test(line))).size).toBe(250);
    expect(count(log, MANIFESTS)).toBe(250);
    expect(count(log, PAGES)).toBeLessThanOrEqual(5);
    expect(count(log, /^HEAD /)).toBe(0);
    expect(scene.github.violations).toEqual([]);
  });

  it('has the times of the list', async () => {
    const scene = await startScene();
    const index = buildMultiArch('timed');
    scene.app.add(index, { tags: ['v1'], createdAt: '2026-02-03T04:05:06Z', updatedAt: '2026-03-04T05:06:07Z' });
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect(nodeOf(snapshot, index).times).toEqual({
      pushed: Date.UTC(2026, 1, 3, 4, 5, 6),
      updated: Date.UTC(2026, 2, 4, 5, 6, 7),
    });
    expect(nodeOf(snapshot, index.children[0]).times.pushed).toBe(Date.UTC(2026, 1, 3, 4, 5, 6));
  });

  it('knows attestations among the untagged versions, and reads no config of theirs', async () => {
    const scene = await startScene();
    const { index, image, attestation } = buildAttested('attested');
    scene.app.add(index, { tags: ['v1'] });
    scene.app.add(buildImage({ seed: 'left behind', created: '2026-01-01T00:00:00Z' }));
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect(nodeOf(snapshot, attestation).content).toMatchObject({ facts: { kind: 'read', labels: {} } });
    expect(nodeOf(snapshot, attestation).created.kind).toBe('unknown');
    expect(nodeOf(snapshot, image).content).toMatchObject({ facts: { labels: { seed: 'attested' } } });
    expect(nodeOf(snapshot, buildImage({ seed: 'left behind', created: '2026-01-01T00:00:00Z' })).created.kind).toBe(
      'known',
    );
    expect(count(scene.log(), /^GET \/v2\/[^ ]+\/blobs\//)).toBe(2);
  });

  it('proves a ghost child absent by asking the registry, list or no list', async () => {
    const scene = await startScene();
    const index = buildMultiArch('sparse');
    scene.app.add(index, { tags: ['v1'] });
    const [ghost] = index.children;
    scene.app.erase(ghost?.digest ?? '');
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect([...snapshot.absent]).toEqual([[ghost?.digest, [index.digest]]]);
  });

  it('holds a listed version whose manifest answers 404 as something that may list anything', async () => {
    const scene = await startScene();
    const index = buildMultiArch('unreadable');
    scene.app.add(index, { tags: ['v1'] }).ghost = true;
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    expect(nodeOf(snapshot, index)).toMatchObject({
      tags: ['v1'],
      content: {
        kind: 'opaque',
        why: 'GitHub lists it, but its manifest answers 404',
        mayListManifests: true,
        names: [],
      },
      times: { pushed: matchingNumber() },
    });
    expect(snapshot.nodes.size).toBe(3);
    expect(count(scene.log(), new RegExp(`manifests/${index.digest}`))).toBe(2);
    expect(await registry.readEdges(index.digest)).toBe('opaque');
    await expect(registry.readManifest(index.digest)).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  it('leaves out a version that vanishes while it is read, with its tag', async () => {
    const scene = await startScene();
    const [one, two] = [buildImage({ seed: 'one' }), buildImage({ seed: 'two' })];
    scene.app.add(one, { tags: ['v1'] });
    scene.app.add(two, { tags: ['v2'] });
    scene.github.onRequest = ({ path }) => {
      if (path.endsWith('/tags/list?n=1000') && scene.app.find(two.digest)) scene.app.erase(two.digest);
      return undefined;
    };
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect([...snapshot.nodes.keys()]).toEqual([one.digest]);
    expect(snapshot.vanishedTags).toEqual(['v2']);
  });

  it('follows a tag whose version vanished to where it is now', async () => {
    const scene = await startScene();
    const [one, two] = [buildImage({ seed: 'one' }), buildImage({ seed: 'two' })];
    scene.app.add(buildImage({ seed: 'other' }), { tags: ['other'] });
    scene.app.add(one, { tags: ['v1'] });
    scene.github.onRequest = ({ path }) => {
      if (path.includes(`/manifests/${one.digest}`) && scene.app.find(one.digest)) {
        scene.app.erase(one.digest);
        scene.app.add(two, { tags: ['v1'] });
      }
      return undefined;
    };
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect(snapshot.tags.get(parseTag('v1'))).toBe(two.digest);
    expect(snapshot.vanishedTags).toEqual([]);
  });

  it('holds what is pushed and not listed yet: by a tag that the registry knows, with its children, without times', async () => {
    const scene = await startScene();
    const child = buildImage({ seed: 'old child' });
    scene.app.add(child);
    scene.app.add(buildImage({ seed: 'old' }), { tags: ['old'] });
    scene.app.lag = 'until-told';
    const index = buildIndex([{ manifest: child }]);
    scene.app.put(index, 'fresh');
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    expect(snapshot.tags.get(parseTag('fresh'))).toBe(index.digest);
    expect(nodeOf(snapshot, index)).toMatchObject({
      tags: ['fresh'],
      times: {},
      content: { children: [{ digest: child.digest }] },
    });
    expect(Object.keys(nodeOf(snapshot, index).times)).toEqual([]);
    expect(Object.keys(nodeOf(snapshot, child).times)).toHaveLength(2);
    expect(await registry.deleteManifest(index.digest, [parseTag('fresh')])).toMatchObject({
      kind: 'refused',
      why: containing('GitHub does not list it yet'),
    });
    await expect(registry.listTagsOf(index.digest)).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
  });

  it('is not fooled by a tag that moves while the pages are read', async () => {
    const scene = await startScene();
    const all = images(150);
    for (const image of all) scene.app.add(image);
    const [oldest, newest] = [all[0], all[149]];
    scene.app.put(oldest ?? buildImage(), 'v1');
    // Page 2 is read after the tag left it for page 1: it shows nowhere.
    scene.github.beforePage(scene.app, 2, () => scene.app.put(newest ?? buildImage(), 'v1'));
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect(snapshot.tags.get(parseTag('v1'))).toBe(newest?.digest);
  });

  it('reads the list again when a tag shows at two versions', async () => {
    const scene = await startScene();
    const all = images(150);
    for (const image of all) scene.app.add(image);
    const [oldest, newest] = [all[0], all[149]];
    scene.app.put(newest ?? buildImage(), 'v1');
    scene.github.beforePage(scene.app, 2, () => scene.app.put(oldest ?? buildImage(), 'v1'));
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect(snapshot.tags.get(parseTag('v1'))).toBe(oldest?.digest);
    expect(count(scene.log('rest'), /page=2/)).toBe(4);
  });

  it('is refused when the list contradicts itself however often it is read', async () => {
    const scene = await startScene();
    const registry = await scene.open();
    const listed = (id: number, digest: Digest): object => ({
      id,
      name: digest,
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      metadata: { package_type: 'container', container: { tags: [`v${id % 2}`] } },
    });
    const [one, two] = [buildImage({ seed: 'one' }).digest, buildImage({ seed: 'two' }).digest];
    for (const [pair, what] of [
      [[listed(1, one), listed(3, two)], /one tag at two versions/],
      [[listed(1, one), listed(2, one)], /one digest twice/],
    ] as const) {
      scene.github.onRequest = ({ path }) => (path.includes('versions?') ? { status: 200, json: pair } : undefined);
      await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'ProtocolError', message: matching(what) });
    }
  });

  it('is whole also when versions are pushed while the pages are read', async () => {
    const scene = await startScene();
    for (const image of images(250)) scene.app.add(image);
    const late = buildImage({ seed: 'late' });
    scene.github.beforePage(scene.app, 2, () => scene.app.add(late, { tags: ['late'] }));
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect(snapshot.nodes.size).toBe(251);
  });

  it('is refused when a version has no list of tags: it could only be taken for untagged', async () => {
    const scene = await startScene();
    const registry = await scene.open();
    const version = {
      id: 1,
      name: buildImage().digest,
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
    };
    scene.github.fault(/versions\?/, { status: 200, json: [{ ...version, metadata: { package_type: 'container' } }] });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({
      name: 'ProtocolError',
      message: matching(/metadata/),
    });
  });

  it('is refused when the package is hidden from the token', async () => {
    const scene = await startScene({ token: { kind: 'workflow', blind: ['team/app'] } });
    scene.app.add(buildImage(), { tags: ['v1'] });
    await expect((await scene.open()).readSnapshot([])).rejects.toMatchObject({
      code: 'REPOSITORY_UNKNOWN',
      exitCode: 3,
    });
  });
});

describe('the right to delete', () => {
  const ALL = ['read:packages', 'write:packages', 'delete:packages'];
  it.each([
    ['granted to a classic token with the scopes', { kind: 'classic', scopes: ALL }, { kind: 'granted' }],
    [
      'missing without delete:packages',
      { kind: 'classic', scopes: ['write:packages'] },
      { kind: 'missing', permission: 'the scope delete:packages' },
    ],
    [
      "unproved for a workflow's token",
      { kind: 'workflow' },
      { kind: 'unproved', why: containing('the first delete goes alone') },
    ],
  ] as const)('is %s', async (_, token, right) => {
    const scene = await startScene({ token, visibility: 'public' });
    scene.app.add(buildImage(), { tags: ['v1'] });
    expect((await (await scene.open()).readSnapshot([])).deleteRight).toEqual(right);
  });
});

describe('a look around', () => {
  it('reads one page of a long list, and finds what is new', async () => {
    const scene = await startScene();
    for (const image of images(320)) scene.app.add(image);
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
    scene.github.clearRequests();
    expect(await registry.lookAround(known)).toEqual({ tags: new Map(), unresolved: [], untagged: [] });
    expect(count(scene.log('rest'), PAGES)).toBe(1);
    const [tagged, nameless] = [buildImage({ seed: 'tagged' }), buildImage({ seed: 'nameless' })];
    scene.app.add(tagged, { tags: ['new'] });
    scene.app.add(nameless);
    scene.github.clearRequests();
    const found = await registry.lookAround(known);
    expect([...found.tags]).toEqual([['new', tagged.digest]]);
    expect(found.untagged).toEqual([nameless.digest]);
    expect(count(scene.log('rest'), PAGES)).toBe(1);
  });

  it('finds also more new versions than a page holds', async () => {
    const scene = await startScene();
    scene.app.add(buildImage(), { tags: ['v1'] });
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    for (const image of images(230)) scene.app.add(image);
    const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
    expect((await registry.lookAround(known)).untagged).toHaveLength(230);
    // What an earlier look found is still news: known is what the plan knew.
    expect((await registry.lookAround(known)).untagged).toHaveLength(230);
  });

  it('finds the one that a full page of newer ones hides, however close together they came', async () => {
    const scene = await startScene();
    scene.app.add(buildImage(), { tags: ['v1'], createdAt: '2026-01-01T00:00:00Z' });
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    for (const [at, image] of images(101).entries())
      scene.app.add(image, { createdAt: new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString() });
    const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
    expect((await registry.lookAround(known)).untagged).toHaveLength(101);
  });

  it('reads the whole list where it does not come newest first', async () => {
    const scene = await startScene();
    for (const image of images(150)) scene.app.add(image);
    const registry = await scene.open();
    const reversed = new Set<string>();
    scene.github.onRequest = ({ path }) => {
      if (!/versions\?/.test(path)) return undefined;
      reversed.add(path);
      const page = Number(new URL(path, 'http://fake').searchParams.get('page') ?? 1);
      const all = scene.app
        .versions()
        .toReversed()
        .slice((page - 1) * 100, page * 100);
      const url = `${scene.github.apiUrl}${path.replace(/\?.*/, '')}`;
      const link =
        page === 1 ? `<${url}?page=2>; rel="next", <${url}?page=2>; rel="last"` : `<${url}?page=1>; rel="first"`;
      return {
        status: 200,
        headers: { link },
        json: all.map(({ id, digest, tags, createdAtMs }) => ({
          id,
          name: digest,
          created_at: new Date(createdAtMs).toISOString(),
          updated_at: new Date(createdAtMs).toISOString(),
          metadata: { package_type: 'container', container: { tags } },
        })),
      };
    };
    const snapshot = await registry.readSnapshot([]);
    const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
    const late = buildImage({ seed: 'late' });
    scene.app.add(late);
    expect((await registry.lookAround(known)).untagged).toEqual([late.digest]);
    expect(reversed.size).toBeGreaterThan(0);
  });

  it('sees a tag that GitHub does not list yet', async () => {
    const scene = await startScene();
    scene.app.add(buildImage(), { tags: ['v1'] });
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    scene.app.lag = 'until-told';
    const fresh = buildImage({ seed: 'fresh' });
    scene.app.put(fresh, 'v2');
    const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
    const found = await registry.lookAround(known);
    expect(found.tags.get(parseTag('v2'))).toBe(fresh.digest);
    expect(await registry.readEdges(fresh.digest)).toEqual([]);
  });

  it('does not take a version that was deleted for one that is there, though the list still shows it', async () => {
    const scene = await startScene();
    const index = buildMultiArch('gone');
    scene.app.add(buildImage(), { tags: ['stays'] });
    scene.app.add(index, { tags: ['v1'] });
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    const stale = scene.app.versions().map(({ id, digest, tags }) => ({
      id,
      name: digest,
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      metadata: { package_type: 'container', container: { tags } },
    }));
    expect(await registry.deleteManifest(index.digest, [parseTag('v1')])).toEqual({ kind: 'deleted' });
    scene.github.onRequest = ({ path }) => (/versions\?/.test(path) ? { status: 200, json: stale } : undefined);
    const known = { tags: snapshot.tags, digests: new Set<Digest>(snapshot.nodes.keys()) };
    expect((await registry.lookAround(known)).tags.has(parseTag('v1'))).toBe(false);
    expect(await registry.readEdges(index.digest)).toBe('absent');
  });
});

function matchingNumber(): unknown {
  return expect.any(Number);
}
