// Links: what each image says about the commit it was built from, and how much that may be trusted.

import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { ImageNode } from '../model/snapshot.ts';
import type { Link } from './link.ts';
import { type LinkEvidence, type LinkReader, makeLinkReader, onlyNamed } from './link-reader.ts';
import { provenanceLinks } from './provenance-links.ts';

/**
 * The links of every node: its own, those of everything it lists, and those of everything that lists it (with what that
 * lists). Nodes without any link are absent from the map.
 */
export function collectLinks(graph: ImageGraph, evidence: LinkEvidence): ReadonlyMap<Digest, readonly Link[]> {
  const reader = makeLinkReader(evidence);
  const own = new Map<Digest, readonly Link[]>();
  for (const node of graph.nodes.values()) own.set(node.digest, ownLinks(node, graph, reader));

  const below = memoise((digest: Digest, visit: (digest: Digest) => readonly Link[]) => [
    ...(own.get(digest) ?? []),
    ...graph.childrenOf(digest).flatMap(visit),
  ]);
  const all = new Map<Digest, readonly Link[]>();
  for (const digest of graph.nodes.keys()) {
    const inherited = ancestorsOf(graph, digest).flatMap(below).flatMap(asInherited);
    const links = [...below(digest), ...inherited];
    if (links.length > 0) all.set(digest, unique(links));
  }
  return all;
}

/**
 * Whether any image says that it was built from a commit of this history. Where images name commits, only those count: a
 * branch called `main` is in every history. A commit of a pull request counts when the image is proved ours, since anybody can
 * open one.
 */
export function isBuiltHere(links: ReadonlyMap<Digest, readonly Link[]>): boolean {
  const all = [...links.values()].flat();
  const telling = all.filter(namesCommit);
  if (telling.length > 0) {
    return telling.some((link) => link.kind === 'commit' || (link.kind === 'proposed' && link.proof !== undefined));
  }
  return all.some((link) => link.kind === 'commit' && link.mayCondemn);
}

function namesCommit(link: Link): boolean {
  switch (link.kind) {
    case 'commit':
    case 'gone':
      return link.found.kind !== 'tag-pattern' || link.found.name.includes('{commit}');
    case 'proposed':
      return link.proof !== undefined || link.isStranger;
    case 'pull-request':
    case 'named':
    case 'unknown':
      return false;
  }
}

function ownLinks(node: ImageNode, graph: ImageGraph, reader: LinkReader): readonly Link[] {
  const links: Link[] = [];
  const { content } = node;
  if (content.kind === 'image' && content.facts.kind === 'unread' && !graph.isAttestation(node.digest)) {
    links.push({ kind: 'unknown', why: `its config could not be read (${content.facts.why})` });
  }
  if (content.kind === 'image' && content.facts.kind === 'read') {
    links.push(...reader.ofRevision(content.facts.labels, 'label'));
  }
  links.push(...provenanceLinks(node, reader));
  links.push(...reader.ofRevision(node.annotations, 'annotation'));
  if (content.kind === 'index') {
    for (const child of content.children) links.push(...reader.ofRevision(child.annotations, 'annotation'));
  }
  for (const tag of node.tags) if (parseReferrerTag(tag) === undefined) links.push(...reader.ofTag(tag));
  return links;
}

/** What an owner says of a commit that no branch leads to is no proof about its part: an index may list a stranger. */
function asInherited(link: Link): readonly Link[] {
  if (link.kind === 'gone') return onlyNamed(link);
  return link.kind === 'proposed' ? [{ ...link, proof: undefined, isStranger: false }] : [link];
}

function ancestorsOf(graph: ImageGraph, digest: Digest): readonly Digest[] {
  const seen = new Set<Digest>();
  const queue = [...graph.parentsOf(digest), ...graph.subjectsOf(digest)];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next) || next === digest) continue;
    seen.add(next);
    queue.push(...graph.parentsOf(next), ...graph.subjectsOf(next));
  }
  return [...seen];
}

/** A memoised walk that answers an empty list for a node that is still being visited, so that cycles end. */
function memoise<Value>(compute: (digest: Digest, visit: (digest: Digest) => readonly Value[]) => readonly Value[]) {
  const done = new Map<Digest, readonly Value[]>();
  const visit = (digest: Digest): readonly Value[] => {
    const known = done.get(digest);
    if (known !== undefined) return known;
    done.set(digest, []);
    const value = compute(digest, visit);
    done.set(digest, value);
    return value;
  };
  return visit;
}

function unique(links: readonly Link[]): readonly Link[] {
  const byText = new Map(links.map((link) => [JSON.stringify(link), link]));
  return [...byText.values()];
}
