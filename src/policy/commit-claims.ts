// Which images may have been built from a commit, for the rules that start from a commit: by every link, also by the bare id of a
// commit that the history does not have.

import type { LinkSource } from '../model/decision.ts';
import type { Forge } from '../model/forge.ts';
import type { CommitId, CommitIndex, History } from '../model/history.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Policy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import { appendTo } from '../util/append-to.ts';
import type { FoundReason } from './collect-reasons.ts';
import type { Link } from './link.ts';
import { makeProducts } from './products.ts';

/** What the rules about a forge look at. */
export interface ForgeRuleInput {
  readonly graph: ImageGraph;
  readonly history: History;
  readonly forge: Forge;
  readonly policy: Pick<Policy, 'forge' | 'images'>;
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  readonly now: Instant;
}

/** One place that says which commit an image was built from. */
export interface Claim {
  readonly digest: Digest;
  /** At least one. */
  readonly products: readonly string[];
  readonly found: LinkSource;
  /** Whether it may take a place in "the newest N": a label, or a pattern that the user declared. */
  readonly isSure: boolean;
  /** It takes no place from a claim that is none. */
  readonly isGuess?: true;
}

/** A claim about a commit of the history. */
export interface CommitClaim extends Claim {
  readonly commit: CommitIndex;
  /** The test merge that the image was really built from. */
  readonly merge?: CommitId;
}

/** All claims of one repository's images. Only nodes that stand for themselves have any. */
export interface Claims {
  /** About commits of the history, test merges at the commit that they merge. */
  readonly atCommit: ReadonlyMap<CommitIndex, readonly CommitClaim[]>;
  /** About a commit that the history need not have: by any link to it, by its bare id, and by test merges of it. */
  find(commit: CommitId): readonly Claim[];
  /** Tags of open pull requests that say no more than the number, or a commit that nobody knows. */
  readonly ofPullRequests: readonly { readonly digest: Digest; readonly number: number; readonly found: LinkSource }[];
}

/** As few digits as a link names a commit by. */
const SHORTEST = 7;

/** The claims in the links of every node that stands for itself. */
export function collectClaims(input: ForgeRuleInput): Claims {
  const { graph, history, forge, links } = input;
  const products = makeProducts(graph, input.policy.images.groupBy, links);
  const gathered: Gathered = { atCommit: new Map(), byName: new Map(), ofPullRequests: [] };
  for (const digest of graph.nodes.keys()) {
    if (graph.roleOf(digest) !== 'image') continue;
    for (const link of links.get(digest) ?? []) {
      const image = { digest, products: products.ofLink(digest, link), isSure: products.mayTakePlace(digest, link) };
      gather(link, image, gathered);
    }
  }
  const { atCommit, byName, ofPullRequests } = gathered;
  return {
    atCommit,
    ofPullRequests,
    find(commit) {
      // Images of a test merge are gathered at the commit that it merges.
      const id = forge.testMerges.get(commit) ?? commit;
      const at = history.graph.indexOf(id);
      const named = (byName.get(id.slice(0, SHORTEST)) ?? []).filter(({ name }) => id.startsWith(name));
      return [...(at === undefined ? [] : (atCommit.get(at) ?? [])), ...named.map(({ claim }) => claim)];
    },
  };
}

interface Gathered {
  readonly atCommit: Map<CommitIndex, CommitClaim[]>;
  /** By the first digits of the name. */
  readonly byName: Map<string, { readonly name: string; readonly claim: Claim }[]>;
  readonly ofPullRequests: Claims['ofPullRequests'][number][];
}

function gather(link: Link, image: Omit<Claim, 'found'>, gathered: Gathered): void {
  if (link.kind === 'unknown') return;
  const { found } = link;
  const isGuess = link.kind === 'commit' && link.isGuess === true;
  const claim: Claim = { ...image, found, isSure: image.isSure && isSure(link), ...(isGuess ? { isGuess } : {}) };
  if (link.kind === 'pull-request') {
    gathered.ofPullRequests.push({ digest: image.digest, number: link.number, found });
  }
  if (link.kind === 'commit' || link.kind === 'proposed') {
    const merge = link.kind === 'proposed' && link.merge !== undefined ? { merge: link.merge } : {};
    appendTo(gathered.atCommit, link.commit, { ...claim, commit: link.commit, ...merge });
  } else if (link.commit !== undefined) {
    appendTo(gathered.byName, link.commit.slice(0, SHORTEST), { name: link.commit, claim });
  }
}

function isSure(link: Exclude<Link, { kind: 'unknown' }>): boolean {
  switch (link.kind) {
    case 'commit':
      return link.mayCondemn;
    case 'proposed':
    case 'gone':
      return link.proof !== undefined;
    case 'pull-request':
      return true;
    case 'named':
      return false;
  }
}

/**
 * The claims to count, each list by itself: for every product those that are sure, then all but guesses, then all of them, so that a
 * doubtful link never takes a place from a better one. What any list keeps is kept.
 */
export function listCountings<Some extends Claim>(claims: readonly Some[]): readonly (readonly Some[])[] {
  const products = new Map<string, Some[]>();
  for (const claim of claims) for (const product of claim.products) appendTo(products, product, claim);
  return [...products.values()].flatMap((all) => [
    all.filter(({ isSure }) => isSure),
    all.filter(({ isGuess }) => isGuess !== true),
    all,
  ]);
}

/** Claims by image, each with the reason that is made of it. */
export function reasonsByImage<Some extends Claim>(
  claims: readonly Some[],
  reasonOf: (claim: Some) => FoundReason['reason'],
): ReadonlyMap<Digest, readonly FoundReason[]> {
  const byImage = new Map<Digest, FoundReason[]>();
  for (const claim of claims) {
    appendTo(byImage, claim.digest, { found: claim.found, reason: reasonOf(claim) });
  }
  return byImage;
}
