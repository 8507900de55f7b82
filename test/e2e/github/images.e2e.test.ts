// How images hang together in GitHub's registry, and what an apply of the bundle makes of it: the requests are the golden files.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildArtifact, buildAttested, buildImage, buildIndex, cosignTag } from '../../builders/image.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { buildApp, golden, openScene, type Scene } from './scene.ts';

describe.runIf(requireProgram('git'))('images at GitHub', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(async () => {
    expect(scene.github.violations).toEqual([]);
    await scene.close();
  });

  it('that are indexes keep all their children, and go before them with the untagged and with tags that nothing keeps', async () => {
    const one = scene.build('c');
    const other = buildApp('d');
    scene.build('d', { manifest: other });
    scene.app.add(other.children[0]!, { tags: ['by-hand'] });
    scene.build('e');
    const run = await scene.run('apply');
    expect(run.code).toBe(0);
    expect(scene.app.find(one.digest)).toBeUndefined();
    for (const name of ['c', 'd']) {
      const own = scene.deletes().filter((line) => line.startsWith(name));
      expect(own[0]).toBe(name);
      expect(own.toSorted()).toEqual([name, `${name}/0`, `${name}/1`]);
    }
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('indexes'));
    const again = await scene.run('apply');
    await expect(scene.tell('again', again)).toMatchFileSnapshot(golden('indexes-again'));
  });

  it('that are old indexes stay with all their children when one of them has a tag that is kept', async () => {
    const old = buildApp('c');
    scene.build('c', { manifest: old });
    scene.app.add(old.children[0]!, { tags: ['v1'] });
    scene.build('d');
    scene.build('e');
    const run = await scene.run('apply');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('tagged-child'));
    expect(scene.left()).toEqual(expect.arrayContaining(['c/0: v1', 'c/1']));
  });

  it('with attestations inside, referrers beside and a signature on a child stay with all of them when only the newest stays', async () => {
    const signed = (name: string, index: ReturnType<typeof buildAttested>) => {
      scene.build(name, { manifest: index.index });
      scene.add(`sbom of ${name}`, buildArtifact(`sbom of ${name}`, index.image));
      scene.add(`report on ${name}`, buildArtifact(`report on ${name}`, index.index));
      // Pushed last, so that it is the newest of all tags.
      const signature = buildImage({ seed: `signature of ${name}` });
      const tag = cosignTag(index.image, 'sig');
      scene.nameText(tag, `{${name}/0}.sig`);
      scene.add(`signature of ${name}`, signature, { tags: [tag] });
    };
    signed('e', buildAttested('e'));
    signed('d', buildAttested('d'));
    const run = await scene.run('apply');
    expect(run.code).toBe(0);
    expect(scene.deletes()[0]).toBe('d');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('attachments'));
    expect(scene.left()).toEqual([
      'e/0',
      'e/1',
      'e: main-{commit e}',
      'report on e',
      'sbom of e',
      'signature of e: {e/0}.sig',
    ]);
  });

  it('with a second tag that nothing keeps keep it, and lose it by way of a helper when untagging is asked for', async () => {
    scene.build('d');
    const kept = scene.build('e', { tags: ['v0'] });
    const careful = await scene.run('apply');
    const before = scene.tell('without untag', careful);
    expect(kept.tags).toHaveLength(2);
    scene.app.lag = 2;
    const run = await scene.run('apply', { inputs: { untag: 'true' }, inAHurry: true });
    expect(scene.app.find(kept.digest)?.tags).toEqual([`main-${scene.commit('e')}`]);
    expect(scene.deletes()).toEqual(['helper']);
    expect(scene.app.digests()).toHaveLength(3);
    expect(run.outputs['untagged-count']).toBe('1');
    await expect(before + scene.tell('with untag', run)).toMatchFileSnapshot(golden('untag'));
  });

  it('that are indexes of indexes stay whole, and go from the outermost to the innermost', async () => {
    const nested = (name: string) =>
      buildIndex([
        { manifest: buildIndex([{ manifest: buildApp(`${name} deep`) }]) },
        { manifest: buildImage({ seed: name }) },
      ]);
    scene.build('d', { manifest: nested('d') });
    scene.build('e', { manifest: nested('e') });
    const run = await scene.run('apply');
    const order = scene.deletes();
    for (const name of order) {
      const owner = name.slice(0, Math.max(0, name.lastIndexOf('/')));
      if (owner !== '') expect(order.indexOf(owner)).toBeLessThan(order.indexOf(name));
    }
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('nested-indexes'));
    expect(scene.left()).toEqual(['e/0', 'e/0/0', 'e/0/0/0', 'e/0/0/1', 'e/1', 'e: main-{commit e}']);
  });

  it('with a child that is not there are kept and reported, and that stops nothing', async () => {
    const kept = buildApp('e');
    scene.build('d');
    scene.build('e', { manifest: kept });
    scene.app.erase(kept.children[1]!.digest);
    const run = await scene.run('apply');
    expect(run.code).toBe(0);
    expect(run.summary).toContain(kept.children[1]!.digest.slice(0, 19));
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('ghost-child'));
    expect(scene.left()).toEqual(['e/0', 'e: main-{commit e}']);
  });

  it('that are listed and cannot be had keep everything untagged, for it may be theirs', async () => {
    scene.add('orphan', buildImage({ seed: 'orphan' }));
    scene.build('c').ghost = true;
    scene.build('d');
    scene.build('e');
    const run = await scene.run('apply');
    await expect(scene.tell('apply', run)).toMatchFileSnapshot(golden('listed-ghost'));
    expect(scene.left()).toEqual(expect.arrayContaining(['orphan', 'c/0', 'c/1', 'd/0', 'd/1']));
  });
});
