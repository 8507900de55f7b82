// The demo's world: a real repository, a valid image layout, and clusters that run what lies in it.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../../src/demo/make-world.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { requireProgram } from '../support/real-parts.ts';
import { findDamage, type LayoutOnDisk, parse, readLayoutOnDisk } from './layout-on-disk.ts';

const NOW = instantFromMs(Date.UTC(2026, 10, 21, 20, 0, 0));
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

describe.runIf(requireProgram('git'))("the demo's world", () => {
  const directory = mkdtempSync(join(tmpdir(), 'demo-world-'));
  let world: World;
  let layout: LayoutOnDisk;
  let tookMs: number;

  beforeAll(async () => {
    const from = performance.now();
    world = await makeWorld(directory, NOW, process.env);
    tookMs = performance.now() - from;
    layout = readLayoutOnDisk(world.layoutDirectory);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function git(at: string, ...words: readonly string[]): readonly string[] {
    return execFileSync('git', words, { cwd: at, encoding: 'utf8' }).trimEnd().split('\n');
  }

  it('is there in a moment', () => {
    // A third of a second on an idle machine; a busy one shall not fail for that.
    expect(tookMs).toBeLessThan(5000);
  });

  it('has a sound repository with six branches and fourteen release tags of both kinds', () => {
    git(world.originDirectory, 'fsck', '--strict', '--no-dangling');
    expect(git(world.originDirectory, 'for-each-ref', '--format=%(refname:short)', 'refs/heads')).toEqual([
      'feature/checkout',
      'feature/login',
      'feature/old-search',
      'main',
      'production',
      'staging',
    ]);
    const tags = git(world.originDirectory, 'for-each-ref', '--format=%(objecttype)', 'refs/tags');
    expect(tags).toHaveLength(14);
    expect(new Set(tags)).toEqual(new Set(['commit', 'tag']));
  });

  it('has a merged branch, a tag off every branch, and a clone that still remembers a deleted branch', () => {
    expect(git(world.originDirectory, 'branch', '--merged', 'main', '--format=%(refname:short)')).toContain(
      'feature/login',
    );
    expect(git(world.originDirectory, 'branch', '--contains', 'v1.2.4')).toEqual(['']);
    expect(git(world.cloneDirectory, 'branch', '--remotes', '--format=%(refname:short)')).toContain(
      'origin/feature/dropped',
    );
  });

  it('has a merge that brings the files of what it merges', () => {
    const files = git(world.originDirectory, 'ls-tree', '--name-only', 'main', 'changes/');
    expect(files).toEqual(expect.arrayContaining(['changes/l1.md', 'changes/l2.md', 'changes/m30.md']));
  });

  it('has no commit of the future and about thirty on main', () => {
    const dates = git(world.originDirectory, 'log', '--format=%ct', 'main').map(Number);
    expect(dates.length).toBeGreaterThanOrEqual(30);
    expect(Math.max(...dates) * 1000).toBeLessThan(NOW);
    expect([...dates].sort((a, b) => b - a)).toEqual(dates);
  });

  it('has some sixty images, and every descriptor tells the true size and digest', () => {
    expect(layout.manifests.size).toBeGreaterThanOrEqual(55);
    expect(layout.manifests.size).toBeLessThanOrEqual(65);
    expect(findDamage(layout)).toEqual([]);
    const names = readdirSync(join(world.layoutDirectory, 'blobs', 'sha256'));
    expect(new Set(names.map((name) => `sha256:${name}`))).toEqual(new Set(layout.blobs.keys()));
    expect(new Set(layout.reached.map(({ digest }) => digest))).toEqual(new Set(layout.blobs.keys()));
  });

  it('has layers that are the archives which the configurations list', () => {
    let checked = 0;
    for (const manifest of layout.manifests.values()) {
      const config = manifest.config === undefined ? undefined : parse(blob(manifest.config.digest));
      const layers = manifest.layers?.filter(({ mediaType }) => mediaType === LAYER) ?? [];
      for (const [at, layer] of layers.entries()) {
        const archive = gunzipSync(blob(layer.digest));
        const diffId = `sha256:${createHash('sha256').update(archive).digest('hex')}`;
        expect((config as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids[at]).toBe(diffId);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(80);
    const [layer] = layout.reached.filter(({ mediaType }) => mediaType === LAYER);
    const listed = execFileSync('tar', ['-tz'], { input: blob(layer!.digest), encoding: 'utf8' });
    expect(listed.trim()).toMatch(/^(?:bin|app|cache)\/\w+$/);
  });

  it('has tags of every usual scheme', () => {
    const schemes = [
      /^latest$/,
      /^main$/,
      /^sha-[0-9a-f]{7}$/,
      /^main-[0-9a-f]{7}-\d{8}T\d{6}$/,
      /^v1\.2\.3$/,
      /^1\.2$/,
      /^pr-12$/,
      /^feature-checkout$/,
      /^buildcache$/,
      /^nightly-\d{8}$/,
      /^sha256-[0-9a-f]{64}\.sig$/,
    ];
    const tags = [...layout.tags.keys()];
    expect(schemes.filter((scheme) => !tags.some((tag) => scheme.test(tag)))).toEqual([]);
    expect(layout.entries.length).toBeGreaterThan(tags.length);
  });

  it('runs only what lies in the layout', () => {
    const texts = listFiles(world.clustersDirectory).map((file) => readFileSync(file, 'utf8'));
    const references = texts.flatMap((text) => text.match(/registry\.example\.com\/shop\/app[^"]*/g) ?? []);
    expect(references.length).toBeGreaterThan(7);
    for (const reference of references) {
      const [, tag, digest] = /^[^:@]*(?::([^@]+))?(?:@(.+))?$/.exec(reference) ?? [];
      if (tag !== undefined) expect([...layout.tags.keys()]).toContain(tag);
      if (digest !== undefined) expect([...layout.manifests.keys()]).toContain(digest);
    }
  });

  it.runIf(requireProgram('skopeo'))('is read by skopeo, tag by tag', () => {
    for (const [tag, digest] of layout.tags) {
      const raw = execFileSync('skopeo', ['inspect', '--raw', `oci:${world.layoutDirectory}:${tag}`]);
      expect(`sha256:${createHash('sha256').update(raw).digest('hex')}`).toBe(digest);
    }
  });

  it("does not depend on the user's Git configuration or on a repository around it", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'demo-elsewhere-'));
    writeFileSync(join(elsewhere, '.gitconfig'), '[transfer]\n\tfsckObjects = nonsense\n[core]\n\tbare = nonsense\n');
    const environment = { ...process.env, HOME: elsewhere, GIT_DIR: '/nowhere', GIT_OBJECT_DIRECTORY: '/nowhere' };
    const other = await makeWorld(join(elsewhere), NOW, environment);
    expect(git(other.originDirectory, 'rev-parse', 'main')).toEqual(git(world.originDirectory, 'rev-parse', 'main'));
    rmSync(elsewhere, { recursive: true });
  });

  it('says what to do when there is no git program', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'demo-no-git-'));
    await expect(makeWorld(elsewhere, NOW, { PATH: elsewhere })).rejects.toMatchObject({
      name: 'UsageError',
      hint: 'The demo needs git: install it.',
    });
    rmSync(elsewhere, { recursive: true });
  });

  function blob(digest: string): Uint8Array {
    return layout.blobs.get(digest)!;
  }
});

function listFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(directory, name));
}
