import { describe, expect, it } from 'vitest';
import type { ImageId } from '../../../src/model/local-store.ts';
import { type Instant, instantFromMs } from '../../../src/model/time.ts';
import {
  decodeHostMemory,
  encodeHostMemory,
  type HostMemory,
  isHostMemory,
  mergeHostMemories,
  type RememberedImage,
} from '../../../src/plan/host/host-memory.ts';
import { imageIdOf } from '../../builders/memory-engine.ts';

const NOW = at(12);
const APP = imageIdOf('app');
const BASE = imageIdOf('base');

function at(hour: number): Instant {
  return instantFromMs(Date.UTC(2026, 10, 21, hour));
}

function memory(images: readonly (readonly [ImageId, RememberedImage])[], seenAt = NOW): HostMemory {
  return { storeId: 'store-1', seenAt, images: new Map(images) };
}

function read(text: string): HostMemory | string {
  return decodeHostMemory(text, { storeId: 'store-1', now: NOW });
}

describe('what runs remember of a store', () => {
  it('comes back as it was written, whatever the order', () => {
    const whole = memory([
      [BASE, { firstSeen: at(1) }],
      [APP, { firstSeen: at(2), lastUsed: at(3), seenIn: ['localhost:5000/app'] }],
    ]);
    const text = encodeHostMemory(whole);
    expect(read(text)).toEqual(whole);
    expect(encodeHostMemory({ ...whole, images: new Map([...whole.images].reverse()) })).toBe(text);
    expect(isHostMemory(text)).toBe(true);
  });

  it('is written for an empty store too', () => {
    expect(read(encodeHostMemory(memory([])))).toEqual(memory([]));
  });

  it.each([
    ['is no JSON', '{"version": 1'],
    ['is empty', ''],
    ['is of another version', encodeHostMemory(memory([])).replace('"version": 1', '"version": 2')],
    ['has a time that is none', encodeHostMemory(memory([[APP, { firstSeen: at(1) }]])).replaceAll('T01:00', 'T01:99')],
    ['is a list', '[]'],
  ])('is as good as nothing when the file %s', (_what, text) => {
    expect(read(text)).toBe('it is not what this version writes');
    expect(isHostMemory(text)).toBe(false);
  });

  it('is of no use for another store', () => {
    expect(read(encodeHostMemory({ ...memory([]), storeId: 'store-2' }))).toBe('it is about another store');
  });

  it('has no image that was first seen in the future: it counts as new', () => {
    expect(read(encodeHostMemory(memory([[APP, { firstSeen: at(13) }]])))).toEqual(memory([]));
  });

  it('takes a use in the future for one of now, never for none', () => {
    expect(read(encodeHostMemory(memory([[APP, { firstSeen: at(1), lastUsed: at(20) }]])))).toEqual(
      memory([[APP, { firstSeen: at(1), lastUsed: NOW }]]),
    );
  });

  it('does not believe that a run looked in the future: events since then would be missed', () => {
    expect(read(encodeHostMemory(memory([], at(20))))).toEqual(memory([]));
  });

  it('of two runs has the earlier first sight, the later use, and every repository', () => {
    const a = memory([[APP, { firstSeen: at(2), lastUsed: at(3), seenIn: ['b/b'] }]], at(5));
    const b = memory(
      [
        [APP, { firstSeen: at(1), lastUsed: at(4), seenIn: ['a/a', 'b/b'] }],
        [BASE, { firstSeen: at(4) }],
      ],
      at(6),
    );
    const both = memory(
      [
        [APP, { firstSeen: at(1), lastUsed: at(4), seenIn: ['a/a', 'b/b'] }],
        [BASE, { firstSeen: at(4) }],
      ],
      at(6),
    );
    expect(mergeHostMemories(a, b)).toEqual(both);
    expect(mergeHostMemories(b, a)).toEqual(both);
  });
});
