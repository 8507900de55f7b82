// Build caches that BuildKit and Kaniko really made, in a real registry: they go with the images that they were made for, and stay with them.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { pushImage } from '../builders/image.ts';
import { pushRecorded, type Recording, readRecording, recordedAt } from '../builders/recorded-registry.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { type CacheSceneParts, goingTags, makeCacheScene, tagsIn } from './build-cache-scene.ts';

const hasAll = (['docker-registry', 'git'] as const).every(requireProgram);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FORMS = ['min-index', 'min-docker-index', 'min-image', 'max-index', 'max-docker-index', 'max-image'];

/** So long after everything was built. */
function later({ began }: Recording, ms: number): Date {
  return new Date(began.getTime() + ms);
}

describe.runIf(hasAll)('in a real registry', () => {
  let server: RegistryServer;
  beforeAll(async () => {
    server = await startRegistry();
  });
  afterAll(() => server.stop());

  const start = async (parts: CacheSceneParts) => {
    const scene = await makeCacheScene(server, parts);
    onTestFinished(() => scene.remove());
    return scene;
  };

  describe('caches of BuildKit’s', () => {
    const recording = readRecording('buildkit');
    /** The images and one repository of caches, in repositories of their own. */
    const push = async (form: string, name: string): Promise<void> => {
      await pushRecorded(server.origin, recording, { from: 'buildkit/app', to: name });
      await pushRecorded(server.origin, recording, { from: `buildkit/cache-${form}`, to: `${name}-cache` });
    };

    it.each(FORMS)('go with the image of a branch that is gone, and stay with the other: %s', async (form) => {
      const name = `buildkit/${form}`;
      await push(form, name);
      const scene = await start({ images: [name], caches: [`${name}-cache`] });
      const planned = await scene.plan(later(recording, 6 * HOUR_MS));
      expect(goingTags(planned)).toEqual([`${name}-cache:feature`, `${name}:feature`]);
      const applied = await scene.apply(later(recording, 6 * HOUR_MS));
      expect(applied.result).toEqual({ kind: 'applied' });
      expect(await tagsIn(server, name)).toEqual(['main']);
      expect(await tagsIn(server, `${name}-cache`)).toEqual(['main']);
      const again = await scene.plan(later(recording, 60 * DAY_MS));
      expect(goingTags(again)).toEqual([]);
    });

    it('that lie beside the images go and stay alike', async () => {
      const name = 'buildkit/beside';
      await pushRecorded(server.origin, recording, { from: 'buildkit/app', to: name });
      for (const branch of ['main', 'feature']) {
        const manifest = recordedAt(recording, 'buildkit/cache-max-index', branch);
        await pushImage(server.origin, name, { manifest, tags: [`cache-${branch}`] });
      }
      const scene = await start({ images: [name] });
      const applied = await scene.apply(later(recording, 6 * HOUR_MS));
      expect(applied.result).toEqual({ kind: 'applied' });
      expect(await tagsIn(server, name)).toEqual(['cache-main', 'main']);
    });

    it('of a build that may still run stay', async () => {
      const name = 'buildkit/fresh';
      await push('max-image', name);
      const scene = await start({ images: [name], caches: [`${name}-cache`] });
      const at = later(recording, 6 * HOUR_MS);
      expect(goingTags(await scene.plan(at, { 'cache-grace': '6h30m' }))).toEqual([`${name}:feature`]);
      expect(goingTags(await scene.plan(later(recording, 1.9 * HOUR_MS)))).toEqual([]);
    });

    it('that were pushed a moment ago and call themselves old stay where an earlier run did not see them', async () => {
      const name = 'buildkit/again';
      await push('max-index', name);
      const scene = await start({ images: [name], caches: [`${name}-cache`] });
      const file = join(scene.folder, 'report.json');
      const inAnHour = (hours: number): Date => later(recording, hours * HOUR_MS);
      expect(goingTags(await scene.apply(inAnHour(0), { 'report-file': file }))).toEqual([]);
      // Every step of this one came from the other: it has its times, and is for a branch that is being built.
      const again = recordedAt(recording, 'buildkit/again', 'from-registry');
      await pushImage(server.origin, `${name}-cache`, { manifest: again, tags: ['other'] });
      const soon = await scene.apply(inAnHour(6), { 'previous-report': file });
      expect(goingTags(soon)).toEqual([`${name}-cache:feature`, `${name}:feature`]);
      expect(await tagsIn(server, `${name}-cache`)).toEqual(['main', 'other']);
    });
  });

  describe('a cache repository of Kaniko’s', () => {
    const recording = readRecording('kaniko');
    const push = async (from: string, name: string): Promise<void> => {
      await pushRecorded(server.origin, recording, { from: `kaniko/${from}`, to: name });
      await pushRecorded(server.origin, recording, { from: `kaniko/${from}/cache`, to: `${name}/cache` });
    };

    it('loses the steps that only the image of a gone branch has', async () => {
      await push('single', 'kaniko/single');
      const scene = await start({ images: ['kaniko/single'], caches: ['kaniko/single/cache'] });
      const before = await tagsIn(server, 'kaniko/single/cache');
      const applied = await scene.apply(later(recording, 6 * HOUR_MS));
      expect(applied.result).toEqual({ kind: 'applied' });
      expect(await tagsIn(server, 'kaniko/single')).toEqual(['main']);
      // Three steps: one of each branch, and one of both.
      expect(before).toHaveLength(3);
      expect(await tagsIn(server, 'kaniko/single/cache')).toHaveLength(2);
    });

    it('keeps the steps of other stages as long as Kaniko itself would use them', async () => {
      await push('app', 'kaniko/app');
      const scene = await start({ images: ['kaniko/app'], caches: ['kaniko/app/cache'] });
      const cache = (tags: readonly string[]): number =>
        tags.filter((tag) => tag.startsWith('kaniko/app/cache:')).length;
      const soon = await scene.plan(later(recording, 6 * HOUR_MS));
      const after = await scene.plan(later(recording, 15 * DAY_MS));
      // Of seven, one is of the gone image alone; three are of the first stage, and one has no file.
      expect(cache(goingTags(soon))).toBe(1);
      expect(cache(goingTags(after))).toBe(5);
    });

    it('keeps the steps of a build that may still run', async () => {
      await push('copies', 'kaniko/copies');
      const scene = await start({ images: ['kaniko/copies'], caches: ['kaniko/copies/cache'] });
      const at = later(recording, 6 * HOUR_MS);
      expect(goingTags(await scene.plan(at, { 'cache-grace': '6h30m' }))).toEqual(['kaniko/copies:feature']);
      expect(goingTags(await scene.plan(later(recording, 1.9 * HOUR_MS)))).toEqual([]);
    });

    it.each(['reproducible', 'zstd'])(
      'of which no step can be told to be an image’s goes when it is old: %s',
      async (name) => {
        await push(name, `kaniko/${name}`);
        const scene = await start({ images: [`kaniko/${name}`], caches: [`kaniko/${name}/cache`] });
        const soon = goingTags(await scene.plan(later(recording, 6 * HOUR_MS)));
        const after = goingTags(await scene.plan(later(recording, 15 * DAY_MS)));
        expect(soon.filter((tag) => tag.includes('/cache:'))).toEqual([]);
        expect(after.filter((tag) => tag.includes('/cache:'))).toHaveLength(7);
      },
    );
  });
});
