// A job of GitLab CI that is told nothing: project, repository and logins are found by its variables, and what GitLab knows keeps images.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildImage, buildMultiArch } from '../../builders/image.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { golden, hasPrograms, imageOf, openScene, type Scene } from './scene.ts';

const problems = z.array(z.looseObject({ description: z.string(), fingerprint: z.string(), severity: z.string() }));

describe.runIf(requireDistribution() !== undefined && hasPrograms)('a job without options', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(async () => {
    expect(await scene.broken()).toEqual([]);
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  /** Everything that can keep an image, and what nothing keeps. */
  function fill(): void {
    const [m1 = '', m2 = '', m3 = '', fork = '', closed = '', canary = ''] = scene.chain(
      'm1',
      'm2',
      'm3',
      'fork',
      'closed',
      'canary',
    );
    for (const commit of ['b', 'c', 'd', 'e']) scene.build(commit);
    scene.push('release', imageOf(scene, 'release', scene.commit('a')), { tags: ['v1'] });
    scene.project.addRelease({ tag: 'v1' });
    scene.project.addMergeRequest({ iid: 7, head: m3 });
    scene.project.addMergeRequest({ iid: 8, head: fork, fork: 'ann/app' });
    scene.project.addMergeRequest({ iid: 6, head: closed, state: 'closed' });
    for (const [name, commit] of Object.entries({ m1, m2, m3, fork, closed }))
      scene.push(name, imageOf(scene, name, commit), { tags: [name] });
    scene.push('mr', buildImage({ seed: 'mr' }), { tags: ['mr-7'] });
    scene.project.addDeployment({ environment: 'production', commit: scene.commit('c') });
    scene.project.addDeployment({ environment: 'review/canary', commit: canary, status: 'running' });
    scene.push('canary', imageOf(scene, 'canary', canary), { tags: ['canary'] });
    scene.push('gone', buildMultiArch('gone'), { tags: ['branch-fix-login', 'branch-fix-logout'] });
    scene.push('foreign', buildImage({ seed: 'foreign' }), { tags: ['mirror_of_somebody'] });
    scene.push('young', buildImage({ seed: 'young' }), { tags: ['fresh'], createdAt: Date.now() });
  }

  it('plans, and deletes nothing; then applies, and keeps all that GitLab says is needed', async () => {
    fill();
    const before = scene.left();
    const plan = await scene.run([
      'plan',
      '--markdown-file',
      'plan.md',
      '--code-quality-file',
      'quality.json',
      '--report-file',
      'report.json',
    ]);
    expect({ code: plan.code, stderr: plan.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toEqual(before);
    expect(scene.deletes()).toEqual([]);
    const words = await plan.read('plan.md');
    for (const word of ['`!7`', '`!8`', 'production', 'review/canary', 'fix-login']) expect(words).toContain(word);
    expect(problems.parse(JSON.parse(await plan.read('quality.json')))[0]?.description).toContain('would go');
    const planned = scene.tell('plan', plan);
    const apply = await scene.run('apply');
    expect({ code: apply.code, stderr: apply.stderr }).toMatchObject({ code: 0 });
    await expect(planned + scene.tell('apply', apply)).toMatchFileSnapshot(golden('without-options'));
    scene.images.collectGarbage();
    const again = await scene.run('plan');
    expect(again.stdout).toContain('nothing to delete');
    for (const output of [plan.stdout, plan.stderr, apply.stdout, apply.stderr, words])
      expect(output).not.toContain(scene.jobToken);
  });
});
