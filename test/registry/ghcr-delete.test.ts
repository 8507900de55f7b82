// Deleting and restoring on GitHub's container registry: what each of its answers means, and that no 404 passes for success.

import { describe, expect, it } from 'vitest';
import { CleanupError } from '../../src/errors.ts';
import { type Digest, parseTag } from '../../src/model/reference.ts';
import { deleteRightOf } from '../../src/registry/ghcr-right.ts';
import type { RestoreAnswer } from '../../src/registry/port.ts';
import { buildImage, buildMultiArch } from '../builders/image.ts';
import { secondaryLimit } from '../fakes/github/access.ts';
import { LAST_TAGGED, TOO_MANY_DOWNLOADS } from '../fakes/github/packages.ts';
import { containing, matching } from '../support/typed-matchers.ts';
import { count, type Scene, type SceneOptions, startScene } from './ghcr-scene.ts';

const V1 = parseTag('v1');
const DELETES = /^DELETE /;
const image = buildImage({ seed: 'to go' });

/** `image` as v1, and another one that stays. */
async function begin(options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(options);
  scene.app.add(image, { tags: ['v1'] });
  scene.app.add(buildImage({ seed: 'to stay' }), { tags: ['stays'] });
  return scene;
}

describe('a delete', () => {
  it('takes one look at the version, also when the caller has just looked', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.github.clearRequests();
    expect(await registry.listTagsOf(image.digest)).toEqual(['v1']);
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'deleted' });
    expect(scene.log('rest').map((line) => line.replace(/\d+ (\d+)$/, 'ID $1'))).toEqual([
      'GET /orgs/team/packages/container/app/versions/ID 200',
      'DELETE /orgs/team/packages/container/app/versions/ID 204',
    ]);
    expect(scene.app.find(image.digest)).toBeUndefined();
  });

  it('is refused when somebody tagged the image meanwhile', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.app.put(image, 'production');
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({
      kind: 'refused',
      why: 'tag production has been put on it meanwhile',
    });
    expect(count(scene.log(), DELETES)).toBe(0);
  });

  it('is not sent when what is behind the id is another image', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    const stays = scene.app.version('stays');
    const body = {
      id: scene.app.version('v1').id,
      name: stays.digest,
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      metadata: { container: { tags: ['v1'] } },
    };
    scene.github.fault(/^GET .*\/versions\/\d+/, { status: 200, json: { ...body, id: stays.id } });
    await expect(registry.deleteManifest(image.digest, [V1])).rejects.toMatchObject({ code: 'PROTOCOL' });
    scene.github.fault(/^GET .*\/versions\/\d+/, { status: 200, json: body });
    const answer = await registry.deleteManifest(image.digest, [V1]);
    expect(answer).toEqual({ kind: 'refused', why: `GitHub shows ${stays.digest} as its version now` });
    expect(count(scene.log(), DELETES)).toBe(0);
  });

  it('of what is gone already is told as such, once everything says so', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.app.erase(image.digest);
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'already-gone' });
    expect(count(scene.log(), DELETES)).toBe(0);
  });

  it('of what was deleted and pushed again is refused', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.app.erase(image.digest);
    scene.app.put(image, 'v1');
    expect(await registry.deleteManifest(image.digest, [V1])).toMatchObject({
      kind: 'refused',
      why: containing('pushed again'),
    });
    expect(scene.app.find(image.digest)).toBeDefined();
  });

  it('without the right stops with the permission for both kinds of token, and nothing is gone', async () => {
    const scene = await begin({ token: { kind: 'workflow', mayDelete: false } });
    const registry = await scene.open();
    await registry.readSnapshot([]);
    await expect(registry.deleteManifest(image.digest, [V1])).rejects.toMatchObject({
      name: 'AuthError',
      code: 'FORBIDDEN',
      hint: matching(/delete:packages.*packages: write.*Admin role.*Manage Actions access/),
    });
    expect(scene.app.find(image.digest)).toBeDefined();
    expect(scene.log('rest').slice(-2)).toEqual([matching(/^DELETE .* 404$/), matching(/^GET .* 200$/)]);
  });

  it('is no success when the whole package is hidden all of a sudden', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.github.fault(/packages\/container/, { status: 404, json: { message: 'Not Found' } }, 10);
    await expect(registry.deleteManifest(image.digest, [V1])).rejects.toMatchObject({ code: 'REPOSITORY_UNKNOWN' });
    await expect(registry.listTagsOf(image.digest)).rejects.toMatchObject({ code: 'REPOSITORY_UNKNOWN' });
  });

  it('of the last tagged version is a skip with GitHub’s words', async () => {
    const scene = await startScene();
    scene.app.add(image, { tags: ['v1'] });
    const registry = await scene.open();
    await registry.readSnapshot([]);
    const why = `GitHub refuses to delete it: ${JSON.stringify(LAST_TAGGED)} (status 400)`;
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'protected', why });
  });

  it('of a public version with more than 5,000 downloads is a skip with GitHub’s words', async () => {
    const scene = await begin({ visibility: 'public' });
    scene.app.version('v1').downloads = 5001;
    const registry = await scene.open();
    await registry.readSnapshot([]);
    const why = `GitHub refuses to delete it: ${JSON.stringify(TOO_MANY_DOWNLOADS)} (status 400)`;
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({ kind: 'protected', why });
  });

  it('is a skip by its status, whatever the words are', async () => {
    const scene = await begin();
    const registry = await scene.open();
    scene.github.fault(DELETES, { status: 422, json: { message: 'Nicht jetzt.\u001b[31m' } });
    expect(await registry.deleteManifest(image.digest, [V1])).toEqual({
      kind: 'protected',
      why: 'GitHub refuses to delete it: "Nicht jetzt. [31m" (status 422)',
    });
  });

  it('waits for another day when the share of the quota is used', async () => {
    const scene = await begin({ token: { kind: 'workflow', limit: 1000 } });
    const registry = await scene.open({ budgetShare: 0.5 });
    await registry.readSnapshot([]);
    for (const request of scene.github.requests)
      if (request.token !== undefined) scene.github.quota(request.token).used = 499;
    expect(await registry.deleteManifest(image.digest, [V1])).toMatchObject({
      kind: 'not-now',
      why: matching(/50 % of the 1000.*whole again at \d\d:\d\d UTC/),
    });
    expect(count(scene.log(), DELETES)).toBe(0);
  });

  it('waits for another day when GitHub asks for more patience than there is', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.github.fault(DELETES, secondaryLimit({ retryAfterS: 3600 }), 5);
    expect(await registry.deleteManifest(image.digest, [V1])).toMatchObject({ kind: 'not-now' });
    expect(scene.app.find(image.digest)).toBeDefined();
  });

  it('lets the children of a deleted index go, and only then', async () => {
    const scene = await begin();
    const index = buildMultiArch('parent');
    scene.app.add(index, { tags: ['multi'] });
    const registry = await scene.open();
    await registry.readSnapshot([]);
    expect(await registry.readEdges(index.digest)).toHaveLength(2);
    await registry.deleteManifest(index.digest, [parseTag('multi')]);
    expect(await registry.readEdges(index.digest)).toBe('absent');
    scene.app.put(index, 'multi');
    expect(await registry.readEdges(index.digest)).toHaveLength(2);
  });
});

describe('what is said', () => {
  it('never holds the token', async () => {
    const scene = await begin({ token: { kind: 'workflow', mayDelete: false, blind: ['team/other'] } });
    const registry = await scene.open();
    await registry.readSnapshot([]);
    const error: unknown = await registry.deleteManifest(image.digest, [V1]).catch((thrown: unknown) => thrown);
    scene.github.revoke('ghs_fake0001');
    const revoked: unknown = await registry.readSnapshot([]).catch((thrown: unknown) => thrown);
    const texts = [error, revoked].map((thrown) =>
      thrown instanceof CleanupError
        ? [thrown.message, thrown.hint, JSON.stringify(thrown.details)].join(' ')
        : undefined,
    );
    expect(texts.every((text) => text !== undefined)).toBe(true);
    expect(scene.github.requests.some(({ token }) => token === 'ghs_fake0001')).toBe(true);
    const secret = Buffer.from('x-access-token:ghs_fake0001').toString('base64');
    for (const text of [...texts, ...scene.logged]) {
      expect(text).not.toContain('ghs_fake0001');
      expect(text).not.toContain(secret);
    }
  });

  it('of a fine-grained token is that GitHub documents none for packages', () => {
    expect(deleteRightOf(undefined, 'github_pat_abc')).toEqual({
      kind: 'unproved',
      why: matching(/^GitHub documents no fine-grained tokens for packages/),
    });
    expect(deleteRightOf([], 'ghp_abc')).toEqual({
      kind: 'missing',
      permission: 'the scope read:packages and delete:packages',
    });
  });
});

describe('a restore', () => {
  async function restore(
    scene: Scene,
    digests: readonly Digest[],
    options: { readonly budgetShare?: number } = {},
  ): Promise<readonly (readonly [Digest, RestoreAnswer])[]> {
    const registry = await scene.open(options);
    const answers: (readonly [Digest, RestoreAnswer])[] = [];
    await registry.restore?.(digests, (digest, answer) => Promise.resolve(void answers.push([digest, answer])));
    return answers;
  }

  it('brings versions back in the given order with their tags, and lists each state once', async () => {
    const scene = await begin();
    const index = buildMultiArch('gone');
    scene.app.add(index, { tags: ['multi'] });
    const wanted = [...index.children.map(({ digest }) => digest), index.digest];
    for (const digest of [...wanted].reverse()) scene.app.erase(digest);
    const answers = await restore(scene, wanted);
    expect(answers.map(([digest, { kind }]) => [digest, kind])).toEqual(wanted.map((digest) => [digest, 'restored']));
    expect(answers.at(-1)?.[1]).toEqual({ kind: 'restored', tags: ['multi'] });
    expect(scene.app.tags().get('multi')).toBe(index.digest);
    expect(count(scene.log(), /state=deleted/)).toBe(1);
    expect(count(scene.log(), /state=active/)).toBe(1);
    expect(count(scene.log(), /^POST [^ ]+restore/)).toBe(3);
  });

  it('says of each what became of it', async () => {
    const scene = await begin();
    const [old, never] = [buildImage({ seed: 'old' }), buildImage({ seed: 'never' })];
    scene.app.add(old, { tags: ['old'] });
    scene.app.erase('old');
    scene.github.fault(/restore$/, { status: 422, json: { message: 'The name is taken.' } });
    expect(await restore(scene, [old.digest, image.digest, never.digest])).toEqual([
      [old.digest, { kind: 'refused', why: 'GitHub refuses to restore it: "The name is taken." (status 422)' }],
      [image.digest, { kind: 'already-there', tags: ['v1'] }],
      [never.digest, { kind: 'refused', why: containing('more than 30 days ago') }],
    ]);
  });

  it('does not believe a success that does not show', async () => {
    const scene = await begin();
    scene.app.erase('v1');
    scene.github.fault(/restore$/, { status: 204 });
    expect(await restore(scene, [image.digest])).toEqual([
      [image.digest, { kind: 'refused', why: 'GitHub says that it was restored, and does not show it' }],
    ]);
  });

  it('without the right stops with the permission', async () => {
    const scene = await begin();
    scene.app.erase('v1');
    scene.github.fault(/restore$/, { status: 404, json: { message: 'Package not found.' } });
    await expect(restore(scene, [image.digest])).rejects.toMatchObject({
      code: 'FORBIDDEN',
      hint: matching(/write:packages.*Admin role/),
    });
  });

  it('leaves the rest for later when the quota is used', async () => {
    const scene = await begin({ token: { kind: 'workflow', limit: 1000 } });
    const second = buildImage({ seed: 'second' });
    scene.app.add(second, { tags: ['v2'] });
    for (const tag of ['v1', 'v2']) scene.app.erase(tag);
    scene.github.onRequest = ({ path, token }) => {
      if (path.endsWith('/restore') && token !== undefined) scene.github.quota(token).used = 900;
      return undefined;
    };
    const answers = await restore(scene, [image.digest, second.digest], { budgetShare: 0.5 });
    expect(answers).toEqual([
      [image.digest, { kind: 'restored', tags: ['v1'] }],
      [second.digest, { kind: 'not-now', why: containing('requests that GitHub grants') }],
    ]);
  });

  it('restores nothing more after a limit, also when that has passed: what comes later needs what was left', async () => {
    const scene = await begin();
    const index = buildMultiArch('gone');
    scene.app.add(index, { tags: ['multi'] });
    const wanted = [...index.children.map(({ digest }) => digest), index.digest];
    for (const digest of [...wanted].reverse()) scene.app.erase(digest);
    scene.github.fault(/restore$/, secondaryLimit({ retryAfterS: 1 }));
    const registry = await scene.open();
    const kinds: string[] = [];
    await registry.restore?.(wanted, async (_digest, { kind }) => {
      kinds.push(kind);
      await new Promise((resolve) => setTimeout(resolve, 600));
    });
    expect(kinds).toEqual(['not-now', 'not-now', 'not-now']);
    expect(scene.app.find('multi')).toBeUndefined();
  });
});
