// Taking a tag off on GitHub's container registry, which cannot: verified by both sides before anything is deleted, and every way it can go
// wrong. Whatever happens, the version that had the tag stays.

import { describe, expect, it, onTestFinished } from 'vitest';
import { parseTag } from '../../src/model/reference.ts';
import { UNTAG_ARTIFACT } from '../../src/registry/ghcr-helper.ts';
import { type BuiltManifest, buildImage, buildMultiArch } from '../builders/image.ts';
import { secondaryLimit } from '../fakes/github/access.ts';
import type { FakeVersion } from '../fakes/github/packages.ts';
import { containing, matching } from '../support/typed-matchers.ts';
import { count, type Scene, type SceneOptions, startScene } from './ghcr-scene.ts';

const V1 = parseTag('v1');
const image = buildImage({ seed: 'two names' });
const DELETES = /^DELETE /;

/** `image` as v1 and production, and another image; afterwards `image` must be there, whatever the test did. */
async function begin(options: SceneOptions = {}, tags: readonly string[] = ['v1', 'production']): Promise<Scene> {
  const scene = await startScene(options);
  scene.app.add(buildImage({ seed: 'other' }), { tags: ['other'] });
  scene.app.add(image, { tags });
  onTestFinished(() => expect(scene.app.find(image.digest)).toBeDefined());
  return scene;
}

function helpersIn(scene: Scene): readonly FakeVersion[] {
  return scene.app.versions().filter(({ bytes }) => Buffer.from(bytes).toString('utf8').includes(UNTAG_ARTIFACT));
}

describe('an untag', () => {
  it('moves the tag to a helper, sees both versions, then deletes the helper', async () => {
    const scene = await begin();
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    scene.github.clearRequests();
    expect(await registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect([...scene.app.tags().keys()].sort()).toEqual(['other', 'production']);
    expect(helpersIn(scene)).toEqual([]);
    expect(await registry.listTagsOf(image.digest)).toEqual(['production']);
    const log = scene.log().map((line) => line.replace(/versions\/\d+/, 'versions/ID').replace(/sha256:\w+/, 'DIGEST'));
    const [put, remove] = [
      log.indexOf('PUT /v2/team/app/manifests/v1 201'),
      log.findIndex((line) => DELETES.test(line)),
    ];
    expect(put).toBeGreaterThan(0);
    expect(log.slice(put + 1, remove + 1)).toEqual([
      matching(/^GET \/orgs\/team\/packages\/container\/app\/versions\?/),
      'GET /orgs/team/packages/container/app/versions/ID 200',
      'GET /orgs/team/packages/container/app/versions/ID 200',
      'HEAD /v2/team/app/manifests/v1 200',
      'DELETE /orgs/team/packages/container/app/versions/ID 204',
    ]);
    expect(snapshot.nodes.size).toBe(2);
  });

  it('shows its helper to nobody who looks around meanwhile', async () => {
    const scene = await begin();
    const registry = await scene.open();
    const snapshot = await registry.readSnapshot([]);
    const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
    const seen: unknown[] = [];
    scene.github.onRequest = async ({ method }) => {
      if (method !== 'DELETE') return undefined;
      expect(helpersIn(scene)).toHaveLength(1);
      const { tags, untagged, unresolved } = await registry.lookAround(known);
      seen.push([...tags.keys()], untagged, unresolved);
      return undefined;
    };
    expect(await registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect(seen).toEqual([['production', 'other'], [], []]);
  });

  it('finds its helper also in a list that does not come newest first', async () => {
    const scene = await begin();
    for (let at = 0; at < 120; at += 1) scene.app.add(buildImage({ seed: `older ${at}` }));
    const registry = await scene.open();
    scene.github.onRequest = ({ path }) => {
      if (!path.includes('versions?')) return undefined;
      const page = Number(new URL(path, 'http://fake').searchParams.get('page') ?? 1);
      const url = `${scene.github.apiUrl}${path.replace(/\?.*/, '')}`;
      const link =
        page === 1 ? `<${url}?page=2>; rel="next", <${url}?page=2>; rel="last"` : `<${url}?page=1>; rel="first"`;
      const listed = scene.app
        .versions()
        .toReversed()
        .slice((page - 1) * 100, page * 100);
      return { status: 200, headers: { link }, json: listed.map(listedAs) };
    };
    expect(await registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
  });

  it('twice pushes the empty blob once, and two helpers', async () => {
    const scene = await begin({}, ['v1', 'v2', 'production']);
    const registry = await scene.open();
    await registry.deleteTag(V1, image.digest);
    await registry.deleteTag(parseTag('v2'), image.digest);
    expect(count(scene.log(), /^POST .*uploads.* 202$/)).toBe(1);
    expect(count(scene.log(), /^PUT .*manifests.* 201$/)).toBe(2);
    expect(scene.app.versions('deleted').length).toBe(2);
    expect([...scene.app.tags().keys()].sort()).toEqual(['other', 'production']);
  });

  it('of the only tag leaves the image untagged', async () => {
    const scene = await begin({}, ['v1']);
    expect(await (await scene.open()).deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect(scene.app.version(image.digest).tags).toEqual([]);
  });

  it('of the only tag of the package is not begun: GitHub would keep the helper', async () => {
    const scene = await startScene();
    scene.app.add(image, { tags: ['v1'] });
    scene.app.add(buildImage({ seed: 'nameless' }));
    const registry = await scene.open();
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'protected',
      why: containing('last tagged version'),
    });
    expect(count(scene.log(), /^(?:PUT|POST|DELETE)/)).toBe(0);
  });

  it('waits for a list that lags', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.app.lag = 2;
    expect(await registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect([...scene.app.tags().keys()].sort()).toEqual(['other', 'production']);
  });

  it('of a tag that is gone is done', async () => {
    const scene = await begin({}, ['production']);
    expect(await (await scene.open()).deleteTag(V1, image.digest)).toEqual({ kind: 'already-gone' });
    expect(count(scene.log(), /^(?:PUT|POST|DELETE)/)).toBe(0);
  });
});

describe('an untag that cannot be seen through', () => {
  /** Everything is as before, but for helpers without a name. */
  function expectUndone(scene: Scene): void {
    expect(scene.app.tags().get('v1')).toBe(image.digest);
    expect(scene.app.tags().get('production')).toBe(image.digest);
    expect(helpersIn(scene).flatMap(({ tags }) => tags)).toEqual([]);
    expect(count(scene.log(), /^DELETE .* 204$/)).toBe(0);
  }

  it('does not begin when the tag has moved', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    const newer = buildImage({ seed: 'newer' });
    scene.app.put(newer, 'v1');
    expect(await registry.deleteTag(V1, image.digest)).toEqual({
      kind: 'refused',
      why: `the tag v1 has moved: it points at ${newer.digest}`,
    });
    expect(count(scene.log(), /^(?:PUT|POST|DELETE)/)).toBe(0);
  });

  it('gives the tag back when GitHub never lists the helper', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.app.lag = 'until-told';
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'refused',
      why: matching(/does not list the helper.*put back to sha256:\w+, and nothing was deleted/),
    });
    expectUndone(scene);
  });

  it('gives the tag back when GitHub keeps showing it at the image', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    const { id } = scene.app.version(image.digest);
    const stale = readVersion(scene, id);
    scene.github.onRequest = ({ method, path }) =>
      method === 'GET' && path.endsWith(`/versions/${id}`) ? { status: 200, json: stale } : undefined;
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'refused',
      why: containing('still shows the tag at'),
    });
    expectUndone(scene);
  });

  it('never deletes the image when the list gives its version for the helper', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    const { id } = scene.app.version(image.digest);
    scene.github.onRequest = ({ path }) => {
      const [helper] = helpersIn(scene);
      if (helper === undefined || !path.includes('versions?')) return undefined;
      const lie = { ...readVersion(scene, id), name: helper.digest };
      return { status: 200, json: [lie] };
    };
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({ kind: 'refused' });
    expectUndone(scene);
  });

  it('leaves a tag alone that somebody moves meanwhile', async () => {
    const scene = await begin();
    const newer = buildImage({ seed: 'newer' });
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.github.beforePage(scene.app, 1, () => scene.app.put(newer, 'v1'));
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'refused',
      why: containing(`Now it points at ${newer.digest}`),
    });
    expect(scene.app.tags().get('v1')).toBe(newer.digest);
    expect(count(scene.log(), /^DELETE .* 204$/)).toBe(0);
  });

  it('does not move a tag that somebody moves while it is being prepared', async () => {
    const scene = await begin();
    const newer = buildImage({ seed: 'newer' });
    const registry = await scene.open();
    scene.github.onRequest = ({ method, path }) => {
      if (method === 'HEAD' && path.includes('/blobs/')) scene.app.put(newer, 'v1');
      return undefined;
    };
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({ kind: 'refused', why: containing('has moved') });
    expect(scene.app.tags().get('v1')).toBe(newer.digest);
    expect(helpersIn(scene)).toEqual([]);
  });

  it('leaves a tag alone that is moved in the last moment', async () => {
    const scene = await begin();
    const newer = buildImage({ seed: 'newer' });
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.github.onRequest = ({ method }) => {
      if (method === 'HEAD' && helpersIn(scene).length > 0 && scene.app.find(newer.digest) === undefined)
        scene.app.put(newer, 'v1');
      return undefined;
    };
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'refused',
      why: containing(`Now it points at ${newer.digest}`),
    });
    expect(count(scene.log(), DELETES)).toBe(0);
  });

  it('leaves a helper alone that has got another tag', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.github.beforePage(scene.app, 1, () => {
      const [helper] = helpersIn(scene);
      if (helper !== undefined) scene.app.put(helper, 'mine');
    });
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'refused',
      why: containing('["mine","v1"]'),
    });
    expect(scene.app.tags().get('v1')).toBe(image.digest);
    expect(count(scene.log(), DELETES)).toBe(0);
  });

  it('gives the tag back when GitHub refuses to delete the helper', async () => {
    const scene = await begin();
    const registry = await scene.open();
    scene.github.fault(DELETES, { status: 400, json: { message: 'No.' } });
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'refused',
      why: containing('"No." (status 400)'),
    });
    expectUndone(scene);
  });

  it('gives the tag back and stops when the token may not delete', async () => {
    const scene = await begin({ token: { kind: 'workflow', mayDelete: false } });
    const registry = await scene.open();
    await expect(registry.deleteTag(V1, image.digest)).rejects.toMatchObject({
      name: 'AuthError',
      code: 'FORBIDDEN',
      message: containing('nothing was deleted'),
      hint: containing('delete:packages'),
    });
    expectUndone(scene);
  });

  it('gives the tag back for another day when the limits end it', async () => {
    const scene = await begin();
    const registry = await scene.open();
    scene.github.fault(DELETES, secondaryLimit({ retryAfterS: 3600 }), 5);
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({ kind: 'not-now', why: containing('put back') });
    expectUndone(scene);
  });

  it('says so when the tag cannot be given back', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.app.lag = 'until-told';
    let puts = 0;
    scene.github.onRequest = ({ method, path }) => {
      puts += method === 'PUT' && path.includes('/manifests/') ? 1 : 0;
      return method === 'PUT' && puts > 1
        ? { status: 403, json: { errors: [{ code: 'DENIED', message: 'no' }] } }
        : undefined;
    };
    expect(await registry.deleteTag(V1, image.digest)).toMatchObject({
      kind: 'refused',
      why: matching(
        /moved to the empty helper sha256:\w+.*Putting it back to sha256:\w+, which is still there, failed/,
      ),
    });
  });

  it('does not push when the token may not', async () => {
    const scene = await begin({ token: { kind: 'workflow', permissions: { packages: 'read' } } });
    await expect((await scene.open()).deleteTag(V1, image.digest)).rejects.toMatchObject({ name: 'AuthError' });
    expect(scene.app.tags().get('v1')).toBe(image.digest);
  });

  it('finishes what a lost answer hid', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    let lost = 0;
    scene.github.onRequest = ({ method, path, body }) => {
      if (method !== 'PUT' || !path.includes('/manifests/') || lost > 1) return undefined;
      lost += 1;
      scene.app.put({ mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes: body }, 'v1');
      return 'drop';
    };
    expect(await registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect(scene.app.version(image.digest).tags).toEqual(['production']);
  });

  it('of an index leaves its children where they are', async () => {
    const scene = await begin();
    const index: BuiltManifest = buildMultiArch('index');
    scene.app.add(index, { tags: ['latest', 'v2'] });
    const before = scene.app.digests();
    expect(await (await scene.open()).deleteTag(parseTag('latest'), index.digest)).toEqual({ kind: 'deleted' });
    expect(scene.app.digests()).toEqual(before);
  });
});

function readVersion(scene: Scene, id: number): object {
  const version = scene.app.findById(id);
  if (version === undefined) throw new Error(`no version ${id}`);
  return listedAs(version);
}

function listedAs({ id, digest, createdAtMs, tags }: FakeVersion): object {
  const at = new Date(createdAtMs).toISOString();
  const metadata = { package_type: 'container', container: { tags } };
  return { id, name: digest, created_at: at, updated_at: at, metadata };
}
