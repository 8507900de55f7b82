// Several deletes at once: the first alone, then as many as the registry takes, and never one whose owner is still there.

import { describe, expect, it } from 'vitest';
import type { Journal } from '../../src/apply/journal.ts';
import { AuthError, NetworkError, RegistryError } from '../../src/errors.ts';
import type { Digest } from '../../src/model/reference.ts';
import type { JournalLine } from '../../src/plan/journal-line.ts';
import type { DeleteAnswer, Registry } from '../../src/registry/port.ts';
import { type BuiltManifest, buildImage, buildIndex, buildOdd } from '../builders/image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { applyTo, beforeCall, type SceneOptions } from './scene.ts';

const images = Array.from({ length: 20 }, (_, at) => buildImage({ seed: `image ${at}` }));
const kept = buildImage({ seed: 'kept' });
const amd = buildImage({ seed: 'amd' });
const arm = buildImage({ seed: 'arm' });
const multi = buildIndex([{ manifest: amd }, { manifest: arm }]);

const kinds = (outcomes: readonly { readonly outcome: string }[]): readonly string[] =>
  outcomes.map(({ outcome }) => outcome);

function memoryOf(tagged: readonly BuiltManifest[], deletesInFlight = 8): MemoryRegistry {
  const memory = createMemoryRegistry({ deletesInFlight });
  for (const [at, manifest] of tagged.entries()) memory.put(manifest, `t${at}`);
  memory.put(kept, 'kept');
  return memory;
}

/** The same registry, whose deletes take a while and are watched. */
function watchDeletes(
  registry: Registry,
  answer: (digest: Digest) => DeleteAnswer | Error | undefined = () => undefined,
) {
  const seen = { begun: [] as Digest[], underWay: 0, most: 0, mostBeforeFirst: 0, isProved: false };
  const watched: Registry = {
    ...registry,
    deleteManifest: async (digest, tags) => {
      seen.begun.push(digest);
      seen.underWay += 1;
      seen.most = Math.max(seen.most, seen.underWay);
      if (!seen.isProved) seen.mostBeforeFirst = Math.max(seen.mostBeforeFirst, seen.underWay);
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      seen.underWay -= 1;
      const given = answer(digest);
      if (given instanceof Error) throw given;
      const told = given ?? (await registry.deleteManifest(digest, tags));
      if (told.kind === 'deleted') seen.isProved = true;
      return told;
    },
  };
  return { watched, seen };
}

/** A journal that costs no time, so that the deletes are what takes long. */
function memoryJournal(): { readonly journal: Journal; readonly lines: JournalLine[] } {
  const lines: JournalLine[] = [];
  const journal = {
    path: 'memory',
    write: async (line: JournalLine) => void lines.push(line),
    close: async () => undefined,
  };
  return { journal, lines };
}

const run = (
  memory: MemoryRegistry,
  registry: Registry,
  doomed: readonly BuiltManifest[],
  options: SceneOptions = {},
) => applyTo(registry, { delete: doomed.filter(({ digest }) => memory.manifests.has(digest)) }, options);

describe('an apply on a registry that takes eight deletes at once', () => {
  it('sends the first alone and then up to eight, and tells all in the order of the plan', async () => {
    const memory = memoryOf(images);
    const { watched, seen } = watchDeletes(memory.registry);
    const { journal, lines } = memoryJournal();
    const { outcomes } = await run(memory, watched, images, { journal });
    expect(seen).toMatchObject({ mostBeforeFirst: 1, most: 8 });
    expect(kinds(outcomes)).toEqual(Array<string>(20).fill('deleted'));
    expect(outcomes.map(({ step }) => step.digest)).toEqual(seen.begun);
    expect([...memory.manifests.keys()]).toEqual([kept.digest]);
    const journaled = (kind: string) => lines.filter((line) => line.kind === kind).map(({ digest }) => digest);
    expect(journaled('intent')).toEqual(seen.begun);
    expect(journaled('outcome').toSorted()).toEqual(seen.begun.toSorted());
  });

  it('sends one at a time where the registry takes no more', async () => {
    const memory = memoryOf(images, 1);
    const { watched, seen } = watchDeletes(memory.registry);
    await run(memory, watched, images);
    expect(seen.most).toBe(1);
  });

  it('sends nothing after a first delete that is not allowed', async () => {
    const memory = memoryOf(images);
    const { watched, seen } = watchDeletes(memory.registry, () => new AuthError('no', { code: 'FORBIDDEN' }));
    const { outcomes } = await run(memory, watched, images);
    expect(seen.begun).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ outcome: 'failed', forbidden: true });
    expect(new Set(kinds(outcomes.slice(1)))).toEqual(new Set(['skipped']));
  });

  it('goes on alone until a delete was done: what the registry keeps proves nothing', async () => {
    const memory = memoryOf(images);
    const protectedOnes = new Set<Digest>();
    const { watched, seen } = watchDeletes(memory.registry, (digest) => {
      if (protectedOnes.size === 3) return undefined;
      protectedOnes.add(digest);
      return { kind: 'protected', why: 'it is the last tagged version' };
    });
    const { outcomes } = await run(memory, watched, images, { journal: memoryJournal().journal });
    expect(seen).toMatchObject({ mostBeforeFirst: 1, most: 8 });
    expect(outcomes.slice(0, 3)).toMatchObject(
      Array.from({ length: 3 }, () => ({ outcome: 'skipped', protected: true, why: 'it is the last tagged version' })),
    );
    expect(new Set(kinds(outcomes.slice(3)))).toEqual(new Set(['deleted']));
  });

  it('begins no part of an index before the index is gone', async () => {
    const memory = memoryOf([...images.slice(0, 4), multi]);
    const { watched, seen } = watchDeletes(memory.registry);
    const doomed = [...images.slice(0, 4), multi, amd, arm];
    const { outcomes } = await run(memory, { ...watched, deleteManifest: orderly(memory, watched) }, doomed, {
      journal: memoryJournal().journal,
    });
    expect(new Set(kinds(outcomes))).toEqual(new Set(['deleted']));
    expect(seen.most).toBeGreaterThan(1);
  });

  it('leaves the parts of an index alone whose delete was refused', async () => {
    const memory = memoryOf([...images.slice(0, 4), multi]);
    const { watched } = watchDeletes(memory.registry, (digest) =>
      digest === multi.digest ? { kind: 'refused', why: 'locked' } : undefined,
    );
    await run(memory, watched, [...images.slice(0, 4), multi, amd, arm]);
    expect([...memory.manifests.keys()].toSorted()).toEqual(
      [kept, multi, amd, arm].map(({ digest }) => digest).toSorted(),
    );
  });

  it('begins no step after an interruption and finishes those under way', async () => {
    const memory = memoryOf(images);
    const controller = new AbortController();
    const { watched, seen } = watchDeletes(memory.registry);
    const { outcomes } = await run(memory, watched, images, {
      signal: controller.signal,
      interlude: beforeCall('deleteManifest', 5, () => controller.abort()),
    });
    expect(seen.begun.length).toBeLessThan(10);
    expect(kinds(outcomes).filter((kind) => kind === 'deleted')).toHaveLength(seen.begun.length);
    expect(outcomes.at(-1)?.why).toBe('not tried: the run was interrupted');
  });

  it('sends no delete whose check was under way when the interruption came', async () => {
    const memory = memoryOf(images);
    const controller = new AbortController();
    const { watched, seen } = watchDeletes(memory.registry);
    const { outcomes } = await run(memory, watched, images, {
      signal: controller.signal,
      interlude: beforeCall('listTagsOf', 1, () => controller.abort()),
    });
    expect(seen.begun).toEqual([]);
    expect(outcomes[0]?.why).toBe('not tried: the run was interrupted');
  });

  it('stops when three in a row fail, and counts those that come back', async () => {
    const memory = memoryOf(images);
    const { watched, seen } = watchDeletes(memory.registry, () =>
      seen.isProved ? new NetworkError('reset', { code: 'NETWORK' }) : undefined,
    );
    const { outcomes } = await run(memory, watched, images);
    expect(seen.begun.length).toBeLessThan(images.length);
    expect(kinds(outcomes).filter((kind) => kind === 'failed').length).toBeGreaterThanOrEqual(3);
    expect(outcomes.at(-1)?.why).toBe('not tried: 3 steps failed in a row');
  });

  it('looks at the tags of each digest just before its delete, and sees a tag that came after the look', async () => {
    const memory = memoryOf(images);
    const [, , victim] = images;
    if (victim === undefined) throw new Error('there are twenty');
    const { outcomes } = await run(memory, memory.registry, images, {
      watchWindowMs: 600_000,
      interlude: beforeCall('deleteManifest', 1, () => memory.put(victim, 'release')),
    });
    const skipped = outcomes.filter(({ outcome }) => outcome === 'skipped');
    expect(skipped.map(({ step }) => step.digest)).toEqual([victim.digest]);
    expect(skipped[0]?.why).toBe('tag release has been put on it since the plan was made');
  });

  it('sees an untagged index that has come and lists what is to go', async () => {
    const memory = memoryOf([multi]);
    const other = buildIndex([{ manifest: amd }], { annotations: { build: 'other' } });
    const { outcomes } = await run(memory, memory.registry, [multi, amd, arm], {
      interlude: beforeCall('deleteManifest', 1, () => memory.put(other)),
    });
    const stays = outcomes.find(({ step }) => step.digest === amd.digest);
    expect(stays?.why).toBe(`${other.digest} has come since the plan was made and needs it`);
    expect(kinds(outcomes).toSorted()).toEqual(['deleted', 'deleted', 'skipped']);
  });

  it('deletes nothing untagged once something untagged has come that nobody understands', async () => {
    const memory = memoryOf([multi]);
    const odd = buildOdd('application/vnd.example.unknown+json', { something: 'new' });
    const { outcomes } = await run(memory, memory.registry, [multi, amd, arm], {
      interlude: beforeCall('deleteManifest', 1, () => memory.put(odd)),
    });
    expect(kinds(outcomes)).toEqual(['deleted', 'skipped', 'skipped']);
    expect(outcomes[1]?.why).toContain(`${odd.digest} has come since the plan was made, cannot be understood`);
  });

  it('deletes nothing untagged while something untagged is listed that cannot be read yet', async () => {
    const memory = memoryOf([multi]);
    const early = buildImage({ seed: 'early' }).digest;
    const ahead: Registry = {
      ...memory.registry,
      lookAround: async (known) => ({ ...(await memory.registry.lookAround(known)), untagged: [early] }),
    };
    const { outcomes } = await run(memory, ahead, [multi, amd, arm]);
    expect(kinds(outcomes)).toEqual(['deleted', 'skipped', 'skipped']);
    expect(outcomes[1]?.why).toContain(`${early} has come since the plan was made, cannot be understood`);
  });

  it('says that an image had gone already whose entry and bytes are gone', async () => {
    const memory = memoryOf(images.slice(0, 2));
    const { outcomes } = await run(memory, memory.registry, images.slice(0, 2), {
      interlude: beforeCall('deleteManifest', 1, async () => {
        await memory.registry.deleteManifest(images[1]?.digest ?? kept.digest, []);
      }),
    });
    expect(kinds(outcomes)).toEqual(['deleted', 'already-gone']);
  });

  it('leaves an image alone that the registry does not list any more and still has', async () => {
    const memory = memoryOf(images.slice(0, 1));
    const odd: Registry = { ...memory.registry, listTagsOf: () => Promise.resolve('absent') };
    const { outcomes } = await run(memory, odd, images.slice(0, 1));
    expect(kinds(outcomes)).toEqual(['skipped']);
    expect(outcomes[0]?.why).toContain('its tags cannot be told');
  });
});

describe('an apply whose quota is used up', () => {
  const spent = { kind: 'not-now', why: 'the share of the quota is used up' } as const;

  it('leaves everything else to the next run, says so, and sends nothing more', async () => {
    const memory = memoryOf(images);
    const { watched, seen } = watchDeletes(memory.registry, () => (seen.begun.length > 4 ? spent : undefined));
    const { outcomes, notNow } = await run(memory, watched, images);
    expect(notNow).toBe(spent.why);
    expect(seen.begun.length).toBeLessThan(14);
    const left = outcomes.filter((outcome) => outcome.left === true);
    expect(left.length + kinds(outcomes).filter((kind) => kind === 'deleted').length).toBe(images.length);
    expect(new Set(kinds(left))).toEqual(new Set(['skipped']));
    expect(outcomes.at(-1)?.why).toBe(`not tried: ${spent.why}`);
  });

  it('is what a registry means that answers 429 to the last try', async () => {
    const memory = memoryOf(images.slice(0, 3));
    const { watched } = watchDeletes(
      memory.registry,
      () => new RegistryError('Too many requests.', { code: 'RATE_LIMITED', hint: 'Try again in 20 s.' }),
    );
    const { outcomes, notNow } = await run(memory, watched, images.slice(0, 3));
    expect(outcomes.map(({ left, outcome, why }) => [left, outcome, why])).toEqual([
      [true, 'skipped', 'Too many requests. Try again in 20 s.'],
      [true, 'skipped', 'not tried: Too many requests.'],
      [true, 'skipped', 'not tried: Too many requests.'],
    ]);
    expect(notNow).toBe('Too many requests.');
  });

  it('tries nothing at all in a further repository of the same registry, and journals nothing', async () => {
    const memory = memoryOf(images);
    const { journal, lines } = memoryJournal();
    const { watched, seen } = watchDeletes(memory.registry);
    const { outcomes } = await run(memory, watched, images, { notNow: spent.why, journal });
    expect(seen.begun).toEqual([]);
    expect(outcomes.every(({ left }) => left === true)).toBe(true);
    expect(lines).toEqual([]);
  });

  it('goes on in the next run, with what an index left behind too', async () => {
    const memory = memoryOf([...images, multi]);
    const doomed = [multi, amd, arm, ...images];
    const { watched, seen } = watchDeletes(memory.registry, (digest) =>
      digest === amd.digest || digest === arm.digest ? spent : undefined,
    );
    const first = await run(memory, watched, doomed);
    expect(seen.begun).toContain(multi.digest);
    expect(first.outcomes.some(({ left }) => left === true)).toBe(true);
    const second = await run(memory, memory.registry, doomed);
    expect(new Set(kinds(second.outcomes))).toEqual(new Set(['deleted']));
    expect([...memory.manifests.keys()]).toEqual([kept.digest]);
  });
});

describe('an apply of a plan file whose quota was used up', () => {
  it('goes on with the same file: what is done is told as gone, and only the rest is done', async () => {
    const memory = memoryOf([...images, multi]);
    const doomed = [multi, amd, arm, ...images];
    const spent = { kind: 'not-now', why: 'the share of the quota is used up' } as const;
    const { watched, seen } = watchDeletes(memory.registry, () => (seen.begun.length > 5 ? spent : undefined));
    const first = await run(memory, watched, doomed);
    const done = first.outcomes.filter(({ outcome }) => outcome === 'deleted').map(({ step }) => step.digest);
    expect(done.length).toBeGreaterThan(0);
    // Something that was not reviewed is to go now too.
    const late = buildImage({ seed: 'late' });
    memory.put(late, 'late');
    const second = await run(memory, memory.registry, [...doomed, late], { reviewed: first.planned });
    expect(new Set(kinds(second.notApplied))).toEqual(new Set(['already-gone']));
    expect(second.notApplied.map(({ step }) => step.digest).toSorted()).toEqual(done.toSorted());
    expect(new Set(kinds(second.outcomes))).toEqual(new Set(['deleted']));
    expect(second.outcomes).toHaveLength(doomed.length - done.length);
    expect([...memory.manifests.keys()].toSorted()).toEqual([kept.digest, late.digest].toSorted());
  });
});

/** A delete that fails the test when an index is there that lists the digest. */
function orderly(memory: MemoryRegistry, registry: Registry): Registry['deleteManifest'] {
  return async (digest, tags) => {
    const owners = [...memory.manifests.keys()].filter((other) => other !== digest && lists(memory, other, digest));
    expect(owners).toEqual([]);
    return registry.deleteManifest(digest, tags);
  };
}

function lists(memory: MemoryRegistry, index: Digest, digest: Digest): boolean {
  return Buffer.from(memory.manifests.get(index)?.bytes ?? '').includes(digest);
}
