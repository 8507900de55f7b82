// Who goes in the end: nothing that a container holds, nothing that what stays was built on or lists. What is held back holds back more,
// until nothing changes; nothing that was held back ever goes again.

import type { ContainerReason, HostDropReason, HostKeepReason } from '../../model/host-plan.ts';
import type { ContainerId, ImageId, LocalImage } from '../../model/local-store.ts';
import { holdByContainers } from './hold-by-containers.ts';
import type { HostContext } from './host-context.ts';
import type { Judgements } from './judge-images.ts';
import type { StoreView } from './store-view.ts';

/** What is settled. */
export interface Settled {
  /** Images that go, and why. */
  readonly going: ReadonlyMap<ImageId, readonly HostDropReason[]>;
  /** What holds each image: empty for what goes, and for what no rule wants. */
  readonly held: ReadonlyMap<ImageId, readonly HostKeepReason[]>;
  /** Containers that go, and why. */
  readonly containers: ReadonlyMap<ContainerId, readonly ContainerReason[]>;
}

/** What there is to settle. */
export interface Unsettled {
  readonly judgements: Judgements;
  /** Containers that go by their number. */
  readonly limits: ReadonlyMap<ContainerId, ContainerReason>;
}

/** Settles what the judgements want. */
export function settleImages({ judgements, limits }: Unsettled, context: HostContext): Settled {
  const going = new Map<ImageId, readonly HostDropReason[]>(
    [...judgements.values()]
      .filter(({ holds }) => holds.length === 0)
      .flatMap(({ image, drops }) => {
        const reasons = drops.length > 0 ? drops : asIntermediate(image, context.view);
        return reasons.length === 0 ? [] : [[image.id, reasons]];
      }),
  );
  for (;;) {
    const { containers, holds } = holdByContainers(going, limits, context);
    const held = new Map(
      [...judgements.values()].map(({ image: { id }, holds: own }) => [
        id,
        [...own, ...(holds.get(id) ?? []), ...neededBy(id, going, context.view)],
      ]),
    );
    const back = [...going.keys()].filter((id) => (held.get(id) ?? []).length > 0);
    if (back.length === 0) return { going, held, containers };
    for (const id of back) going.delete(id);
  }
}

/**
 * An image without a name from which others were made, and which no registry ever named, is there for those alone: it goes when all of them
 * go. It is older than they are, so their age is enough. Empty when it is none, when it is a list, or when a list needs it.
 */
export function asIntermediate({ id, names, digests, isList }: LocalImage, view: StoreView): readonly HostDropReason[] {
  if (isList || names.length > 0 || digests.length > 0) return [];
  const dependents = view.dependentsOf(id);
  const [first] = dependents;
  if (first === undefined || dependents.some(({ how }) => how === 'list')) return [];
  return [{ rule: 'intermediate', of: first.id }];
}

/** What stays and needs the image. */
function neededBy(id: ImageId, going: { has(id: ImageId): boolean }, view: StoreView): readonly HostKeepReason[] {
  return view
    .dependentsOf(id)
    .filter((dependent) => !going.has(dependent.id))
    .map((dependent) => ({ rule: 'needed-by', of: dependent.id, how: dependent.how }));
}
