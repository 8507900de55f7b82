// The promise for a local store, as properties.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostStep } from '../../src/model/host-plan.ts';
import type { HostPolicy } from '../../src/model/host-policy.ts';
import type { ImageId } from '../../src/model/local-store.ts';
import {
  type DecidedWorld,
  decideWorld,
  type HostWorld,
  hostEvidence,
  type LocalImageSpec,
  localId,
} from '../builders/local-store.ts';
import { hostWorlds } from './host-world.ts';

/** Fewer than elsewhere: these worlds are large. */
const RUNS = { numRuns: 300 };
const DISK: HostPolicy['disk'] = { high: { kind: 'percent', percent: 60 }, low: { kind: 'percent', percent: 40 } };

function withDisk(world: HostWorld): HostWorld {
  return { ...world, policy: { ...world.policy, ...(DISK === undefined ? {} : { disk: DISK }) } };
}

/** Worlds with and without a disk's rule. */
function anyWorlds(): fc.Arbitrary<HostWorld> {
  return fc.tuple(hostWorlds(), fc.boolean()).map(([world, isFull]) => (isFull ? withDisk(world) : world));
}

describe('for every local store', () => {
  it('every image gets exactly one decision, with a reason, and the steps are what the decisions say', () => {
    fc.assert(
      fc.property(anyWorlds(), (world) => {
        const { decisions, steps } = decideWorld(world);
        expect(decisions.images.map(({ id }) => id).sort()).toEqual(
          world.images.map(({ name }) => localId(name)).sort(),
        );
        for (const { reasons } of decisions.images) expect(reasons.length).toBeGreaterThan(0);
        const of = (decision: string) =>
          decisions.images.filter((one) => one.decision === decision).map(({ id }) => id);
        expect(idsOf(steps, 'delete-image').sort()).toEqual(of('delete').sort());
        expect(idsOf(steps, 'untag-image').sort()).toEqual(of('untag').sort());
      }),
      RUNS,
    );
  });

  it('nothing that a container uses which stays is ever in a step, whatever is asked for', () => {
    fc.assert(
      fc.property(anyWorlds(), (world) => {
        const { steps, containers } = decideWorld(world);
        const touched = new Set(steps.flatMap((step) => ('id' in step ? [step.id as string] : [])));
        for (const container of world.containers ?? []) {
          if (containers.includes(container.name)) continue;
          expect(touched.has(localId(container.of ?? ''))).toBe(false);
          for (const { name, names = [] } of world.images)
            if (names.includes(container.image ?? '')) expect(touched.has(localId(name))).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('only containers that have ended, and not just now, go', () => {
    fc.assert(
      fc.property(anyWorlds(), (world) => {
        const { containers } = decideWorld(world);
        for (const { name, state = 'exited', created = 50 } of world.containers ?? []) {
          if (!containers.includes(name)) continue;
          expect(['created', 'exited', 'dead']).toContain(state);
          expect(created).toBeGreaterThanOrEqual(2);
        }
      }),
      RUNS,
    );
  });

  it('after any beginning of the steps nothing stays that was made from what is gone, lists it or runs from it', () => {
    fc.assert(
      fc.property(anyWorlds(), (world) => {
        const { steps } = decideWorld(world);
        const { store } = hostEvidence(world);
        const left = new Map(store.images);
        const containers = new Map(store.containers.map((container) => [container.id, container]));
        for (const step of steps) {
          if (step.action === 'delete-container') containers.delete(step.id);
          if (step.action !== 'delete-image') continue;
          left.delete(step.id);
          for (const { parent, lists = [] } of left.values()) {
            expect(parent).not.toBe(step.id);
            expect(lists).not.toContain(step.id);
          }
          for (const { imageId } of containers.values()) expect(imageId).not.toBe(step.id);
        }
      }),
      RUNS,
    );
  });

  it('no name goes that a registry has, or that it never had, but with an image that goes for something else', () => {
    fc.assert(
      fc.property(anyWorlds(), (world) => {
        const { steps } = decideWorld(world);
        const words = world.evidence?.repositories?.[0]?.words;
        for (const step of steps) {
          const isAbsent = 'reasons' in step && step.reasons.every(({ rule }) => rule === 'absent-from-registry');
          const isImage = step.action === 'untag-image' || step.action === 'delete-image';
          if (isImage && isAbsent) for (const name of step.names) expect(words?.get(name)).toBe('absent');
        }
      }),
      RUNS,
    );
  });

  it('the order in which an engine lists things changes nothing', () => {
    fc.assert(
      fc.property(anyWorlds(), (world) => {
        const turned = {
          ...world,
          images: [...world.images].reverse(),
          containers: [...(world.containers ?? [])].reverse(),
        };
        expect(decideWorld(turned).decisions).toEqual(decideWorld(world).decisions);
      }),
      RUNS,
    );
  });

  it('another pin, container, list or unknown never makes more go by the rules', () => {
    fc.assert(
      fc.property(hostWorlds(), fc.nat({ max: 7 }), fc.nat({ max: 5 }), (world, at, how) => {
        const before = new Set(touchedBy(decideWorld(world)));
        for (const id of touchedBy(decideWorld(protect(world, `i${at}`, how)))) expect(before.has(id)).toBe(true);
      }),
      RUNS,
    );
  });

  it('what is pinned, or used, or of unknown age without an earlier run, never goes for the disk either', () => {
    fc.assert(
      fc.property(hostWorlds(), fc.nat({ max: 7 }), fc.constantFrom(0, 1), (world, at, how) => {
        const touched = touchedBy(decideWorld(withDisk(protect(world, `i${at}`, how))));
        expect(touched).not.toContain(localId(`i${at}`));
      }),
      RUNS,
    );
  });

  it('a second run after all steps were done plans nothing more', () => {
    fc.assert(
      fc.property(hostWorlds(), (world) => {
        const first = decideWorld(world);
        const second = decideWorld(afterAll(world, first));
        // A stage that only another one needed which went in the first run is the one thing that comes to light later.
        const rest = second.steps.filter(
          (step) => !('reasons' in step && step.reasons.some(({ rule }) => rule === 'improper-repo-cache')),
        );
        expect(rest).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('for every disk', () => {
  it('what goes for it alone is a beginning of the order, where nothing hangs together', () => {
    fc.assert(
      fc.property(hostWorlds(), (world) => {
        const apart = { ...world, images: world.images.map(standAlone) };
        const { decisions, steps } = decideWorld(withDisk(apart));
        const gone = steps.flatMap((step) =>
          step.action === 'delete-image' && step.onlyFor === 'disk' ? [step.id] : [],
        );
        const keys = new Map(decisions.images.map(({ id }) => [id, keyOf(apart, id)]));
        const open = decisions.images.filter(
          ({ id, decision, reasons }) =>
            decision !== 'delete' &&
            !reasons.some(({ rule }) => ['container', 'pin', 'in-doubt', 'needed-by'].includes(rule)) &&
            (keys.get(id)?.age ?? 0) >= 2,
        );
        for (const id of gone) {
          expect(keys.get(id)?.age).toBeGreaterThanOrEqual(2);
          for (const other of open) expect(compareKeys(keys.get(id), keys.get(other.id))).toBeLessThanOrEqual(0);
        }
      }),
      RUNS,
    );
  });

  it('below high nothing goes for it; what goes frees no more than is wanted but for the last one', () => {
    fc.assert(
      fc.property(hostWorlds(), (world) => {
        const { steps, decisions } = decideWorld(withDisk(world));
        const forDisk = steps.filter((step) => step.action === 'delete-image' && step.onlyFor === 'disk');
        const wanted = decisions.disk?.wantedBytes ?? 0;
        if (wanted === 0) expect(forDisk).toEqual([]);
        expect(decisions.disk?.eligibleBytes).toBeGreaterThanOrEqual(freedBy(steps));
      }),
      RUNS,
    );
  });

  it('a second run after low was reached takes nothing for it', () => {
    fc.assert(
      fc.property(hostWorlds(), (world) => {
        const full = withDisk(world);
        const first = decideWorld(full);
        const freed = freedBy(first.steps);
        if (freed < (first.decisions.disk?.wantedBytes ?? 0)) return;
        const { steps } = decideWorld(afterAll(full, first));
        expect(steps.filter((step) => step.action === 'delete-image' && step.onlyFor === 'disk')).toEqual([]);
      }),
      RUNS,
    );
  });
});

function idsOf(steps: readonly HostStep[], action: HostStep['action']): string[] {
  return steps.flatMap((step) => (step.action === action && 'id' in step ? [step.id] : []));
}

/** Everything that a step names: an image by its id, a container by its own. */
function touchedBy({ steps }: DecidedWorld): readonly string[] {
  return steps.flatMap((step) => ('id' in step ? [step.id] : []));
}

function freedBy(steps: readonly HostStep[]): number {
  return steps.reduce((sum, step) => sum + (step.action === 'delete-image' ? step.freesBytes : 0), 0);
}

/** An image that hangs together with no other. */
function standAlone({ name, names = [], labels = {}, created = null, tagged = null }: LocalImageSpec): LocalImageSpec {
  return { name, names, labels, created, tagged };
}

/** One more thing that speaks for an image, or makes something about it unknown. */
function protect(world: HostWorld, name: string, how: number): HostWorld {
  const containers = world.containers ?? [];
  const change = (more: object): HostWorld => ({
    ...world,
    images: world.images.map((image) => (image.name === name ? { ...image, ...more } : image)),
  });
  if (how === 0) {
    const { keep = { labels: [], names: [] } } = world.policy ?? {};
    const pinned = change({ labels: { ...world.images.find((image) => image.name === name)?.labels, pinned: '' } });
    return { ...pinned, policy: { ...world.policy, keep: { ...keep, labels: [{ label: 'pinned' }] } } };
  }
  if (how === 1) return { ...world, containers: [...containers, { name: 'more', of: name, state: 'running' }] };
  if (how === 2) return { ...world, containers: [...containers, { name: 'more', of: null, state: 'running' }] };
  if (how === 3) {
    // What an earlier run saw is known.
    const uses = Object.entries(world.uses ?? {}).filter(([image]) => image !== name);
    return { ...change({ created: null, tagged: null }), uses: Object.fromEntries(uses) };
  }
  if (how === 4)
    return { ...world, images: [...world.images, { name: 'list', names: ['a.example.com/l:1'], lists: null }] };
  const names = world.images.find((image) => image.name === name)?.names ?? [];
  // A first name may also make it plain that a list does not mean the image.
  return names.length === 0 ? world : change({ names: [...names, 'a.example.com/more:1'] });
}

/** The world when every step was done. */
function afterAll(world: HostWorld, { steps, decisions }: DecidedWorld): HostWorld {
  const gone = new Set<string>(idsOf(steps, 'delete-image'));
  const off = new Set(steps.flatMap((step) => (step.action === 'untag-image' ? step.names : [])));
  const containers = new Set(steps.flatMap((step) => (step.action === 'delete-container' ? [step.name] : [])));
  const available = (world.disk?.available ?? 0) + freedBy(steps);
  return {
    ...world,
    images: world.images
      .filter(({ name }) => !gone.has(localId(name)))
      .map((image) => ({ ...image, names: (image.names ?? []).filter((name) => !off.has(name)) })),
    containers: (world.containers ?? []).filter(({ name }) => !containers.has(name)),
    ...(decisions.disk === undefined ? {} : { disk: { capacity: 1000, available: Math.min(1000, available) } }),
  };
}

interface Key {
  readonly used: number;
  readonly age: number;
}

/** Hours ago; never used is longest ago. */
function keyOf(world: HostWorld, id: ImageId): Key | undefined {
  const image = world.images.find(({ name }) => localId(name) === id);
  if (image === undefined) return undefined;
  const use = world.uses?.[image.name];
  const tagged = image.tagged === undefined ? 100 : image.tagged;
  return { used: use?.lastUsed ?? Number.POSITIVE_INFINITY, age: tagged ?? use?.firstSeen ?? 0 };
}

/** Below 0 when the first goes first. */
function compareKeys(a: Key | undefined, b: Key | undefined): number {
  if (a === undefined || b === undefined) return 0;
  if (a.used !== b.used) return b.used > a.used ? 1 : -1;
  return b.age - a.age;
}
