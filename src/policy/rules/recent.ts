// Rule `recent`: what was pushed a moment ago may be needed by a deployment that nobody can see yet. An unknown age is
// never old.

import type { DeleteReason, KeepReason } from '../../model/decision.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Digest } from '../../model/reference.ts';
import type { ImageNode } from '../../model/snapshot.ts';
import {
  type Duration,
  durationFromMs,
  type Instant,
  instantFromMs,
  type KnownOrUnknown,
  unknownTime,
} from '../../model/time.ts';
import { ledBy } from '../led-by.ts';

/** When earlier runs first saw each digest of this repository. */
export interface FirstSeen {
  readonly at: ReadonlyMap<Digest, Instant>;
}

/** In words, what a moment was. */
type AgeSource = 'pushed' | 'first seen' | 'created' | 'published';

/** The moment that counts for a node's age, and in words what it is. */
export type Age =
  | { readonly kind: 'known'; readonly at: Instant; readonly by: AgeSource }
  | { readonly kind: 'unknown'; readonly why: string };

/** What the rule looks at. */
export interface RecentRuleInput {
  readonly graph: ImageGraph;
  readonly within: Duration;
  readonly now: Instant;
  /** Absent when there is no earlier report to learn from. */
  readonly firstSeen: FirstSeen | undefined;
  /** Whether the registry tells times: a node without any is then one that its list does not show yet. */
  readonly listTimes: boolean;
  /** The newest moment at which something beside the image says that it was published: a record, the id of a stage of werf's. */
  readonly publishedAt?: ReadonlyMap<Digest, Instant>;
  /** Images that are not looked at. */
  readonly skip?: ReadonlySet<Digest>;
}

/** Reasons to keep the young, and for the others how old they are. Only nodes that stand for themselves have an age here. */
export interface RecentVerdicts {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
}

/**
 * Verdicts by age; empty when `within` is zero. The registry's word comes first (the latest of pushed, updated, tagged),
 * then, where it tells no times at all, an earlier run's, then the image's own `created`; what was published later is younger. Younger means less than `within` ago, or in the future.
 */
export function judgeByAge(input: RecentRuleInput): RecentVerdicts {
  const keep = new Map<Digest, readonly KeepReason[]>();
  const drop = new Map<Digest, readonly DeleteReason[]>();
  if (input.within === 0) return { keep, drop };
  for (const digest of input.graph.nodes.keys()) {
    if (input.graph.roleOf(digest) !== 'image' || input.skip?.has(digest) === true) continue;
    const time = ageOf(digest, input);
    if (time.kind === 'unknown') {
      keep.set(digest, [{ rule: 'age-unknown', why: time.why }]);
      continue;
    }
    const age = durationFromMs(Math.max(0, input.now - time.at));
    if (age < input.within) keep.set(digest, [{ rule: 'recent', age, within: input.within, by: time.by }]);
    else drop.set(digest, [{ rule: 'older', age, within: input.within }]);
  }
  return { keep, drop };
}

/** The age of a node that stands for itself; an index is as young as its youngest image. Publishing proves that an image was there. */
export function ageOf(digest: Digest, input: Omit<RecentRuleInput, 'within' | 'skip'>): Age {
  const published = newestPublished(digest, input);
  const told = toldAgeOf(digest, input);
  // A push that the registry does not tell of yet may be younger than anything that was published.
  const isSettled = told.kind === 'known' ? told.at >= (published ?? 0) : input.listTimes;
  if (published === undefined || isSettled) return told;
  return { kind: 'known', at: published, by: 'published' };
}

/** Of the node and what it lists. */
function newestPublished(digest: Digest, { graph, publishedAt }: Omit<RecentRuleInput, 'within' | 'skip'>) {
  if (publishedAt === undefined || publishedAt.size === 0) return undefined;
  const moments = [...ledBy(graph, [digest])].flatMap((each) => publishedAt.get(each) ?? []);
  return moments.length === 0 ? undefined : instantFromMs(Math.max(...moments));
}

function toldAgeOf(digest: Digest, input: Omit<RecentRuleInput, 'within' | 'skip'>): Age {
  const node = input.graph.nodes.get(digest);
  if (node === undefined) return { kind: 'unknown', why: 'it is not in the snapshot' };
  const told = [node.times.pushed, node.times.updated, node.times.tagged].filter((at) => at !== undefined);
  if (told.length > 0) return { kind: 'known', at: instantFromMs(Math.max(...told)), by: 'pushed' };
  // Pushed a moment ago, for all we know, perhaps not for the first time; its `created` may be as old as its build's cache.
  if (input.listTimes) return { kind: 'unknown', why: 'the registry does not tell yet when it was pushed' };
  if (input.firstSeen !== undefined) {
    // New since the earlier run: pushed after it, whatever a cached or reproducible build claims.
    return { kind: 'known', at: input.firstSeen.at.get(digest) ?? input.now, by: 'first seen' };
  }
  const created = createdOf(node, input.graph, new Map());
  return created.kind === 'known' ? { kind: 'known', at: created.at, by: 'created' } : created;
}

/** An index's time is its newest child's, and unknown if any is; attestations have none and do not count. */
function createdOf(node: ImageNode, graph: ImageGraph, known: Map<Digest, KnownOrUnknown>): KnownOrUnknown {
  if (node.content.kind !== 'index') return node.created;
  const before = known.get(node.digest);
  if (before !== undefined) return before;
  known.set(node.digest, unknownTime('the index lists itself'));
  const created = newestOfChildren(node, graph, known) ?? node.created;
  known.set(node.digest, created);
  return created;
}

function newestOfChildren(
  node: ImageNode,
  graph: ImageGraph,
  known: Map<Digest, KnownOrUnknown>,
): KnownOrUnknown | undefined {
  let newest: KnownOrUnknown | undefined;
  for (const digest of graph.childrenOf(node.digest)) {
    const child = graph.nodes.get(digest);
    if (child === undefined || graph.isAttestation(digest)) continue;
    const created = createdOf(child, graph, known);
    if (created.kind === 'unknown') return created;
    if (newest?.kind !== 'known' || created.at > newest.at) newest = created;
  }
  return newest;
}
