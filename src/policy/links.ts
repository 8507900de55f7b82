// Links: what each image says about the commit it was built from, and how much that may be trusted.

import type { BuildRecord } from '../model/build-record.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { ImageNode } from '../model/snapshot.ts';
import { parseWerfTag } from '../model/werf-tag.ts';
import { appendTo } from '../util/append-to.ts';
import { makeGuesser, tellsEnough } from './guessed-links.ts';
import { isRecorded, type Link, onlyNamed } from './link.ts';
import { type LinkEvidence, type LinkReader, makeLinkReader } from './link-reader.ts';
import { provenanceLinks } from './provenance-links.ts';

/** What links are collected from, besides the images themselves. */
export interface LinkInput extends LinkEvidence {
  /** What records say about images of the graph. Default: there are none. */
  readonly records?: readonly BuildRecord[];
  /** What werf built: tags of its shape are no link there, and what its records say of an index holds for the platforms. */
  readonly built?: ReadonlySet<Digest>;
}

/**
 * The links of every node: its own, those of everything it lists, and those of everything that lists it (with what that
 * lists). Nodes without any link are absent from the map, and so are records: they say it of their image.
 */
export function collectLinks(graph: ImageGraph, input: LinkInput): ReadonlyMap<Digest, readonly Link[]> {
  return collectLinksByOrigin(graph, input).all;
}

/** Links by node. */
export interface LinksByOrigin {
  /** As {@link collectLinks} says. */
  readonly all: ReadonlyMap<Digest, readonly Link[]>;
  /** What each node says itself, and what is recorded or guessed of it. */
  readonly own: ReadonlyMap<Digest, readonly Link[]>;
}

/** The links of every node, and which of them are its own. */
export function collectLinksByOrigin(graph: ImageGraph, input: LinkInput): LinksByOrigin {
  const reader = makeLinkReader(input);
  const { built = new Set() } = input;
  const tagsOf = tellingTags(graph, built);
  const stated = collectStated(graph, input, { reader, tagsOf });
  const guess = makeGuesser({ tags: [...tagsOf.values()].flat(), history: input.history, reader });

  const below = memoise((digest: Digest, visit: (digest: Digest) => readonly Link[]) => [
    ...(stated.get(digest) ?? []),
    ...graph.childrenOf(digest).flatMap(visit),
  ]);
  const all = new Map<Digest, readonly Link[]>();
  const own = new Map<Digest, readonly Link[]>();
  for (const [digest, statements] of stated) {
    const isBuilt = built.has(digest);
    const inherited = ancestorsOf(graph, digest)
      .flatMap(below)
      .flatMap((link) => (isBuilt && isWerfs(link) ? [link] : asInherited(link)));
    const told = unique([...below(digest), ...inherited]);
    const tags = told.some(tellsEnough) ? [] : (tagsOf.get(digest) ?? []);
    const guesses = beyond(told, tags.flatMap(guess));
    own.set(digest, [...statements, ...guesses]);
    if (told.length + guesses.length > 0) all.set(digest, [...told, ...guesses]);
  }
  return { all, own };
}

/** By node, the tags that may be a link: no referrer's, and none of werf's on what werf built. Records have none. */
function tellingTags(graph: ImageGraph, built: ReadonlySet<Digest>): ReadonlyMap<Digest, readonly Tag[]> {
  const images = [...graph.nodes.values()].filter(({ digest }) => graph.roleOf(digest) !== 'record');
  return new Map(
    images.map(({ digest, tags }) => {
      const ordinary = tags.filter((tag) => parseReferrerTag(tag) === undefined);
      return [digest, built.has(digest) ? ordinary.filter((tag) => parseWerfTag(tag) === undefined) : ordinary];
    }),
  );
}

interface Reading {
  readonly reader: LinkReader;
  readonly tagsOf: ReadonlyMap<Digest, readonly Tag[]>;
}

/** What each node says itself, and what records say of it. */
function collectStated(
  graph: ImageGraph,
  { records = [] }: LinkInput,
  { reader, tagsOf }: Reading,
): ReadonlyMap<Digest, readonly Link[]> {
  const recorded = new Map<Digest, Link[]>();
  for (const record of records) for (const link of reader.ofRecord(record)) appendTo(recorded, record.image, link);
  const stated = new Map<Digest, readonly Link[]>();
  for (const [digest, tags] of tagsOf) {
    const node = graph.nodes.get(digest);
    if (node === undefined) continue;
    stated.set(digest, [...(recorded.get(digest) ?? []), ...ownLinks({ ...node, tags }, graph, reader)]);
  }
  return stated;
}

/** What is not told already. */
function beyond(told: readonly Link[], guesses: readonly Link[]): readonly Link[] {
  const names = new Set(told.flatMap((link) => (link.kind === 'named' ? link.commit : [])));
  return unique(guesses).filter((link) => link.kind !== 'named' || !names.has(link.commit));
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
  for (const tag of node.tags) links.push(...reader.ofTag(tag));
  return links;
}

/** werf publishes an index as a whole: its record is about the platforms too. */
function isWerfs(link: Link): boolean {
  return isRecorded(link, 'werf-record');
}

/** What an owner says of a commit that no branch leads to is no proof about its part: an index may list a stranger. */
export function asInherited(link: Link): readonly Link[] {
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
  if (links.length < 2) return links;
  const byText = new Map(links.map((link) => [JSON.stringify(link), link]));
  return [...byText.values()];
}
