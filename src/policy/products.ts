// Which of several images of a repository a link is about: policies count for each by itself.

import type { ImageGraph } from '../model/image-graph.ts';
import type { GroupBy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';
import { makeGroupOf } from './group-by.ts';
import { isRecorded, type Link } from './link.ts';

/** The products of one repository. */
export interface Products {
  /** What the image counts as, at least one. */
  ofImage(digest: Digest): readonly string[];
  /** What the image counts as at the commit of this link, at least one. */
  ofLink(digest: Digest, link: Link): readonly string[];
}

/**
 * A record's link is about the product that it names. Any other is about those that the user groups by; where nothing groups, and all
 * records of ours call the image by one name, it is about that one. What werf's records call it says nothing of other links: one stage may
 * be several images, each built from commits of its own.
 */
export function makeProducts(
  graph: ImageGraph,
  groupBy: GroupBy | undefined,
  links: ReadonlyMap<Digest, readonly Link[]>,
): Products {
  const groupOf = makeGroupOf(graph, groupBy);
  const named = groupBy === undefined ? findOnlyNames(links) : new Map<Digest, string>();
  const ofImage = (digest: Digest): readonly string[] => {
    const name = named.get(digest);
    return name === undefined ? groupOf(digest) : [name];
  };
  return {
    ofImage,
    ofLink(digest, link) {
      const product = productOf(link);
      return product === undefined ? ofImage(digest) : [product];
    },
  };
}

function productOf(link: Link): string | undefined {
  return link.kind === 'unknown' || link.kind === 'pull-request' ? undefined : link.product;
}

/** By image, the name that all records of ours give it; nothing for one with several names or none. */
function findOnlyNames(links: ReadonlyMap<Digest, readonly Link[]>): ReadonlyMap<Digest, string> {
  const only = new Map<Digest, string>();
  for (const [digest, all] of links) {
    const names = new Set(all.filter((link) => isRecorded(link, 'record')).map(productOf));
    const [name] = names;
    if (names.size === 1 && name !== undefined) only.set(digest, name);
  }
  return only;
}
