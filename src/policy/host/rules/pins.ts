// What the user keeps whatever the rules say, by a label or by a name.

import type { HostKeepReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { compileGlob } from '../../glob.ts';
import { type HostContext, matchesLabel } from '../host-context.ts';

/** Registries that engines leave out when they show a name. */
const SHOWN_WITHOUT: readonly string[] = ['docker.io/library/', 'docker.io/', 'localhost/'];

/** Every pin that holds an image: then all of its names stay, not only the pinned one. */
export function keepPinned({ policy }: HostContext): (image: LocalImage) => readonly HostKeepReason[] {
  const globs = policy.keep.names.map((glob) => ({ glob, matches: compileGlob(glob) }));
  return (image) => [
    ...policy.keep.labels
      .filter((match) => matchesLabel(image.labels, [match]))
      .map(({ label, value }) => pinnedBy(`label ${label}${value === undefined ? '' : `=${value}`}`)),
    ...globs.filter(({ matches }) => spellingsOf(image).some(matches)).map(({ glob }) => pinnedBy(glob)),
  ];
}

/**
 * Every way in which a user may write what an image is called: in full, without its tag, as Docker and Podman show it without their registry;
 * by digest; by id. A pin that matches too much keeps too much.
 */
function spellingsOf({ id, names, digests }: LocalImage): readonly string[] {
  const full = [...names, ...digests];
  const short = full.flatMap((name) => SHOWN_WITHOUT.flatMap((host) => withoutStart(name, host)));
  const all = [...full, ...short];
  return [...all, ...all.map(repositoryOf), id, ...withoutStart(id, 'sha256:')];
}

function withoutStart(text: string, start: string): readonly string[] {
  return text.startsWith(start) ? [text.slice(start.length)] : [];
}

/** `app:1`, `app@sha256:…` and `app` → `app`. A port is no tag. */
function repositoryOf(name: string): string {
  return name.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

function pinnedBy(pin: string): HostKeepReason {
  return { rule: 'pin', pin };
}
