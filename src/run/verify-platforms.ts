// For which platforms an image is needed: those of the nodes of the clusters that use it.

import type { Child } from '../model/snapshot.ts';
import type { ImageUse } from '../model/usage.ts';

/** The platforms of the nodes, `linux/arm64`, by context; manifests are in it too, and theirs are unknown. */
export type NodePlatforms = ReadonlyMap<string, ReadonlySet<string> | 'unknown'>;

/** Where an image is needed. `unknown`: nobody knows, so it is needed everywhere. */
export function platformsFor(
  { workloads, unlisted = 0 }: Pick<ImageUse, 'workloads'> & { readonly unlisted?: number },
  nodes: NodePlatforms,
): ReadonlySet<string> | 'unknown' {
  const all = new Set<string>();
  // Those that are only counted may be in any.
  const contexts = unlisted > 0 ? nodes.keys() : new Set(workloads.map((workload) => workload.context));
  for (const context of contexts) {
    const platforms = nodes.get(context) ?? 'unknown';
    if (platforms === 'unknown') return platforms;
    for (const platform of platforms) all.add(platform);
  }
  return all;
}

/**
 * Whether what an index lists must be there. Attestations (`unknown/unknown`) are nothing that a node pulls; what names no platform may be
 * for any. Variants of a node's architecture are all needed: a node does not tell its own.
 */
export function wantsPlatform(child: Pick<Child, 'platform'>, platforms: ReadonlySet<string> | 'unknown'): boolean {
  const { platform } = child;
  if (platform === 'unknown/unknown') return false;
  if (platform === undefined || platforms === 'unknown') return true;
  const [os, architecture] = platform.split('/');
  return architecture === undefined || platforms.has(`${os}/${architecture}`);
}
