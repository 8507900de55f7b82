// Steps on a registry that collects by itself what no tag leads to: it deletes the tags of a manifest and lets the manifest be.

import { describe, expect, it } from 'vitest';
import { parseTag } from '../../src/model/reference.ts';
import { listLosses } from '../../src/plan/list-losses.ts';
import type { Registry } from '../../src/registry/port.ts';
import { buildImage, buildIndex } from '../builders/image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../builders/memory-registry.ts';
import { applyTo, beforeCall, tell } from './scene.ts';

const child = buildImage({ seed: 'child' });
const index = buildIndex([{ manifest: child }]);
const signature = buildImage({ seed: 'signature' });
const kept = buildImage({ seed: 'kept' });
const names = { child, index, signature, kept };
const SIGNATURE = `${index.digest.replace(':', '-')}.sig`;
const DOOM = { delete: [index, child, signature] };

/** As GitLab's does: tags only, and what has none is still there by its digest. */
function collecting(): { readonly memory: MemoryRegistry; readonly registry: Registry } {
  const memory = createMemoryRegistry({ collectsUntagged: true, undo: 'put-manifest', deletesInFlight: 4 });
  memory.put(index, 'v1', 'v1.0');
  memory.put(child, 'v1-amd64');
  memory.put(signature, SIGNATURE);
  memory.put(kept, 'latest');
  const registry: Registry = {
    ...memory.registry,
    deleteManifest: async (digest, tags) => {
      const there = tags.filter((tag) => memory.tags.get(tag) === digest);
      for (const tag of there) memory.tags.delete(tag);
      return { kind: there.length === 0 ? 'already-gone' : 'deleted' };
    },
  };
  return { memory, registry };
}

const tagsIn = (memory: MemoryRegistry): readonly string[] => [...memory.tags.keys()].sort();

describe('an apply', () => {
  it('takes the tags away, and an owner that only has none does not stand in the way of its signature', async () => {
    const { memory, registry } = collecting();
    const { outcomes } = await applyTo(registry, DOOM);
    expect(tell(outcomes, names)).toEqual(['deleted index', 'deleted child', 'deleted signature']);
    expect(tagsIn(memory)).toEqual(['latest']);
    expect(memory.manifests.has(index.digest)).toBe(true);
  });

  it('writes down all that brings an image back: its bytes and its tags', async () => {
    const { registry } = collecting();
    const { journal } = await applyTo(registry, DOOM);
    const intent = journal.find((line) => line.kind === 'intent' && line.digest === index.digest);
    expect(intent).toMatchObject({
      action: 'delete',
      tags: ['v1', 'v1.0'],
      undo: 'put-manifest',
      manifestBase64: Buffer.from(index.bytes).toString('base64'),
    });
    expect(listLosses(journal as Parameters<typeof listLosses>[0])[0]?.images.map(({ digest }) => digest)).toEqual([
      signature.digest,
      child.digest,
      index.digest,
    ]);
  });

  it('leaves the signature of an image whose tags were not deleted', async () => {
    const { memory, registry } = collecting();
    const { outcomes } = await applyTo(registry, DOOM, {
      objectionTo: async (digest) => (digest === index.digest ? 'it is used now' : undefined),
    });
    expect(tell(outcomes, names)).toEqual(['skipped index', 'deleted child', 'skipped signature']);
    expect(outcomes[2]?.why).toBe(`${index.digest}, which it belongs to, still has the tag v1`);
    expect(memory.tags.has(parseTag(SIGNATURE))).toBe(true);
    expect(memory.lackOf(index.digest)).toEqual([]);
  });

  it('leaves the signature where the deletion was accepted and not done', async () => {
    const { memory, registry } = collecting();
    const lazy: Registry = {
      ...registry,
      deleteManifest: async (digest, tags) =>
        digest === index.digest ? { kind: 'deleted' } : registry.deleteManifest(digest, tags),
    };
    const { outcomes } = await applyTo(lazy, DOOM);
    expect(tell(outcomes, names)).toEqual(['deleted index', 'deleted child', 'skipped signature']);
    expect(memory.tags.has(parseTag(SIGNATURE))).toBe(true);
  });

  it('leaves the signature of an image that is tagged again right after', async () => {
    const { memory, registry } = collecting();
    const { outcomes } = await applyTo(registry, DOOM, {
      interlude: beforeCall('lookAround', 2, () => memory.put(index, 'again')),
    });
    expect(tell(outcomes, names)).toEqual(['deleted index', 'deleted child', 'skipped signature']);
    expect(outcomes[2]?.why).toContain('still has the tag again');
  });

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'all its tags: nothing is left to do',
      ['v1', 'v1.0'],
      ['already-gone index', 'deleted child', 'deleted signature'],
    ],
    ['one of its tags: the others stay too', ['v1'], ['skipped index', 'deleted child', 'skipped signature']],
  ])('finds that somebody else has taken %s', async (_, taken, expected) => {
    const { memory, registry } = collecting();
    const { outcomes, journal } = await applyTo(registry, DOOM, {
      interlude: beforeCall('lookAround', 1, () => {
        for (const tag of taken) memory.tags.delete(parseTag(tag));
      }),
    });
    expect(tell(outcomes, names)).toEqual(expected);
    // What this run did not take away it must not bring back.
    expect(journal.some((line) => line.kind === 'intent' && line.digest === index.digest)).toBe(false);
  });

  it('does not take for gone what somebody else has tagged anew', async () => {
    const { memory, registry } = collecting();
    const { outcomes } = await applyTo(registry, DOOM, {
      interlude: beforeCall('lookAround', 1, () => {
        for (const tag of ['v1', 'v1.0']) memory.tags.delete(parseTag(tag));
        memory.put(index, 'new');
      }),
    });
    expect(tell(outcomes, names)).toEqual(['skipped index', 'deleted child', 'skipped signature']);
  });

  it('is stopped by a tag that has come', async () => {
    const { memory, registry } = collecting();
    const { outcomes } = await applyTo(
      registry,
      { delete: [index, signature] },
      { interlude: beforeCall('lookAround', 1, () => memory.put(index, 'new')) },
    );
    expect(tell(outcomes, names)).toEqual(['skipped index', 'skipped signature']);
    expect(outcomes[0]?.why).toBe('tag new has been put on it since the plan was made');
  });

  it('asks of a step that goes on for no more than elsewhere', async () => {
    const { registry } = collecting();
    const calls: string[] = [];
    await applyTo(registry, { delete: [child] }, { interlude: ({ method }) => void calls.push(method) });
    expect(calls.filter((method) => method === 'resolveTag').length).toBeLessThanOrEqual(1);
  });
});
