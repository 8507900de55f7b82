// Several kubeconfigs as one. Pure.

import { isDeepStrictEqual } from 'node:util';
import { badConfig } from './bad-config.ts';
import type { KubeConfigEntries } from './kube-entries.ts';

/** The entries of one kubeconfig, and its place for messages. */
export interface PlacedEntries {
  readonly place: string;
  readonly entries: KubeConfigEntries;
}

/**
 * All entries, in the order of the parts. kubectl lets the first part win without a word. An entry of another part that is different
 * would then hide a whole cluster, or send a context to the wrong one, so that is refused here; equal entries are one.
 * @throws UsageError USAGE, with the name of the entry and no value of it.
 */
export function mergeEntries(parts: readonly PlacedEntries[]): KubeConfigEntries {
  return {
    clusters: mergeMaps(parts.map(({ place, entries }) => [`${place} (cluster)`, entries.clusters])),
    users: mergeMaps(parts.map(({ place, entries }) => [`${place} (user)`, entries.users])),
    contexts: mergeMaps(parts.map(({ place, entries }) => [`${place} (context)`, entries.contexts])),
  };
}

function mergeMaps<T>(parts: readonly (readonly [string, ReadonlyMap<string, T>])[]): ReadonlyMap<string, T> {
  const merged = new Map<string, T>();
  for (const [place, map] of parts)
    for (const [name, entry] of map) {
      if (merged.has(name) && !isDeepStrictEqual(merged.get(name), entry))
        throw badConfig(
          place,
          `${JSON.stringify(name)} also stands in an earlier file or document, with other content`,
        );
      if (!merged.has(name)) merged.set(name, entry);
    }
  return merged;
}
