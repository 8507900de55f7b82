// A build records what it published while an apply is under way: what it is about stays.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseTag } from '../../src/model/reference.ts';
import { imageNameId, slugImageName } from '../../src/model/werf-names.ts';
import type { Registry } from '../../src/registry/port.ts';
import { buildRecord, recordTagOf } from '../../src/run/record-manifest.ts';
import { type BuiltManifest, buildArtifact, buildImage, buildIndex } from '../builders/image.ts';
import { createMemoryRegistry } from '../builders/memory-registry.ts';
import type { ContractRepository } from '../contract/registry-contract.ts';
import { fakePlace, layoutPlace, NOW } from '../contract/registry-places.ts';
import { applyTo, beforeCall, type SceneOptions, tell } from './scene.ts';

const stageOf = (hex: string): string => `${hex.repeat(56)}-1700000000000`;
const metaOf = (name: string, commit: string, stage: string): string =>
  `meta-${imageNameId(name)}_${commit.repeat(40)}_${stage}`;

const one = buildImage({ seed: 'one' });
const two = buildImage({ seed: 'two' });
const platform = buildImage({ seed: 'platform' });
const index = buildIndex([{ manifest: platform }]);
const kept = buildImage({ seed: 'kept' });
const fresh = buildImage({ seed: 'a fresh record' });
const names = { one, two, index, platform };

const places = [
  fakePlace('that finds referrers', {}),
  fakePlace('that does not', { noReferrersApi: true }),
  layoutPlace(),
];

/** Only the first look is made, before the first step. */
const wide: SceneOptions = { watchWindowMs: 600_000 };

describe.each(places)('an apply on $name', (place) => {
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

  it("keeps a stage that a record of werf's has come for, and no other", async () => {
    await repository.put(one, stageOf('1'));
    await repository.put(two, stageOf('2'));
    const interlude = beforeCall('lookAround', 1, () => repository.put(fresh, metaOf('web', 'c', stageOf('2'))));
    const { outcomes } = await applyTo(registry, { delete: [one, two] }, { interlude });
    expect(tell(outcomes, names).toSorted()).toEqual(['deleted one', 'skipped two']);
    expect(outcomes.find(({ outcome }) => outcome === 'skipped')?.why).toBe(
      `${fresh.digest} has come since the plan was made and needs it`,
    );
  });

  it('keeps an index that such a record has come for, with its platforms', async () => {
    await repository.put(index, 'a'.repeat(56));
    await repository.put(platform, stageOf('b'));
    const interlude = beforeCall('lookAround', 1, () => repository.put(fresh, metaOf('web', 'c', 'a'.repeat(56))));
    const { outcomes } = await applyTo(registry, { delete: [index, platform] }, { interlude });
    expect(tell(outcomes, names)).toEqual(['skipped index', 'skipped platform']);
  });

  it('keeps all stages that were recorded for an image which is managed again', async () => {
    await repository.put(one, stageOf('1'));
    await repository.put(two, stageOf('2'));
    await repository.put(buildImage({ seed: 'of one' }), metaOf('app/web', 'c', stageOf('1')));
    await repository.put(buildImage({ seed: 'of two' }), metaOf('other', 'c', stageOf('2')));
    const tag = `managed-image-${slugImageName('app/web')}`;
    const interlude = beforeCall('lookAround', 1, () => repository.put(fresh, tag));
    const { outcomes } = await applyTo(registry, { delete: [one, two] }, { interlude });
    expect(tell(outcomes, names).toSorted()).toEqual(['deleted two', 'skipped one']);
  });

  it('keeps everything when werf begins to write its records elsewhere', async () => {
    await repository.put(one, stageOf('1'));
    await repository.put(two, stageOf('2'));
    const interlude = beforeCall('lookAround', 1, () => repository.put(fresh, 'werf-meta-repo-marker-shop'));
    const { outcomes } = await applyTo(registry, { delete: [one, two] }, { interlude });
    expect(tell(outcomes, names).toSorted()).toEqual(['skipped one', 'skipped two']);
  });

  it('keeps an image that a record of ours has come for, under its tag', async () => {
    await repository.put(one, 'one');
    await repository.put(two, 'two');
    const interlude = beforeCall('lookAround', 1, () => recordUnderTag(registry, two));
    const { outcomes } = await applyTo(registry, { delete: [one, two] }, { interlude });
    expect(tell(outcomes, names).toSorted()).toEqual(['deleted one', 'skipped two']);
  });
});

describe('an apply', () => {
  it.each(['by its digest alone', 'an artifact of somebody else'])(
    'keeps an image that a referrer without a tag has come for within the window (%s)',
    async (kind) => {
      const place = fakePlace('that finds referrers', {});
      await place.start();
      try {
        const repository = await place.openRepository();
        const { registry } = repository;
        for (const image of [one, two]) await repository.put(image, image === one ? 'one' : 'two');
        const push = () =>
          kind === 'by its digest alone' ? recordByDigest(registry, two) : repository.put(buildArtifact('of two', two));
        const { outcomes } = await applyTo(
          registry,
          { delete: [one, two] },
          { ...wide, interlude: beforeCall('deleteManifest', 1, push) },
        );
        expect(tell(outcomes, names)).toEqual(['deleted one', 'skipped two']);
        expect(outcomes[1]?.why).toMatch(/^sha256:\w+ has come since the plan was made and refers to it$/);
        await registry.close();
      } finally {
        await place.stop();
      }
    },
  );

  it('takes no referrer that the plan knew for a new one, be it there or not', async () => {
    const place = fakePlace('that finds referrers', {});
    await place.start();
    try {
      const repository = await place.openRepository();
      const { registry } = repository;
      await repository.put(one, 'one');
      const known = buildArtifact('of one', one);
      await repository.put(known);
      const { outcomes } = await applyTo(registry, { delete: [one, known] }, wide);
      expect(tell(outcomes, { ...names, known })).toEqual(['deleted one', 'deleted known']);
      await registry.close();
    } finally {
      await place.stop();
    }
  });

  it('brings a stage back that a record has come for just after it went, with the records it had', async () => {
    const memory = createMemoryRegistry();
    const had = buildImage({ seed: 'the record it had' });
    memory.put(one, stageOf('1'));
    memory.put(had, metaOf('web', 'b', stageOf('1')));
    memory.put(kept, 'kept');
    const { registry } = memory;
    const racing: Registry = {
      ...registry,
      deleteManifest: async (digest, tags) => {
        const answer = await registry.deleteManifest(digest, tags);
        if (digest === had.digest) memory.put(fresh, metaOf('web', 'c', stageOf('1')));
        return answer;
      },
    };
    const { outcomes } = await applyTo(racing, { delete: [one, had], records: [[had, one]] }, wide);
    expect(tell(outcomes, { ...names, had })).toEqual(['failed one', 'failed had']);
    expect([...memory.tags.keys()].toSorted()).toEqual(
      ['kept', metaOf('web', 'b', stageOf('1')), metaOf('web', 'c', stageOf('1')), stageOf('1')].toSorted(),
    );
  });
});

function recordOf(image: BuiltManifest) {
  const statement = { image: image.digest, commit: 'c'.repeat(40) };
  return { statement, record: buildRecord(statement, { subject: image, at: NOW }, 'artifact') };
}

async function recordUnderTag(registry: Registry, image: BuiltManifest): Promise<void> {
  const { statement, record } = recordOf(image);
  for (const blob of record.blobs) await registry.putBlob?.(blob);
  await registry.putManifest(record.manifest, parseTag(recordTagOf(statement)));
}

async function recordByDigest(registry: Registry, image: BuiltManifest): Promise<void> {
  const { record } = recordOf(image);
  for (const blob of record.blobs) await registry.putBlob?.(blob);
  await registry.putManifest(record.manifest, record.digest);
}
