// Copies and records go after what they are of: what was to go from the repository with the stages, and is still there after its steps,
// keeps them; and a copy in use keeps its original.

import type { Digest, Tag } from '../model/reference.ts';
import type { ImageNode } from '../model/snapshot.ts';
import { parseWerfTag, type StageId } from '../model/werf-tag.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Decisions } from '../policy/decisions.ts';
import { stageIdsOf } from '../policy/werf/stage-ids.ts';
import type { Collected } from './collect-evidence.ts';
import type { UsageObjection } from './watch-usage.ts';
import { labelsOfRecord } from './werf-record.ts';

/** What was planned, and what came of it so far. */
export interface CounterpartOptions {
  readonly collected: Pick<Collected, 'repositories'>;
  readonly decided: ReadonlyMap<string, Decisions>;
  /** What became of the steps of a repository in this run; undefined before its turn. */
  readonly outcomesOf: (repository: string) => readonly Outcome[] | undefined;
}

/** Says of a digest in a final, cache or meta repository why it must stay: what it is of was to go, and did not. */
export function watchOriginals({ collected, decided, outcomesOf }: CounterpartOptions): UsageObjection {
  const byName = new Map(collected.repositories.map((repository) => [repository.name, repository]));
  return (name) => {
    const repository = byName.get(name);
    const owner = repository?.role === undefined ? undefined : byName.get(repository.role.of);
    if (repository === undefined || owner === undefined) return () => Promise.resolve(undefined);
    const gone = goneFrom(outcomesOf(owner.name) ?? []);
    const planned = decided.get(owner.name)?.decisions;
    return async (digest) => {
      for (const stage of stagesNamedBy(repository.snapshot.nodes.get(digest))) {
        const original = owner.snapshot.tags.get(stage as Tag);
        if (original === undefined || planned?.get(original)?.decision !== 'delete' || gone.has(original)) continue;
        return `stage ${stage} was to go from ${owner.name}, and was not deleted`;
      }
      return undefined;
    };
  };
}

/** Says of a stage why it must stay: its copy in the final repository has come into use. */
export function watchCopies(
  { collected }: Pick<CounterpartOptions, 'collected'>,
  inUse: UsageObjection,
): UsageObjection {
  return (name) => {
    const owner = collected.repositories.find((repository) => repository.name === name);
    const final = collected.repositories.find(({ role }) => role?.kind === 'final' && role.of === name);
    if (owner === undefined || final === undefined) return () => Promise.resolve(undefined);
    return async (digest) => {
      // A record of a stage is no stage: it may go although the copy runs.
      const stages = stageIdsOf(owner.snapshot.nodes.get(digest)?.tags ?? []);
      const named = stages.map((stage) => final.snapshot.tags.get(stage as Tag));
      // A platform has no tag: its copy is the same manifest.
      for (const copy of new Set([digest, ...named])) {
        const why = copy === undefined ? undefined : await inUse(final.name)(copy);
        if (why !== undefined) return `its copy in ${final.name}: ${why}`;
      }
      return undefined;
    };
  };
}

/** Only what this run deleted, or found gone. */
function goneFrom(outcomes: readonly Outcome[]): ReadonlySet<Digest> {
  const done = outcomes.filter(
    ({ step, outcome }) => step.action === 'delete' && (outcome === 'deleted' || outcome === 'already-gone'),
  );
  return new Set(done.map(({ step }) => step.digest));
}

/** The stages that a node is a copy of, or a record about. */
function stagesNamedBy(node: ImageNode | undefined): readonly StageId[] {
  const labels = labelsOfRecord(node);
  return (node?.tags ?? []).flatMap((tag) => {
    const parsed = parseWerfTag(tag);
    if (parsed === undefined) return [];
    if ('stage' in parsed) return [parsed.stage];
    if (parsed.kind === 'custom-tag-metadata') return labels?.['stage-id'] ?? [];
    if (parsed.kind === 'import-metadata') return labels?.['source-stage-id'] ?? [];
    return [];
  });
}
