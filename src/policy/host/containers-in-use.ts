// What containers hold. An image that a container may use is never in a plan, whatever the container does.

import type { HostKeepReason } from '../../model/host-plan.ts';
import type { ContainerState, ImageId, LocalContainer } from '../../model/local-store.ts';
import type { StoreView } from './store-view.ts';

/** An image that runs cannot have been taken out of a store; one that has ended may have lost its image by force. */
const MAY_HAVE_LOST_ITS_IMAGE: ReadonlySet<ContainerState> = new Set(['created', 'exited', 'dead']);

/**
 * Images that a container holds: the one that it was made from, the lists which list that one, and every one that the name may mean by
 * which it was made, and what it has mounted. `all`: nobody knows what it uses, so it may be any.
 */
export function imagesHeldBy(container: LocalContainer, view: StoreView): ReadonlySet<ImageId> | 'all' {
  const named = view.findImages(container.image);
  const { imageId, state } = container;
  if (imageId === undefined) return 'all';
  const made = view.byId.has(imageId)
    ? [imageId]
    : view.images.filter(({ lists }) => lists?.includes(imageId)).map(({ id }) => id);
  const mounted = imagesMountedBy(container, view);
  if (mounted === 'all' || (made.length === 0 && !MAY_HAVE_LOST_ITS_IMAGE.has(state))) return 'all';
  return new Set([...made, ...named, ...mounted]);
}

/**
 * What it has mounted, and lists of that. While it does something, images without a name as well: the name by which it mounted one may have
 * moved on since.
 */
function imagesMountedBy({ mounts = [], state }: LocalContainer, view: StoreView): readonly ImageId[] | 'all' {
  const isAtWork = !MAY_HAVE_LOST_ITS_IMAGE.has(state);
  const found = mounts.map((text) => view.findImages(text));
  if (isAtWork && found.some((ids) => ids.length === 0)) return 'all';
  const lists = found.flat().flatMap((id) => view.dependentsOf(id).filter(({ how }) => how === 'list'));
  const unnamed = isAtWork && mounts.length > 0 ? view.images.filter(({ names }) => names.length === 0) : [];
  return [...found.flat(), ...[...lists, ...unnamed].map(({ id }) => id)];
}

/** Why an image stays for a container. */
export function heldBy({ name, id, state }: LocalContainer): HostKeepReason {
  return { rule: 'container', container: name === '' ? id : name, state };
}

/** Why an image stays for a container of which nobody knows the image. */
export function maybeHeldBy({ name, id }: LocalContainer): HostKeepReason {
  return { rule: 'in-doubt', why: `the engine does not tell which image container ${name === '' ? id : name} uses` };
}
