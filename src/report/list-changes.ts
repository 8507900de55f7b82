// What goes, what went, and what did not: the rows of the long lists, for one repository.

import { type Digest, shortDigest } from '../model/reference.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { RepositoryPlan, ShownDecision, Step } from '../plan/plan.ts';
import { briefReason } from './brief-reason.ts';
import { imageDecisions, recordsIn } from './record-steps.ts';
import type { Report } from './report.ts';
import { strongestReason } from './summarize-reasons.ts';

/** A manifest that is to go, went, or stays where another policy would let it go. Tags and reason are untrusted text. */
export interface ImageRow {
  readonly digest: Digest;
  /** Empty for an untagged one. */
  readonly tags: readonly string[];
  readonly what: string;
  /** Undefined when the plan of this run does not hold the manifest. */
  readonly sizeBytes: number | undefined;
  /** In full. */
  readonly reason: string;
  /** In a few words. */
  readonly brief: string;
}

/** A tag that comes, or came, off a manifest that stays. */
interface UntagRow {
  readonly tag: string;
  readonly digest: Digest;
}

/** A step that was not done. */
export interface ProblemRow {
  readonly outcome: 'failed' | 'skipped';
  readonly action: 'delete' | 'untag';
  readonly digest: Digest;
  /** All tags for a delete, the one tag for an untag. */
  readonly tags: readonly string[];
  readonly why: string;
}

/** Everything that changes in one repository; records only where something did not go well. */
export interface Changes {
  /** False when it is done, true when it is (or was) only planned. */
  readonly planned: boolean;
  readonly deletions: readonly ImageRow[];
  readonly untags: readonly UntagRow[];
  /** Failed first, then skipped; each in step order. Neither what the registry protects nor what is left for the next run. */
  readonly problems: readonly ProblemRow[];
  /** What no run can delete, because a rule of the registry keeps it. In step order. */
  readonly refused: readonly ProblemRow[];
  /** What somebody else had deleted before its turn came: the tags, or the digest of an untagged one. */
  readonly alreadyGone: readonly string[];
  /** Steps of the plan file that the fresh plan does not hold although their object is still there. */
  readonly notApplied: readonly ProblemRow[];
}

const NO_REASON = 'no reason recorded';

/** What was done where apply began, else what the plan would do. In step order. */
export function listChanges(report: Report, plan: RepositoryPlan): Changes {
  const applied = report.applied?.filter((one) => one.name === plan.name);
  if (report.command === 'plan' || applied === undefined) return listPlanned(plan);
  const outcomes = applied.flatMap((one) => one.outcomes);
  const notApplied = applied.flatMap((one) => one.notApplied);
  const records = recordsIn(plan);
  const isOfImage = ({ step }: Outcome): boolean => !records.has(step.digest);
  const done = outcomes.filter((one) => one.outcome === 'deleted' && isOfImage(one));
  const decisions = decisionsByDigest(plan);
  return {
    planned: false,
    deletions: done.filter(({ step }) => step.action === 'delete').map((outcome) => deletionDone(outcome, decisions)),
    untags: done.flatMap(({ step }) => (step.tag === undefined ? [] : [{ tag: step.tag, digest: step.digest }])),
    problems: (['failed', 'skipped'] as const).flatMap((kind) =>
      outcomes.filter((one) => one.outcome === kind && isProblem(one)).map((outcome) => problem(outcome, kind)),
    ),
    refused: outcomes.filter((one) => one.protected === true).map((outcome) => problem(outcome, 'skipped')),
    alreadyGone: [...outcomes, ...notApplied]
      .filter((one) => one.outcome === 'already-gone' && isOfImage(one))
      .map(({ step }) => nameOfStep(step)),
    notApplied: notApplied
      .filter(({ outcome }) => outcome !== 'already-gone')
      .map((outcome) => problem(outcome, 'skipped')),
  };
}

function listPlanned(plan: RepositoryPlan): Changes {
  const decisions = decisionsByDigest(plan);
  return {
    planned: true,
    deletions: imageDecisions(plan)
      .filter(({ decision }) => decision === 'delete')
      .map((decision) => deletionPlanned(decision, decisions)),
    untags: plan.decisions.flatMap(({ digest, untag }) => untag.map((tag) => ({ tag, digest }))),
    problems: [],
    refused: [],
    alreadyGone: [],
    notApplied: [],
  };
}

type DecisionsByDigest = ReadonlyMap<Digest, ShownDecision>;

function decisionsByDigest(plan: RepositoryPlan): DecisionsByDigest {
  return new Map(plan.decisions.map((decision) => [decision.digest, decision]));
}

/** A decision as a row: its strongest reason, in full and in a few words. */
export function imageRow(decision: ShownDecision, nameOf: (owner: Digest) => string = shortDigest): ImageRow {
  const { digest, tags, what, sizeBytes, reasons } = decision;
  const reason = strongestReason(reasons);
  if (reason === undefined) return { digest, tags, what, sizeBytes, reason: NO_REASON, brief: NO_REASON };
  return { digest, tags, what, sizeBytes, reason: reason.text, brief: briefReason(reason, nameOf) };
}

function deletionPlanned(decision: ShownDecision, decisions: DecisionsByDigest): ImageRow {
  // Its own row is called by its first tag.
  return imageRow(decision, (owner) => decisions.get(owner)?.tags[0] ?? shortDigest(owner));
}

function deletionDone({ step }: Outcome, decisions: DecisionsByDigest): ImageRow {
  const decision = decisions.get(step.digest);
  if (decision !== undefined) return deletionPlanned(decision, decisions);
  const { digest, precondition } = step;
  const unknown = { what: 'manifest', sizeBytes: undefined, reason: NO_REASON, brief: NO_REASON };
  return { digest, tags: precondition.tags, ...unknown };
}

function isProblem(outcome: Outcome): boolean {
  return outcome.left !== true && outcome.protected !== true;
}

function problem({ step, why }: Outcome, outcome: ProblemRow['outcome']): ProblemRow {
  const { action, digest, tag, precondition } = step;
  return { outcome, action, digest, tags: tag === undefined ? precondition.tags : [tag], why: why ?? NO_REASON };
}

function nameOfStep({ digest, tag, precondition }: Step): string {
  if (tag !== undefined) return tag;
  return precondition.tags.length === 0 ? shortDigest(digest) : precondition.tags.join(', ');
}
