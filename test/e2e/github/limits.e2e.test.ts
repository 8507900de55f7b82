// What a token may do at GitHub and how often: rights, quotas, secondary limits, refusals, and a package of 20,000 versions.

import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { buildAttested, buildImage, sha256 } from '../../builders/image.ts';
import { secondaryLimit } from '../../fakes/github/access.ts';
import { LAST_TAGGED, TOO_MANY_DOWNLOADS } from '../../fakes/github/packages.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { golden, openScene, type Scene, type SceneOptions } from './scene.ts';

const VERSIONS = 20_000;

describe.runIf(requireProgram('git'))('a token at GitHub', () => {
  let scene: Scene;
  afterEach(async () => {
    expect(scene.github.violations).toEqual([]);
    await scene.close();
  });

  /** Two builds of which one goes, and so many images that go. */
  async function openUsual(orphans: number, options?: SceneOptions): Promise<void> {
    scene = await openScene(options);
    scene.build('d');
    for (let at = 0; at < orphans; at += 1) scene.add(`orphan ${at}`, buildImage({ seed: `orphan ${at}` }));
    scene.build('e');
  }

  it('of a workflow that may not delete is told by the first delete, which goes alone', async () => {
    await openUsual(5);
    const before = scene.left();
    const run = await scene.run('apply', { token: scene.github.addToken({ kind: 'workflow', mayDelete: false }) });
    expect(run.code).toBe(1);
    expect(scene.deletes()).toEqual(['d']);
    expect(scene.left()).toEqual(before);
    const version = '/orgs/team/packages/container/app/versions/{d}';
    expect(scene.sent('').slice(-3)).toEqual([`GET ${version} 200`, `DELETE ${version} 404`, `GET ${version} 200`]);
    for (const text of [run.stdout, run.summary]) {
      expect(text).toContain('packages: write');
      expect(text).toContain('Admin role');
    }
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('may-not-delete'));
  });

  it('without the scope is told by the plan, and an apply refuses before the first delete', async () => {
    await openUsual(5);
    const token = scene.github.addToken({ kind: 'classic', scopes: ['repo', 'read:packages', 'write:packages'] });
    const plan = await scene.run('plan', { token });
    expect(plan.code).toBe(0);
    expect(plan.summary).toContain('delete:packages');
    const planned = scene.tell('plan', plan);
    const run = await scene.run('apply', { token });
    expect(run.code).toBe(6);
    expect(scene.deletes()).toEqual([]);
    expect(run.summary).toContain('delete:packages');
    await expect(planned + scene.tell('apply', run)).toMatchFileSnapshot(golden('missing-scope'));
  });

  it.each([
    ['again', false],
    ['with the plan file', true],
  ] as const)(
    'whose share of the quota is used up leaves the rest, and the next run goes on %s',
    async (_title, isReviewed) => {
      await openUsual(20);
      const planFile = join(scene.folder, 'plan.json');
      const inputs = isReviewed ? { 'plan-file': planFile } : {};
      if (isReviewed) await scene.run('plan', { inputs });
      const quota = scene.github.quota(scene.token);
      quota.used = Math.floor(quota.limit * 0.8) - 24;
      scene.github.clearRequests();
      const first = await scene.run('apply', { inputs });
      const done = scene.deletes();
      expect(first.code).toBe(0);
      expect(done.length).toBeGreaterThan(0);
      expect(first.outputs).toMatchObject({
        'deleted-count': String(done.length),
        'left-count': String(23 - done.length),
      });
      // Looks that were under way, and what hangs on images that were deleted already.
      expect(quota.used).toBeLessThanOrEqual(quota.limit * 0.8 + 30);
      expect(first.summary).toContain(`${23 - done.length} left`);
      quota.used = 0;
      const second = await scene.run('apply', { inputs });
      expect(second.code).toBe(0);
      expect(second.outputs).toMatchObject({ 'left-count': '0', 'deleted-count': String(23 - done.length) });
      expect(new Set(scene.deletes()).size).toBe(23);
      const deletes = [...scene.sent('DELETE ')].sort();
      await expect([...deletes, '-- left', ...scene.left()].join('\n')).toMatchFileSnapshot(golden('quota'));
    },
  );

  it('that meets secondary limits waits as long as GitHub says, and does all', async () => {
    await openUsual(12);
    const waits = { branches: 2, deletes: 3 };
    scene.github.fault(
      /^GET \/repos\/team\/app\/branches/,
      secondaryLimit({ status: 429, retryAfterS: waits.branches }),
    );
    scene.github.fault(/^DELETE .*\/versions\//, secondaryLimit({ retryAfterS: waits.deletes }), 2);
    const startedMs = performance.now();
    const run = await scene.run('apply');
    expect(performance.now() - startedMs).toBeGreaterThan((waits.branches + waits.deletes) * 1000);
    expect({ code: run.code, failed: run.outputs['failed-count'], deleted: run.outputs['deleted-count'] }).toEqual({
      code: 0,
      failed: '0',
      deleted: '15',
    });
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('secondary-limits'));
  });

  it('cannot delete what GitHub protects: that is skipped with a reason, and the rest goes', async () => {
    await openUsual(1, { visibility: 'public' });
    scene.add('popular', buildImage({ seed: 'popular' }), { downloads: 5001 });
    const run = await scene.run('apply');
    expect(run.code).toBe(0);
    expect(run.summary).toContain(TOO_MANY_DOWNLOADS.slice(0, 40));
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('too-many-downloads'));
    expect(scene.left()).toContain('popular');
  });

  it('cannot delete the last tagged version: that is skipped with a reason', async () => {
    scene = await openScene();
    scene.build('c');
    scene.add('orphan', buildImage({ seed: 'orphan' }), { createdAt: new Date().toISOString() });
    const policy = { 'allow-delete-all': 'true', 'without-git': 'true', 'without-forge': 'true' };
    const run = await scene.run('apply', { inputs: policy });
    expect(run.code).toBe(0);
    expect(run.summary).toContain(LAST_TAGGED.slice(0, 40));
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('last-tagged'));
    expect(scene.left().some((line) => line.startsWith('c:'))).toBe(true);
  });

  it('can plan for 20,000 versions within what GitHub grants, and reads none of them twice', async () => {
    scene = await openScene();
    const random = (at: number) => sha256(Buffer.from(String(at))).slice(7, 47);
    for (let at = 0; scene.app.digests().length < VERSIONS - 3; at += 1) {
      const { index } = buildAttested(`image ${at}`);
      scene.app.add(index, { tags: [`main-${random(at)}`] });
    }
    scene.build('e');
    const versions = scene.app.digests().length;
    expect(versions).toBeGreaterThanOrEqual(VERSIONS);
    const inputs = { 'cache-dir': join(scene.folder, 'cache') };
    const count = (start: string) => scene.sent(start).length;
    const told: string[] = [];
    for (const title of ['cold', 'warm']) {
      const run = await scene.run('plan', { inputs });
      expect(run.code).toBe(0);
      expect(run.outputs).toMatchObject({ 'kept-count': '3', 'deleted-count': String(versions - 3) });
      const counts = {
        lists: count('GET /orgs/team/packages/container/app/versions'),
        manifests: count('GET /v2/team/app/manifests/'),
        configs: count('GET /v2/team/app/blobs/'),
      };
      const others = scene.github.requests.length - counts.lists - counts.manifests - counts.configs;
      told.push(`${title}: ${versions} versions, ${JSON.stringify({ ...counts, others })}`);
      expect(Buffer.byteLength(run.summary)).toBeLessThan(1024 * 1024);
      scene.github.clearRequests();
    }
    process.stdout.write(`${told.join('\n')}\n`);
    await expect(told.join('\n')).toMatchFileSnapshot(golden('many-versions'));
  }, 180_000);
});
