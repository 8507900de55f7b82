// Which containers go, and which images the others hold.

import type { ContainerReason, HostDropReason, HostKeepReason } from '../../model/host-plan.ts';
import type { ContainerId, ImageId, LocalContainer } from '../../model/local-store.ts';
import { appendTo } from '../../util/append-to.ts';
import { heldBy, imagesHeldBy, maybeHeldBy } from './containers-in-use.ts';
import type { HostContext } from './host-context.ts';
import { ageOfEnded } from './rules/containers.ts';

type Going = ReadonlyMap<ImageId, readonly HostDropReason[]>;

/** What containers come to when these images are to go. */
interface ContainerHolds {
  readonly containers: ReadonlyMap<ContainerId, readonly ContainerReason[]>;
  readonly holds: ReadonlyMap<ImageId, readonly HostKeepReason[]>;
}

/** Takes each container with its image where `flush` or `mrproper` takes that; every other one that no limit takes holds its image. */
export function holdByContainers(
  going: Going,
  limits: ReadonlyMap<ContainerId, ContainerReason>,
  context: HostContext,
): ContainerHolds {
  const containers = new Map<ContainerId, readonly ContainerReason[]>();
  const holds = new Map<ImageId, HostKeepReason[]>();
  for (const container of context.view.containers) {
    const limit = limits.get(container.id);
    const reasons = [...(limit === undefined ? [] : [limit]), ...takenWithImage(container, going, context)];
    if (reasons.length > 0) containers.set(container.id, reasons);
    else addHolds(container, holds, context);
  }
  return { containers, holds };
}

/** Why an ended container goes with its image: everything that it may use goes by a word which takes containers too. */
function takenWithImage(container: LocalContainer, going: Going, context: HostContext): readonly ContainerReason[] {
  const age = ageOfEnded(container, context);
  if (age === undefined || age < context.policy.grace) return [];
  const held = imagesHeldBy(container, context.view);
  const images = held === 'all' ? context.view.images.map(({ id }) => id) : [...held];
  const words = images.map((id) => wordFor(going.get(id) ?? []));
  const [image] = images;
  const [by] = words;
  if (image === undefined || by === undefined || words.includes(undefined)) return [];
  return [{ rule: 'image-goes', image: container.imageId ?? image, by }];
}

function wordFor(reasons: readonly HostDropReason[]): 'flush' | 'mrproper' | undefined {
  const rules = reasons.map(({ rule }) => rule);
  if (rules.includes('mrproper')) return 'mrproper';
  return rules.includes('flush') ? 'flush' : undefined;
}

function addHolds(container: LocalContainer, holds: Map<ImageId, HostKeepReason[]>, { view }: HostContext): void {
  const held = imagesHeldBy(container, view);
  const ids = held === 'all' ? view.images.map(({ id }) => id) : held;
  const reason = held === 'all' ? maybeHeldBy(container) : heldBy(container);
  for (const id of ids) appendTo(holds, id, reason);
}
