// A GitLab that is busy, slow or broken: what passes is waited for, and what does not stops the run before the first delete.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../builders/image.ts';
import type { Fate } from '../../fakes/github/exchange.ts';
import { badGateway, tooManyRequests } from '../../fakes/gitlab/limits.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { hasPrograms, openScene, type Scene } from './scene.ts';

/** So many tags of one image that the registry's own list has two pages. */
const TWO_PAGES = 1001;
const LIST = 'the list of tags';

const CUT: Fate = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '[{"name":"main","commit":{"id":"',
};

const PLACES = {
  [LIST]: /^GET \/gitlab\/v1\/.*last=/,
  'a manifest': /^GET \/v2\/group\/app\/manifests\//,
  'the token endpoint': /^GET \/jwt\/auth/,
  'the list of branches': /^GET \/api\/v4\/.*\/branches/,
  'the list of merge requests': /^GET \/api\/v4\/.*\/merge_requests/,
  'the list of deployments': /^GET \/api\/v4\/.*\/deployments/,
} as const;

describe.runIf(requireDistribution() !== undefined && hasPrograms)('a GitLab in trouble', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
    scene.build('e');
    scene.push('old', buildImage({ seed: 'old' }), { tags: ['branch-old'] });
    scene.push('older', buildImage({ seed: 'older' }), { tags: ['branch-older'] });
    scene.project.addDeployment({ environment: 'production', commit: scene.commit('e') });
  });
  afterEach(async () => {
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  /** Where the second page is what matters. */
  function fillFor(place: string): void {
    const tags = Array.from({ length: place === LIST ? TWO_PAGES : 0 }, (_, at) => `branch-${at}`);
    scene.push('old', buildImage({ seed: 'old' }), { tags });
  }

  it.each(Object.entries(PLACES))(
    'that is too busy for %s is given the time that it asks for',
    async (place, match) => {
      fillFor(place);
      scene.gitlab.fault(match, tooManyRequests({ retryAfterS: 20 }), 2);
      const begun = performance.now();
      const run = await scene.run('plan', { inAHurry: true });
      expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
      expect(run.stdout).toContain('2 of 5 images would go');
      expect(performance.now() - begun).toBeGreaterThan(1000);
    },
  );

  it.each(Object.entries(PLACES))('that fails at %s is asked again', async (place, match) => {
    fillFor(place);
    scene.gitlab.fault(match, badGateway());
    scene.gitlab.fault(match, 'drop');
    const run = await scene.run('plan', { inAHurry: true });
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('2 of 5 images would go');
  });

  it.each(
    Object.entries(PLACES).flatMap(([place, match]) => [
      [place, 'stays broken', badGateway(), match] as const,
      [place, 'answers with half a page', CUT, match] as const,
    ]),
  )('whose way to %s %s stops the run before the first delete', async (place, _how, fate, match) => {
    fillFor(place);
    scene.gitlab.fault(match, fate, 999);
    const before = scene.left();
    const run = await scene.run('apply', { inAHurry: true });
    expect([3, 4, 5]).toContain(run.code);
    expect(scene.deletes()).toEqual([]);
    expect(scene.left()).toEqual(before);
  });

  it('that wants nothing more for an hour ends the run at once, and says so', async () => {
    scene.gitlab.fault(PLACES['the list of branches'], tooManyRequests({ retryAfterS: 3600 }), 99);
    const begun = performance.now();
    const run = await scene.run('apply');
    expect(run.code).toBe(5);
    expect(run.stderr).toContain('3600 s');
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(scene.deletes()).toEqual([]);
  });

  it('that is too busy while we delete is given its time, and all goes', async () => {
    scene.gitlab.fault(/^DELETE .*branch-old\b/, tooManyRequests({ retryAfterS: 1 }), 2);
    scene.gitlab.fault(/^DELETE .*branch-older/, badGateway());
    const run = await scene.run('apply', { inAHurry: true });
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toEqual(['e: main-{e}']);
    expect(await scene.broken()).toEqual([]);
  });
});
