// A push under way beside an apply: its index comes after the look before the step of a manifest that it needs.

import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import {
  type BuiltManifest,
  buildArtifact,
  buildImage,
  buildIndex,
  buildMultiArch,
  buildOdd,
  cosignTag,
} from '../builders/image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { applyTo, type SceneOptions, tell } from './scene.ts';

const child = buildImage({ seed: 'child' });
const other = buildImage({ seed: 'other' });
const kept = buildImage({ seed: 'kept' });
const late = buildIndex([{ manifest: child }, { manifest: kept }]);

function memoryOf(...doomed: readonly BuiltManifest[]): MemoryRegistry {
  const memory = createMemoryRegistry();
  for (const manifest of doomed) memory.put(manifest);
  memory.put(kept, 'kept');
  return memory;
}

/** The same registry; something happens right after a digest was deleted. */
function afterDelete(registry: Registry, digest: Digest, act: () => void): Registry {
  return {
    ...registry,
    deleteManifest: async (what, tags) => {
      const answer = await registry.deleteManifest(what, tags);
      if (what === digest) act();
      return answer;
    },
  };
}

/** Puts an index alone: its children are those that are there, or are not. */
function pushAlone(memory: MemoryRegistry, manifest: BuiltManifest, tag?: string): void {
  memory.manifests.set(manifest.digest, { mediaType: manifest.mediaType, bytes: manifest.bytes });
  if (tag !== undefined) memory.tags.set(tag as never, manifest.digest);
}

/** The window is wide, so that only the first look and the last one are made. */
const wide: SceneOptions = { watchWindowMs: 1_000_000 };

describe('what came after the look', () => {
  it.each([['latest'], [undefined]])('brings back what it needs (tag %s)', async (tag) => {
    const memory = memoryOf(child, other);
    const registry = afterDelete(memory.registry, child.digest, () => pushAlone(memory, late, tag));
    const { outcomes, journal } = await applyTo(registry, { delete: [child, other] }, wide);
    expect(tell(outcomes, { child, other }).toSorted()).toEqual(['deleted other', 'failed child']);
    expect(memory.lackOf(late.digest)).toEqual([]);
    const why = outcomes.find(({ step }) => step.digest === child.digest)?.why ?? '';
    expect(why).toContain(late.digest);
    expect(why).toContain('It was brought back.');
    expect(journal.filter(({ kind }) => kind === 'restored').map(({ digest }) => digest)).toEqual([child.digest]);
  });

  it('brings back a whole index with its children and its signature, what is listed first', async () => {
    const inner = buildMultiArch('inner');
    const signature = buildArtifact('signature', inner);
    const memory = memoryOf(inner, signature, other);
    const outer = buildIndex([{ manifest: inner }]);
    const order: Digest[] = [];
    const registry: Registry = {
      ...afterDelete(memory.registry, other.digest, () => pushAlone(memory, outer, 'outer')),
      restore: async (digests, onAnswer, how) => {
        order.push(...digests);
        expect(how).toEqual({ isUrgent: true });
        await memory.registry.restore?.(digests, onAnswer, how);
      },
    };
    const doomed = [...inner.children, inner, signature, other];
    const { outcomes } = await applyTo(registry, { delete: doomed }, wide);
    expect(memory.lackOf(outer.digest)).toEqual([]);
    expect(memory.lackOf(inner.digest)).toEqual([]);
    expect(memory.manifests.has(signature.digest)).toBe(true);
    expect(memory.manifests.has(other.digest)).toBe(false);
    expect(order.at(-1) === inner.digest || order.indexOf(inner.digest) > 1).toBe(true);
    expect(outcomes.filter(({ outcome }) => outcome === 'failed')).toHaveLength(4);
  });

  it('counts an index that was deleted and pushed again', async () => {
    const index = buildIndex([{ manifest: child }]);
    const memory = memoryOf(index);
    memory.put(index, 'old');
    const registry = afterDelete(memory.registry, child.digest, () => pushAlone(memory, index, 'again'));
    const { outcomes } = await applyTo(registry, { delete: [index, child] }, wide);
    expect(tell(outcomes, { index, child })).toEqual(['deleted index', 'failed child']);
    expect(memory.lackOf(index.digest)).toEqual([]);
  });

  it('counts a new signature by its tag', async () => {
    const signature = buildImage({ seed: 'cosign' });
    const memory = memoryOf(child);
    const tag = cosignTag(child, 'sig');
    const registry = afterDelete(memory.registry, child.digest, () => pushAlone(memory, signature, tag));
    const { outcomes } = await applyTo(registry, { delete: [child] }, wide);
    expect(tell(outcomes, { child })).toEqual(['failed child']);
    expect(memory.manifests.has(child.digest)).toBe(true);
  });

  it('leaves alone what was pushed again by whoever needs it', async () => {
    const memory = memoryOf(child);
    const registry = afterDelete(memory.registry, child.digest, () => memory.put(late, 'late'));
    const { outcomes } = await applyTo(registry, { delete: [child] }, wide);
    expect(tell(outcomes, { child })).toEqual(['deleted child']);
  });

  it('says when it cannot be brought back, and where its bytes are', async () => {
    const memory = memoryOf(child);
    const registry = afterDelete(memory.registry, child.digest, () => {
      pushAlone(memory, late, 'late');
      memory.deleted.clear();
    });
    const { outcomes } = await applyTo(registry, { delete: [child] }, wide);
    expect(tell(outcomes, { child })).toEqual(['failed child']);
    expect(outcomes[0]?.why).toContain('could not be brought back (it was deleted for good)');
    expect(outcomes[0]?.why).toMatch(/restore --journal \S+/);
  });

  it('says so too when the registry fails while it brings back', async () => {
    const memory = memoryOf(child, other);
    const registry: Registry = {
      ...afterDelete(memory.registry, child.digest, () => pushAlone(memory, late, 'late')),
      restore: () => Promise.reject(new Error('no way')),
    };
    const { outcomes } = await applyTo(registry, { delete: [child] }, wide);
    expect(tell(outcomes, { child })).toEqual(['failed child']);
    expect(outcomes[0]?.why).toContain('no way');
  });

  it('changes no outcome when the look itself fails, and hands on that it did', async () => {
    const memory = memoryOf(child);
    let looks = 0;
    const registry: Registry = {
      ...memory.registry,
      lookAround: (known, how) => {
        looks += 1;
        expect(how).toEqual({ everyTag: true });
        return looks === 1 ? memory.registry.lookAround(known, how) : Promise.reject(new Error('gone'));
      },
    };
    const { outcomes, doubt } = await applyTo(registry, { delete: [child] }, wide);
    expect(tell(outcomes, { child })).toEqual(['deleted child']);
    expect(looks).toBe(2);
    expect(doubt).toBe('gone');
  });

  it('hands on that something came which cannot be understood', async () => {
    const memory = memoryOf(child);
    const odd = buildOdd('application/vnd.example.unheard-of+json', { of: child.digest });
    const registry = afterDelete(memory.registry, child.digest, () => pushAlone(memory, odd, 'odd'));
    const { outcomes, doubt } = await applyTo(registry, { delete: [child] }, wide);
    expect(tell(outcomes, { child })).toEqual(['deleted child']);
    expect(doubt).toContain(odd.digest);
  });

  it('is not looked for where nothing was deleted, or nothing can be taken back', async () => {
    for (const undo of ['restore', 'put-manifest', 'none'] as const) {
      const memory = createMemoryRegistry({ undo });
      memory.put(child);
      memory.put(kept, 'kept');
      let looks = 0;
      const registry: Registry = {
        ...memory.registry,
        lookAround: (known, how) => {
          looks += 1;
          return memory.registry.lookAround(known, how);
        },
      };
      const objectionTo = async () => (undo === 'restore' ? 'it is in use' : undefined);
      await applyTo(registry, { delete: [child] }, { ...wide, objectionTo });
      expect(looks).toBe(1);
    }
  });
});
