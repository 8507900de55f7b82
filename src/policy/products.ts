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
  /** Whether the image may take a place among the newest by this link, from one that a record leads to. */
  mayTakePlace(digest: Digest, link: Link): boolean;
}

/**
 * A record's link is about the product that it names, and any other about those that the user groups by. Where nothing groups, what else is
 * said of an image whose records name products is about these, and takes no place in them: its label tells the commit of its first build,
 * and not of which of them.
 */
export function makeProducts(
  graph: ImageGraph,
  groupBy: GroupBy | undefined,
  links: ReadonlyMap<Digest, readonly Link[]>,
): Products {
  const groupOf = makeGroupOf(graph, groupBy);
  const named = groupBy === undefined ? findNames(links) : new Map<Digest, readonly string[]>();
  const isBeside = (digest: Digest, link: Link): boolean => named.has(digest) && !isRecorded(link);
  const ofImage = (digest: Digest): readonly string[] => named.get(digest) ?? groupOf(digest);
  return {
    ofImage,
    ofLink(digest, link) {
      const product = productOf(link);
      if (product !== undefined) return [product];
      return isBeside(digest, link) ? ofImage(digest) : groupOf(digest);
    },
    mayTakePlace: (digest, link) => !isBeside(digest, link),
  };
}

function productOf(link: Link): string | undefined {
  return link.kind === 'unknown' || link.kind === 'pull-request' ? undefined : link.product;
}

/** By image, the names that records give it; nothing for one that none names. */
function findNames(links: ReadonlyMap<Digest, readonly Link[]>): ReadonlyMap<Digest, readonly string[]> {
  const found = new Map<Digest, readonly string[]>();
  for (const [digest, all] of links) {
    const names = new Set(all.filter((link) => isRecorded(link)).flatMap((link) => productOf(link) ?? []));
    if (names.size > 0) found.set(digest, [...names].sort());
  }
  return found;
}
