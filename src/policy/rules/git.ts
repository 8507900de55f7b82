// Rule `git`: keep what branches and tags still need, by werf's keep policies; say of the rest whether it may go.

import type { DeleteReason, KeepReason, LinkSource } from '../../model/decision.ts';
import { type RequestName, requestNameField } from '../../model/forge.ts';
import type { CommitIndex, History } from '../../model/history.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Instant } from '../../model/time.ts';
import { appendTo } from '../../util/append-to.ts';
import { collectReasons, type ReasonCollector } from '../collect-reasons.ts';
import { type KeptImage, keepPerReference } from '../history/keep-per-reference.ts';
import { rankCommits, reachedFrom } from '../history/reach.ts';
import { type SelectedReference, selectReferences } from '../history/select-references.ts';
import { isRecorded, type Link } from '../link.ts';
import { makeProducts, type Products } from '../products.ts';

/** What the rule looks at. */
export interface GitRuleInput {
  readonly graph: ImageGraph;
  readonly history: History;
  readonly policy: Pick<Policy, 'git' | 'images'>;
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  /** What the forge calls a pull request. Default: so. */
  readonly requestName?: RequestName | undefined;
  /** Images that are not looked at, as if they were not there. */
  readonly skip?: ReadonlySet<Digest>;
  /** Speaks instead of this rule of an image that no keep policy keeps; undefined where it has nothing to say. */
  readonly judgeFirst?: (digest: Digest) => UnkeptVerdict | undefined;
  readonly now: Instant;
}

/** By image and product, the commits by which keep policies keep it, each with the first such branch or tag. */
export type GitHits = ReadonlyMap<Digest, ReadonlyMap<string, ReadonlyMap<CommitIndex, string>>>;

/** What the rule says of each image: reasons to keep, or, when there are none, why nothing in Git needs it. */
export interface GitVerdicts {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
  readonly hits: GitHits;
}

/** More reasons to delete than these help nobody. */
const MAX_REASONS = 10;

/** Verdicts on every node that stands for itself. A node without a usable link is kept unless the policy says otherwise. */
export function judgeByGit(input: GitRuleInput): GitVerdicts {
  const { graph, links, skip = new Set() } = input;
  const images = [...graph.nodes.keys()].filter((digest) => graph.roleOf(digest) === 'image' && !skip.has(digest));
  const products = makeProducts(graph, input.policy.images.groupBy, links);
  const reasons = collectReasons();
  const hits: Hits = new Map();
  // Thrice: links that nobody declared must not take a place in "the newest N" from an image with a sure link, nor guesses from any.
  const hasGuesses = [...links.values()].flat().some((link) => link.kind === 'commit' && link.isGuess === true);
  for (const trust of hasGuesses ? (['sure', 'told', 'all'] as const) : (['sure', 'all'] as const)) {
    addPolicyReasons({ reasons, hits }, input, { links, images, products, trust });
  }
  const keep = new Map(reasons.keep);
  const drop = new Map<Digest, readonly DeleteReason[]>();
  for (const digest of images) {
    if (keep.has(digest)) continue;
    const verdict = input.judgeFirst?.(digest) ?? judgeUnkept(links.get(digest) ?? [], input);
    if (verdict.keep === undefined) drop.set(digest, verdict.drop);
    else keep.set(digest, [verdict.keep]);
  }
  return { keep, drop, hits };
}

type Hits = Map<Digest, Map<string, Map<CommitIndex, string>>>;

interface Gathering {
  readonly reasons: ReasonCollector;
  readonly hits: Hits;
}

interface Candidates {
  readonly products: Products;
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  readonly images: readonly Digest[];
  readonly trust: 'sure' | 'told' | 'all';
}

function addPolicyReasons(gathering: Gathering, input: GitRuleInput, candidates: Candidates): void {
  const { history, now } = input;
  const selected = selectReferences(history, input.policy.git.keepPolicies, now);
  const ranks = rankCommits(history.graph);
  for (const [product, published] of groupByProduct(candidates)) {
    const reachOf = makeReach(history, selected, [...published.keys()]);
    for (const choice of selected) {
      const kept = keepPerReference(choice.policy.imagesPerReference, {
        reached: reachOf(choice),
        imagesOf: (commit) => published.get(commit) ?? [],
        dateOf: (commit) => history.graph.dateOf(commit),
        rankOf: (commit) => ranks[commit] ?? 0,
        now,
      });
      for (const image of kept) addReason(gathering, image, { choice, candidates, history, product });
    }
  }
}

/** For each product, the images published at each commit. */
function groupByProduct(candidates: Candidates): ReadonlyMap<string, ReadonlyMap<CommitIndex, readonly Digest[]>> {
  const published = new Map<string, Map<CommitIndex, Digest[]>>();
  for (const { digest, product, commit } of listPublished(candidates)) {
    const commits = published.get(product) ?? new Map<CommitIndex, Digest[]>();
    published.set(product, commits);
    // All links of one image come in one go.
    if (commits.get(commit)?.at(-1) !== digest) appendTo(commits, commit, digest);
  }
  return published;
}

function* listPublished({ images, links, products, trust }: Candidates) {
  for (const digest of images) {
    for (const link of links.get(digest) ?? []) {
      const usable = trust === 'all' || products.mayTakePlace(digest, link) ? usableCommit(link, trust) : [];
      for (const commit of usable) yield* products.ofLink(digest, link).map((product) => ({ digest, product, commit }));
    }
  }
}

function usableCommit(link: Link, trust: Candidates['trust']): readonly CommitIndex[] {
  if (link.kind !== 'commit') return [];
  const isTrusted = link.mayCondemn || trust === 'all' || (trust === 'told' && link.isGuess !== true);
  return isTrusted ? [link.commit] : [];
}

/** A branch reaches all its ancestors; a tag only the commit that it names. */
function makeReach(
  history: History,
  selected: readonly SelectedReference[],
  wanted: readonly CommitIndex[],
): (choice: SelectedReference) => readonly CommitIndex[] {
  const headOf = ({ reference }: SelectedReference): CommitIndex | undefined => history.graph.indexOf(reference.commit);
  const heads = selected
    .filter(({ reference }) => reference.kind === 'branch')
    .flatMap((choice) => headOf(choice) ?? []);
  const reached = reachedFrom(history.graph, heads, wanted);
  const byHead = new Map(heads.map((head, at) => [head, reached[at] ?? []]));
  const published = new Set(wanted);
  return (choice) => {
    const head = headOf(choice);
    if (head === undefined) return [];
    if (choice.reference.kind === 'branch') return byHead.get(head) ?? [];
    return published.has(head) ? [head] : [];
  };
}

interface ReasonContext {
  readonly choice: SelectedReference;
  readonly candidates: Candidates;
  readonly history: History;
  readonly product: string;
}

function addReason({ reasons, hits }: Gathering, image: KeptImage, context: ReasonContext): void {
  const { choice, candidates, history, product } = context;
  const { kind, name } = choice.reference;
  const commit = history.graph.idOf(image.commit);
  addHit(hits, image, { product, reference: `${kind} ${name}` });
  reasons.add(
    image.digest,
    `${kind} ${name}`,
    sourcesOf(image, candidates, product).map((found) => ({
      found,
      reason: { rule: 'git', policy: choice.policy.name, reference: { kind, name }, commit, found },
    })),
  );
}

function addHit(
  hits: Hits,
  { digest, commit }: KeptImage,
  { product, reference }: { readonly product: string; readonly reference: string },
): void {
  const ofImage = hits.get(digest) ?? new Map<string, Map<CommitIndex, string>>();
  const ofProduct = ofImage.get(product) ?? new Map<CommitIndex, string>();
  if (!ofProduct.has(commit)) ofProduct.set(commit, reference);
  hits.set(digest, ofImage.set(product, ofProduct));
}

/** Where it says that the image is of the commit, as this product. */
function sourcesOf(image: KeptImage, candidates: Candidates, product: string): readonly LinkSource[] {
  const { links, products } = candidates;
  return (links.get(image.digest) ?? []).flatMap((link) => {
    const isSource = link.kind === 'commit' && link.commit === image.commit;
    return isSource && products.ofLink(image.digest, link).includes(product) ? [link.found] : [];
  });
}

/** What is to be said of an image that no keep policy keeps. */
export type UnkeptVerdict =
  | { readonly keep: KeepReason }
  | { readonly keep?: undefined; readonly drop: readonly DeleteReason[] };

/** What is to be said of an image that no keep policy reaches. */
function judgeUnkept(links: readonly Link[], { history, policy, requestName }: GitRuleInput): UnkeptVerdict {
  const name = requestName ?? 'pull request';
  const unknown = links.find((link) => link.kind === 'unknown');
  if (unknown?.kind === 'unknown') return { keep: { rule: 'unlinked', why: unknown.why } };
  // What a tag of an open pull request keeps, the rule for those keeps.
  if (links.some(({ kind }) => kind === 'pull-request')) return { drop: [] };
  const drop = findDropReasons(links, history, name);
  if (drop.length > 0) return { drop: drop.slice(0, MAX_REASONS) };
  if (policy.images.unlinked === 'delete') return { drop: [{ rule: 'unlinked-unwanted' }] };
  return { keep: { rule: 'unlinked', why: describeUnlinked(links, name) } };
}

function findDropReasons(links: readonly Link[], history: History, name: RequestName): readonly DeleteReason[] {
  const isStranger = isStrangers(links);
  return links.flatMap((link): DeleteReason[] => {
    if (link.kind === 'commit' && link.mayCondemn) {
      return [{ rule: 'git-superseded', commit: history.graph.idOf(link.commit), found: link.found }];
    }
    if (link.kind === 'proposed' && link.proof !== undefined && !isStranger) {
      const commit = link.merge ?? history.graph.idOf(link.commit);
      const { found, proof } = link;
      return [{ rule: 'git-superseded', commit, found, proof, ...requestNameField(name) }];
    }
    if (link.kind === 'gone' && link.proof !== undefined && !isStranger) {
      return [{ rule: 'git-gone', what: link.what, found: link.found, proof: link.proof }];
    }
    return [];
  });
}

/**
 * A label of a commit nobody knows, without proof, says "a stranger": then no pattern on a tag proves that it is ours. A record does: such
 * labels come down from base images.
 */
function isStrangers(links: readonly Link[]): boolean {
  return (
    !links.some(provesOurs) &&
    links.some(
      (link) => (link.kind === 'gone' && link.proof === undefined) || (link.kind === 'proposed' && link.isStranger),
    )
  );
}

/** Those of the links that name something gone of an image that is proved to be ours. */
export function findGoneLinks(links: readonly Link[]): readonly Extract<Link, { kind: 'gone' }>[] {
  if (isStrangers(links)) return [];
  return links.flatMap((link) => (link.kind === 'gone' && link.proof !== undefined ? [link] : []));
}

function provesOurs(link: Link): boolean {
  if (!isRecorded(link)) return false;
  return link.kind === 'commit' || ((link.kind === 'gone' || link.kind === 'proposed') && link.proof !== undefined);
}

function describeUnlinked(links: readonly Link[], name: RequestName): string {
  const weak = links.find((link) => link.kind === 'commit');
  if (weak?.kind === 'commit')
    return `${weak.found.tag ?? weak.found.name} only looks like one (declare the tag pattern to use it)`;
  const foreign = links.find((link) => link.kind === 'gone');
  if (foreign?.kind === 'gone') return `${foreign.what} is unknown here, and nothing proves that the image is ours`;
  if (links.some(({ kind }) => kind === 'proposed')) {
    return `only a ${name} leads to its commit, and nothing proves that the image is ours`;
  }
  return 'it has neither a revision label nor a tag that names a branch, tag or commit';
}
