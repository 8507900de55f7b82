// What one text says by itself: a revision, or a tag by the patterns. How links travel between images is not known here.

import type { BuildRecord } from '../model/build-record.ts';
import type { LinkSource } from '../model/decision.ts';
import type { Forge, RequestName } from '../model/forge.ts';
import type { CommitId, CommitIndex, History } from '../model/history.ts';
import type { Policy } from '../model/policy.ts';
import type { Tag } from '../model/reference.ts';
import type { Annotations } from '../model/snapshot.ts';
import { appendTo } from '../util/append-to.ts';
import { reachedByAny } from './history/reach.ts';
import { type Link, onlyNamed } from './link.ts';
import { indexReferenceSlugs, type ReferenceSlugs } from './reference-slugs.ts';
import { comparableAddress } from './source-address.ts';
import {
  matchTagPattern,
  namesPullRequest,
  requestNameIn,
  selectTagPatterns,
  type TagMatch,
  type TagPart,
  type TagPattern,
} from './tag-pattern.ts';

/** What links are read by. */
export interface LinkEvidence {
  readonly history: History;
  readonly images: Policy['images'];
  /** Without open pull requests nobody can tell what a tag with a number means. */
  readonly forge?: Pick<Forge, 'pullRequests' | 'testMerges' | 'requestName'> | undefined;
}

/** Reads links from texts. */
export interface LinkReader {
  /** From a map that may hold `revision`. A value that is neither hex nor a reference's name says nothing. */
  ofRevision(map: Annotations, kind: 'label' | 'annotation'): readonly Link[];
  /** From an ordinary tag, by every pattern. */
  ofTag(tag: Tag): readonly Link[];
  /** From a record: as from a revision, but who may write records here makes the images that are ours, unless it tells of other sources. */
  ofRecord(record: Pick<BuildRecord, 'commit' | 'product' | 'source' | 'found'>): readonly Link[];
  /** From a commit that is named elsewhere, as a label would name it. What is no 7 to 64 hex digits says nothing. */
  ofCommit(commit: string, standing: Standing): readonly Link[];
  /** Why images built from the repository with this address are ours, told as `word address`; undefined when nothing says so. */
  proofOf(source: string, word: string): string | undefined;
}

/** How far a text's word goes: whether a commit that is there may condemn, and what proves that the image is ours if it is not. */
export interface Standing {
  readonly found: LinkSource;
  readonly mayCondemn: boolean;
  readonly proof: string | undefined;
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
const REVISION = 'org.opencontainers.image.revision';
const SOURCE = 'org.opencontainers.image.source';
/** As few digits as anybody shortens a commit's id to. */
const SHORTEST = 7;
const HEX = /^[0-9a-f]{7,64}$/;

/** A reader over whole evidence; one pass over the graph. */
export function makeLinkReader({ history, images, forge }: LinkEvidence): LinkReader {
  const proofOf = makeProofOf(history, images);
  const state: ReaderState = {
    history,
    slugs: indexReferenceSlugs(history.references),
    isReferenced: makeIsReferenced(history),
    mergesWithPrefix: indexTestMerges(forge?.testMerges ?? new Map()),
    requests: forge === undefined ? undefined : indexRequests(forge, history),
  };
  const patterns = selectTagPatterns(images.tagPatterns);
  return {
    ofRevision: (map, kind) => revisionLinks(map, { kind, name: REVISION }, { ...state, proofOf }),
    ofTag: (tag) => tagLinks(tag, patterns, state),
    ofRecord: (record) => recordLinks(record, { ...state, proofOf }),
    ofCommit: (commit, standing) => commitLinks(commit.trim().toLowerCase(), standing, state),
    proofOf,
  };
}

interface ReaderState {
  readonly history: History;
  readonly slugs: ReferenceSlugs<History['references'][number]>;
  /** Whether a branch or tag leads to the commit. */
  isReferenced(commit: CommitIndex): boolean;
  mergesWithPrefix(hex: string): readonly (readonly [merge: CommitId, head: CommitId])[];
  /** Pull or merge requests; undefined when no forge was asked for them. */
  readonly requests: OpenRequests | undefined;
}

interface OpenRequests {
  readonly name: RequestName;
  readonly open: ReadonlySet<number>;
  /** By the branches that they come from, those excepted that are this repository's own: these say what they lead to themselves. */
  readonly fromElsewhere: ReferenceSlugs<{ readonly kind: 'branch'; readonly name: string; readonly number: number }>;
}

/** A pipeline in this project for a fork's request names its images by the fork's branch, which is not among ours. */
function indexRequests(
  { pullRequests, requestName: name }: NonNullable<LinkEvidence['forge']>,
  { references }: History,
): OpenRequests | undefined {
  if (pullRequests === undefined) return undefined;
  const own = new Set(references.flatMap(({ kind, name, commit }) => (kind === 'branch' ? `${commit} ${name}` : [])));
  const elsewhere = pullRequests.flatMap(({ number, head, headBranch }) =>
    headBranch === undefined || own.has(`${head} ${headBranch}`)
      ? []
      : { kind: 'branch' as const, name: headBranch, number },
  );
  return {
    name,
    open: new Set(pullRequests.map(({ number }) => number)),
    fromElsewhere: indexReferenceSlugs(elsewhere),
  };
}

function makeProofOf(history: History, images: Policy['images']): LinkReader['proofOf'] {
  if (images.source === 'any') return () => 'images.source: any';
  const ours = new Set([...history.remoteUrls, ...images.source].map(comparableAddress));
  return (address, word) => {
    const source = comparableAddress(address);
    return source !== '' && ours.has(source) ? `${word} ${source}` : undefined;
  };
}

function makeIsReferenced({ graph, references }: History): (commit: CommitIndex) => boolean {
  const reached = reachedByAny(
    graph,
    references.flatMap(({ commit }) => graph.indexOf(commit) ?? []),
  );
  return (commit) => reached[commit] === 1;
}

function indexTestMerges(testMerges: Forge['testMerges']): ReaderState['mergesWithPrefix'] {
  const byStart = new Map<string, [CommitId, CommitId][]>();
  for (const [merge, head] of testMerges) {
    appendTo(byStart, merge.slice(0, SHORTEST), [merge, head]);
  }
  return (hex) => (byStart.get(hex.slice(0, SHORTEST)) ?? []).filter(([merge]) => merge.startsWith(hex));
}

function revisionLinks(
  map: Annotations,
  found: LinkSource,
  reader: ReaderState & Pick<LinkReader, 'proofOf'>,
): readonly Link[] {
  const revision = (map[REVISION] ?? '').trim();
  if (revision === '') return [];
  const hex = revision.toLowerCase();
  if (HEX.test(hex))
    return commitLinks(hex, { found, mayCondemn: true, proof: reader.proofOf(map[SOURCE] ?? '', SOURCE) }, reader);
  const references = [...reader.slugs.find('branch', revision), ...reader.slugs.find('tag', revision)];
  return references.flatMap((reference) => {
    const commit = reader.history.graph.indexOf(reference.commit);
    return commit === undefined ? [] : [{ kind: 'commit', commit, found, mayCondemn: false }];
  });
}

function commitLinks(hex: string, standing: Standing, reader: ReaderState): readonly Link[] {
  if (!HEX.test(hex)) return [];
  const { found, proof } = standing;
  const links = linksOfHex(hex, standing, reader);
  if (links.length > 0) return links;
  if (!isSurelyCommit(hex)) return [{ kind: 'named', commit: hex, found }];
  return [{ kind: 'gone', what: `commit ${hex.slice(0, 10)}`, commit: hex, found, proof }];
}

function recordLinks(
  { commit, product, source, found }: Parameters<LinkReader['ofRecord']>[0],
  reader: ReaderState & Pick<LinkReader, 'proofOf'>,
): readonly Link[] {
  const isOurs = source === undefined || reader.proofOf(source, SOURCE) !== undefined;
  const proof = isOurs ? 'its record' : undefined;
  const links = linksOfHex(commit, { found, mayCondemn: true, proof }, reader);
  const gone: Link = { kind: 'gone', what: `commit ${commit.slice(0, 10)}`, commit, found, proof };
  const all = links.length > 0 ? links : [gone];
  return product === undefined ? all : all.map((link) => ({ ...link, product }));
}

/** Links to every commit, known by the history or as a test merge, that the digits may mean. */
function linksOfHex(hex: string, standing: Standing, reader: ReaderState): readonly Link[] {
  const { found, mayCondemn } = standing;
  // A commit that no branch leads to condemns by nothing that would not condemn if it were gone.
  const proof = isSurelyCommit(hex) ? standing.proof : undefined;
  const aside = { kind: 'proposed', found, proof, isStranger: found.kind !== 'tag-pattern' && !proof } as const;
  const { graph } = reader.history;
  return [
    ...graph
      .withPrefix(hex)
      .map(
        (commit): Link =>
          reader.isReferenced(commit) ? { kind: 'commit', commit, found, mayCondemn } : { ...aside, commit },
      ),
    ...reader.mergesWithPrefix(hex).map(([merge, head]): Link => {
      const commit = graph.indexOf(head);
      if (commit !== undefined) return { ...aside, commit, merge };
      return { kind: 'unknown', why: `it was built from a test merge of ${head.slice(0, 10)}, a commit nobody knows` };
    }),
  ];
}

function tagLinks(tag: Tag, patterns: readonly TagPattern[], reader: ReaderState): readonly Link[] {
  const matches = patterns.flatMap((pattern) => matchTagPattern(pattern, tag) ?? []);
  const links = matches.flatMap((match) => linksOfMatch(match, tag, reader));
  // One live reading of a tag outweighs every reading by which it would be gone.
  const isLive = links.some(({ kind }) => kind === 'commit' || kind === 'proposed' || kind === 'pull-request');
  return isLive ? links.flatMap((link) => (link.kind === 'gone' ? onlyNamed(link) : [link])) : links;
}

function linksOfMatch(match: TagMatch, tag: Tag, reader: ReaderState): readonly Link[] {
  const { pattern } = match;
  const found: LinkSource = { kind: 'tag-pattern', name: pattern.source, tag };
  const hasNumber = pattern.placeholders.includes('number');
  const { requests } = reader;
  if (hasNumber && requests === undefined) {
    const name = requestNameIn(pattern);
    const why = `tag ${tag} names a ${name}, and ${name}s are known only with a forge`;
    return [{ kind: 'unknown', why, needsForge: true }];
  }
  const standing: Standing = {
    found,
    mayCondemn: pattern.declared,
    proof: pattern.declared ? `the declared pattern ${pattern.source}` : undefined,
  };
  // Where a tag can be split in several ways, one that finds something live is enough. A commit says more than the branch or the pull
  // request that it was built for: `{branch}-{commit}` is decided by the commit alone.
  const commits = textsOf(match, 'commit').flatMap((hex) => linksOfHex(hex, standing, reader));
  if (commits.length > 0) return commits;
  const commit = match.parts.find(({ name }) => name === 'commit')?.text;
  const open = textsOf(match, 'number').find((text) => requests?.open.has(Number(text)));
  if (open !== undefined) {
    return [{ kind: 'pull-request', number: Number(open), ...(commit === undefined ? {} : { commit }), found }];
  }
  const references = commit === undefined ? referenceCommits(match, reader) : [];
  const proposed = commit === undefined ? requestsFromElsewhere(match, reader) : [];
  if (references.length > 0 || proposed.length > 0) {
    // Beside a number, a live branch may be all there is: the number may not be a request's at all. Of a build's number, the branch is all,
    // and which of its commits was built is not known.
    const mayCondemn = pattern.declared && !hasNumber && !pattern.placeholders.includes('build');
    return [
      ...references.map((at): Link => ({ kind: 'commit', commit: at, found, mayCondemn })),
      ...proposed.map((number): Link => ({ kind: 'pull-request', number, found })),
    ];
  }
  if (hasNumber && pattern.declared && !namesPullRequest(pattern)) {
    const why = `tag ${tag} may hold the number of a build: only after words such as ${requests?.name === 'merge request' ? 'mr-' : 'pr-'} is a number surely a ${requests?.name ?? 'pull request'}'s`;
    return [{ kind: 'unknown', why }];
  }
  return deadLinks(match, { tag, standing, commit, request: requests?.name ?? requestNameIn(pattern) });
}

/** What a tag says when nothing that it names is there. */
function deadLinks(
  match: TagMatch,
  context: {
    readonly tag: Tag;
    readonly standing: Standing;
    readonly commit: string | undefined;
    readonly request: RequestName;
  },
): readonly Link[] {
  const { standing, commit } = context;
  const { found, proof } = standing;
  const named = commit === undefined ? {} : { commit };
  // `latest` names no branch, tag or commit, whatever the pattern.
  const isReading = commit === undefined || isSurelyCommit(commit);
  if (proof === undefined || context.tag === 'latest' || !isReading) {
    return commit === undefined ? [] : [{ kind: 'named', commit, found }];
  }
  const what = match.parts
    .filter(({ name }) => name !== 'build' && (commit === undefined || name === 'commit' || name === 'number'))
    .map(({ name, text }) => `${name === 'number' ? context.request : name} ${text}`)
    .join(', ');
  return [{ kind: 'gone', what, ...named, found, proof }];
}

/** Every text that the placeholder can stand for, each once. */
function textsOf(match: TagMatch, wanted: TagPart['name']): readonly string[] {
  return [...new Set(match.readings.flatMap(({ name, text }) => (name === wanted ? text : [])))];
}

function referenceCommits(match: TagMatch, { slugs, history }: ReaderState): readonly CommitIndex[] {
  const references = match.readings.flatMap(({ name, text }) =>
    name === 'branch' || name === 'tag' ? slugs.find(name, text) : [],
  );
  return [...new Set(references.flatMap(({ commit }) => history.graph.indexOf(commit) ?? []))];
}

function requestsFromElsewhere(match: TagMatch, { requests }: ReaderState): readonly number[] {
  const found = textsOf(match, 'branch').flatMap((text) => requests?.fromElsewhere.find('branch', text) ?? []);
  return [...new Set(found.map(({ number }) => number))];
}

/** Digits alone may be a date or a build's number: when no commit has them, they say nothing. */
function isSurelyCommit(hex: string): boolean {
  return hex.length >= 40 || /[a-f]/.test(hex);
}
