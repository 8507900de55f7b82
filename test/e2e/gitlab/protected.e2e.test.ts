// Tags that a rule of the project protects: kept by the plan, with the rule as reason; and skipped where the rule came after it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../builders/image.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { golden, hasPrograms, openScene, outcomesOf, type Scene } from './scene.ts';

describe.runIf(requireDistribution() !== undefined && hasPrograms).each([401, 403] as const)(
  'tags that GitLab protects (%d)',
  (protectedStatus) => {
    let scene: Scene;
    beforeEach(async () => {
      scene = await openScene({ gitlab: { protectedStatus } });
      for (const name of ['old', 'older', 'stable', 'lts'])
        scene.push(name, buildImage({ seed: name }), { tags: [`branch-${name}`] });
      scene.build('e');
    });
    afterEach(async () => {
      expect(await scene.broken()).toEqual([]);
      expect(scene.gitlab.violations).toEqual([]);
      await scene.close();
    });

    it('are told by its token: the plan keeps them with the rule as reason, and the rest goes', async () => {
      scene.project.protectTags('stable$', { delete: 'owner' });
      scene.project.makeTagsImmutable('lts$');
      scene.project.protectTags('old', { push: 'owner', delete: 'developer' });
      const plan = await scene.run('plan');
      expect({ code: plan.code, stderr: plan.stderr }).toMatchObject({ code: 0 });
      expect(plan.stdout).toContain('a tag is protected on the registry: branch-lts, branch-stable');
      const explained = await scene.run(['explain', 'branch-stable']);
      expect(explained.stdout).toContain('stable$');
      scene.gitlab.clearRequests();
      const apply = await scene.run('apply');
      expect({ code: apply.code, stderr: apply.stderr }).toMatchObject({ code: 0 });
      expect(new Set(scene.deletes())).toEqual(new Set(['branch-old', 'branch-older']));
      await expect(scene.tell('apply', apply)).toMatchFileSnapshot(golden('protected'));
    });

    it('only since the plan was made are skipped with a reason, which is no failure', async () => {
      scene.before('DELETE ', () => {
        scene.project.protectTags('stable$', { delete: 'owner' });
        scene.project.makeTagsImmutable('lts$');
      });
      const run = await scene.run(['apply', '--report-file', 'report.json']);
      expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
      expect(scene.left()).toContain('stable: branch-stable');
      expect(scene.left()).toContain('lts: branch-lts');
      const skipped = outcomesOf(await run.read('report.json')).filter((one) => one !== 'deleted');
      expect(skipped).toHaveLength(2);
      for (const one of skipped) expect(one).toMatch(/^skipped: .*(?:protected|immutable|PROTECTED|IMMUTABLE)/);
    });

    it('only since then, on an image that has lost another tag by then, are told as a failure', async () => {
      scene.push('both', buildImage({ seed: 'both' }), { tags: ['branch-both', 'branch-both-lts'] });
      scene.before(
        'DELETE /v2/group/app/manifests/branch-both',
        () => void scene.project.makeTagsImmutable('both-lts$'),
      );
      const run = await scene.run(['apply', '--report-file', 'report.json']);
      expect(run.code).toBe(1);
      expect(scene.left()).toContain('both: branch-both-lts');
      const failed = outcomesOf(await run.read('report.json')).filter((one) => one !== 'deleted');
      expect(failed).toEqual([expect.stringContaining('Deleted before: branch-both. Not deleted: branch-both-lts')]);
    });

    it('and the manifests behind them stay whole when GitLab collects', async () => {
      scene.project.makeTagsImmutable('lts$');
      await scene.run('apply');
      scene.images.collectGarbage();
      expect(scene.left()).toContain('lts: branch-lts');
      const again = await scene.run('plan');
      expect(again.code).toBe(0);
      expect(scene.sent('DELETE ').filter((line) => line.includes('lts'))).toEqual([]);
    });
  },
);
