// Histories from a few lines: commits by short names, with the same graph that real repositories get.

import { createHash } from 'node:crypto';
import { buildCommitGraph } from '../../src/git/commit-graph.ts';
import { type CommitId, type GitReference, type History, isCommitId } from '../../src/model/history.ts';
import { type Instant, parseRfc3339 } from '../../src/model/time.ts';

/** A moment as an instant, or as RFC 3339 text. */
type When = Instant | string;

/** A commit for {@link historyOf}. */
interface CommitSpec {
  /** Short name that parents and references use. */
  readonly name: string;
  readonly date: When;
  /** Short names; none for a root. */
  readonly parents?: readonly string[];
  /** Default: {@link commitIdOf} of the name. */
  readonly id?: string;
}

/** A branch or tag for {@link historyOf}; its date is by default that of its commit. */
interface ReferenceSpec {
  readonly kind: 'branch' | 'tag';
  readonly name: string;
  /** Short name of a commit. */
  readonly commit: string;
  readonly date?: When;
}

/** What {@link historyOf} takes. */
export interface HistorySpec {
  readonly commits: readonly CommitSpec[];
  readonly references: readonly ReferenceSpec[];
  readonly defaultBranch?: string;
  readonly remoteUrls?: readonly string[];
}

/** The full id that a commit of this short name gets unless its spec says otherwise: the SHA-1 of the name. */
export function commitIdOf(name: string): CommitId {
  return asCommitId(createHash('sha1').update(name).digest('hex'));
}

/** An RFC 3339 text as an instant; throws for anything else. */
export function at(text: string): Instant {
  const instant = parseRfc3339(text);
  if (instant === undefined) throw new Error(`${text} is not an RFC 3339 time`);
  return instant;
}

/** A history of these commits and references. Throws when a name is unknown or used twice. */
export function historyOf(spec: HistorySpec): History {
  const byName = new Map<string, { readonly id: CommitId; readonly date: Instant }>();
  for (const commit of spec.commits) {
    if (byName.has(commit.name)) throw new Error(`two commits are named ${commit.name}`);
    const id = commit.id === undefined ? commitIdOf(commit.name) : asCommitId(commit.id);
    byName.set(commit.name, { id, date: instantOf(commit.date) });
  }
  function named(name: string): { readonly id: CommitId; readonly date: Instant } {
    const commit = byName.get(name);
    if (commit === undefined) throw new Error(`no commit is named ${name}`);
    return commit;
  }
  const references = spec.references.map((reference): GitReference => {
    const commit = named(reference.commit);
    const date = reference.date === undefined ? commit.date : instantOf(reference.date);
    return { kind: reference.kind, name: reference.name, commit: commit.id, date };
  });
  const graph = buildCommitGraph(
    spec.commits.map(({ name, parents = [] }) => ({
      ...named(name),
      parents: parents.map((parent) => named(parent).id),
    })),
  );
  return {
    complete: true,
    references,
    remoteUrls: spec.remoteUrls ?? ['https://github.com/acme/shop'],
    graph,
    ...(spec.defaultBranch === undefined ? {} : { defaultBranch: spec.defaultBranch }),
  };
}

function instantOf(when: When): Instant {
  return typeof when === 'string' ? at(when) : when;
}

function asCommitId(text: string): CommitId {
  if (!isCommitId(text)) throw new Error(`${text} is not a full commit id`);
  return text;
}
