// One decision for each image, with every reason that led to it.

import type { HostDropReason, HostKeepReason, ImageDecision } from '../../model/host-plan.ts';
import type { ImageId } from '../../model/local-store.ts';
import type { HostContext } from './host-context.ts';
import type { Judgement, Judgements } from './judge-images.ts';
import { keepByWord, wordOf } from './rules/absent-from-registry.ts';
import type { Settled } from './settle-images.ts';
import { stayByUse } from './stay-by-use.ts';

type Names = ReadonlyMap<string, HostDropReason>;

/** What decisions are made of. */
export interface Outcome {
  readonly judgements: Judgements;
  readonly going: ReadonlyMap<ImageId, readonly HostDropReason[]>;
  readonly untag: ReadonlyMap<ImageId, Names>;
  readonly held: Settled['held'];
  /** Why stages are needed. */
  readonly stages: ReadonlyMap<ImageId, HostKeepReason>;
}

/** Names that go from images that stay, and that nothing holds: what is held keeps all of its names. */
export function selectUntags(
  judgements: Judgements,
  { going, held }: Pick<Outcome, 'going' | 'held'>,
): ReadonlyMap<ImageId, Names> {
  return new Map(
    [...judgements].flatMap(([id, { names }]) =>
      names.size === 0 || going.has(id) || (held.get(id) ?? []).length > 0 ? [] : [[id, names]],
    ),
  );
}

/** The decisions, by id. */
export function describeDecisions(outcome: Outcome, context: HostContext): readonly ImageDecision[] {
  return [...outcome.judgements.values()].map((judgement): ImageDecision => {
    const { id, names } = judgement.image;
    const reasons = outcome.going.get(id);
    if (reasons !== undefined) return { decision: 'delete', id, names, reasons };
    const untag = outcome.untag.get(id);
    const keeps = listKeeps(judgement, outcome, context);
    if (untag === undefined) return { decision: 'keep', id, names, reasons: keeps };
    return { decision: 'untag', id, names, remove: [...untag.keys()], reasons: [...untag.values()], keptFor: keeps };
  });
}

function listKeeps(
  { image, soft }: Judgement,
  { held, stages }: Outcome,
  context: HostContext,
): readonly HostKeepReason[] {
  const stage = stages.get(image.id);
  const keeps = [...(held.get(image.id) ?? []), ...soft, ...(stage === undefined ? [] : [stage])];
  const words = keepByWord(image, context);
  const isNobodys = keeps.length === 0 && (words.length === 0 || image.names.some((name) => !wasAsked(name, context)));
  if (!isNobodys) return [...keeps, ...words];
  const byUse = stayByUse(image, context);
  return [...words, ...(byUse.length > 0 ? byUse : [{ rule: 'not-asked' } as const])];
}

function wasAsked(name: string, context: HostContext): boolean {
  return wordOf(name, context) !== undefined;
}
