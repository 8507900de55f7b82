// Recognises the records that `record` writes.

import type { BuildRecord } from '../../model/build-record.ts';
import type { Digest } from '../../model/reference.ts';
import type { ImageNode, Snapshot } from '../../model/snapshot.ts';

/** Our own records: what they say, and all nodes that are such records, with the images they are about. */
export interface OwnRecords {
  readonly buildRecords: readonly BuildRecord[];
  readonly attached: ReadonlyMap<Digest, readonly Digest[]>;
}

/** The records among the nodes of a snapshot. */
export function readRecords(_snapshot: Pick<Snapshot, 'nodes'>): OwnRecords {
  return { buildRecords: [], attached: new Map<ImageNode['digest'], readonly Digest[]>() };
}
