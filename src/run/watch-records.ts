// Builds publish while a long apply goes on: what a new record in werf's meta repository is about is not deleted.

import type { KeepReason } from '../model/decision.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { imageNameId, recordedName } from '../model/werf-names.ts';
import { parseWerfTag } from '../model/werf-tag.ts';
import { protectReachable } from '../policy/closure.ts';
import type { Decisions } from '../policy/decisions.ts';
import { makeRelativesOf } from '../policy/werf/relatives.ts';
import type { Collected, CollectedRepository } from './collect-evidence.ts';
import type { UsageObjection } from './watch-usage.ts';

/** What a watch over records needs. */
export interface RecordWatchOptions {
  readonly collected: Pick<Collected, 'repositories'>;
  readonly decided: ReadonlyMap<string, Decisions>;
  /** Milliseconds of a steady clock. */
  readonly clockMs: () => number;
  /** A look at the tags is good for so long, or three times as long as it took, whichever is more. */
  readonly windowMs: number;
}

const WINDOW_PER_LOOK = 3;

/**
 * Lists the tags of meta repositories before anything is answered, and again whenever the last list is older than the window. What has come
 * since the snapshot protects: a record its stage, and that an image is managed the stages with a record of its name; each with all
 * that it needs. Without a meta repository nothing is asked. The answers throw what the registry throws: nothing is deleted then.
 */
export function watchRecords(options: RecordWatchOptions): UsageObjection {
  const { repositories } = options.collected;
  const watches = new Map(
    repositories.flatMap((meta) => {
      const { role } = meta;
      const owner = repositories.find(({ name }) => role?.kind === 'meta' && name === role.of);
      return owner === undefined ? [] : [[owner.name, watchOne(meta, owner, options)] as const];
    }),
  );
  return (repository) => watches.get(repository) ?? (() => Promise.resolve(undefined));
}

function watchOne(
  meta: CollectedRepository,
  owner: CollectedRepository,
  { decided, clockMs, windowMs }: RecordWatchOptions,
): ReturnType<UsageObjection> {
  let goodUntilMs = Number.NEGATIVE_INFINITY;
  let spared: ReadonlyMap<Digest, readonly KeepReason[]> = new Map();
  let came: readonly Tag[] = [];
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    const startedMs = clockMs();
    const tags = await meta.registry.listTags();
    came = tags.filter((tag) => !meta.snapshot.tags.has(tag)).sort();
    spared = spare(came, { meta, owner, decisions: decided.get(owner.name) });
    const endedMs = clockMs();
    goodUntilMs = endedMs + Math.max(windowMs, WINDOW_PER_LOOK * (endedMs - startedMs));
  };

  return async (digest) => {
    if (clockMs() > goodUntilMs) {
      // Steps under way at once share one list.
      looking ??= look().finally(() => {
        looking = undefined;
      });
      await looking;
    }
    if (!spared.has(digest)) return undefined;
    return `${came.length === 1 ? `the record ${came[0]} has` : `${came.length} records have`} come into ${meta.name} since the plan was made`;
  };
}

interface Sparing {
  readonly meta: CollectedRepository;
  readonly owner: CollectedRepository;
  readonly decisions: Decisions | undefined;
}

/** What the new tags are about, with all that it needs. */
function spare(came: readonly Tag[], { meta, owner, decisions }: Sparing): ReadonlyMap<Digest, readonly KeepReason[]> {
  if (decisions === undefined) return new Map();
  const stages = came.flatMap((tag) => stagesOf(tag, meta));
  const digests = stages.flatMap((stage) => owner.snapshot.tags.get(stage as Tag) ?? []);
  const roots = new Map(digests.map((digest) => [digest, [{ rule: 'record', why: 'a new record' }] as const]));
  const { graph, werf } = decisions;
  return protectReachable(graph, roots, werf === undefined ? undefined : makeRelativesOf(graph.nodes, werf));
}

/** The stages that a new tag speaks for. An image that is managed again counts with every record that there is of its name. */
function stagesOf(tag: Tag, { snapshot }: CollectedRepository): readonly string[] {
  const parsed = parseWerfTag(tag);
  if (parsed?.kind === 'image-metadata') return [parsed.stage];
  if (parsed?.kind !== 'managed-image') return [];
  const recorded = recordedName(parsed.name);
  const id = recorded === undefined ? undefined : imageNameId(recorded);
  return [...snapshot.tags.keys()].flatMap((other) => {
    const record = parseWerfTag(other);
    return record?.kind === 'image-metadata' && (id === undefined || record.nameId === id) ? [record.stage] : [];
  });
}
