// The promise of an apply as properties: whatever fails, whenever it ends, in whatever order answers come, no image that is there lacks
// a part, and the next run goes on.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Journal } from '../../src/apply/journal.ts';
import { AuthError, NetworkError, RegistryError } from '../../src/errors.ts';
import type { Digest } from '../../src/model/reference.ts';
import type { JournalLine } from '../../src/plan/journal-line.ts';
import type { DeleteAnswer, Registry } from '../../src/registry/port.ts';
import { applyTo } from '../apply/scene.ts';
import { type BuiltManifest, buildArtifact, buildImage, buildIndex } from '../builders/image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';

const RUNS = { numRuns: 300 };

/** What a delete of a manifest comes to. `lost`: done, and the answer is lost. `lazy`: accepted, and not done. */
const FATES = [
  'done',
  'done',
  'done',
  'done',
  'refused',
  'protected',
  'reset',
  'lost',
  'lazy',
  'not-now',
  '429',
  '403',
] as const;
type Fate = (typeof FATES)[number];

interface Scene {
  readonly manifests: readonly BuiltManifest[];
  /** Manifests with a tag, by number. */
  readonly tagged: ReadonlySet<number>;
  /** Roots that somebody wants to keep, by number; what they reach is kept too. */
  readonly kept: ReadonlySet<number>;
  readonly fates: readonly Fate[];
  readonly inFlight: number;
  /** The number of the registry call at which the run is interrupted. */
  readonly interruptAt: number;
}

/** Images, indexes over earlier ones at any depth, shared children, artifacts with an earlier subject. */
function scenes(): fc.Arbitrary<Scene> {
  const node = fc.record({
    kind: fc.constantFrom('image', 'index', 'index', 'artifact'),
    over: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  });
  return fc
    .record({
      nodes: fc.array(node, { minLength: 1, maxLength: 12 }),
      tagged: fc.uniqueArray(fc.nat({ max: 11 }), { maxLength: 8 }),
      kept: fc.uniqueArray(fc.nat({ max: 11 }), { maxLength: 3 }),
      fates: fc.array(fc.constantFrom(...FATES), { minLength: 12, maxLength: 12 }),
      inFlight: fc.integer({ min: 1, max: 8 }),
      interruptAt: fc.integer({ min: 0, max: 150 }),
    })
    .map(({ nodes, tagged, kept, ...rest }) => {
      const manifests: BuiltManifest[] = [];
      for (const [at, { kind, over }] of nodes.entries()) {
        const owned = [...new Set(over.map((number) => number % Math.max(1, at)))].flatMap((n) => manifests[n] ?? []);
        const [subject] = owned;
        if (kind === 'index' && subject !== undefined)
          manifests.push(
            buildIndex(
              owned.map((manifest) => ({ manifest })),
              { annotations: { at: `${at}` } },
            ),
          );
        else if (kind === 'artifact' && subject !== undefined) manifests.push(buildArtifact(`artifact ${at}`, subject));
        else manifests.push(buildImage({ seed: `image ${at}` }));
      }
      return { manifests, tagged: new Set(tagged), kept: new Set(kept), ...rest };
    });
}

function memoryOf(scene: Scene): MemoryRegistry {
  const memory = createMemoryRegistry({ deletesInFlight: scene.inFlight });
  for (const [at, manifest] of scene.manifests.entries())
    memory.put(manifest, ...(scene.tagged.has(at) ? [`t${at}`] : []));
  return memory;
}

/** Everything but the kept, and but what hangs together with them: what the policy would never condemn. */
async function doomedOf(scene: Scene, registry: Registry): Promise<readonly BuiltManifest[]> {
  const { nodes } = await registry.readSnapshot([]);
  const kept = new Set<Digest>([...scene.kept].flatMap((at) => scene.manifests[at]?.digest ?? []));
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const node of nodes.values()) {
      const children = node.content.kind === 'index' ? node.content.children.map(({ digest }) => digest) : [];
      for (const child of kept.has(node.digest) ? children : []) kept.add(child);
      if (node.subject !== undefined && (kept.has(node.subject) || kept.has(node.digest))) {
        kept.add(node.digest);
        kept.add(node.subject);
      }
    }
  }
  // An index over something kept may go; its other children stay only if something kept lists them.
  return scene.manifests.filter(({ digest }) => nodes.has(digest) && !kept.has(digest));
}

/** What the test watches: each delete, and each line of the journal. */
interface Watch {
  readonly lines: JournalLine[];
  underWay: number;
  most: number;
  done: number;
  mostBeforeFirst: number;
  /** What must never be seen; an error thrown in the middle would only be one more failed step. */
  readonly wrong: string[];
}

function fatefulRegistry(scene: Scene, memory: MemoryRegistry): Registry {
  const { registry } = memory;
  const fateOf = new Map(scene.manifests.map(({ digest }, at) => [digest, scene.fates[at % scene.fates.length]]));
  const answer = async (digest: Digest): Promise<DeleteAnswer> => {
    const fate = fateOf.get(digest) ?? 'done';
    switch (fate) {
      case 'refused':
      case 'protected':
      case 'not-now':
        return { kind: fate, why: 'no' };
      case 'reset':
        throw new NetworkError('reset', { code: 'NETWORK' });
      case '429':
        throw new RegistryError('too many', { code: 'RATE_LIMITED' });
      case '403':
        throw new AuthError('no', { code: 'FORBIDDEN' });
      case 'lazy':
        return { kind: 'deleted' };
      case 'lost':
        await registry.deleteManifest(digest, []);
        throw new NetworkError('reset', { code: 'NETWORK' });
      case 'done':
        return registry.deleteManifest(digest, []);
    }
  };
  return { ...registry, deleteManifest: (digest) => answer(digest) };
}

/** Manifests that are there and list one that is not: what was whole at the start is whole at every moment. */
function listBroken(memory: MemoryRegistry): readonly Digest[] {
  return [...memory.manifests.keys()].filter((digest) => memory.lackOf(digest).length > 0);
}

function memoryJournal(lines: JournalLine[], pause: () => Promise<unknown>): Journal {
  return {
    path: 'memory',
    write: async (line) => {
      await pause();
      lines.push(line);
    },
    close: async () => undefined,
  };
}

/** Carries the scene out once; everything that the registry and the journal do comes in the order that the scheduler draws. */
async function applyOnce(scene: Scene, memory: MemoryRegistry, scheduler: fc.Scheduler) {
  const watch: Watch = { lines: [], underWay: 0, most: 0, done: 0, mostBeforeFirst: 0, wrong: [] };
  const fateful = fatefulRegistry(scene, memory);
  const controller = new AbortController();
  let calls = 0;
  const watched: Registry = {
    ...fateful,
    deleteManifest: async (digest, tags) => {
      const intended = watch.lines.some((line) => line.kind === 'intent' && line.digest === digest);
      if (!intended) watch.wrong.push(`the bytes of ${digest} are not in the journal`);
      watch.underWay += 1;
      watch.most = Math.max(watch.most, watch.underWay);
      if (watch.done === 0) watch.mostBeforeFirst = Math.max(watch.mostBeforeFirst, watch.underWay);
      try {
        const told = await fateful.deleteManifest(digest, tags);
        await scheduler.schedule(Promise.resolve(), 'answer');
        if (told.kind === 'deleted') watch.done += 1;
        return told;
      } finally {
        watch.underWay -= 1;
        watch.wrong.push(...listBroken(memory));
      }
    },
  };
  const doomed = await doomedOf(scene, memory.registry);
  const result = await applyTo(
    watched,
    { delete: doomed },
    {
      journal: memoryJournal(watch.lines, () => scheduler.schedule(Promise.resolve(), 'journal')),
      signal: controller.signal,
      interlude: async () => {
        calls += 1;
        if (calls === scene.interruptAt) controller.abort();
        watch.wrong.push(...listBroken(memory));
        await scheduler.schedule(Promise.resolve(), 'call');
      },
    },
  );
  return { ...result, watch, doomed };
}

describe('for every graph, every failure and every order of answers', () => {
  it('no manifest that is there lacks a part at any moment, and every step has its outcome', async () => {
    await fc.assert(
      fc.asyncProperty(scenes(), fc.scheduler(), async (scene, scheduler) => {
        const memory = memoryOf(scene);
        const { outcomes, watch, doomed } = await scheduler.waitFor(applyOnce(scene, memory, scheduler));
        expect(watch.wrong).toEqual([]);
        expect(listBroken(memory)).toEqual([]);
        expect(outcomes.map(({ step }) => step.digest).toSorted()).toEqual(
          doomed.map(({ digest }) => digest).toSorted(),
        );
        expect(watch.most).toBeLessThanOrEqual(scene.inFlight);
        expect(watch.mostBeforeFirst).toBeLessThanOrEqual(1);
        for (const line of watch.lines) {
          if (line.kind !== 'intent') continue;
          const outcome = watch.lines.find((other) => other.kind === 'outcome' && other.digest === line.digest);
          expect(outcome, 'every intent has its outcome').toBeDefined();
        }
        const untouched = scene.manifests.filter((manifest) => !doomed.includes(manifest));
        for (const { digest } of untouched) expect(memory.manifests.has(digest)).toBe(true);
      }),
      RUNS,
    );
  });

  it('no step begins before what it belongs to has ended as gone', async () => {
    await fc.assert(
      fc.asyncProperty(scenes(), fc.scheduler(), async (scene, scheduler) => {
        const memory = memoryOf(scene);
        const { outcomes, watch } = await scheduler.waitFor(applyOnce(scene, memory, scheduler));
        for (const { step } of outcomes) {
          const begun = watch.lines.findIndex((line) => line.kind === 'intent' && line.digest === step.digest);
          if (begun === -1) continue;
          for (const owner of step.precondition.owners) {
            const ended = watch.lines.findIndex((line) => line.kind === 'outcome' && line.digest === owner);
            expect(ended, 'its owner has ended').not.toBe(-1);
            expect(ended).toBeLessThan(begun);
            const line = watch.lines[ended];
            expect(line?.kind === 'outcome' && line.outcome).toBe('deleted');
          }
        }
      }),
      RUNS,
    );
  });

  it('the next run goes on and ends it', async () => {
    await fc.assert(
      fc.asyncProperty(scenes(), fc.scheduler(), async (scene, scheduler) => {
        const memory = memoryOf(scene);
        await scheduler.waitFor(applyOnce(scene, memory, scheduler));
        const calm: Scene = { ...scene, fates: ['done'], interruptAt: -1 };
        const { outcomes } = await scheduler.waitFor(applyOnce(calm, memory, scheduler));
        expect(outcomes.filter(({ outcome }) => outcome !== 'deleted')).toEqual([]);
        expect(await doomedOf(scene, memory.registry)).toEqual([]);
      }),
      RUNS,
    );
  });
});
