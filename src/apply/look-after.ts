// After the last step: whether something has come that needs what this run deleted, and then its way back. Deletes nothing.

import { CleanupError, describeCause } from '../errors.ts';
import { buildImageGraph, type ImageGraph } from '../model/image-graph.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { formatInstant } from '../model/time.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { RestoreAnswer, Surroundings } from '../registry/port.ts';
import { appendTo } from '../util/append-to.ts';
import type { ApplyOptions } from './apply-options.ts';
import { subjectsNamed } from './subjects-named.ts';
import { asksEveryTag } from './tag-watch.ts';

/** What the last look came to. */
export interface LookedAfter {
  readonly outcomes: readonly Outcome[];
  /** Why nobody knows whether something that came meanwhile needs what was deleted; absent when that is known. */
  readonly doubt?: string;
}

/**
 * The outcomes, in their order, after a last look on a registry that can take deletions back. A push that was under way may have found an
 * old manifest, and its index have come only after the look before that manifest's step: then the manifest is brought back with all that
 * belongs to it, and its step has failed. Never throws: where the look fails, or meets what cannot be understood, that is its doubt.
 */
export async function lookAfter(outcomes: readonly Outcome[], options: ApplyOptions): Promise<LookedAfter> {
  const { registry, log, name } = options;
  const gone = new Set(outcomes.filter(mayBeGone).map(({ step }) => step.digest));
  if (registry.restore === undefined || registry.capabilities.undo !== 'restore' || gone.size === 0)
    return { outcomes };
  let needed: ReadonlyMap<Digest, Digest>;
  let doubt: string | undefined;
  try {
    ({ needed, doubt } = await findNeeded(gone, outcomes, options));
  } catch (cause) {
    return { outcomes, doubt: describeCause(cause) };
  }
  const doubted = doubt === undefined ? {} : { doubt };
  if (needed.size === 0) return { outcomes, ...doubted };
  const answers = await bringBack(needed, outcomes, options);
  const looked = outcomes.map((outcome): Outcome => {
    const { step } = outcome;
    const by = step.action === 'delete' ? needed.get(step.digest) : undefined;
    const answer = answers.get(step.digest);
    // Somebody has pushed it again.
    if (by === undefined || answer?.kind === 'already-there') return outcome;
    const why = `${by} came while this run was deleting, and needs it. ${describeAnswer(answer, options)}`;
    log.error(`${step.digest} of ${name} was deleted, and ${why}`);
    return { step, outcome: 'failed', why };
  });
  return { outcomes: looked, ...doubted };
}

/** A failed delete may have been done all the same, and one that found nothing may have been the second try. */
function mayBeGone({ step, outcome, forbidden }: Outcome): boolean {
  return step.action === 'delete' && outcome !== 'skipped' && forbidden !== true;
}

/** What is needed of what has gone, with what needs it. */
async function findNeeded(
  gone: ReadonlySet<Digest>,
  outcomes: readonly Outcome[],
  options: ApplyOptions,
): Promise<Following> {
  const { registry, snapshot } = options;
  // What was deleted and is there again is as new as anything.
  const digests = new Set([...snapshot.nodes.keys()].filter((digest) => !gone.has(digest)));
  const found = await registry.lookAround(
    { tags: snapshot.tags, digests },
    { everyTag: asksEveryTag(snapshot.tags.size) },
  );
  const graph = buildImageGraph(snapshot);
  const belongings = new Map<Digest, Digest[]>();
  for (const { step } of outcomes)
    for (const owner of step.precondition.owners) appendTo(belongings, owner, step.digest);
  const following: Following = { needed: new Map(), doubt: undefined, gone, belongings, options, graph };
  for (const [from, by] of listNews(found, options)) {
    if (!digests.has(by)) await followNeeds(from, by, following);
  }
  return following;
}

/** Digests to begin at, each with what has come. */
function* listNews({ tags, untagged }: Surroundings, { snapshot }: ApplyOptions): Generator<readonly [Digest, Digest]> {
  for (const [tag, digest] of new Map<Tag, Digest>(tags)) {
    yield [digest, digest];
    for (const subject of subjectsNamed(tag, snapshot)) yield [subject, digest];
  }
  for (const digest of untagged) yield [digest, digest];
}

interface Following {
  readonly needed: Map<Digest, Digest>;
  /** Something new that cannot be understood. */
  doubt: string | undefined;
  readonly gone: ReadonlySet<Digest>;
  /** What was to go only after its owner, by the owner: also werf's records, which nothing but their tags ties to it. */
  readonly belongings: ReadonlyMap<Digest, readonly Digest[]>;
  readonly options: Pick<ApplyOptions, 'registry'>;
  /** Of the snapshot. */
  readonly graph: ImageGraph;
}

/** What is there tells what it needs; of what has gone, the snapshot does. */
async function followNeeds(from: Digest, by: Digest, following: Following): Promise<void> {
  const { needed, gone, belongings, options, graph } = following;
  const seen = new Set<Digest>();
  const queue = [from];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const edges = await options.registry.readEdges(next);
    if (edges === 'opaque') following.doubt = `${next} has come, and cannot be understood`;
    if (Array.isArray(edges)) queue.push(...(edges as readonly Digest[]));
    if (!gone.has(next) || next === by) continue;
    if (!needed.has(next)) needed.set(next, by);
    queue.push(...graph.childrenOf(next), ...graph.subjectsOf(next), ...graph.referrersOf(next));
    queue.push(...(belongings.get(next) ?? []));
  }
}

/** What is listed before what lists it: the reverse of the order in which it went. */
async function bringBack(
  needed: ReadonlyMap<Digest, Digest>,
  outcomes: readonly Outcome[],
  { registry, journal, log, name, now }: ApplyOptions,
): Promise<ReadonlyMap<Digest, RestoreAnswer>> {
  const order = outcomes.filter(({ step }) => step.action === 'delete' && needed.has(step.digest));
  const digests = [...new Set(order.map(({ step }) => step.digest))].toReversed();
  const answers = new Map<Digest, RestoreAnswer>();
  try {
    const note = async (digest: Digest, answer: RestoreAnswer): Promise<void> => {
      answers.set(digest, answer);
      if (answer.kind !== 'restored') return;
      await journal.write({ kind: 'restored', at: formatInstant(now()), repository: name, digest });
    };
    await registry.restore?.(digests, note, { isUrgent: true });
  } catch (cause) {
    const hint = cause instanceof CleanupError && cause.hint !== undefined ? ` ${cause.hint}` : '';
    const why = `${describeCause(cause)}${hint}`;
    log.error(`Bringing back what is needed in ${name} ended early: ${why}`);
    for (const digest of digests) if (!answers.has(digest)) answers.set(digest, { kind: 'refused', why });
  }
  return answers;
}

function describeAnswer(answer: RestoreAnswer | undefined, { journal }: ApplyOptions): string {
  if (answer?.kind === 'restored') return 'It was brought back.';
  const why = answer === undefined || !('why' in answer) ? 'the registry gave no answer' : answer.why;
  return `It could not be brought back (${why}). Do it by hand: restore --journal ${journal.path}`;
}
