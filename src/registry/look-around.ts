// A look at every tag: what a registry can do that tells no more than names.

import type { Digest, Tag } from '../model/reference.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import type { Registry, Surroundings } from './port.ts';

const PARALLEL_LOOKS = 16;

/** Every tag with what it points at now; nothing is known of untagged manifests. */
export async function lookAtEveryTag(registry: Pick<Registry, 'listTags' | 'resolveTag'>): Promise<Surroundings> {
  const names = [...new Set(await registry.listTags())];
  const targets = await mapConcurrently(names, PARALLEL_LOOKS, (tag) => registry.resolveTag(tag));
  const found = names.map((tag, at): readonly [Tag, Digest | 'absent'] => [tag, targets[at] ?? 'absent']);
  return {
    tags: new Map(found.flatMap(([tag, target]) => (target === 'absent' ? [] : [[tag, target] as const]))),
    unresolved: found.flatMap(([tag, target]) => (target === 'absent' ? [tag] : [])),
    untagged: [],
  };
}
