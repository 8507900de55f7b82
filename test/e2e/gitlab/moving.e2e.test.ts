// Pushes, merge requests and deletions by others while the program plans and deletes: nothing of theirs is lost.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuiltManifest, buildImage, buildIndex, buildMultiArch } from '../../builders/image.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { digestAt, golden, hasPrograms, imageOf, openScene, outcomesOf, type Scene } from './scene.ts';

const TAG = 'branch-old';

describe.runIf(requireDistribution() !== undefined && hasPrograms)('images at GitLab that others change', () => {
  let scene: Scene;
  let old: BuiltManifest;
  let fresh: BuiltManifest;
  beforeEach(async () => {
    scene = await openScene();
    old = scene.push('old', buildMultiArch('old'), { tags: [TAG] });
    scene.push('older', buildImage({ seed: 'older' }), { tags: ['branch-older'] });
    fresh = scene.push('fresh', buildMultiArch('fresh'), { tags: ['keeper_1'] });
    scene.build('e');
  });
  afterEach(async () => {
    scene.images.collectGarbage();
    expect(await scene.broken()).toEqual([]);
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  const apply = () => scene.run(['apply', '--report-file', 'report.json']);
  const HEAD = `HEAD /v2/group/app/manifests/${TAG}`;

  /** Does it before the n-th request that begins so. */
  function beforeTheNth(n: number, start: string, act: () => void): void {
    let seen = 0;
    scene.gitlab.onRequest = ({ method, path }) => {
      if (`${method} ${path}`.startsWith(start)) {
        seen += 1;
        if (seen === n) act();
      }
      return undefined;
    };
  }

  it.each([
    ['before the first look', 1],
    ["before the delete's own look", 2],
  ] as const)('leaves a tag alone that is moved %s', async (_title, n) => {
    beforeTheNth(n, HEAD, () => scene.images.moveTag(TAG, fresh.digest));
    const run = await apply();
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(digestAt(scene, TAG)).toBe(fresh.digest);
    expect(scene.deletes()).not.toContain(TAG);
    expect(outcomesOf(await run.read('report.json')).filter((one) => one !== 'deleted')).toHaveLength(1);
  });

  it('tells of a tag that is pushed again the moment it was deleted, and leaves it', async () => {
    beforeTheNth(1, `GET /v2/group/app/manifests/${TAG}`, () => scene.images.push(old, { tags: [TAG] }));
    const run = await apply();
    expect(scene.left()).toContain(`old: ${TAG}`);
    expect(scene.deletes().filter((tag) => tag === TAG)).toHaveLength(2);
    expect(run.code).toBe(1);
    expect(outcomesOf(await run.read('report.json'))).toEqual([
      expect.stringMatching(/^failed: .*branch-old was deleted, but it points at/),
      'deleted',
    ]);
  });

  it('keeps an image whole that gets a new tag while its old one is deleted', async () => {
    scene.before(`DELETE /v2/group/app/manifests/${TAG}`, () => scene.images.push(old, { tags: ['again'] }));
    const run = await apply();
    expect(run.code).toBe(0);
    expect(scene.left()).toContain('old: again');
  });

  it('keeps the children of an index that is pushed while its older one goes', async () => {
    const late = buildIndex(
      old.children.map((manifest) => ({ manifest })),
      { annotations: { late: 'yes' } },
    );
    scene.before(`DELETE /v2/group/app/manifests/${TAG}`, () => void scene.push('late', late, { tags: ['late'] }));
    const run = await apply();
    expect(run.code).toBe(0);
    expect(scene.left()).toContain('late: late');
  });

  it('is none the worse for a tag that somebody else has deleted', async () => {
    beforeTheNth(1, HEAD, () => scene.images.dropTag(TAG));
    const run = await apply();
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toEqual(['e: main-{e}', 'fresh: keeper_1']);
  });

  it('keeps an image whole that gets a tag on a page of the list that was read already', async () => {
    scene.images.push(fresh, { tags: Array.from({ length: 1200 }, (_, at) => `keeper_${at}`) });
    scene.before('GET /gitlab/v1/repositories/group/app/tags/list/?last=', () =>
      scene.images.push(old, { tags: ['aaa'] }),
    );
    const run = await apply();
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(scene.images.digestOf('aaa')).toBe(old.digest);
    expect(scene.deletes()).not.toContain('aaa');
    expect(outcomesOf(await run.read('report.json'))).toContain(
      'skipped: tag aaa has been put on it since the plan was made',
    );
  });

  it('applies of a reviewed plan what still holds: an image that a merge request needs by then is left', async () => {
    const [head = ''] = scene.chain('head');
    scene.push('head', imageOf(scene, 'head', head), { tags: ['branch-head'] });
    const plan = await scene.run(['plan', '--plan-file', 'plan.json']);
    expect({ code: plan.code, stderr: plan.stderr }).toMatchObject({ code: 0 });
    expect(plan.stdout).toContain('branch-head');
    scene.project.addMergeRequest({ iid: 9, head });
    scene.images.moveTag('branch-older', fresh.digest);
    scene.push('later', buildImage({ seed: 'later' }), { tags: ['branch-later'] });
    scene.gitlab.clearRequests();
    const run = await scene.run(['apply', '--plan-file', `${plan.projectDirectory}/plan.json`]);
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(scene.deletes()).toEqual([TAG, TAG]);
    expect(run.stdout).toContain('!9');
    await expect(scene.tell('apply the reviewed plan', run)).toMatchFileSnapshot(golden('reviewed-plan'));
  });
});
