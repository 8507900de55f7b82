// References and commits out of a repository of our own that should hold them all. What is not there is an error, never left out.

import { EvidenceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { CommitGraph, CommitId, GitReference, History } from '../model/history.ts';
import type { ListedReference, ListedReferences } from '../model/listed-references.ts';
import { instantFromMs } from '../model/time.ts';
import type { OwnRepository } from './own-repository.ts';
import { type ReadObject, readCommits, readPeeledTags, readReferencedObjects } from './read-commits.ts';

/** What a repository said about what was listed. */
export interface ListedHistory extends Pick<History, 'references' | 'graph' | 'defaultBranch'> {
  /** What ends at no commit: tags on trees and files. */
  readonly leftOut: readonly ListedReference[];
}

/** What to read. */
export interface ReadRequest {
  readonly listed: ListedReferences;
  /** Commits that the graph must hold besides. */
  readonly commits: readonly CommitId[];
}

/** The distinct ids that a repository has to hold: what the references hold, and the further commits. */
export function idsOf({ listed, commits }: ReadRequest): readonly CommitId[] {
  return [...new Set([...listed.references.map((reference) => reference.object), ...commits])];
}

/**
 * Sets the repository's references to what was listed and reads everything behind them. Starts git twice, and once more where tags were listed without what they are on.
 * @throws EvidenceError EVIDENCE_GIT when anything listed, or any commit behind it, is not there.
 */
export async function readListedHistory(
  repository: OwnRepository,
  request: ReadRequest,
  log: Log,
): Promise<ListedHistory> {
  const { listed, commits } = request;
  const ids = idsOf(request);
  await repository.setReferences(ids);
  const objects = await readReferencedObjects(repository, ids.length);
  const objectOf = new Map(ids.map((id, number) => [id, objects[number]]));
  const stranger = commits.find((id) => objectOf.get(id)?.type !== 'commit');
  if (stranger !== undefined) throw new EvidenceError(`${stranger} is not a commit.`, { code: 'EVIDENCE_GIT' });
  const isPeeled = listed.references.every(({ target }) => target !== undefined);
  const peeled = isPeeled ? new Map<CommitId, CommitId>() : await readPeeledTags(repository);
  const graph = await readCommits(repository, (count) => log.progress('reading the Git history', count, 0));
  const leftOut: ListedReference[] = [];
  const references = listed.references.flatMap((reference): GitReference[] => {
    const target = reference.target ?? peeled.get(reference.object) ?? reference.object;
    const dated = datedReference({ ...reference, target }, objectOf.get(reference.object), graph);
    if (dated !== undefined) return [dated];
    leftOut.push(reference);
    return [];
  });
  return listed.defaultBranch === undefined
    ? { references, graph, leftOut }
    : { references, graph, leftOut, defaultBranch: listed.defaultBranch };
}

/** Says what was left out, once it is certain that the history is this one. */
export function warnOfLeftOut(leftOut: readonly ListedReference[], log: Log): void {
  for (const { kind, name } of leftOut)
    log.warn(`The Git ${kind} ${JSON.stringify(name)} does not end at a commit and is left out.`);
}

/**
 * The reference with its date; undefined when it ends at no commit: the graph holds every commit that any reference ends at.
 * @throws EvidenceError EVIDENCE_GIT when the graph lacks a commit that it must hold.
 */
function datedReference(
  { kind, name, target }: Required<ListedReference>,
  object: ReadObject | undefined,
  graph: CommitGraph,
): GitReference | undefined {
  const index = graph.indexOf(target);
  if (index === undefined && (object?.type === 'commit' || object?.tagged === 'commit')) {
    throw new EvidenceError(`git did not list the commit ${target} of the ${kind} ${JSON.stringify(name)}.`, {
      code: 'EVIDENCE_GIT',
    });
  }
  if (index === undefined) return undefined;
  // A tag from before Git recorded taggers has no date of its own and counts like a lightweight one.
  const tagged = kind === 'tag' ? object?.taggedSeconds : undefined;
  return {
    kind,
    name,
    commit: target,
    date: tagged === undefined ? graph.dateOf(index) : instantFromMs(tagged * 1000),
  };
}
