// What is decided about one repository, and how reasons become decisions.

import type { Decision, DeleteReason, Remark } from '../model/decision.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { ImageNode, Snapshot } from '../model/snapshot.ts';
import type { KeepReasons } from './closure.ts';
import type { Link } from './link.ts';
import type { JudgeRecord } from './records/judge-records.ts';
import type { Werf } from './werf/werf.ts';

/** One decision for every node, in no particular order. */
export interface Decisions {
  /** What was decided about. */
  readonly snapshot: Snapshot;
  readonly graph: ImageGraph;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  readonly remarks: readonly Remark[];
  /** Links by node, for `explain`; empty when the Git rule is off. */
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  /** Those of the links that each node says itself; absent where nothing is explained by Git. */
  readonly ownLinks?: ReadonlyMap<Digest, readonly Link[]>;
  /** Whether any image was built from a commit of the history; undefined when the Git rule is off. */
  readonly isBuiltHere: boolean | undefined;
  /** Whether the registry itself collects what no tag leads to: then a plan only deletes tags. */
  readonly collectsUntagged: boolean;
  /** Nodes that are records of what images were published for, and no images. */
  readonly records: ReadonlySet<Digest>;
  /** Judges what records elsewhere say of images that are here. */
  readonly judgeRecord: JudgeRecord;
  /** What werf made here; absent where it made nothing. */
  readonly werf?: Werf;
}

/** What decisions are made of. */
export interface Outcome {
  readonly kept: KeepReasons;
  readonly untag: ReadonlyMap<Digest, readonly Tag[]>;
  /** Why nodes go, the weightiest rules first. */
  readonly drop: readonly ReadonlyMap<Digest, readonly DeleteReason[]>[];
}

/** Every node that nothing keeps goes: for its own reasons, else along with what it belongs to. */
export function listDecisions(graph: ImageGraph, outcome: Outcome): ReadonlyMap<Digest, Decision> {
  return new Map([...graph.nodes.values()].map((node) => [node.digest, decisionOf(node, graph, outcome)]));
}

function decisionOf({ digest, tags }: ImageNode, graph: ImageGraph, { kept, untag, drop }: Outcome): Decision {
  const reasons = kept.get(digest);
  if (reasons !== undefined) {
    return { decision: 'keep', digest, tags, reasons, untag: untag.get(digest) ?? [] };
  }
  const owners = [...graph.parentsOf(digest), ...graph.subjectsOf(digest)];
  const own = drop.flatMap((some) => some.get(digest) ?? []);
  const belongs: readonly DeleteReason[] =
    owners.length > 0 && own.length === 0 ? [{ rule: 'owner-goes', owners }] : [];
  const all = [...own, ...belongs];
  return { decision: 'delete', digest, tags, reasons: all.length > 0 ? all : [{ rule: 'unused' }] };
}
