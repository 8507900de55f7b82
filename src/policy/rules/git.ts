// Rule `git`: keep what branches and tags still need, by werf's keep policies; say of the rest whether it may go.

import type { DeleteReason, KeepReason, LinkSource } from '../../model/decision.ts';
import { type RequestName, requestNameField } from '../../model/forge.ts';
import type { CommitIndex, History } from '../../model/history.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Instant } from '../../model/time.ts';
import { collectReasons, type ReasonCollector } from '../collect-reasons.ts';
import { type GroupOf, makeGroupOf } from '../group-by.ts';
import { type KeptImage, keepPerReference } from '../history/keep-per-reference.ts';
import { rankCommits, reachedFrom } from '../history/reach.ts';
import { type SelectedReference, selectReferences } from '../history/select-references.ts';
import type { Link } from '../link.ts';

/** What the rule looks at. */
export interface GitRuleInput {
  readonly graph: ImageGraph;
  readonly history: History;
  readonly policy: Pick<Policy, 'git' | 'images'>;
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  /** What the forge calls a pull request. Default: so. */
  readonly requestName?: RequestName | undefined;
  readonly now: Instant;
}

/** What the rule says of each image: reasons to keep, or, when there are none, why nothing in Git needs it. */
export interface GitVerdicts {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
}

/** More reasons to delete than these help nobody. */
const MAX_REASONS = 10;

/** Verdicts on every node that stands for itself. A node without a usable link is kept unless the policy says otherwise. */
export function judgeByGit(input: GitRuleInput): GitVerdicts {
  const { graph, links } = input;
  const images = [...graph.nodes.keys()].filter((digest) => graph.roleOf(digest) === 'image');
  const reasons = collectReasons();
  // Twice: links that nobody declared must not take a place in "the newest N" from an image with a sure link.
  for (const trust of ['sure', 'all'] as const) addPolicyReasons(reasons, input, { links, images, trust });
  const keep = new Map(reasons.keep);
  const drop = new Map<Digest, readonly DeleteReason[]>();
  for (const digest of images) {
    if (keep.has(digest)) continue;
    const verdict = judgeUnkept(links.get(digest) ?? [], input);
    if (verdict.keep === undefined) drop.set(digest, verdict.drop);
    else keep.set(digest, [verdict.keep]);
  }
  return { keep, drop };
}

interface Candidates {
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  readonly images: readonly Digest[];
  readonly trust: 'sure' | 'all';
}

function addPolicyReasons(reasons: ReasonCollector, input: GitRuleInput, candidates: Candidates): void {
  const { history, now } = input;
  const selected = selectReferences(history, input.policy.git.keepPolicies, now);
  const ranks = rankCommits(history.graph);
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
      for (const image of kept) addReason(reasons, image, { choice, candidates, history });
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

function addReason(reasons: ReasonCollector, image: KeptImage, context: ReasonContext): void {
  const { choice, candidates, history } = context;
  const { kind, name } = choice.reference;
  const commit = history.graph.idOf(image.commit);
  reasons.add(
    image.digest,
    `${kind} ${name}`,
    sourcesOf(image, candidates.links).map((found) => ({
      found,
      reason: { rule: 'git', policy: choice.policy.name, reference: { kind, name }, commit, found },
    })),
  );
}

/** Where it says that the image is of the commit. */
function sourcesOf(image: KeptImage, links: Candidates['links']): readonly LinkSource[] {
  return (links.get(image.digest) ?? []).flatMap((link) =>
    link.kind === 'commit' && link.commit === image.commit ? [link.found] : [],
  );
}

type UnkeptVerdict =
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
  // A label of a commit nobody knows, without proof, says "a stranger": then no pattern on a tag proves that it is ours.
  const isStranger = links.some(
    (link) => (link.kind === 'gone' && link.proof === undefined) || (link.kind === 'proposed' && link.isStranger),
  );
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
