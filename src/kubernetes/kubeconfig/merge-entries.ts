// Several kubeconfigs as one. Pure.

import { isDeepStrictEqual } from 'node:util';
import { badConfig } from './bad-config.ts';
import type { KubeConfigEntries, KubeContextEntry } from './kube-entries.ts';

/** The entries of one kubeconfig, and its place for messages. */
export interface PlacedEntries {
  readonly place: string;
  readonly entries: KubeConfigEntries;
}

/**
 * All entries, in the order of the parts. kubectl lets the first part win without a word. An entry of another part that is different
 * would then hide a whole cluster, or send a context to the wrong one, so that is refused here; equal entries are one. Contexts that
 * differ in nothing but their namespace are equal, and have both.
 * @throws UsageError USAGE, with the name of the entry and no value of it.
 */
export function mergeEntries(parts: readonly PlacedEntries[]): KubeConfigEntries {
  return {
    clusters: mergeMaps(parts.map(({ place, entries }) => [`${place} (cluster)`, entries.clusters])),
    users: mergeMaps(parts.map(({ place, entries }) => [`${place} (user)`, entries.users])),
    contexts: mergeMaps(
      parts.map(({ place, entries }) => [`${place} (context)`, entries.contexts]),
      joinContexts,
    ),
  };
}

/** Undefined when they differ. Where one names no namespace, all of them are meant. */
function joinContexts(one: KubeContextEntry, other: KubeContextEntry): KubeContextEntry | undefined {
  const [{ namespaces: first, ...rest }, { namespaces: second, ...otherRest }] = [one, other];
  if (!isDeepStrictEqual(rest, otherRest)) return undefined;
  return first === undefined || second === undefined
    ? rest
    : { ...rest, namespaces: [...new Set([...first, ...second])] };
}

function joinEqual<T>(one: T, other: T): T | undefined {
  return isDeepStrictEqual(one, other) ? one : undefined;
}

function mergeMaps<T>(
  parts: readonly (readonly [string, ReadonlyMap<string, T>])[],
  join: (one: T, other: T) => T | undefined = joinEqual,
): ReadonlyMap<string, T> {
  const merged = new Map<string, T>();
  for (const [place, map] of parts)
    for (const [name, entry] of map) {
      const before = merged.get(name);
      const joined = before === undefined ? entry : join(before, entry);
      if (joined === undefined)
        throw badConfig(
          place,
          `${JSON.stringify(name)} also stands in an earlier file or document, with other content`,
        );
      merged.set(name, joined);
    }
  return merged;
}
