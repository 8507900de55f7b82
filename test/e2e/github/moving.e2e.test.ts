// Pushes while the bundle looks and deletes: what is on its way is never mistaken for what nobody needs.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuiltManifest, buildImage, buildIndex } from '../../builders/image.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { buildApp, golden, openScene, type Scene } from './scene.ts';

describe.runIf(requireProgram('git'))('a package at GitHub that is pushed to', () => {
  let scene: Scene;
  let orphan: BuiltManifest;
  let late: BuiltManifest;
  beforeEach(async () => {
    scene = await openScene();
    orphan = buildImage({ seed: 'orphan' });
    late = buildIndex([{ manifest: orphan }]);
    scene.add('orphan', orphan);
    scene.name('late', late);
    scene.build('d');
    scene.build('e');
  });
  afterEach(async () => {
    scene.github.onRequest = () => undefined;
    expect(scene.github.violations).toEqual([]);
    await scene.close();
  });

  /** A build that finds its platform there already, as reproducible builds do. */
  const pushLate = (tag?: string) => scene.app.put(late, tag);

  /** Does it before the first request that begins so. */
  function before(start: string, act: () => void | Promise<void>): void {
    let isDone = false;
    scene.github.onRequest = async (request) => {
      if (isDone || !`${request.method} ${request.path}`.startsWith(start)) return undefined;
      isDone = true;
      await act();
      return undefined;
    };
  }

  it('keeps a young child whose index is not there yet, and deletes an old one', async () => {
    scene.add('young', buildImage({ seed: 'young' }), { createdAt: new Date().toISOString() });
    const run = await scene.run('apply');
    expect(scene.deletes()).toContain('orphan');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('young-child'));
    expect(scene.left()).toContain('young');
  });

  it.each([
    ['with a tag', 'late'],
    ['without a tag', undefined],
  ] as const)('keeps an old child that an index %s takes up between the plan and its delete', async (title, tag) => {
    before('POST /graphql', () => void pushLate(tag));
    const run = await scene.run('apply');
    expect(scene.deletes()).not.toContain('orphan');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden(`late-index-${title.replaceAll(' ', '-')}`));
    expect(scene.left()).toEqual(expect.arrayContaining(['orphan']));
    expect(run.code).toBe(0);
  });

  it('keeps an old child that an index takes up while deletes are under way', async () => {
    // Longer than a look at the tags is good for.
    before('DELETE ', async () => {
      pushLate('late');
      await sleep(6000);
    });
    const run = await scene.run('apply');
    expect(scene.deletes()).not.toContain('orphan');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('late-index-while-deleting'));
    expect(scene.left()).toEqual(expect.arrayContaining(['late: late', 'orphan']));
  });

  it('keeps the child of an index that the list does not show yet', async () => {
    scene.app.lag = 'until-told';
    pushLate('late');
    const run = await scene.run('apply');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('list-lag'));
    expect(scene.left()).toEqual(expect.arrayContaining(['late: late', 'orphan']));
  });

  it('is read again when its list moves between two pages', async () => {
    for (let at = 0; at < 120; at += 1) {
      const image = buildImage({ seed: `image ${at}` });
      scene.app.add(image, { tags: [`gone-${at}`] });
      scene.name('image', image);
    }
    const between = buildApp('between');
    scene.name('between', between);
    scene.github.beforePage(scene.app, 2, () => {
      scene.app.add(between, { tags: ['between'], createdAt: new Date().toISOString() });
    });
    const run = await scene.run('plan');
    expect(Number(run.outputs['kept-count']) + Number(run.outputs['deleted-count'])).toBe(scene.app.digests().length);
    const lists = scene.sent('GET /orgs/team/packages/container/app/versions');
    expect(lists.length).toBeLessThan(12);
    await expect([`exit ${run.code}`, ...lists].join('\n')).toMatchFileSnapshot(golden('moving-list'));
  });
});
