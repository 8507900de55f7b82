// Texts whose open parts are filled in with other texts of the same object: `{{registry}}/{{path}}:{{tag}}` beside `registry.example.com` and
// `team/app`. Whether they could come to name a given repository, by what is there to fill in alone. Pure.

import { globOf, namesOf, OPEN } from './open-text.ts';
import type { RepositoryReference } from './reference.ts';

/** What a text may be filled in with, and what repositories are called elsewhere. */
export interface Filling {
  /** In lower case, without tags; each may fill any open part, also several. */
  readonly fillings: readonly string[];
  readonly mirrors: ReadonlyMap<string, string>;
}

/** A place in the text, or in a filling of the open part at that place. */
interface Place {
  readonly at: number;
  readonly filling?: string;
  readonly offset: number;
}

/**
 * Whether the text could mean an image of the repository when its open parts hold nothing but fillings: by the repository's name, by a
 * mirror's name for it, or by its path at the end of a name on another host. Each letter of that path must come from the text or from a
 * filling: an open part that nothing fills says nothing. A path of one word counts only behind a slash. Open parts of the tag hold anything.
 */
export function couldBeFilled(text: string, repository: RepositoryReference, { fillings, mirrors }: Filling): boolean {
  const glob = globOf(text);
  const read = (name: string, starts: readonly Place[]) => canRead(glob, name, { starts, fillings });
  if (namesOf(repository, mirrors).some((name) => read(name, [{ at: 0, offset: 0 }]))) return true;
  const { host, name } = repository;
  return !glob.startsWith(`${host}/`) && read(name, pathStarts(glob, repository, fillings));
}

/** Where a path may begin: at the start, when it is more than a word, and behind every slash; on our own host only the whole path counts. */
function pathStarts(glob: string, { host, name }: RepositoryReference, fillings: readonly string[]): readonly Place[] {
  const starts: Place[] = name.includes('/') ? [{ at: 0, offset: 0 }] : [];
  const within = fillings.flatMap((filling) => pathsIn(filling, { host, name }));
  for (let at = 0; at < glob.length; at++) {
    if (glob[at] === '/') starts.push({ at: at + 1, offset: 0 });
    if (glob[at] === OPEN) starts.push(...within.map((place) => ({ at, ...place })));
  }
  return starts;
}

/** Behind which slashes of a filling the path may begin. */
function pathsIn(filling: string, { host, name }: RepositoryReference): readonly Omit<Place, 'at'>[] {
  if (filling.startsWith(`${host}/`)) return [];
  return Array.from(filling.matchAll(/\//g), ({ index }) => ({ filling, offset: index + 1 })).filter(({ offset }) =>
    name.startsWith(filling.slice(offset)),
  );
}

function canRead(
  glob: string,
  name: string,
  { starts, fillings }: { readonly starts: readonly Place[]; readonly fillings: readonly string[] },
): boolean {
  // No part of the name begins within a filling or ends in one, save at the start.
  const useful = fillings.filter((filling) => name.includes(filling));
  let places = reachable(glob, starts, useful);
  for (const char of name) {
    const passed = places.flatMap((place): Place[] => {
      if (charAt(glob, place) !== char) return [];
      return [place.filling === undefined ? { at: place.at + 1, offset: 0 } : { ...place, offset: place.offset + 1 }];
    });
    if (passed.length === 0) return false;
    places = reachable(glob, passed, useful);
  }
  return places.some(({ at, filling }) => filling === undefined && /^(?:$|[:@\0])[^/]*$/.test(glob.slice(at)));
}

/** Undefined before and behind what can be read there. */
function charAt(glob: string, { at, filling, offset }: Place): string | undefined {
  if (filling !== undefined) return filling[offset];
  return glob[at] === OPEN ? undefined : glob[at];
}

/** The places themselves, and where one gets from them without reading: into an open part, over it, and out of a filling. Each once. */
function reachable(glob: string, from: readonly Place[], fillings: readonly string[]): readonly Place[] {
  const found = new Map<string, Place>();
  const open = [...from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, filling, offset } = next;
    const key = `${at} ${offset} ${filling ?? ''}`;
    if (found.has(key)) continue;
    found.set(key, next);
    const isBehind = filling !== undefined && offset === filling.length;
    const isBefore = filling === undefined && glob[at] === OPEN;
    if (isBehind || isBefore) open.push({ at: at + 1, offset: 0 });
    if (isBefore) for (const each of fillings) open.push({ at, filling: each, offset: 0 });
  }
  return [...found.values()];
}
