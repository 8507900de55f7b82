// From decisions to a plan: steps in a safe order, with preconditions, totals, guards and reasons in words. Pure.

import type { Decision, Reason, Remark } from '../model/decision.ts';
import { describeReason } from '../model/describe-reason.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { DeleteRight, ImageNode } from '../model/snapshot.ts';
import { formatInstant, type Instant } from '../model/time.ts';
import { checksumOf } from './canonical-json.ts';
import { findGuards, type GuardInput } from './guards.ts';
import { orderDeletions } from './order-deletions.ts';
import type { EvidenceSummary, Plan, RepositoryPlan, ShownDecision, ShownReason, Step, Totals } from './plan.ts';
import { reclaimableBytes, sizeOf } from './sizes.ts';
import { tagDeletions, taggedAbove } from './tag-deletions.ts';

/** One repository's part of a plan, before it is written down. */
export interface DecidedRepository {
  readonly name: string;
  readonly graph: ImageGraph;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  readonly remarks: readonly Remark[];
  /** Nodes that are records of what images were published for, and no images. */
  readonly records: ReadonlySet<Digest>;
  /** Some image was built from a commit of the history. Undefined when the Git rule is off. */
  readonly isBuiltHere?: boolean | undefined;
  /** As the registry shows it. Undefined when nothing is known of it before the first delete. */
  readonly deleteRight?: DeleteRight | undefined;
  /** Whether the registry itself collects what no tag leads to: then steps only delete tags. */
  readonly collectsUntagged: boolean;
}

/** Everything that a plan is made from. */
export interface PlanInput {
  readonly tool: string;
  readonly createdAt: Instant;
  readonly asOf: Instant | undefined;
  readonly evidence: EvidenceSummary;
  readonly previous: EvidenceSummary | undefined;
  readonly guards: { readonly maxDeleteShare: number; readonly allowDeleteAll: boolean };
  readonly repositories: readonly DecidedRepository[];
}

/** Reasons to delete that a wrong clone would give. */
const BY_GIT: ReadonlySet<Reason['rule']> = new Set(['git-gone', 'scheme-gone', 'cache-gone', 'unlinked-unwanted']);

/** The plan. The same input always gives the same bytes. */
export function buildPlan(input: PlanInput): Plan {
  const body = {
    version: 1 as const,
    tool: input.tool,
    createdAt: formatInstant(input.createdAt),
    ...(input.asOf === undefined ? {} : { asOf: formatInstant(input.asOf) }),
    evidence: countRecords(input),
    repositories: input.repositories.map((repository) => planRepository(repository, input)),
  };
  return { ...body, sha256: checksumOf(body) };
}

function planRepository(repository: DecidedRepository, input: PlanInput): RepositoryPlan {
  const { name, graph, decisions, records, remarks, collectsUntagged } = repository;
  const sorted = [...decisions.values()].sort(compareDecisions);
  const doomed = orderDeletions(
    graph,
    sorted.filter(({ decision }) => decision === 'delete').map(({ digest }) => digest),
  );
  const deletions = collectsUntagged ? tagDeletions(graph, doomed) : deleteSteps(graph, doomed);
  const steps = [...untagSteps(sorted), ...deletions];
  const totals = totalsOf(repository, sorted);
  const untagged = new Map(sorted.map((decision) => [decision.digest, decision]));
  const shown = [
    ...sorted.filter(({ decision }) => decision === 'keep'),
    ...doomed.flatMap((digest) => untagged.get(digest) ?? []),
  ].map((decision) => showDecision(decision, repository));
  const images = sorted.filter(({ digest }) => !records.has(digest));
  const tagsLeft = images.reduce(
    (sum, decision) => sum + (decision.decision === 'keep' ? countNames(decision.tags) - decision.untag.length : 0),
    0,
  );
  const guards = findGuards({
    name,
    totals,
    tagsLeft,
    condemnsByGit: sorted.some(({ reasons }) => reasons.some(({ rule }) => BY_GIT.has(rule))),
    isBuiltHere: repository.isBuiltHere,
    deleteRight: repository.deleteRight,
    flushed: countFlushed(sorted),
    ...input.guards,
    evidence: countRecords(input),
    previous: input.previous,
  });
  const more = [...remarkOnRight(repository, steps), ...remarkOnCollected(totals)];
  return { name, steps, decisions: shown, totals, guards, remarks: [...remarks, ...more] };
}

/** Build cache that goes by the user's explicit word. What hangs on it goes with it, and counts as what goes by a rule. */
function countFlushed(decisions: readonly Decision[]): GuardInput['flushed'] {
  const flushed = decisions.filter(({ reasons }) => reasons.some(({ rule }) => rule === 'cache-flush'));
  return { manifests: flushed.length, tags: flushed.reduce((sum, { tags }) => sum + tags.length, 0) };
}

/** Only worth a word when something is to go. */
function remarkOnRight({ deleteRight }: DecidedRepository, steps: readonly Step[]): readonly Remark[] {
  if (deleteRight?.kind !== 'unproved' || steps.length === 0) return [];
  return [{ code: 'unproved-right', text: `the right to delete is not proved: ${deleteRight.why}` }];
}

function remarkOnCollected({ collected = 0 }: Totals): readonly Remark[] {
  if (collected === 0) return [];
  const what = collected === 1 ? 'untagged manifest is' : 'untagged manifests are';
  const text = `${collected} ${what} left to the registry, which collects what no tag leads to`;
  return [{ code: 'left-to-registry', text }];
}

/** Referrer tags name no image: a lone signature is not "something left". */
function countNames(tags: readonly Tag[]): number {
  return tags.filter((tag) => parseReferrerTag(tag) === undefined).length;
}

/** By first tag, untagged ones last, then by digest. */
function compareDecisions(a: Decision, b: Decision): number {
  const [nameA, nameB] = [a, b].map(({ tags, digest }) =>
    tags[0] === undefined ? `1${digest}` : `0${tags[0]} ${digest}`,
  );
  if (nameA === nameB) return 0;
  return (nameA ?? '') < (nameB ?? '') ? -1 : 1;
}

function untagSteps(decisions: readonly Decision[]): readonly Step[] {
  return decisions.flatMap((decision): Step[] => {
    if (decision.decision !== 'keep') return [];
    let tags = decision.tags;
    return decision.untag.map((tag) => {
      const step: Step = { action: 'untag', digest: decision.digest, tag, precondition: { tags, owners: [] } };
      tags = tags.filter((other) => other !== tag);
      return step;
    });
  });
}

function deleteSteps(graph: ImageGraph, doomed: readonly Digest[]): readonly Step[] {
  const done = new Set<Digest>();
  return doomed.map((digest) => {
    const owners = [...graph.parentsOf(digest), ...graph.subjectsOf(digest)].filter((owner) => done.has(owner));
    done.add(digest);
    const tags = graph.nodes.get(digest)?.tags ?? [];
    return { action: 'delete', digest, precondition: { tags, owners: [...new Set(owners)].sort() } };
  });
}

function totalsOf({ graph, records, collectsUntagged }: DecidedRepository, decisions: readonly Decision[]): Totals {
  const nodesWith = (wanted: Decision['decision']): readonly ImageNode[] =>
    decisions.filter(({ decision }) => decision === wanted).flatMap(({ digest }) => graph.nodes.get(digest) ?? []);
  const isImage = ({ digest }: { readonly digest: Digest }): boolean => !records.has(digest);
  const [kept, deleted] = [nodesWith('keep'), nodesWith('delete')];
  const [stay, go] = [kept.filter(isImage), deleted.filter(isImage)];
  const images = decisions.filter(isImage);
  const collected = collectsUntagged ? go.filter(({ tags }) => tags.length === 0).length : 0;
  return {
    kept: stay.length,
    deleted: go.length - collected,
    ...(collectsUntagged ? { collected } : {}),
    untagged: images.reduce((sum, decision) => sum + (decision.decision === 'keep' ? decision.untag.length : 0), 0),
    tags: images.reduce((sum, { tags }) => sum + tags.length, 0),
    ...(records.size === 0
      ? {}
      : { records: { kept: kept.length - stay.length, deleted: deleted.length - go.length } }),
    reclaimableBytes: reclaimableBytes(deleted, kept),
  };
}

/** Records come and go by the thousand: whether images were lost is only to be seen without them. */
function countRecords({ evidence, repositories }: PlanInput): EvidenceSummary {
  const decided = new Map(repositories.map((one) => [one.name, one]));
  return {
    ...evidence,
    repositories: evidence.repositories.map((one) => {
      const { records = new Set<Digest>(), graph } = decided.get(one.name) ?? {};
      const tags = [...records].reduce((sum, digest) => sum + (graph?.nodes.get(digest)?.tags ?? []).length, 0);
      return records.size === 0 ? one : { ...one, records: { nodes: records.size, tags } };
    }),
  };
}

function showDecision(decision: Decision, { graph, records, collectsUntagged }: DecidedRepository): ShownDecision {
  const node = graph.nodes.get(decision.digest);
  const isCollected = collectsUntagged && decision.decision === 'delete' && decision.tags.length === 0;
  return {
    digest: decision.digest,
    tags: decision.tags,
    what: node === undefined ? 'unknown' : describeNode(node, graph),
    decision: decision.decision,
    reasons: decision.reasons.map(showReason),
    untag: decision.decision === 'keep' ? decision.untag : [],
    sizeBytes: node === undefined ? 0 : sizeOf(node),
    ...(isCollected ? { collectedWith: taggedAbove(graph, [decision.digest]) } : {}),
    ...(records.has(decision.digest) ? { isRecord: true } : {}),
  };
}

/** What a node is, for people: `image`, `index of 2`, `attestation`, `referrer`, `record`, `artifact`, `not understood`. */
function describeNode(node: ImageNode, graph: ImageGraph): string {
  if (graph.isAttestation(node.digest)) return 'attestation';
  if (node.content.kind === 'opaque') return 'not understood';
  if (graph.roleOf(node.digest) === 'record') return 'record';
  if (graph.roleOf(node.digest) === 'referrer') return node.content.kind === 'index' ? 'referrers list' : 'referrer';
  if (node.content.kind === 'index') return `index of ${node.content.children.length}`;
  return node.artifactType === undefined ? 'image' : 'artifact';
}

function showReason(reason: Reason): ShownReason {
  return { ...reason, text: describeReason(reason) };
}
