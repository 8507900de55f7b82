// What a repository that is there for build cache says to the others, before anything is decided about it.

import type { Policy } from '../../model/policy.ts';
import { formatRepository } from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { takeInventory } from '../inventory.ts';
import { type BuiltImages, listBuiltImages } from './built-images.ts';

/** Its cache, through which chains of stages may lead, and all else in it: that stays, and may need cache elsewhere. */
export function listDeclared(snapshot: Snapshot, policy: Policy): BuiltImages {
  const { graph, caches } = takeInventory({ snapshot }, policy, { isDeclared: true });
  const repository = formatRepository(snapshot.repository);
  return listBuiltImages(graph, { repository, caches, kept: graph.nodes, isDeclared: true });
}
