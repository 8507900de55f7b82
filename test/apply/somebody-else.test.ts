// Somebody else changes the repository while an apply is under way: what became needed stays.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseTag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import {
  type BuiltManifest,
  buildArtifact,
  buildImage,
  buildIndex,
  buildOdd,
  cosignTag,
  fallbackTag,
} from '../builders/image.ts';
import type { ContractRepository } from '../contract/registry-contract.ts';
import { fakePlace, layoutPlace } from '../contract/registry-places.ts';
import { applyTo, beforeCall, type Interlude, tell } from './scene.ts';

const one = buildImage({ seed: 'one' });
const two = buildImage({ seed: 'two' });
const amd = buildImage({ seed: 'amd' });
const arm = buildImage({ seed: 'arm' });
const multi = buildIndex([{ manifest: amd }, { manifest: arm }]);
const other = buildIndex([{ manifest: amd }], { annotations: { build: 'other' } });
const kept = buildImage({ seed: 'kept' });
const names = { one, two, amd, arm, multi, other, kept };

const places = [
  fakePlace('as specified', {}),
  fakePlace('like distribution 2.8', { noReferrersApi: true, refuseTagDelete: true, ignorePageSize: true }),
  layoutPlace(),
];

for (const place of places) {
  describe(`an apply on ${place.name}, when somebody else`, () => {
    let repository: ContractRepository;
    let registry: Registry;
    beforeAll(() => place.start());
    afterAll(() => place.stop());
    beforeEach(async () => {
      repository = await place.openRepository();
      ({ registry } = repository);
      await repository.put(kept, 'kept');
      return () => registry.close();
    });
    const isThere = async (built: BuiltManifest): Promise<boolean> =>
      (await registry.readManifest(built.digest)) !== 'absent';

    it('does nothing, deletes all steps in the order of the plan', async () => {
      await repository.put(multi, 'multi');
      await repository.put(one, 'one');
      const { outcomes } = await applyTo(registry, { delete: [amd, arm, multi, one] });
      const told = tell(outcomes, names);
      expect(told[0]).toBe('deleted multi');
      expect(told.toSorted()).toEqual(['deleted amd', 'deleted arm', 'deleted multi', 'deleted one']);
      expect(await registry.listTags()).toEqual(['kept']);
      for (const built of [multi, amd, arm, one]) expect(await isThere(built)).toBe(false);
    });

    it('puts a new tag on the doomed image, keeps it', async () => {
      await repository.put(one, 'one');
      await repository.put(two, 'two');
      const { outcomes } = await applyTo(
        registry,
        { delete: [one, two] },
        { interlude: beforeCall('lookAround', 2, () => repository.put(two, 'release')) },
      );
      expect(tell(outcomes, names)).toEqual(['deleted one', 'skipped two']);
      expect(outcomes[1]?.why).toBe('tag release has been put on it since the plan was made');
      expect(await registry.resolveTag(parseTag('release'))).toBe(two.digest);
    });

    it('moves another tag onto the doomed image, keeps it', async () => {
      await repository.put(one, 'one');
      await repository.put(two, 'latest');
      const { outcomes } = await applyTo(
        registry,
        { delete: [one] },
        { interlude: beforeCall('lookAround', 1, () => repository.put(one, 'latest')) },
      );
      expect(tell(outcomes, names)).toEqual(['skipped one']);
      expect(outcomes[0]?.why).toBe('tag latest has been put on it since the plan was made');
      expect(await isThere(one)).toBe(true);
    });

    it('moves a tag away from the doomed image, keeps both', async () => {
      await repository.put(one, 'a', 'b');
      const { outcomes } = await applyTo(
        registry,
        { delete: [one] },
        { interlude: beforeCall('lookAround', 1, () => repository.put(two, 'b')) },
      );
      expect(tell(outcomes, names)).toEqual(['skipped one']);
      expect(outcomes[0]?.why).toBe(`tag b has moved to ${two.digest} since the plan was made`);
      expect(await isThere(one)).toBe(true);
      expect(await isThere(two)).toBe(true);
    });

    it('moves the last of many tags within the window, sees it all the same', async () => {
      await repository.put(one, 'a', 'b', 'c');
      await repository.put(two, 'z');
      const { outcomes } = await applyTo(
        registry,
        { delete: [one, two] },
        { interlude: beforeCall('deleteManifest', 1, () => repository.put(kept, 'z')), watchWindowMs: 600_000 },
      );
      expect(tell(outcomes, names)).toEqual(['deleted one', 'skipped two']);
      expect(outcomes[1]?.why).toContain('tag z has moved to');
    });

    it('builds a new index around a doomed child, keeps the child', async () => {
      await repository.put(multi, 'multi');
      const { outcomes } = await applyTo(
        registry,
        { delete: [multi, amd, arm] },
        { interlude: beforeCall('deleteManifest', 1, () => repository.put(other, 'other')) },
      );
      expect(tell(outcomes, names).toSorted()).toEqual(['deleted arm', 'deleted multi', 'skipped amd']);
      expect(outcomes.find(({ step }) => step.digest === amd.digest)?.why).toBe(
        `${other.digest} has come since the plan was made and needs it`,
      );
      expect(await isThere(amd)).toBe(true);
    });

    it('builds a new index around the doomed index, keeps all of it', async () => {
      await repository.put(multi, 'multi');
      const outer = buildIndex([{ manifest: multi }]);
      const { outcomes } = await applyTo(
        registry,
        { delete: [multi, amd, arm] },
        { interlude: beforeCall('lookAround', 1, () => repository.put(outer, 'outer')) },
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'skipped']);
      for (const built of [multi, amd, arm, outer]) expect(await isThere(built)).toBe(true);
    });

    it('pushes the deleted index once more, keeps its children', async () => {
      await repository.put(multi, 'multi');
      let deletes = 0;
      const { outcomes } = await applyTo(
        registry,
        { delete: [multi, amd, arm] },
        {
          interlude: async ({ method }) => {
            if (method === 'lookAround' && deletes === 1) await repository.put(multi, 'again');
            if (method === 'deleteManifest') deletes += 1;
          },
        },
      );
      expect(tell(outcomes, names).toSorted()).toEqual(['deleted multi', 'skipped amd', 'skipped arm']);
      expect(await registry.resolveTag(parseTag('again'))).toBe(multi.digest);
      for (const built of [multi, amd, arm]) expect(await isThere(built)).toBe(true);
    });

    it('deletes one of two owners and tags the other one, keeps their common child', async () => {
      const indexes = ['first', 'second'].map((build) => buildIndex([{ manifest: amd }], { annotations: { build } }));
      const [gone, stays] = indexes.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
      if (gone === undefined || stays === undefined) throw new Error('there are two');
      await repository.put(gone, 'gone');
      await repository.put(stays, 'stays');
      const { outcomes } = await applyTo(
        registry,
        { delete: [gone, stays, amd] },
        {
          interlude: beforeCall('lookAround', 1, async () => {
            await repository.put(stays, 'release');
            await registry.deleteManifest(gone.digest, []);
          }),
        },
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'skipped']);
      expect(outcomes[2]?.why).toBe(`${stays.digest}, which it belongs to, is still there`);
      expect(await isThere(amd)).toBe(true);
    });

    it('signs the doomed image, keeps it', async () => {
      await repository.put(one, 'one');
      const signature = buildImage({ seed: 'signature' });
      const { outcomes } = await applyTo(
        registry,
        { delete: [one] },
        { interlude: beforeCall('lookAround', 1, () => repository.put(signature, cosignTag(one, 'sig'))) },
      );
      expect(tell(outcomes, names)).toEqual(['skipped one']);
      expect(outcomes[0]?.why).toBe(`${signature.digest} has come since the plan was made and needs it`);
    });

    it('attaches something to the doomed image by the fallback tag, keeps it', async () => {
      await repository.put(one, 'one');
      const artifact = buildArtifact('sbom', one);
      const list = buildIndex([{ manifest: artifact }]);
      const { outcomes } = await applyTo(
        registry,
        { delete: [one] },
        { interlude: beforeCall('lookAround', 1, () => repository.put(list, fallbackTag(one))) },
      );
      expect(tell(outcomes, names)).toEqual(['skipped one']);
    });

    it('attaches more to a signed doomed image, keeps it with all that belongs to it', async () => {
      await repository.put(one, 'one');
      const [first, second] = [buildArtifact('first', one), buildArtifact('second', one)];
      const before = buildIndex([{ manifest: first }]);
      const after = buildIndex([{ manifest: first }, { manifest: second }]);
      await repository.put(before, fallbackTag(one));
      const { outcomes } = await applyTo(
        registry,
        { delete: [one, before, first] },
        { interlude: beforeCall('lookAround', 1, () => repository.put(after, fallbackTag(one))) },
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'skipped']);
      expect(await isThere(one)).toBe(true);
      expect(await isThere(first)).toBe(true);
    });

    it('tags something that names the doomed image as its subject, keeps it', async () => {
      await repository.put(one, 'one');
      const artifact = buildArtifact('sbom', one);
      const { outcomes } = await applyTo(
        registry,
        { delete: [one] },
        { interlude: beforeCall('lookAround', 1, () => repository.put(artifact, 'sbom')) },
      );
      expect(tell(outcomes, names)).toEqual(['skipped one']);
    });

    it('pushes a manifest that nobody understands, deletes no untagged one any more', async () => {
      await repository.put(multi, 'multi');
      await repository.put(one, 'one');
      const odd = buildOdd('application/vnd.example.unknown+json', { something: 'new' });
      const { outcomes } = await applyTo(
        registry,
        { delete: [multi, amd, arm, one] },
        { interlude: beforeCall('deleteManifest', 1, () => repository.put(odd, 'odd')) },
      );
      expect(tell(outcomes, names).toSorted()).toEqual(['deleted multi', 'deleted one', 'skipped amd', 'skipped arm']);
      expect(outcomes.find(({ outcome }) => outcome === 'skipped')?.why).toContain(
        `${odd.digest} has come since the plan was made, cannot be understood`,
      );
    });

    it('tags something that cannot be read yet, deletes no untagged manifest in the meantime', async () => {
      await repository.put(multi, 'multi');
      const early: Interlude = beforeCall('deleteManifest', 1, () => repository.put(other, 'early'));
      const unread: Registry = {
        ...registry,
        // A registry whose list is ahead of its manifests.
        lookAround: async (known) => {
          const { tags, ...rest } = await registry.lookAround(known);
          const early = [...tags.keys()].filter((tag) => tag === 'early');
          return { ...rest, tags: new Map([...tags].filter(([tag]) => tag !== 'early')), unresolved: early };
        },
      };
      const { outcomes } = await applyTo(unread, { delete: [multi, amd, arm] }, { interlude: early });
      expect(tell(outcomes, names).toSorted()).toEqual(['deleted multi', 'skipped amd', 'skipped arm']);
      expect(outcomes[1]?.why).toContain('tag early has come since the plan was made, cannot be understood');
    });

    it('deletes the doomed untagged child first, says that it was gone already', async () => {
      await repository.put(multi, 'multi');
      let gone = false;
      const { outcomes } = await applyTo(
        registry,
        { delete: [multi, amd, arm] },
        {
          interlude: async ({ method, target }) => {
            if (method !== 'readManifest' || target !== amd.digest || gone) return;
            gone = true;
            await registry.deleteManifest(amd.digest, []);
          },
        },
      );
      expect(tell(outcomes, names).toSorted()).toEqual(['already-gone amd', 'deleted arm', 'deleted multi']);
    });
  });
}

describe('the window of the look at all tags', () => {
  const place = fakePlace('for the window', {});
  beforeAll(() => place.start());
  afterAll(() => place.stop());

  it.each([
    { windowMs: 0, looks: 3 },
    { windowMs: 1000, looks: 1 },
    { windowMs: 10, looks: 3 },
  ])('of $windowMs ms means $looks looks for three steps of 50 ms', async ({ windowMs, looks }) => {
    const repository = await place.openRepository();
    const { registry } = repository;
    const images = ['a', 'b', 'c'].map((seed) => buildImage({ seed }));
    for (const [at, image] of images.entries()) await repository.put(image, `tag-${at}`);
    await repository.put(kept, 'kept');
    let nowMs = 0;
    let looked = 0;
    await applyTo(
      registry,
      { delete: images },
      {
        watchWindowMs: windowMs,
        clockMs: () => nowMs,
        interlude: ({ method }) => {
          if (method === 'lookAround') looked += 1;
          if (method === 'deleteManifest') nowMs += 50;
        },
      },
    );
    expect(looked).toBe(looks);
    await registry.close();
  });

  it('grows with the time that a look takes, so that looking never takes the whole run', async () => {
    const repository = await place.openRepository();
    const { registry } = repository;
    const images = ['a', 'b', 'c', 'd', 'e', 'f'].map((seed) => buildImage({ seed }));
    for (const [at, image] of images.entries()) await repository.put(image, `tag-${at}`);
    let nowMs = 0;
    let looked = 0;
    await applyTo(
      registry,
      { delete: images },
      {
        watchWindowMs: 1,
        clockMs: () => nowMs,
        interlude: ({ method }) => {
          if (method === 'lookAround') {
            looked += 1;
            nowMs += 100;
          }
          if (method === 'deleteManifest') nowMs += 101;
        },
      },
    );
    expect(looked).toBe(2);
    await registry.close();
  });
});
