// 20,000 tags: each page of the list once, each image once, and with a cache nothing but the list.

import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../builders/image.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { golden, hasPrograms, openScene, type Scene } from './scene.ts';

const IMAGES = 4_000;
/** As pipelines put them: by branch, by commit, by build, and a moving one. */
const TAGS_EACH = 5;
const PAGE = 1000;

describe.runIf(requireDistribution() !== undefined && hasPrograms)(`${IMAGES * TAGS_EACH} tags at GitLab`, () => {
  let scene: Scene;
  afterEach(async () => {
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  it('take a request for each thousand of them, and two for each image that is new', async () => {
    scene = await openScene();
    for (let at = 0; at < IMAGES; at += 1)
      scene.images.push(buildImage({ seed: `image ${at}` }), {
        tags: Array.from({ length: TAGS_EACH }, (_, number) => `branch-x${at}-${number}`),
        createdAt: '2026-01-01T00:00:00Z',
      });
    scene.build('e');
    const count = (start: string) => scene.sent(start).length;
    const told: string[] = [];
    for (const title of ['cold', 'warm']) {
      const run = await scene.run(['plan', '--cache-dir', join(scene.folder, 'cache')]);
      expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
      const counts = {
        lists: count('GET /gitlab/v1/'),
        manifests: count('GET /v2/group/app/manifests/'),
        configs: count('GET /v2/group/app/blobs/'),
      };
      const others = scene.gitlab.requests.length - counts.lists - counts.manifests - counts.configs;
      told.push(`${title}: ${scene.images.tags().length} tags, ${JSON.stringify(counts)}`);
      // Tokens live five minutes; the rest is what GitLab and Git say.
      expect(others).toBeLessThan(20);
      expect(counts.lists).toBe(Math.ceil((IMAGES * TAGS_EACH + 1) / PAGE));
      scene.gitlab.clearRequests();
    }
    await expect(`${told.join('\n')}\n`).toMatchFileSnapshot(golden('many-tags'));
  }, 240_000);
});
