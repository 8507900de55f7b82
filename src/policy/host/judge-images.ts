// What the rules say of each image by itself: why it would go, and what stands against it. Who needs whom is settled later.

import type { HostDropReason, HostKeepReason } from '../../model/host-plan.ts';
import type { ImageId, LocalImage } from '../../model/local-store.ts';
import { type HostContext, isInMode } from './host-context.ts';
import { dropAbsent } from './rules/absent-from-registry.ts';
import { dropDangling } from './rules/dangling.ts';
import { dropByMrproper, dropFlushed } from './rules/flush.ts';
import { dropOtherVersion } from './rules/improper-cache-version.ts';
import { dropGoneCommit } from './rules/improper-git-commit.ts';
import { keepUnopenedLists } from './rules/lists.ts';
import { keepPinned } from './rules/pins.ts';
import { keepReadOnly } from './rules/read-only.ts';
import { dropUnused } from './rules/unused.ts';
import { keepYoung } from './rules/young.ts';

/** What the rules say of one image. */
export interface Judgement {
  readonly image: LocalImage;
  /** Why all of it would go; empty: no rule wants that. */
  readonly drops: readonly HostDropReason[];
  /** Names that would go alone. Never all of them: then the image goes as a whole. */
  readonly names: ReadonlyMap<string, HostDropReason>;
  /** What holds the image against every rule, the disk's too. */
  readonly holds: readonly HostKeepReason[];
  /** What holds it against the rules, but not against the disk's. */
  readonly soft: readonly HostKeepReason[];
}

/** The judgements, by image. */
export type Judgements = ReadonlyMap<ImageId, Judgement>;

/** Judges every image. `stages`: those that go because no final image needs them. */
export function judgeImages(context: HostContext, stages: ReadonlyMap<ImageId, HostDropReason>): Judgements {
  const pinsOf = keepPinned(context);
  const listsOf = keepUnopenedLists(context);
  return new Map(
    context.view.images.map((image) => {
      const holds = [...pinsOf(image), ...listsOf(image), ...keepReadOnly(image)];
      return [image.id, { image, holds, ...weigh(image, wish(image, context, stages.get(image.id)), context) }];
    }),
  );
}

interface Wish {
  readonly drops: readonly HostDropReason[];
  readonly aged: readonly HostDropReason[];
  readonly names: ReadonlyMap<string, HostDropReason>;
  readonly isOutsideMode: boolean;
}

/** What the rules want, before anything that stands against it. */
function wish(image: LocalImage, context: HostContext, stage: HostDropReason | undefined): Wish {
  const isIn = isInMode(image, context);
  const absent = image.names.flatMap((name) => {
    const reason = dropAbsent(name, context);
    return reason === undefined ? [] : [[name, reason] as const];
  });
  const isWhole = absent.length === image.names.length;
  const asked = [
    ...(isWhole ? absent.map(([, reason]) => reason) : []),
    dropDangling(image, context),
    stage,
    dropOtherVersion(image, context),
    dropGoneCommit(image, context),
    dropFlushed(image, context),
  ].filter((reason) => reason !== undefined);
  const word = dropByMrproper(image, context);
  const aged = dropUnused(image, context);
  return {
    drops: [...(isIn ? asked : []), ...(word === undefined ? [] : [word])],
    aged: isIn && aged !== undefined ? [aged] : [],
    names: new Map(isIn && !isWhole ? absent : []),
    isOutsideMode: !isIn && (asked.length > 0 || absent.length > 0 || aged !== undefined),
  };
}

function weigh(image: LocalImage, wanted: Wish, context: HostContext): Pick<Judgement, 'drops' | 'names' | 'soft'> {
  const isWanted = wanted.drops.length + wanted.names.size > 0;
  const young = isWanted ? keepYoung(image, context) : undefined;
  const soft: HostKeepReason[] = young === undefined ? [] : [young];
  if (wanted.isOutsideMode && !context.policy.isDev) soft.push({ rule: 'development' });
  if (young === undefined) return { drops: [...wanted.drops, ...wanted.aged], names: wanted.names, soft };
  // The age rule has a minimum age of its own.
  return { drops: wanted.aged, names: new Map(), soft };
}
