// Whole runs on build cache that real builders left, from the options to the registry: images and their cache in repositories of their own.

import { mkdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runApply, runPlan } from '../../src/cleanup.ts';
import { normalizeSettings } from '../../src/config/normalize-settings.ts';
import { silentLog } from '../../src/log.ts';
import type { CommitId } from '../../src/model/history.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import { exitCodeOf } from '../../src/report/exit-code-of.ts';
import type { Report } from '../../src/report/report.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { type BuiltManifest, buildImage, pushImage } from '../builders/image.ts';
import { pushRecorded, type Recording, readRecording, recordedAt } from '../builders/recorded-registry.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry-server.ts';
import { requireProgram } from '../support/real-parts.ts';

const HOUR_MS = 3_600_000;
const OLD = '2026-01-01T00:00:00Z';

let registry: FakeRegistry;
let folder: string;
beforeEach(async () => {
  registry = await startFakeRegistry();
  folder = await mkdtemp(join(tmpdir(), 'build-cache-run-'));
});
afterEach(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly raw: RawOptions;
  readonly at: number;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Clusters and forges are not asked, and no guard speaks. */
async function run(command: 'plan' | 'apply', { raw, at, environment = {} }: Run): Promise<Report> {
  const words: RawOptions = {
    'without-kube': true,
    'without-forge': true,
    'max-delete-share': '1',
    'cache-dir': join(folder, 'cache'),
    ...(command === 'apply' ? { journal: join(folder, 'journal.jsonl') } : {}),
    ...raw,
    command,
  };
  const source = { environment, workingDirectory: folder, frontEnd: 'cli' } as const;
  const { settings } = await normalizeSettings(words, source);
  const context = { log: silentLog, environment, now: () => instantFromMs(at) };
  return await (command === 'apply' ? runApply : runPlan)(settings, context);
}

async function tagsOf(repository: string): Promise<readonly string[]> {
  const answer = await fetch(`${registry.origin}/v2/${repository}/tags/list`);
  const { tags } = (await answer.json()) as { readonly tags: readonly string[] | null };
  return [...(tags ?? [])].sort();
}

/** The layer of a step without an effect is in all images, and says of none that it was made with it. */
const EMPTY = 'sha256:89732bc7';
const isLayer = ({ mediaType, digest }: { readonly mediaType: string; readonly digest: string }): boolean =>
  /layer|rootfs/.test(mediaType) && !digest.startsWith(EMPTY);
const layersOf = ({ blobs, children }: BuiltManifest): readonly string[] => [
  ...blobs.filter(isLayer).map(({ digest }) => digest),
  ...children.flatMap(layersOf),
];

describe("Kaniko's cache", () => {
  const recording = readRecording('kaniko');
  const [image, cache] = ['kaniko/app', 'kaniko/app/cache'];

  /** Tags of cached steps whose layer is in the images with the tags. */
  const stepsOf = ({ repositories }: Recording, ...tags: readonly string[]): readonly string[] => {
    const layers = new Set(tags.flatMap((tag) => layersOf(recordedAt(recording, image, tag))));
    const steps = [...(repositories.get(cache) ?? [])];
    return steps.flatMap(([tag, step]) => (layersOf(step).some((layer) => layers.has(layer)) ? [tag] : [])).sort();
  };

  async function push(): Promise<RawOptions> {
    for (const from of [image, cache]) await pushRecorded(registry.origin, recording, { from });
    await writeFile(join(folder, '.registry-cleanup.yml'), 'pins: {tags: [main]}\n');
    return {
      repository: [`${registry.host}/${image}`],
      'build-cache-repo': [`${registry.host}/${cache}`],
      'improper-repo-cache': true,
      'without-git': true,
    };
  }

  it('goes with its image, and what an image that stays was made with stays', async () => {
    const raw = await push();
    const at = recording.began.getTime() + 72 * HOUR_MS;
    const all = await tagsOf(cache);
    const planned = await run('plan', { raw, at });
    expect(planned.result).toEqual({ kind: 'planned' });
    expect(registry.log.filter((line) => line.startsWith('DELETE'))).toEqual([]);
    const report = await run('apply', { raw, at });
    expect(report.result).toEqual({ kind: 'applied' });
    expect(await tagsOf(image)).toEqual(['main']);
    const left = await tagsOf(cache);
    const ofMain = stepsOf(recording, 'main');
    const ofFeature = stepsOf(recording, 'feature').filter((tag) => !ofMain.includes(tag));
    expect([ofMain.length, ofFeature.length]).toEqual([2, 1]);
    // Steps of an earlier stage are in no image, and are too young to go.
    expect(left).toEqual(all.filter((tag) => !ofFeature.includes(tag)));
    const again = await run('plan', { raw, at });
    expect(again.plan?.repositories.flatMap(({ steps }) => steps)).toEqual([]);
  });

  it('of earlier stages goes when Kaniko itself would not use it any more', async () => {
    const raw = await push();
    await run('apply', { raw, at: recording.began.getTime() + 15 * 24 * HOUR_MS });
    expect(await tagsOf(cache)).toEqual(stepsOf(recording, 'main'));
  });

  it('that a build has just made stays', async () => {
    const raw = await push();
    const all = await tagsOf(cache);
    await run('apply', { raw, at: recording.began.getTime() + HOUR_MS });
    expect(await tagsOf(cache)).toEqual(all);
  });

  it('stays when its image could not be deleted', async () => {
    const raw = await push();
    const all = await tagsOf(cache);
    const place = `/v2/${image}/manifests/${recordedAt(recording, image, 'feature').digest}`;
    registry.script = ({ method, path }) =>
      method === 'DELETE' && path.startsWith(place)
        ? { status: 405, body: '{"errors":[{"code":"UNSUPPORTED"}]}' }
        : undefined;
    const report = await run('apply', { raw, at: recording.began.getTime() + 72 * HOUR_MS });
    expect(exitCodeOf(report)).toBe(1);
    expect(await tagsOf(image)).toEqual(['feature', 'main']);
    expect(await tagsOf(cache)).toEqual(all);
    const why = report.applied?.flatMap(({ outcomes }) => outcomes.flatMap((one) => one.why ?? [])) ?? [];
    expect(why.join()).toContain('which was to go and was not deleted');
  });
});

describe.runIf(requireProgram('git'))('build cache of commits', () => {
  let sandbox: GitSandbox;
  beforeEach(() => {
    sandbox = createGitSandbox();
    mkdirSync(join(sandbox.root, 'tmp'));
  });
  afterEach(() => sandbox.remove());

  const stage = (seed: string, labels: Record<string, string>) =>
    buildImage({ seed, created: OLD, labels: { dapp: 'shop', 'dapp-dimg': 'false', ...labels } });

  async function scene() {
    const date = '2026-01-01T00:00:00Z';
    const [app, lib] = ['app.git', 'lib.git'].map((name) => {
      const path = sandbox.bare(name);
      return { path, ids: sandbox.add(path, { commits: [{ name, date }], branches: { main: name } }) };
    });
    if (app === undefined || lib === undefined) throw new Error('no repositories');
    const clone = sandbox.clone(app.path, 'clone');
    const there = lib.ids.get('lib.git') as CommitId;
    const from = (name: string, commit: string) => ({
      [`dapp-git-${name}-commit`]: commit,
      [`dapp-git-${name}-type`]: 'directory',
    });
    const stages = {
      'dimgstage-there': from('lib', there),
      'dimgstage-gone': from('lib', '1'.repeat(40)),
      'dimgstage-unknown': from('other', '1'.repeat(40)),
    };
    for (const [tag, labels] of Object.entries(stages))
      await pushImage(registry.origin, 'shop/app', { manifest: stage(tag, labels), tags: [tag] });
    const raw: RawOptions = {
      repository: [`${registry.host}/shop/app`],
      'git-dir': clone,
      'improper-git-commit': true,
      'allow-delete-all': true,
    };
    const environment = { ...sandbox.environment, RUNNER_TEMP: join(sandbox.root, 'tmp') };
    return { raw, lib, environment, at: Date.parse('2026-11-20T12:00:00Z') };
  }

  it('goes when the repository that was named for it has the commit no more', async () => {
    const { raw, lib, environment, at } = await scene();
    const report = await run('apply', {
      raw: { ...raw, 'cache-git-repository': [`lib=file://${lib.path}`] },
      at,
      environment,
    });
    expect(report.result).toEqual({ kind: 'applied' });
    expect(await tagsOf('shop/app')).toEqual(['dimgstage-there', 'dimgstage-unknown']);
  });

  it('stays when no repository was named for it', async () => {
    const { raw, environment, at } = await scene();
    const report = await run('apply', { raw, at, environment });
    expect(report.result).toEqual({ kind: 'applied' });
    expect(await tagsOf('shop/app')).toHaveLength(3);
  });

  it('stays, and the run stops, when the repository cannot be read', async () => {
    const { raw, environment, at } = await scene();
    const report = await run('apply', {
      raw: { ...raw, 'cache-git-repository': [`lib=${join(sandbox.root, 'nowhere')}`] },
      at,
      environment,
    });
    expect(exitCodeOf(report)).toBe(5);
    expect(await tagsOf('shop/app')).toHaveLength(3);
    expect(registry.log.filter((line) => line.startsWith('DELETE'))).toEqual([]);
  });
});
