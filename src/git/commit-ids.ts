// Gives commit ids positions: a hash table over raw ids in one byte array, because a million strings cost 100 MB.

import { EvidenceError } from '../errors.ts';

/** All ids seen so far, as raw bytes by position. */
export interface CommitIds {
  /**
   * The position of the id at the start of `id`, given out in order of first sight.
   * @throws EvidenceError EVIDENCE_GIT when `idBytes` differs from the earlier ones.
   */
  positionOf(id: Uint8Array, idBytes: number): number;
  size(): number;
  /** Bytes per id: 20 (SHA-1), 32 (SHA-256), 0 when there is none yet. */
  idBytes(): number;
  /** The ids one after another; longer than `size` ids. */
  bytes(): Uint8Array;
}

const EMPTY_SLOT = 0xffff_ffff;
const FIRST_CAPACITY = 1024;

/** An empty table. Half its slots stay free, so that a lookup ends soon. */
export function createCommitIds(): CommitIds {
  let idBytes = 0;
  let size = 0;
  let capacity = FIRST_CAPACITY;
  let ids = new Uint8Array(0);
  let slots = new Uint32Array(capacity * 2).fill(EMPTY_SLOT);

  function isAt(position: number, id: Uint8Array): boolean {
    const offset = position * idBytes;
    for (let byte = 0; byte < idBytes; byte += 1) if (ids[offset + byte] !== id[byte]) return false;
    return true;
  }

  function grow(): void {
    capacity *= 2;
    const wider = new Uint8Array(capacity * idBytes);
    wider.set(ids);
    ids = wider;
    slots = new Uint32Array(capacity * 2).fill(EMPTY_SLOT);
    const mask = slots.length - 1;
    for (let position = 0; position < size; position += 1) {
      let slot = leadingBits(ids, position * idBytes) & mask;
      while (slots[slot] !== EMPTY_SLOT) slot = (slot + 1) & mask;
      slots[slot] = position;
    }
  }

  function positionOf(id: Uint8Array, bytes: number): number {
    if (idBytes === 0) {
      idBytes = bytes;
      ids = new Uint8Array(capacity * idBytes);
    }
    if (bytes !== idBytes) throw mixedLengths(idBytes, bytes);
    if (size === capacity) grow();
    const mask = slots.length - 1;
    let slot = leadingBits(id, 0) & mask;
    for (let found = slots[slot]; found !== undefined && found !== EMPTY_SLOT; found = slots[slot]) {
      if (isAt(found, id)) return found;
      slot = (slot + 1) & mask;
    }
    ids.set(id.length === idBytes ? id : id.subarray(0, idBytes), size * idBytes);
    slots[slot] = size;
    size += 1;
    return size - 1;
  }

  return { positionOf, size: () => size, idBytes: () => idBytes, bytes: () => ids };
}

/** The first four bytes of the id at `offset`, big-endian, 0 to 2^32 − 1: ids are hashes, so these are spread evenly. */
export function leadingBits(ids: Uint8Array, offset: number): number {
  const high = ((ids[offset] ?? 0) << 24) | ((ids[offset + 1] ?? 0) << 16);
  return (high | ((ids[offset + 2] ?? 0) << 8) | (ids[offset + 3] ?? 0)) >>> 0;
}

function mixedLengths(expected: number, got: number): EvidenceError {
  return new EvidenceError(`git listed a commit id of ${got * 2} hex digits among ids of ${expected * 2}.`, {
    code: 'EVIDENCE_GIT',
  });
}
