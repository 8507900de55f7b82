// Small reports for the renderers' tests. Fixed times, digests made from a number.

import { createHash } from 'node:crypto';
import type { Reason, Remark } from '../../src/model/decision.ts';
import { describeReason } from '../../src/model/describe-reason.ts';
import type { DeploymentState } from '../../src/model/forge.ts';
import type { CommitId } from '../../src/model/history.ts';
import { type Digest, parseDigest, type Tag } from '../../src/model/reference.ts';
import { hours, instantFromMs } from '../../src/model/time.ts';
import type { Outcome } from '../../src/plan/outcome.ts';
import type { EvidenceSummary, GuardFinding, Plan, RepositoryPlan, ShownDecision, Step } from '../../src/plan/plan.ts';
import type { DifferingImages, PlanDifference } from '../../src/plan/plan-difference.ts';
import { buildReport, type ReportInput } from '../../src/report/build-report.ts';
import type { Report } from '../../src/report/report.ts';

/** A digest that is always the same for the same text. */
export function digestOf(text: string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`);
}

/** A commit that is always the same for the same text. */
export function commitOf(text: string): CommitId {
  return createHash('sha1').update(text).digest('hex') as CommitId;
}

/** Any text as a tag: renderers must not rely on the registry's grammar. */
export function tagOf(text: string): Tag {
  return text as Tag;
}

/** What `decisionOf` fills in when it is not told. */
export interface DecisionFields {
  readonly decision: 'keep' | 'delete';
  readonly name: string;
  readonly tags?: readonly string[];
  readonly what?: string;
  readonly reasons: readonly Reason[];
  readonly untag?: readonly string[];
  readonly sizeBytes?: number;
  readonly isRecord?: true;
}

export function decisionOf(fields: DecisionFields): ShownDecision {
  return {
    digest: digestOf(fields.name),
    tags: (fields.tags ?? [fields.name]).map(tagOf),
    what: fields.what ?? 'image',
    decision: fields.decision,
    reasons: fields.reasons.map((reason) => ({ ...reason, text: describeReason(reason) })),
    untag: (fields.untag ?? []).map(tagOf),
    sizeBytes: fields.sizeBytes ?? 52_428_800,
    ...(fields.isRecord === undefined ? {} : { isRecord: true }),
  };
}

export function deleteStep(decision: ShownDecision): Step {
  return { action: 'delete', digest: decision.digest, precondition: { tags: decision.tags, owners: [] } };
}

/** A repository's plan whose steps and totals follow from the decisions. */
export function repositoryPlan(
  decisions: readonly ShownDecision[],
  extra: { name?: string; guards?: readonly GuardFinding[]; remarks?: readonly Remark[] } = {},
): RepositoryPlan {
  const deleted = decisions.filter(({ decision }) => decision === 'delete');
  const images = decisions.filter(({ isRecord }) => isRecord !== true);
  const imagesDeleted = images.filter(({ decision }) => decision === 'delete').length;
  const records = decisions.length - images.length;
  const recordsDeleted = deleted.length - imagesDeleted;
  return {
    name: extra.name ?? 'ghcr.io/team/app',
    steps: [
      ...decisions.flatMap(({ digest, tags, untag }) =>
        untag.map((tag): Step => ({ action: 'untag', digest, tag, precondition: { tags, owners: [] } })),
      ),
      ...deleted.map(deleteStep),
    ],
    decisions,
    totals: {
      kept: images.length - imagesDeleted,
      deleted: imagesDeleted,
      untagged: decisions.reduce((sum, one) => sum + one.untag.length, 0),
      tags: images.reduce((sum, one) => sum + one.tags.length, 0),
      ...(records === 0 ? {} : { records: { kept: records - recordsDeleted, deleted: recordsDeleted } }),
      reclaimableBytes: Math.round(deleted.reduce((sum, one) => sum + one.sizeBytes, 0) * 0.6),
    },
    guards: extra.guards ?? [],
    remarks: extra.remarks ?? [],
  };
}

const EVIDENCE: Omit<EvidenceSummary, 'repositories'> = {
  git: { branches: 12, tags: 34, commits: 1204 },
  kubernetes: {
    sources: [
      { kind: 'cluster', name: 'prod', pods: 143, objects: 412 },
      { kind: 'cluster', name: 'staging', pods: 87, objects: 240 },
      { kind: 'manifests', name: 'deploy/', pods: 0, objects: 24 },
    ],
    images: 31,
  },
};

/** Each has one tag here. */
function recordsOf({ records }: RepositoryPlan['totals']): number {
  return records === undefined ? 0 : records.kept + records.deleted;
}

export function planOf(repositories: readonly RepositoryPlan[], extra: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    tool: 'registry-cleanup 0.1.0',
    createdAt: '2026-11-21T20:24:00Z',
    evidence: {
      ...EVIDENCE,
      repositories: repositories.map(({ name, totals }) => ({
        name,
        tags: totals.tags + recordsOf(totals),
        nodes: totals.kept + totals.deleted + recordsOf(totals),
        ...(totals.records === undefined ? {} : { records: { nodes: recordsOf(totals), tags: recordsOf(totals) } }),
      })),
    },
    repositories,
    sha256: '0'.repeat(64),
    ...extra,
  };
}

export function reportOf(input: Partial<ReportInput>): Report {
  return buildReport({
    tool: 'registry-cleanup 0.1.0',
    command: 'plan',
    startedAt: instantFromMs(Date.UTC(2026, 10, 21, 20, 24)),
    finishedAt: instantFromMs(Date.UTC(2026, 10, 21, 20, 24, 3)),
    result: { kind: 'planned' },
    firstSeen: {},
    ...input,
  });
}

/** A difference that can be told; sizes count in full. */
export function differenceOf(
  base: string,
  parts: readonly { name: string; more: readonly ShownDecision[]; kept: readonly ShownDecision[] }[],
): PlanDifference {
  const images = (decisions: readonly ShownDecision[]): DifferingImages => ({
    count: decisions.length,
    bytes: decisions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    decisions,
  });
  return {
    kind: 'told',
    base,
    repositories: parts.map(({ name, more, kept }) => ({ name, moreDeleted: images(more), moreKept: images(kept) })),
  };
}

export function outcomeOf(step: Step, outcome: Outcome['outcome'], why?: string): Outcome {
  return { step, outcome, ...(why === undefined ? {} : { why }) };
}

const REVISION = { kind: 'label', name: 'org.opencontainers.image.revision' } as const;

/** Why things stay and go, one constructor each, with lifelike names. */
export const because = {
  cluster: (...workloads: readonly [context: string, namespace: string, name: string][]): Reason => ({
    rule: 'kubernetes',
    by: 'digest',
    workloads: workloads.map(([context, namespace, name]) => ({
      context,
      namespace,
      kind: 'Deployment',
      name,
      container: 'app',
    })),
  }),
  branch: (name: string, policy = 'default policy 3'): Reason => ({
    rule: 'git',
    policy,
    reference: { kind: 'branch', name },
    commit: commitOf(name),
    found: REVISION,
  }),
  release: (name: string): Reason => ({
    rule: 'git',
    policy: 'default policy 1',
    reference: { kind: 'tag', name },
    commit: commitOf(name),
    found: { kind: 'tag-pattern', name: '{tag}', tag: tagOf(name) },
  }),
  recent: { rule: 'recent', age: hours(0.7), within: hours(2), by: 'created' } satisfies Reason,
  unlinked: { rule: 'unlinked', why: 'no label, no annotation and no tag pattern names one' } satisfies Reason,
  pin: (tag: string): Reason => ({ rule: 'pin', pin: 'pins.tags "v*-lts"', tag: tagOf(tag) }),
  child: (of: string): Reason => ({ rule: 'child', of: digestOf(of) }),
  superseded: (name: string): Reason => ({ rule: 'git-superseded', commit: commitOf(name), found: REVISION }),
  gone: (branch: string): Reason => ({
    rule: 'git-gone',
    what: `branch ${branch}`,
    found: { kind: 'tag-pattern', name: '{branch}-{commit}', tag: tagOf(branch) },
    proof: 'the declared pattern',
  }),
  pullRequest: (number: number, commit: string): Reason => ({
    rule: 'pull-request',
    number,
    by: { kind: 'commit', commit: commitOf(commit), found: REVISION },
  }),
  testMerge: (number: number, commit: string): Reason => ({
    rule: 'pull-request',
    number,
    by: { kind: 'test-merge', commit: commitOf(commit), found: REVISION },
  }),
  pullRequestTag: (number: number): Reason => ({
    rule: 'pull-request',
    number,
    by: { kind: 'tag', found: { kind: 'tag-pattern', name: 'pr-{number}', tag: tagOf(`pr-${number}`) } },
  }),
  published: (tag: string): Reason => ({ rule: 'release', tag, commit: commitOf(tag), found: REVISION }),
  deployed: (environment: string, state: DeploymentState, commit: string): Reason => ({
    rule: 'deployment',
    environment,
    state,
    commit: commitOf(commit),
    found: REVISION,
  }),
  ownerGoes: (of: string): Reason => ({ rule: 'owner-goes', owners: [digestOf(of)] }),
};

/** A repository as teams have them: 14 images, some multi-arch, used by two clusters, with finished branches. */
export function typicalDecisions(): readonly ShownDecision[] {
  const keep = (name: string, reasons: readonly Reason[], more: Partial<DecisionFields> = {}) =>
    decisionOf({ decision: 'keep', name, reasons, ...more });
  const drop = (name: string, reasons: readonly Reason[], more: Partial<DecisionFields> = {}) =>
    decisionOf({ decision: 'delete', name, reasons, ...more });
  return [
    keep('v2.4.1', [because.cluster(['prod', 'shop', 'web'], ['prod', 'shop', 'worker']), because.release('v2.4.1')], {
      tags: ['latest', 'v2.4.1'],
      what: 'index',
      sizeBytes: 1874,
    }),
    keep('v2.4.1 amd64', [because.child('v2.4.1')], { tags: [], sizeBytes: 61_201_334 }),
    keep('v2.4.1 arm64', [because.child('v2.4.1')], { tags: [], sizeBytes: 59_800_120 }),
    keep('main-3f2a9c1', [because.cluster(['staging', 'shop', 'web']), because.branch('main')]),
    keep('main-77c0de0', [because.branch('main')]),
    keep('feature-basket', [because.branch('feature/basket', 'default policy 2')]),
    keep('v1.0-lts', [because.pin('v1.0-lts')]),
    keep('build-9913', [because.recent]),
    keep('nightly', [because.unlinked]),
    drop('feature-old-search', [because.gone('feature/old-search')], { what: 'index', sizeBytes: 1874 }),
    drop('old-search amd64', [because.ownerGoes('feature-old-search')], { tags: [], sizeBytes: 60_112_000 }),
    drop('main-0a1b2c3', [because.superseded('main-0a1b2c3')], { sizeBytes: 611_100_000 }),
    drop('main-1b2c3d4', [because.superseded('main-1b2c3d4')], {
      tags: ['main-1b2c3d4', 'build-9001', 'build-9002', 'build-9003'],
      sizeBytes: 1_234_567_890,
    }),
    drop('main-2c3d4e5', [because.superseded('main-2c3d4e5')], { sizeBytes: 48_000_000 }),
  ];
}

/** An apply's report in which every place that can hold text from outside holds `text`, twice where lists are possible. */
export function reportFullOf(text: string): Report {
  const workload = { context: text, namespace: text, kind: text, name: text, container: text };
  const found = { kind: 'label', name: text } as const;
  const kept: readonly Reason[] = [
    { rule: 'kubernetes', by: 'tag', tag: tagOf(text), workloads: [workload, workload] },
    { rule: 'git', policy: text, reference: { kind: 'branch', name: text }, commit: commitOf('a'), found },
    { rule: 'pin', pin: text, tag: tagOf(text) },
    { rule: 'unlinked', why: text },
    { rule: 'registry-protected', tag: tagOf(text), why: text },
    {
      rule: 'pull-request',
      number: 1,
      by: { kind: 'tag', found: { kind: 'tag-pattern', name: text, tag: tagOf(text) } },
    },
    { rule: 'release', tag: text, commit: commitOf('a'), found },
    { rule: 'deployment', environment: text, state: 'active', commit: commitOf('a'), found },
  ];
  const decisions = [
    ...kept.map((reason, index) =>
      decisionOf({
        decision: 'keep',
        name: `keep ${index}`,
        tags: [text],
        what: text,
        reasons: [reason],
        untag: [text],
      }),
    ),
    ...['deleted', 'failed', 'skipped', 'already-gone', 'left', 'protected'].map((name) =>
      decisionOf({
        decision: 'delete',
        name,
        tags: [text, text],
        what: text,
        reasons: [{ rule: 'git-gone', what: text, found, proof: text }],
      }),
    ),
  ];
  const guards = [{ guard: 'nothing-left', text, hint: text } as const];
  const repositories = [text, `${text}2`].map((name) =>
    repositoryPlan(decisions, { name, guards, remarks: [{ code: 'vanished-tag', text }] }),
  );
  const plan = planOf(repositories, { tool: text, asOf: text });
  const sources = [{ kind: 'cluster', name: text, pods: 1, objects: 1 }] as const;
  const outcomes = decisions
    .filter(({ decision }) => decision === 'delete')
    .map((decision, index): Outcome => {
      const outcome = (['deleted', 'failed', 'skipped', 'already-gone'] as const)[index] ?? 'skipped';
      return {
        ...outcomeOf(deleteStep(decision), outcome, text),
        ...(index === 4 ? { left: true } : {}),
        ...(index === 5 ? { protected: true } : {}),
      };
    });
  return reportOf({
    tool: text,
    command: 'apply',
    result: { kind: 'stopped', error: { name: text, code: text, message: text, hint: text, exitCode: 4 } },
    plan: {
      ...plan,
      evidence: {
        ...plan.evidence,
        git: { branches: 1, tags: 1, commits: 1, remote: text },
        kubernetes: { sources, images: 1 },
        forge: { title: text, repository: text, pullRequests: 1, releases: 1, deployments: 1 },
        missing: [
          { source: 'kubernetes', why: text },
          { source: 'forge', why: text },
        ],
      },
    },
    difference: differenceOf(
      text,
      repositories.map(({ name }) => ({ name, more: decisions, kept: decisions })),
    ),
    applied: repositories.map(({ name }) => ({ name, outcomes, notApplied: outcomes })),
    journal: text,
    planFile: text,
  });
}
