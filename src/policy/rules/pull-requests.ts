// Rule `pullRequests`: what open pull requests are reviewed, tested and previewed with is kept.

import { EvidenceError } from '../../errors.ts';
import type { KeepReason } from '../../model/decision.ts';
import { type PullRequest, requestNameField } from '../../model/forge.ts';
import type { CommitIndex, History } from '../../model/history.ts';
import type { Digest } from '../../model/reference.ts';
import { appendTo } from '../../util/append-to.ts';
import { collectReasons } from '../collect-reasons.ts';
import { type Claims, type CommitClaim, type ForgeRuleInput, listCountings, reasonsByImage } from '../commit-claims.ts';
import { keepPerReference } from '../history/keep-per-reference.ts';
import { rankCommits, reachedFrom } from '../history/reach.ts';

/** Heads and bases of so many fill one pass over the graph. */
const PULL_REQUESTS_PER_PASS = 16;

/**
 * Reasons to keep, by image; empty when the rule is off or the forge was not asked. For each open pull request:
 *
 * - the images of its head, and of the newest `last` of its commits that have images. Its commits are those that its head leads to and
 *   its base branch does not; when the base branch is not there, nobody can tell, and all that its head leads to stay. Commits of the base
 *   never fill up the number: branches keep what they need.
 * - images whose tag names it by number alone, or with a commit that nobody knows.
 *
 * A test merge counts at the commit that it merges. Several images of one commit count once.
 * @throws EvidenceError EVIDENCE_FORGE when the history lacks a head.
 */
export function keepPullRequests(input: ForgeRuleInput, claims: Claims): ReadonlyMap<Digest, readonly KeepReason[]> {
  const { pullRequests: wish } = input.policy.forge;
  const reasons = collectReasons();
  if (wish === 'off') return reasons.keep;
  const ranks = rankCommits(input.history.graph);
  const named = requestNameField(input.forge.requestName);
  for (const own of listOwnCommits(input, [...claims.atCommit.keys()])) {
    const { number } = own.pullRequest;
    const candidates = own.commits.flatMap((commit) => claims.atCommit.get(commit) ?? []);
    const kept = selectNewest(candidates, { own, last: own.isTold ? wish.last : -1, ranks, input });
    for (const [digest, found] of reasonsByImage(kept, (claim) =>
      describeClaim(claim, { number, ...named }, input.history),
    )) {
      reasons.add(digest, `pull request ${number}`, found);
    }
  }
  const tags = claims.ofPullRequests.toSorted((a, b) => b.number - a.number);
  for (const { digest, number, found } of tags) {
    const reason: KeepReason = { rule: 'pull-request', number, ...named, by: { kind: 'tag', found } };
    reasons.add(digest, `pull request ${number}`, [{ found, reason }]);
  }
  return reasons.keep;
}

interface OwnCommits {
  readonly pullRequest: PullRequest;
  readonly head: CommitIndex;
  /** Those with images that are the pull request's own; its head is always among them. */
  readonly commits: readonly CommitIndex[];
  /** False when the base branch is not there, so that they cannot be told from its commits. */
  readonly isTold: boolean;
}

/** What is each open pull request's own among the commits with images, the latest number first. */
function* listOwnCommits(
  { history, forge }: Pick<ForgeRuleInput, 'history' | 'forge'>,
  wanted: readonly CommitIndex[],
): Generator<OwnCommits> {
  const branches = new Map(
    history.references.flatMap(({ kind, name, commit }) => (kind === 'branch' ? [[name, commit]] : [])),
  );
  const placed = (forge.pullRequests ?? [])
    .toSorted((a, b) => b.number - a.number)
    .map((pullRequest) => {
      const tip = branches.get(pullRequest.baseBranch);
      const base = tip === undefined ? undefined : history.graph.indexOf(tip);
      return { pullRequest, head: placeOfHead(pullRequest, { history, forge }), base };
    });
  for (let start = 0; start < placed.length; start += PULL_REQUESTS_PER_PASS) {
    const group = placed.slice(start, start + PULL_REQUESTS_PER_PASS);
    const ends = group.flatMap(({ head, base }) => [head, base ?? head]);
    const reached = reachedFrom(history.graph, ends, wanted);
    yield* group.map(({ pullRequest, head, base }, at) => {
      const ofBase = new Set(base === undefined ? [] : reached[2 * at + 1]);
      const commits = (reached[2 * at] ?? []).filter((commit) => commit === head || !ofBase.has(commit));
      return { pullRequest, head, commits, isTold: base !== undefined };
    });
  }
}

function placeOfHead(
  { number, head }: PullRequest,
  { history, forge }: Pick<ForgeRuleInput, 'history' | 'forge'>,
): CommitIndex {
  const place = history.graph.indexOf(head);
  if (place !== undefined) return place;
  const { requestName } = forge;
  throw new EvidenceError(`The head of ${requestName} ${number}, ${head}, is not among the commits that were read.`, {
    code: 'EVIDENCE_FORGE',
    hint: `Run again: the ${requestName} may have changed meanwhile.`,
  });
}

interface Counting {
  readonly own: OwnCommits;
  readonly last: number;
  readonly ranks: Uint32Array;
  readonly input: Pick<ForgeRuleInput, 'history' | 'now'>;
}

/** The claims whose image stays at that commit. */
function selectNewest(candidates: readonly CommitClaim[], counting: Counting): readonly CommitClaim[] {
  const { own, last, ranks, input } = counting;
  const { graph } = input.history;
  const kept = new Set<string>();
  for (const counted of listCountings(candidates)) {
    const published = new Map<CommitIndex, Digest[]>();
    for (const { commit, digest } of counted) appendTo(published, commit, digest);
    const newest = keepPerReference(
      { last, operator: 'And' },
      {
        reached: [...published.keys()],
        imagesOf: (commit) => published.get(commit) ?? [],
        dateOf: (commit) => graph.dateOf(commit),
        rankOf: (commit) => ranks[commit] ?? 0,
        now: input.now,
      },
    );
    for (const { digest, commit } of newest) kept.add(`${commit} ${digest}`);
  }
  // Clocks differ: the head counts whatever its date says.
  return candidates.filter(({ commit, digest }) => commit === own.head || kept.has(`${commit} ${digest}`));
}

function describeClaim(
  { merge, commit, found }: CommitClaim,
  request: Pick<Extract<KeepReason, { rule: 'pull-request' }>, 'number' | 'requestName'>,
  { graph }: History,
): KeepReason {
  const by =
    merge === undefined
      ? ({ kind: 'commit', commit: graph.idOf(commit), found } as const)
      : ({ kind: 'test-merge', commit: merge, found } as const);
  return { rule: 'pull-request', ...request, by };
}
