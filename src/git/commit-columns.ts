// The layout of the commit graph in memory: one typed array per property, one position per commit.

/** All commits as columns. Arrays may be longer than `size`; what lies beyond it means nothing. */
export interface CommitColumns {
  readonly size: number;
  /** 20 (SHA-1) or 32 (SHA-256); 0 when there is no commit. */
  readonly idBytes: number;
  /** Raw ids, `idBytes` each, by position. */
  readonly ids: Uint8Array;
  /** Committer date in seconds since 1970. */
  readonly seconds: Float64Array;
  /** Where a commit's parents begin in `parents`. */
  readonly start: Uint32Array;
  /** How many parents it has. */
  readonly count: Uint32Array;
  /** Positions of parents. */
  readonly parents: Uint32Array;
}

/** The id at a position as lower-case hex digits. */
export function commitIdAt(ids: Uint8Array, idBytes: number, position: number): string {
  return Buffer.from(ids.buffer, ids.byteOffset + position * idBytes, idBytes).toString('hex');
}
