// What the adapter for GitLab asks a GitLab, request by request, and that what it asks is allowed.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Digest, parseDigest, parseTag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import { buildImage, buildMultiArch } from '../builders/image.ts';
import { openGitlab } from '../contract/registry-places.ts';
import type { FakeToken } from '../fakes/gitlab/access.ts';
import { type FakeGitlab, type GitlabOptions, startGitlab } from '../fakes/gitlab/gitlab.ts';
import type { FakeImages } from '../fakes/gitlab/images.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';
import { matching } from '../support/typed-matchers.ts';

const hasGitlab = requireDistribution() !== undefined && requireProgram('openssl') !== undefined;
const APP = 'group/app';
const image = buildImage({ seed: 'image' });
const index = buildMultiArch('index');
const old = buildImage({ seed: 'old' });
const NAMES: readonly (readonly [Digest, string])[] = [
  [image.digest, 'image'],
  [index.digest, 'index'],
  [old.digest, 'old'],
  ...index.children.map(({ digest }, at) => [digest, `index/${at + 1}`] as const),
  ...[image, old, ...index.children].flatMap(({ digest, blobs }) =>
    blobs.slice(0, 1).map((blob) => [blob.digest, `config of ${digest.slice(7, 11)}`] as const),
  ),
];

interface Scene {
  readonly gitlab: FakeGitlab;
  readonly images: FakeImages;
  open(token?: FakeToken, more?: Parameters<typeof openGitlab>[3]): Promise<Registry>;
  /** Requests so far, with names instead of digests; sorted, because they run side by side. */
  log(): string;
}

/** `image` as v1 and latest, a multi-arch image as v2, an old one as old. */
async function begin(options: GitlabOptions = {}): Promise<Scene> {
  const gitlab = await startGitlab({ tagOnly: true, ...options });
  onTestFinished(() => gitlab.close());
  gitlab.addProject(APP);
  const images = gitlab.registry.repository(APP);
  images.push(image, { tags: ['v1', 'latest'] });
  images.push(index, { tags: ['v2'] });
  images.push(old, { tags: ['old'] });
  return {
    gitlab,
    images,
    open: async (token = { kind: 'job', project: APP }, more = {}) => {
      const kind = token.kind === 'job' ? 'job' : 'private';
      const registry = await openGitlab(gitlab, APP, gitlab.addToken(token), { kind, ...more });
      onTestFinished(() => registry.close());
      return registry;
    },
    log: () => {
      const lines = gitlab
        .requestLog()
        .map((line) => NAMES.reduce((text, [digest, name]) => text.replaceAll(digest, `<${name}>`), line));
      return `${lines.sort().join('\n')}\n`;
    },
  };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gitlab-cache-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe.runIf(hasGitlab)('the requests', () => {
  it('of a first run, and of a second one with its cache', async () => {
    const scene = await begin();
    const cacheDirectory = await temporaryFolder();
    for (const name of ['first', 'second']) {
      const registry = await scene.open(undefined, { cacheDirectory });
      const snapshot = await registry.readSnapshot([]);
      await registry.close();
      expect(snapshot.nodes.size).toBe(5);
      expect(snapshot.deleteRight).toEqual({ kind: 'granted' });
      await expect(scene.log()).toMatchFileSnapshot(`../golden/gitlab/registry-${name}-run.txt`);
      scene.gitlab.clearRequests();
    }
    expect(scene.gitlab.violations).toEqual([]);
    // A token for pushing would make a repository where there is none.
    expect(scene.gitlab.registry.begun()).toEqual([]);
  });

  it('of a run without a metadata database', async () => {
    const scene = await begin({ metadataDatabase: false });
    const snapshot = await (await scene.open()).readSnapshot([]);
    expect(snapshot.nodes.size).toBe(5);
    await expect(scene.log()).toMatchFileSnapshot('../golden/gitlab/registry-without-database.txt');
  });

  it.each<[string, GitlabOptions, FakeToken]>([
    ['job', {}, { kind: 'job', project: APP }],
    ['maintainer', {}, { kind: 'private', level: 'maintainer' }],
    ['developer', {}, { kind: 'private', level: 'developer' }],
    ['old-route', { tagRoute: 'reference' }, { kind: 'job', project: APP }],
    ['star', { tagRoute: 'reference', deleteAction: '*' }, { kind: 'private', level: 'maintainer' }],
  ])('of deletes by a %s', async (name, options, token) => {
    const scene = await begin(options);
    const registry = await scene.open(token);
    await registry.readSnapshot([]);
    scene.gitlab.clearRequests();
    expect(await registry.deleteManifest(image.digest, [parseTag('latest'), parseTag('v1')])).toEqual({
      kind: 'deleted',
    });
    expect(await registry.deleteManifest(old.digest, [parseTag('old')])).toEqual({ kind: 'deleted' });
    expect(scene.images.tags()).toEqual(['v2']);
    expect(scene.images.digests()).toContain(image.digest);
    expect(scene.gitlab.violations).toEqual([]);
    await expect(scene.log()).toMatchFileSnapshot(`../golden/gitlab/registry-deletes-${name}.txt`);
  });
});

describe.runIf(hasGitlab)('on a GitLab', () => {
  it.each<[string, FakeToken, string]>([
    ['a job of the project', { kind: 'job', project: APP, level: 'developer' }, 'granted'],
    ['a maintainer', { kind: 'private', level: 'maintainer' }, 'granted'],
    ['a developer, whom only the interface lets', { kind: 'private', level: 'developer' }, 'unproved'],
  ])('the right to delete of %s is shown', async (_name, token, kind) => {
    const scene = await begin();
    const snapshot = await (await scene.open(token)).readSnapshot([]);
    expect(snapshot.deleteRight?.kind).toBe(kind);
  });

  it('a repository that is hidden comes with the reasons that GitLab has for it', async () => {
    const scene = await begin();
    scene.gitlab.addProject('group/other');
    const registry = await scene.open({ kind: 'job', project: 'group/other' });
    await expect(registry.readSnapshot([])).rejects.toMatchObject({
      code: 'FORBIDDEN',
      hint: matching(/CI_JOB_TOKEN reaches the registry of its own project/),
    });
  });

  it('protected and immutable tags are known before anything is tried, and refused when it is', async () => {
    const scene = await begin();
    const project = scene.gitlab.project(APP);
    project.protectTags('^v1$', { delete: 'owner' });
    project.makeTagsImmutable('^old');
    const registry = await scene.open({ kind: 'private', level: 'maintainer' });
    const { protectedTags } = await registry.readSnapshot([]);
    expect(protectedTags).toEqual(
      new Map([
        ['old', matching(/immutable.*"\^old"/)],
        ['v1', matching(/"\^v1\$"/)],
      ]),
    );
    const refused = { kind: 'protected', why: matching(/"\^v1\$"/) };
    expect(await registry.deleteTag(parseTag('v1'), image.digest)).toEqual(refused);
    expect(await registry.deleteManifest(old.digest, [parseTag('old')])).toMatchObject({ kind: 'protected' });
    expect(scene.images.tags()).toEqual(['latest', 'old', 'v1', 'v2']);
  });

  it('that wants fewer requests is waited for', async () => {
    const scene = await begin();
    const registry = await scene.open();
    await registry.readSnapshot([]);
    scene.gitlab.fault('DELETE /v2/', { status: 429, headers: { 'retry-after': '1' }, body: '' });
    const begun = performance.now();
    expect(await registry.deleteManifest(old.digest, [parseTag('old')])).toEqual({ kind: 'deleted' });
    expect(performance.now() - begun).toBeGreaterThan(900);
  });

  it('the token for deleting is not for pushing, and a token that may only pull says so', async () => {
    const scene = await begin();
    const registry = await scene.open({ kind: 'job', project: APP }, { deleteToken: 'of-nobody' });
    await registry.putBlob?.(Buffer.from('pushed'));
    const manifest = await registry.readManifest(image.digest);
    if (manifest === 'absent') throw new Error('It is not there.');
    expect(await registry.putManifest(manifest, parseTag('again'))).toEqual({ isIndexed: false });
    expect(scene.images.tags()).toContain('again');
    const reader = await scene.open({ kind: 'private', level: 'reporter' });
    const refused = reader.putBlob?.(Buffer.from('other'));
    await expect(refused).rejects.toMatchObject({ name: 'AuthError', hint: matching(/permission to pull and push/) });
  });

  it('what was deleted comes back under its tags, until GitLab has collected it', async () => {
    const scene = await begin();
    const registry = await scene.open();
    const before = await registry.readSnapshot([]);
    const manifest = await registry.readManifest(index.digest);
    if (manifest === 'absent') throw new Error('It is not there.');
    await registry.deleteManifest(index.digest, [parseTag('v2')]);
    await registry.putManifest(manifest, parseTag('v2'));
    const after = await registry.readSnapshot([]);
    expect([...after.nodes.keys()].sort()).toEqual([...before.nodes.keys()].sort());
    await registry.deleteManifest(index.digest, [parseTag('v2')]);
    scene.images.collectGarbage();
    expect(await registry.hasBlob?.(index.children[0]?.blobs[0]?.digest ?? parseDigest(index.digest))).toBe(false);
  });
});
