// Commits that images name and that the history does not have, so that a forge can be asked what they are.

import type { Forge } from '../model/forge.ts';
import type { History } from '../model/history.ts';
import { buildImageGraph } from '../model/image-graph.ts';
import type { Policy } from '../model/policy.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { parseWerfTag } from '../model/werf-tag.ts';
import { collectLinks } from './links.ts';
import { readRecords } from './records/read-records.ts';

/** What commits are looked up in. */
export interface KnownCommits {
  readonly history: History;
  readonly images: Policy['images'];
  /** What the forge said so far; its test merges are known. */
  readonly forge: Pick<Forge, 'pullRequests' | 'testMerges' | 'requestName'>;
}

/**
 * The distinct commits, as the images name them: 7 to 64 hex digits, sorted; empty when none is missing. From every label, annotation,
 * provenance, record (ours and werf's) and tag pattern, also from patterns that nobody declared, and also digits alone, which may be a date.
 */
export function listUnknownCommits(snapshots: readonly Snapshot[], known: KnownCommits): readonly string[] {
  const commits = snapshots.flatMap((snapshot) => [
    ...commitsInLinks(snapshot, known),
    ...commitsOfWerf(snapshot, known),
  ]);
  return [...new Set(commits)].sort();
}

function commitsInLinks(snapshot: Snapshot, known: KnownCommits): readonly string[] {
  const { attached, buildRecords } = readRecords(snapshot);
  // Nobody need know here what werf really built: tags of its shape name no commit in any other way than below.
  const built = new Set(snapshot.nodes.keys());
  const links = collectLinks(buildImageGraph(snapshot, attached), { ...known, records: buildRecords, built });
  return [...links.values()].flat().flatMap((link) => {
    const isUnknown = link.kind === 'gone' || link.kind === 'named' || link.kind === 'pull-request';
    return isUnknown ? (link.commit ?? []) : [];
  });
}

/** By the tags of its records alone: their stages may be in another repository. */
function commitsOfWerf({ tags }: Snapshot, { history, forge }: KnownCommits): readonly string[] {
  return [...tags.keys()].flatMap((tag) => {
    const said = parseWerfTag(tag);
    if (said?.kind !== 'image-metadata') return [];
    const isKnown = history.graph.indexOf(said.commit) !== undefined || forge.testMerges.has(said.commit);
    return isKnown ? [] : [said.commit];
  });
}
