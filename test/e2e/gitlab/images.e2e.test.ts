// What images consist of at GitLab: platforms, shared children, signatures; and the way back before GitLab collects.

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildArtifact,
  buildAttested,
  buildImage,
  buildIndex,
  buildMultiArch,
  cosignTag,
} from '../../builders/image.ts';
import { requireDistribution } from '../../support/real-parts.ts';
import { golden, hasPrograms, openScene, type Scene } from './scene.ts';

describe.runIf(requireDistribution() !== undefined && hasPrograms)('images at GitLab', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
    const shared = buildImage({ seed: 'shared' });
    const own = (seed: string) => buildIndex([{ manifest: shared }, { manifest: buildImage({ seed }) }]);
    const going = scene.push('going', own('going'), { tags: ['branch-going', 'branch-gone'] });
    const staying = scene.push('staying', own('staying'), { tags: ['keeper_1'] });
    for (const [name, subject] of Object.entries({ going, staying }))
      for (const suffix of ['sig', 'att', 'sbom'] as const)
        scene.push(`${suffix} of ${name}`, buildArtifact(`${suffix} ${name}`), { tags: [cosignTag(subject, suffix)] });
    scene.push('attested', buildAttested('attested').index, { tags: ['branch-attested'] });
    // An index of an index, of which the inner one has a tag of its own.
    const inner = scene.push('inner', buildMultiArch('inner'), { tags: ['keeper_inner'] });
    scene.push('outer', buildIndex([{ manifest: inner }]), { tags: ['branch-outer'] });
    const lent = scene.push('lent', buildImage({ seed: 'lent' }), { tags: ['branch-lent'] });
    scene.push('borrower', buildIndex([{ manifest: lent }]), { tags: ['keeper_2'] });
    scene.build('d');
    scene.build('e');
  });
  afterEach(async () => {
    expect(scene.gitlab.violations).toEqual([]);
    await scene.close();
  });

  it('go and stay with all that belongs to them, and a second run has nothing to do', async () => {
    const run = await scene.run('apply');
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    const told = scene.tell('apply', run);
    scene.images.collectGarbage();
    expect(await scene.broken()).toEqual([]);
    scene.gitlab.clearRequests();
    const again = await scene.run('apply');
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
    expect(scene.deletes()).toEqual([]);
    await expect(told).toMatchFileSnapshot(golden('images'));
  });

  it('come back from the journal with all their tags, as long as GitLab has not collected', async () => {
    const [before, digests] = [scene.left(), scene.images.digests()];
    const run = await scene.run(['apply', '--journal', 'journal.jsonl']);
    expect(run.code).toBe(0);
    expect(scene.left()).not.toEqual(before);
    await copyFile(join(run.projectDirectory, 'journal.jsonl'), join(scene.folder, 'journal.jsonl'));
    const words = ['restore', '--journal', join(scene.folder, 'journal.jsonl')];
    scene.gitlab.clearRequests();
    const restored = await scene.run(words, { withoutKube: false });
    expect({ code: restored.code, stderr: restored.stderr }).toMatchObject({ code: 0 });
    expect([scene.left(), scene.images.digests()]).toEqual([before, digests]);
    expect(await scene.broken()).toEqual([]);
    scene.gitlab.clearRequests();
    const again = await scene.run(words, { withoutKube: false });
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toEqual(before);
    await expect(scene.tell('restore again', again)).toMatchFileSnapshot(golden('restore-again'));
  });

  it('that GitLab has collected cannot come back: the restore says which, and breaks nothing', async () => {
    const run = await scene.run(['apply', '--journal', 'journal.jsonl']);
    expect(run.code).toBe(0);
    const left = scene.left();
    scene.images.collectGarbage();
    const journal = join(run.projectDirectory, 'journal.jsonl');
    const restored = await scene.run(['restore', '--journal', journal], { withoutKube: false });
    expect(restored.code).toBe(1);
    expect(restored.stdout).toContain('8 REFUSED');
    expect(restored.stdout).toContain('is not there any more');
    expect(scene.left()).toEqual(expect.arrayContaining([...left]));
    expect(await scene.broken()).toEqual([]);
  });
});
