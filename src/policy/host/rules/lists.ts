// Lists of images for several platforms. One that the engine does not open may list any image without a name.

import type { HostKeepReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import type { HostContext } from '../host-context.ts';

/** Why an image stays because of a list that nobody can look into, the list itself included. */
export function keepUnopenedLists({ view }: HostContext): (image: LocalImage) => readonly HostKeepReason[] {
  const closed = view.images.find(({ isList, lists }) => isList && lists === undefined);
  return ({ isList, lists, names }) => {
    if (isList && lists === undefined) return [{ rule: 'in-doubt', why: 'the engine does not tell what it lists' }];
    if (closed === undefined || names.length > 0) return [];
    return [{ rule: 'in-doubt', why: `${closed.names[0] ?? closed.id} may list it, and the engine does not tell` }];
  };
}
