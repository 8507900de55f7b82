// On a registry that collects what no tag leads to: what an apply has left without any. It can be pulled for now, so no look at it tells.

import { buildImageGraph } from '../model/image-graph.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { ledBy } from '../policy/led-by.ts';
import type { Registry } from '../registry/port.ts';

/** What an apply did in one repository. */
export interface Stranding {
  readonly snapshot: Pick<Snapshot, 'nodes' | 'tags'>;
  /** Tags that went, or may have gone. */
  readonly gone: ReadonlySet<string>;
  /** Digests that clusters use now. */
  readonly used: readonly Digest[];
}

/**
 * The used digests to which a tag led before the apply, itself or through an index, and none leads now; in their order. Asks the registry
 * only when the tags that went may have been the last, since somebody may have put new ones meanwhile.
 * @throws what the registry throws.
 */
export async function findStranded(
  { snapshot, gone, used }: Stranding,
  registry: Pick<Registry, 'lookAround' | 'readDigests'>,
): Promise<readonly Digest[]> {
  const graph = buildImageGraph(snapshot);
  const before = ledBy(graph, snapshot.tags.values());
  const left = ledBy(
    graph,
    [...snapshot.tags].flatMap(([tag, digest]) => (gone.has(tag) ? [] : digest)),
  );
  const doubtful = used.filter((digest) => before.has(digest) && !left.has(digest));
  if (doubtful.length === 0) return [];
  const { nodes } = snapshot;
  const { tags } = await registry.lookAround({ tags: snapshot.tags, digests: new Set(nodes.keys()) });
  const led = await ledNow(nodes, tags, registry);
  return doubtful.filter((digest) => !led.has(digest));
}

/** Whoever has tagged something new may have listed it there. */
async function ledNow(
  nodes: Snapshot['nodes'],
  tags: ReadonlyMap<Tag, Digest>,
  registry: Pick<Registry, 'readDigests'>,
): Promise<ReadonlySet<Digest>> {
  const news = [...new Set(tags.values())].filter((digest) => !nodes.has(digest));
  const more = news.length === 0 ? new Map() : (await registry.readDigests(news)).nodes;
  return ledBy(buildImageGraph({ nodes: new Map([...nodes, ...more]) }), tags.values());
}
