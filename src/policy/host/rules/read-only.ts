// Images in a store that the engine only reads: it shows them, and deletes none.

import type { HostKeepReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';

/** Why an image stays that the engine cannot delete; empty for every other. */
export function keepReadOnly({ isReadOnly }: LocalImage): readonly HostKeepReason[] {
  return isReadOnly === true ? [{ rule: 'in-doubt', why: 'it lies in a store that the engine only reads' }] : [];
}
