// Whether a record of what an image was published for is still needed. It goes with its image; while that stays, it goes when another commit
// keeps it. What records say is read in `list-statements.ts`.

import type { Reason } from '../../model/decision.ts';
import { type CommitId, type CommitIndex, type History, isCommitId } from '../../model/history.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import { durationFromMs, formatDuration, type Instant, type KnownOrUnknown } from '../../model/time.ts';
import type { WerfTag } from '../../model/werf-tag.ts';
import { reachedByAny } from '../history/reach.ts';
import { isRecorded, type Link } from '../link.ts';
import type { GitHits } from '../rules/git.ts';

/** One thing that a record says. A record with several tags says several. */
export interface RecordStatement {
  /** Of werf's records their kind, `build` for one of ours. */
  readonly kind: WerfTag['kind'] | 'build';
  /** The image that it is about, when that is there. */
  readonly image?: Digest;
  /** Why nobody knows whether its image is there; only without `image`. */
  readonly doubt?: string;
  /** Its image may be in a repository that nobody named; only without `image`. Then it stays as long as Git has its commit. */
  readonly mayBeElsewhere?: true;
  /** No stage tells of which project the repository is, nor did anybody: it may be another's. It goes with its image, and not before. */
  readonly isUnowned?: true;
  /** Only of statements that an image was published for a commit: as named, and as which products of the repository. */
  readonly commit?: string;
  readonly products?: readonly string[];
  /** The name of an image that is not managed any more: what is said of it counts for nothing. */
  readonly unmanaged?: string;
  readonly at: KnownOrUnknown;
}

/** What becomes of a record as far as one statement goes. `why` is absent where its image decides. */
export type RecordVerdict = { readonly may: 'stay' | 'go'; readonly why?: string };

/** Judges one statement; `reasons` are those for which its image stays, or undefined when that goes or is not there. */
export type JudgeRecord = (statement: RecordStatement, reasons: readonly Reason[] | undefined) => RecordVerdict;

const PURGE = 'everything that werf made is to go';
const UNOWNED = 'no stage tells of which project this is: werf.yaml does, or werf.project in the policy file';

/** What Git and the forge say. */
export interface RecordNeeds {
  readonly history: History;
  readonly hits: GitHits;
  /** Of every image. */
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  /** Commits that a forge names: of releases, deployments and test merges. */
  readonly named: ReadonlySet<string>;
}

/** What statements are judged by. */
export interface JudgeRecordsInput {
  /** Undefined while the Git rule is off: then nothing is superseded. */
  readonly needs: RecordNeeds | undefined;
  readonly policy: Pick<Policy, 'records' | 'werf' | 'purge'>;
  readonly now: Instant;
}

/** A judge of statements: an unknown age is never old, and an image that may be there is never absent. */
export function makeJudgeRecord(input: JudgeRecordsInput): JudgeRecord {
  const { policy } = input;
  if (policy.purge) return judgeForPurge(makeJudgeByNeed(input));
  return policy.werf.disabled === 'no' ? makeJudgeByNeed(input) : judgeWhileDisabled(policy.werf);
}

/** Everything of werf's goes but its notes about the repository, and what belongs to an image that stays. */
function judgeForPurge(judgeOurs: JudgeRecord): JudgeRecord {
  return (statement, reasons) => {
    if (statement.kind === 'build' || statement.kind === 'service') return judgeOurs(statement, reasons);
    return reasons === undefined ? { may: 'go', why: PURGE } : { may: 'stay' };
  };
}

/** `cleanup.disable`: nothing goes, save what the user's word allows. */
function judgeWhileDisabled({ disabled }: Policy['werf']): JudgeRecord {
  return ({ kind }) => {
    const mayGo = disabled === 'delete-records' && (kind === 'managed-image' || kind === 'image-metadata');
    return mayGo
      ? { may: 'go', why: 'cleanup.disable is set, and werf.disabledRecords says delete' }
      : { may: 'stay', why: 'cleanup.disable: nothing is deleted' };
  };
}

function makeJudgeByNeed({ needs, policy, now }: JudgeRecordsInput): JudgeRecord {
  const { grace } = policy.records;
  const isSuperseded = needs === undefined ? () => undefined : makeIsSuperseded(needs);
  const waitOf = (at: KnownOrUnknown): string | undefined => {
    if (at.kind === 'unknown') return `nobody knows when it was written (${at.why})`;
    const age = durationFromMs(Math.max(0, now - at.at));
    return age < grace
      ? `it was written ${formatDuration(age)} ago, and stays for ${formatDuration(grace)}`
      : undefined;
  };
  return (statement, reasons) => {
    const { kind, image, doubt, at, isUnowned } = statement;
    if (kind === 'managed-image') return { may: 'stay', why: "it is in werf's list of images" };
    if (kind === 'service') return { may: 'stay', why: "werf's own note about the repository" };
    if (isUnowned === true && (image === undefined || reasons !== undefined)) return { may: 'stay', why: UNOWNED };
    if (image === undefined) {
      const wait = doubt ?? waitOf(at) ?? whyElsewhere(statement, needs);
      if (wait !== undefined) return { may: 'stay', why: `the image that it is about is not found: ${wait}` };
      return { may: 'go', why: 'the image that it is about is not there' };
    }
    if (reasons === undefined) return { may: 'go' };
    const why = isSuperseded(statement, image, reasons);
    return why === undefined || waitOf(at) !== undefined ? { may: 'stay' } : { may: 'go', why };
  };
}

/** Records of other repositories' stages are the history of these; those of commits that are nowhere are nobody's. */
function whyElsewhere(
  { commit, mayBeElsewhere }: RecordStatement,
  needs: JudgeRecordsInput['needs'],
): string | undefined {
  if (mayBeElsewhere !== true) return undefined;
  const isGone =
    needs !== undefined &&
    commit !== undefined &&
    isCommitId(commit) &&
    !needs.named.has(commit) &&
    needs.history.graph.indexOf(commit) === undefined;
  return isGone ? undefined : 'it may be in another repository';
}

/** Why nobody needs a statement about an image that stays; undefined: somebody may. */
type IsSuperseded = (statement: RecordStatement, image: Digest, reasons: readonly Reason[]) => string | undefined;

function makeIsSuperseded(needs: RecordNeeds): IsSuperseded {
  const { history, hits, named } = needs;
  const isLastWord = makeIsLastWord(needs);
  const referenced = reachedByAny(
    history.graph,
    history.references.flatMap(({ commit }) => history.graph.indexOf(commit) ?? []),
  );
  return ({ commit, products = [], unmanaged }, image, reasons) => {
    if (commit === undefined) return undefined;
    if (unmanaged !== undefined) return `the image ${unmanaged} is not managed any more`;
    if (!isCommitId(commit) || named.has(commit)) return undefined;
    if (isLastWord(image, products)) return undefined;
    const at = history.graph.indexOf(commit);
    if (at === undefined)
      return isOfOtherSources(image, commit, needs) ? undefined : `commit ${commit.slice(0, 10)} is gone`;
    // Only open pull requests lead there.
    if (referenced[at] !== 1) return undefined;
    const ofImage = hits.get(image);
    if (products.some((product) => ofImage?.get(product)?.has(at) === true)) return undefined;
    if (!isKeptByGitAlone(reasons)) return undefined;
    return describeHit(products, { ofImage, history }) ?? `no branch or tag needs the image for ${commit.slice(0, 10)}`;
  };
}

/**
 * Whether no record that surely stays tells which product of the repository an image is, while something else tells a commit of it. A label
 * takes no place from what has records, as long as there is a record beside it: it must not come to do so because that has been deleted.
 */
function makeIsLastWord({ links, hits }: RecordNeeds): (image: Digest, products: readonly string[]) => boolean {
  return (image, products) => {
    const all = links.get(image) ?? [];
    if (all.every((link) => isRecorded(link))) return false;
    return products.some((product) => {
      const naming = all.filter((link) => isRecorded(link) && 'product' in link && link.product === product);
      const isHit = (link: Link): boolean =>
        link.kind === 'commit' && hits.get(image)?.get(product)?.has(link.commit) === true;
      return naming.length > 0 && !naming.some(isHit);
    });
  };
}

/** The commit may be in the history of another repository, whose images are here too. */
function isOfOtherSources(image: Digest, commit: string, { links }: RecordNeeds): boolean {
  return (links.get(image) ?? []).some(
    (link) => link.kind === 'gone' && isRecorded(link) && link.commit === commit && link.proof === undefined,
  );
}

/** A forge keeps images by commits of its own, and while nothing in Git keeps one, a policy may come to need any of its commits. */
function isKeptByGitAlone(reasons: readonly Reason[]): boolean {
  const byForge: ReadonlySet<Reason['rule']> = new Set(['pull-request', 'release', 'deployment']);
  return reasons.some(({ rule }) => rule === 'git') && !reasons.some(({ rule }) => byForge.has(rule));
}

function describeHit(
  products: readonly string[],
  {
    ofImage,
    history,
  }: {
    readonly ofImage: ReadonlyMap<string, ReadonlyMap<CommitIndex, string>> | undefined;
    readonly history: History;
  },
): string | undefined {
  for (const product of products) {
    const [hit] = ofImage?.get(product) ?? [];
    if (hit !== undefined) return `${hit[1]} keeps its image by commit ${history.graph.idOf(hit[0]).slice(0, 10)}`;
  }
  return undefined;
}

/** Commits that a forge names. */
export function listNamedCommits(forge: {
  readonly releases?: readonly { readonly commit?: CommitId }[];
  readonly deployments?: readonly { readonly commit: CommitId }[];
  readonly testMerges: ReadonlyMap<CommitId, CommitId>;
}): ReadonlySet<string> {
  return new Set([
    ...(forge.releases ?? []).flatMap(({ commit }) => commit ?? []),
    ...(forge.deployments ?? []).map(({ commit }) => commit),
    ...forge.testMerges.keys(),
  ]);
}
