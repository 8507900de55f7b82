// What one repository holds, as the rules see it: images, records, and what werf made of them.

import type { BuildRecord } from '../model/build-record.ts';
import { type AttachedRecords, buildImageGraph, type ImageGraph } from '../model/image-graph.ts';
import type { Policy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Instant, instantFromMs } from '../model/time.ts';
import type { StageId } from '../model/werf-tag.ts';
import { type Caches, hasCacheRule, recognizeCaches } from './cache/recognize-cache.ts';
import type { RelativesOf } from './closure.ts';
import { type Evidence, inOrder } from './evidence.ts';
import { type OwnRecords, readRecords } from './records/read-records.ts';
import { readWerf } from './werf/read-werf.ts';
import { makeRelativesOf } from './werf/relatives.ts';
import type { Werf } from './werf/werf.ts';

/** One repository, read. */
export interface Inventory {
  /** In a fixed order. */
  readonly snapshot: Snapshot;
  readonly graph: ImageGraph;
  /** Records that `record` wrote. */
  readonly own: OwnRecords;
  /** Absent where werf made nothing. */
  readonly werf: Werf | undefined;
  /** All nodes that are records. */
  readonly attached: AttachedRecords;
  /** What records, ours and werf's, say that images were published for. */
  readonly buildRecords: readonly BuildRecord[];
  readonly relativesOf: RelativesOf;
  /** Stages that werf marked as broken, and that the rules see as such: none while nothing is to be deleted. */
  readonly rejected: ReadonlyMap<Digest, StageId>;
  /** The newest moment at which anything beside the image says that it was published. */
  readonly publishedAt: ReadonlyMap<Digest, Instant>;
  /** Build cache that the rules about it decide on, and no other rule about images; empty while none of these is on. */
  readonly caches: Caches;
}

/** Reads a repository. `isDeclared`: the user says that it is there for build cache. */
export function takeInventory(
  { snapshot: given, werf: evidence }: Pick<Evidence, 'snapshot' | 'werf'>,
  policy: Pick<Policy, 'werf' | 'purge' | 'cache'>,
  { isDeclared = false }: { readonly isDeclared?: boolean } = {},
): Inventory {
  const snapshot = inOrder(given);
  const werf = readWerf(snapshot, policy.werf, evidence);
  const own = readRecords(snapshot);
  const attached: AttachedRecords = new Map([...own.attached, ...(werf?.attached ?? [])]);
  const graph = buildImageGraph(snapshot, attached);
  const isIdle = policy.werf.disabled !== 'no' && !policy.purge;
  return {
    snapshot,
    graph,
    own,
    werf,
    attached,
    buildRecords: [...own.buildRecords, ...(werf?.buildRecords ?? [])],
    relativesOf: werf === undefined ? () => [] : makeRelativesOf(snapshot.nodes, werf),
    rejected: isIdle ? new Map() : (werf?.rejected ?? new Map()),
    publishedAt: newestOf(own.buildRecords, werf?.publishedAt ?? new Map()),
    caches: isDeclared || hasCacheRule(policy) ? recognizeCaches(graph, { isDeclared }) : new Map(),
  };
}

function newestOf(records: readonly BuildRecord[], known: ReadonlyMap<Digest, Instant>): ReadonlyMap<Digest, Instant> {
  const newest = new Map(known);
  for (const { image, at } of records) {
    if (at.kind === 'known') newest.set(image, instantFromMs(Math.max(at.at, newest.get(image) ?? at.at)));
  }
  return newest;
}
