// Rule `git`: keep what branches and tags still need, by werf's keep policies; say of the rest whether it may go.

import type { DeleteReason, KeepReason, LinkSource } from '../../model/decision.ts';
import type { CommitIndex, History } from '../../model/history.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Instant } from '../../model/time.ts';
import { type GroupOf, makeGroupOf } from '../group-by.ts';
import { type KeptImage, keepPerReference } from '../history/keep-per-reference.ts';
import { reachedFrom } from '../history/reach.ts';
import { type SelectedReference, selectReferences } from '../history/select-references.ts';
import { collectLinks, type Link } from '../links.ts';

/** What the rule looks at. */
export interface GitRuleInput {
  readonly graph: ImageGraph;
  readonly history: History;
  readonly policy: Pick<Policy, 'git' | 'images'>;
  readonly now: Instant;
}

/** What the rule says of each image: reasons to keep, or, when there are none, why nothing in Git needs it. */
export interface GitVerdicts {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
}

/** More reasons than these help nobody; the newest references come first. */
const MAX_REASONS = 10;

/** Verdicts on every node that stands for itself. A node without a usable link is kept unless the policy says otherwise. */
export function judgeByGit(input: GitRuleInput): GitVerdicts {
  const { graph, history, policy } = input;
  const links = collectLinks(graph, history, policy.images);
  const images = [...graph.nodes.keys()].filter((digest) => graph.roleOf(digest) === 'image');
  const keep = new Map<Digest, KeepReason[]>();
  // Twice: links that nobody declared must not take a place in "the newest N" from an image with a sure link.
  for (const trust of ['sure', 'all'] as const) addPolicyReasons(keep, input, { links, images, trust });
  const drop = new Map<Digest, readonly DeleteReason[]>();
  for (const digest of images) {
    if (keep.has(digest)) continue;
    const verdict = judgeUnkept(links.get(digest) ?? [], history, policy.images.unlinked);
    if (verdict.keep === undefined) drop.set(digest, verdict.drop);
    else keep.set(digest, [verdict.keep]);
  }
  return { keep, drop, links };
}

interface Candidates {
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  readonly images: readonly Digest[];
  readonly trust: 'sure' | 'all';
}

function addPolicyReasons(keep: Map<Digest, KeepReason[]>, input: GitRuleInput, candidates: Candidates): void {
  const { history, now } = input;
  const selected = selectReferences(history, input.policy.git.keepPolicies, now);
  const ranks = new Uint32Array(history.graph.size);
  history.graph.childrenFirst.forEach((commit, rank) => {
    ranks[commit] = rank;
  });
  for (const published of groupByProduct(candidates, makeGroupOf(input.graph, input.policy.images.groupBy))) {
    const reachOf = makeReach(history, selected, [...published.keys()]);
    for (const choice of selected) {
      const kept = keepPerReference(choice.policy.imagesPerReference, {
        reached: reachOf(choice),
        imagesOf: (commit) => published.get(commit) ?? [],
        dateOf: (commit) => history.graph.dateOf(commit),
        rankOf: (commit) => ranks[commit] ?? 0,
        now,
      });
      for (const image of kept) addReason(keep, image, { choice, candidates, history });
    }
  }
}

/** For each product, the images published at each commit. */
function groupByProduct(candidates: Candidates, groupOf: GroupOf): Iterable<Map<CommitIndex, Digest[]>> {
  const products = new Map<string, Map<CommitIndex, Digest[]>>();
  for (const digest of candidates.images) {
    const commits = new Set(
      (candidates.links.get(digest) ?? []).flatMap((link) => usableCommit(link, candidates.trust)),
    );
    for (const group of commits.size === 0 ? [] : groupOf(digest)) {
      const published = products.get(group) ?? new Map<CommitIndex, Digest[]>();
      products.set(group, published);
      for (const commit of commits) published.set(commit, [...(published.get(commit) ?? []), digest]);
    }
  }
  return products.values();
}

function usableCommit(link: Link, trust: Candidates['trust']): readonly CommitIndex[] {
  return link.kind === 'commit' && (trust === 'all' || link.mayCondemn) ? [link.commit] : [];
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
}

function addReason(keep: Map<Digest, KeepReason[]>, image: KeptImage, context: ReasonContext): void {
  const reasons = keep.get(image.digest) ?? [];
  keep.set(image.digest, reasons);
  const { reference, policy } = context.choice;
  for (const found of sourcesOf(image, context.candidates.links)) {
    const sameTag = reasons.filter((reason) => reason.rule === 'git' && reason.found.tag === found.tag);
    const isKnown = sameTag.some(
      (reason) =>
        reason.rule === 'git' && reason.reference.name === reference.name && reason.reference.kind === reference.kind,
    );
    // However many reasons there are, every tag that keeps the image is in one of them: untagging goes by that.
    if (isKnown || (sameTag.length > 0 && reasons.length >= MAX_REASONS)) continue;
    reasons.push({
      rule: 'git',
      policy: policy.name,
      reference: { kind: reference.kind, name: reference.name },
      commit: context.history.graph.idOf(image.commit),
      found,
    });
  }
}

/** Where it says that the image is of the commit: one place about the whole image, or else every tag that says so. */
function sourcesOf(image: KeptImage, links: Candidates['links']): readonly LinkSource[] {
  const sources = (links.get(image.digest) ?? []).flatMap((link) =>
    link.kind === 'commit' && link.commit === image.commit ? [link.found] : [],
  );
  const whole = sources.find(({ tag }) => tag === undefined);
  return whole === undefined ? sources : [whole];
}

type UnkeptVerdict =
  | { readonly keep: KeepReason }
  | { readonly keep?: undefined; readonly drop: readonly DeleteReason[] };

/** What is to be said of an image that no keep policy reaches. */
function judgeUnkept(links: readonly Link[], history: History, unlinked: Policy['images']['unlinked']): UnkeptVerdict {
  const unknown = links.find((link) => link.kind === 'unknown');
  if (unknown?.kind === 'unknown') return { keep: { rule: 'unlinked', why: unknown.why } };
  // A label of a commit nobody knows, without proof, says "a stranger": then no pattern on a tag proves that it is ours.
  const isStranger = links.some((link) => link.kind === 'gone' && link.proof === undefined);
  const drop = links.flatMap((link): DeleteReason[] => {
    if (link.kind === 'commit' && link.mayCondemn) {
      return [{ rule: 'git-superseded', commit: history.graph.idOf(link.commit), found: link.found }];
    }
    if (link.kind === 'gone' && link.proof !== undefined && !isStranger) {
      return [{ rule: 'git-gone', what: link.what, found: link.found, proof: link.proof }];
    }
    return [];
  });
  if (drop.length > 0) return { drop: drop.slice(0, MAX_REASONS) };
  if (unlinked === 'delete') return { drop: [{ rule: 'unlinked-unwanted' }] };
  return { keep: { rule: 'unlinked', why: describeUnlinked(links) } };
}

function describeUnlinked(links: readonly Link[]): string {
  const weak = links.find((link) => link.kind === 'commit');
  if (weak?.kind === 'commit')
    return `${weak.found.tag ?? weak.found.name} only looks like one (declare the tag pattern to use it)`;
  const foreign = links.find((link) => link.kind === 'gone');
  if (foreign?.kind === 'gone') return `${foreign.what} is unknown here, and nothing proves that the image is ours`;
  return 'it has neither a revision label nor a tag that names a branch, tag or commit';
}
