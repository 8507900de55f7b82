// Links: what each image says about the commit it was built from, and how much that may be trusted.

import type { LinkSource } from '../model/decision.ts';
import type { CommitIndex, History } from '../model/history.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Policy } from '../model/policy.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { Annotations, ImageNode } from '../model/snapshot.ts';
import { indexReferenceSlugs, type ReferenceSlugs } from './reference-slugs.ts';
import { comparableAddress } from './source-address.ts';
import {
  BUILT_IN_PATTERNS,
  compileTagPattern,
  matchTagPattern,
  type TagMatch,
  type TagPart,
  type TagPattern,
} from './tag-pattern.ts';

/**
 * One statement about where an image comes from.
 * - `commit`: a commit of this history. `mayCondemn` is false for a pattern nobody declared.
 * - `gone`: it names a commit or reference that is not there; `proof` tells why the image is ours all the same.
 * - `unknown`: something that could be a link and cannot be read; it always protects.
 */
export type Link =
  | { readonly kind: 'commit'; readonly commit: CommitIndex; readonly found: LinkSource; readonly mayCondemn: boolean }
  | { readonly kind: 'gone'; readonly what: string; readonly found: LinkSource; readonly proof: string | undefined }
  | { readonly kind: 'unknown'; readonly why: string };

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
const REVISION = 'org.opencontainers.image.revision';
const SOURCE = 'org.opencontainers.image.source';

/**
 * The links of every node: its own, those of everything it lists, and those of everything that lists it (with what that
 * lists). Nodes without any link are absent from the map.
 */
export function collectLinks(
  graph: ImageGraph,
  history: History,
  images: Policy['images'],
): ReadonlyMap<Digest, readonly Link[]> {
  const reader = makeReader(history, images);
  const own = new Map<Digest, readonly Link[]>();
  for (const node of graph.nodes.values()) own.set(node.digest, ownLinks(node, graph, reader));

  const below = memoise((digest: Digest, visit: (digest: Digest) => readonly Link[]) => [
    ...(own.get(digest) ?? []),
    ...graph.childrenOf(digest).flatMap(visit),
  ]);
  const all = new Map<Digest, readonly Link[]>();
  for (const digest of graph.nodes.keys()) {
    // What an owner says about a commit that is gone is no proof about its part: an index may list a stranger.
    const inherited = ancestorsOf(graph, digest)
      .flatMap(below)
      .filter(({ kind }) => kind !== 'gone');
    const links = [...below(digest), ...inherited];
    if (links.length > 0) all.set(digest, unique(links));
  }
  return all;
}

/**
 * Whether any image says that it was built from a commit of this history. Where images name commits, only those count: a
 * branch called `main` is in every history.
 */
export function isBuiltHere(links: ReadonlyMap<Digest, readonly Link[]>): boolean {
  const all = [...links.values()].flat();
  const namesCommit = (link: Link): boolean =>
    link.kind !== 'unknown' && (link.found.kind !== 'tag-pattern' || link.found.name.includes('{commit}'));
  const telling = all.filter(namesCommit);
  if (telling.length > 0) return telling.some(({ kind }) => kind === 'commit');
  return all.some((link) => link.kind === 'commit' && link.mayCondemn);
}

interface LinkReader {
  readonly history: History;
  readonly slugs: ReferenceSlugs;
  readonly patterns: readonly TagPattern[];
  proofOfSource(map: Annotations): string | undefined;
}

function makeReader(history: History, images: Policy['images']): LinkReader {
  const declared = images.tagPatterns.map((source) => compileTagPattern(source, true));
  const builtIn = BUILT_IN_PATTERNS.filter((pattern) => !images.tagPatterns.includes(pattern.source));
  const ours = new Set(
    [...history.remoteUrls, ...(images.source === 'any' ? [] : images.source)].map(comparableAddress),
  );
  return {
    history,
    slugs: indexReferenceSlugs(history),
    patterns: [...declared, ...builtIn],
    proofOfSource(map) {
      if (images.source === 'any') return 'images.source: any';
      const source = comparableAddress(map[SOURCE] ?? '');
      return source !== '' && ours.has(source) ? `${SOURCE} ${source}` : undefined;
    },
  };
}

function ownLinks(node: ImageNode, graph: ImageGraph, reader: LinkReader): readonly Link[] {
  const links: Link[] = [];
  const { content } = node;
  if (content.kind === 'image' && content.facts.kind === 'unread' && !graph.isAttestation(node.digest)) {
    links.push({ kind: 'unknown', why: `its config could not be read (${content.facts.why})` });
  }
  if (content.kind === 'image' && content.facts.kind === 'read') {
    links.push(...revisionLinks(content.facts.labels, 'label', reader));
  }
  links.push(...revisionLinks(node.annotations, 'annotation', reader));
  if (content.kind === 'index') {
    for (const child of content.children) links.push(...revisionLinks(child.annotations, 'annotation', reader));
  }
  for (const tag of node.tags) if (parseReferrerTag(tag) === undefined) links.push(...tagLinks(tag, reader));
  return links;
}

/** Links from a map that may hold `revision`. A value that is neither hex nor a reference's name says nothing. */
function revisionLinks(map: Annotations, kind: 'label' | 'annotation', reader: LinkReader): readonly Link[] {
  const revision = (map[REVISION] ?? '').trim();
  if (revision === '') return [];
  const found: LinkSource = { kind, name: REVISION };
  const hex = revision.toLowerCase();
  if (/^[0-9a-f]{7,64}$/.test(hex)) {
    const commits = reader.history.graph.withPrefix(hex);
    if (commits.length > 0) return commits.map((commit) => ({ kind: 'commit', commit, found, mayCondemn: true }));
    if (!isSurelyCommit(hex)) return [];
    return [{ kind: 'gone', what: `commit ${hex.slice(0, 10)}`, found, proof: reader.proofOfSource(map) }];
  }
  return referencesNamed(revision, reader).map((commit) => ({ kind: 'commit', commit, found, mayCondemn: false }));
}

function tagLinks(tag: Tag, reader: LinkReader): readonly Link[] {
  const matches = reader.patterns.flatMap((pattern) => matchTagPattern(pattern, tag) ?? []);
  const links = matches.flatMap((match) => linksOfMatch(match, tag, reader));
  // One live reading of a tag outweighs every reading by which it would be gone.
  return links.some((link) => link.kind === 'commit') ? links.filter((link) => link.kind !== 'gone') : links;
}

function linksOfMatch(match: TagMatch, tag: Tag, reader: LinkReader): readonly Link[] {
  const { pattern } = match;
  const found: LinkSource = { kind: 'tag-pattern', name: pattern.source, tag };
  if (pattern.placeholders.includes('number')) {
    const why = `tag ${tag} names a pull request, and pull requests are known only with a forge`;
    return [{ kind: 'unknown', why }];
  }
  // A commit says more than the branch that it was built on: `{branch}-{commit}` is decided by the commit alone.
  const isTelling = ({ name }: TagPart): boolean => name === 'commit' || !pattern.placeholders.includes('commit');
  // Where a tag can be split in several ways, one that finds something live is enough.
  const commits = new Set(match.readings.filter(isTelling).flatMap((part) => commitsOfPart(part, reader)));
  if (commits.size > 0) {
    return [...commits].map((commit) => ({ kind: 'commit', commit, found, mayCondemn: pattern.declared }));
  }
  // `latest` names no branch, tag or commit, whatever the pattern.
  const isReading = match.parts.every(({ name, text }) => name !== 'commit' || isSurelyCommit(text));
  if (!pattern.declared || tag === 'latest' || !isReading) return [];
  const what = match.parts
    .filter(isTelling)
    .map((part) => `${part.name} ${part.text}`)
    .join(', ');
  return [{ kind: 'gone', what, found, proof: `the declared pattern ${pattern.source}` }];
}

/** Digits alone may be a date or a build's number: when no commit has them, they say nothing. */
function isSurelyCommit(hex: string): boolean {
  return hex.length >= 40 || /[a-f]/.test(hex);
}

function commitsOfPart(part: TagPart, reader: LinkReader): readonly CommitIndex[] {
  const { history, slugs } = reader;
  if (part.name === 'commit') return history.graph.withPrefix(part.text);
  if (part.name === 'number') return [];
  return slugs.find(part.name, part.text).flatMap((reference) => history.graph.indexOf(reference.commit) ?? []);
}

function referencesNamed(name: string, reader: LinkReader): readonly CommitIndex[] {
  const references = [...reader.slugs.find('branch', name), ...reader.slugs.find('tag', name)];
  return references.flatMap((reference) => reader.history.graph.indexOf(reference.commit) ?? []);
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
