// Commits that images name and that the history does not have, so that a forge can be asked what they are.

import type { Forge } from '../model/forge.ts';
import type { History } from '../model/history.ts';
import { buildImageGraph } from '../model/image-graph.ts';
import type { Policy } from '../model/policy.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { collectLinks } from './links.ts';

/** What commits are looked up in. */
export interface KnownCommits {
  readonly history: History;
  readonly images: Policy['images'];
  /** What the forge said so far; its test merges are known. */
  readonly forge: Pick<Forge, 'pullRequests' | 'testMerges' | 'requestName'>;
}

/**
 * The distinct commits, as the images name them: 7 to 64 hex digits, sorted; empty when none is missing. From every label, annotation
 * and tag pattern, also from patterns that nobody declared, and also digits alone, which may be a date.
 */
export function listUnknownCommits(snapshots: readonly Snapshot[], known: KnownCommits): readonly string[] {
  const links = snapshots.flatMap((snapshot) => [...collectLinks(buildImageGraph(snapshot), known).values()].flat());
  const commits = links.flatMap((link) => {
    const isUnknown = link.kind === 'gone' || link.kind === 'named' || link.kind === 'pull-request';
    return isUnknown ? (link.commit ?? []) : [];
  });
  return [...new Set(commits)].sort();
}
