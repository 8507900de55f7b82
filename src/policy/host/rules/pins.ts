// What the user keeps whatever the rules say, by a label or by a name.

import type { HostKeepReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { compileGlob } from '../../glob.ts';
import { type HostContext, matchesLabel } from '../host-context.ts';

/** Every pin that holds an image: then all of its names stay, not only the pinned one. */
export function keepPinned({ policy }: HostContext): (image: LocalImage) => readonly HostKeepReason[] {
  const globs = policy.keep.names.map((glob) => ({ glob, matches: compileGlob(glob) }));
  return ({ labels, names }) => [
    ...policy.keep.labels
      .filter((match) => matchesLabel(labels, [match]))
      .map(({ label, value }) => pinnedBy(`label ${label}${value === undefined ? '' : `=${value}`}`)),
    ...globs.filter(({ matches }) => names.some(matches)).map(({ glob }) => pinnedBy(glob)),
  ];
}

function pinnedBy(pin: string): HostKeepReason {
  return { rule: 'pin', pin };
}
