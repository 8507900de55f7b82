// Reports as users meet them, by name: what the golden files are made of.

import type { Availability, LostImage, VerifiedImage } from '../../src/model/verification.ts';
import type { EvidenceSummary, Plan, ShownDecision } from '../../src/plan/plan.ts';
import { describeAlarm } from '../../src/report/describe-alarm.ts';
import type { Report } from '../../src/report/report.ts';
import {
  because,
  commitOf,
  decisionOf,
  deleteStep,
  differenceOf,
  digestOf,
  outcomeOf,
  planOf,
  reportOf,
  repositoryPlan,
  typicalDecisions,
} from './report.ts';

const decisions = typicalDecisions();
const doomed = decisions.filter(({ decision }) => decision === 'delete');
const kept = decisions.filter(({ decision }) => decision === 'keep');
export const NAME = 'ghcr.io/team/app';
const JOURNAL = './registry-cleanup-journal.jsonl';

const SHARE_GUARD = {
  guard: 'max-delete-share',
  text: '5 of 14 images (36%) would go, more than the 30% that are allowed.',
  hint: 'Look at the list; if it is meant, raise --max-delete-share.',
} as const;
const POD_GUARD = {
  guard: 'empty-context',
  text: 'The context staging has no pod at all.',
  hint: 'If that cluster is gone, leave it out with --kube-context.',
} as const;
const MISSING_GUARD = {
  guard: 'missing-evidence',
  text: 'Kubernetes was not looked at: secrets are not given to pull requests of forks',
  hint: 'Plan where everything can be looked at.',
} as const;
const UNLINKED_REMARK = {
  code: 'many-unlinked',
  text: '1 image has no link to a commit and is kept: build with the label org.opencontainers.image.revision, or declare images.tagPatterns.',
} as const;
const RIGHT_REMARK = {
  code: 'unproved-right',
  text: 'Nobody can tell beforehand whether this token may delete: the first delete goes alone.',
} as const;

/** `prod: shop/Deployment/web (container app)` and what else uses it. */
function imageInUse(image: string, availability: Availability, names: readonly string[] = ['web']): VerifiedImage {
  const workloads = names.map((name) => ({
    context: 'prod',
    namespace: 'shop',
    kind: 'Deployment',
    name,
    container: 'app',
  }));
  return { image, availability, workloads };
}

function applied(): Report {
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan: planOf([repositoryPlan(decisions)]),
    journal: JOURNAL,
    applied: [
      {
        name: NAME,
        outcomes: doomed.map((one) => outcomeOf(deleteStep(one), 'deleted')),
        notApplied: [],
        undo: 'restore',
      },
    ],
  });
}

function verified(): Report {
  const goneBefore = [
    imageInUse(`${NAME}:never-pushed`, { kind: 'absent' }),
    imageInUse(`${NAME}:half`, { kind: 'incomplete', missing: [digestOf('half')] }, ['api', 'worker']),
  ];
  return {
    ...applied(),
    verification: {
      at: '2026-11-21T20:25:00Z',
      shrunk: [
        { kind: 'cluster', name: 'staging', before: { pods: 87, objects: 1207 }, now: { pods: 0, objects: 3 } },
        { kind: 'manifests', name: 'deploy/', before: { pods: 0, objects: 24 }, now: { pods: 0, objects: 1 } },
      ],
      images: 12,
      lost: [],
      goneBefore,
      unknown: [],
    },
    usageReadAt: {
      beforeFirstStep: '2026-11-21T20:19:30Z',
      beforeLastStep: '2026-11-21T20:24:31Z',
      afterLastStep: '2026-11-21T20:24:40Z',
    },
  };
}

function alarmed(): Report {
  const names = Array.from({ length: 8 }, (_, at) => `shop-${at}`);
  const lost: LostImage[] = [
    {
      ...imageInUse(`${NAME}:v2.1.0`, { kind: 'absent' }, names),
      unlisted: 40,
      repository: NAME,
      lost: ['v2.1.0', digestOf('v2.1.0')],
      byThisRun: true,
      undo: 'restore',
    },
    {
      ...imageInUse('mirror.example.com/team/app:<b>v3</b>', { kind: 'incomplete', missing: [digestOf('part')] }),
      askedIn: NAME,
      repository: NAME,
      lost: [digestOf('part')],
      byThisRun: false,
      undo: 'restore',
    },
  ];
  const { message, hint } = describeAlarm(lost, JOURNAL);
  return {
    ...applied(),
    result: { kind: 'alarm', error: { name: 'VerifyAlarm', code: 'VERIFY_ALARM', message, hint, exitCode: 7 } },
    verification: { at: '2026-11-21T20:25:00Z', images: 12, lost, goneBefore: [], unknown: [] },
  };
}

export function appliedPartly(): Report {
  const [index, child, first, second, third] = doomed.map(deleteStep);
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan: planOf([repositoryPlan(decisions)]),
    planFile: 'plan.json',
    journal: JOURNAL,
    applied: [
      {
        name: NAME,
        outcomes: [
          outcomeOf(index!, 'deleted'),
          outcomeOf(child!, 'already-gone'),
          outcomeOf(first!, 'failed', 'the registry answered 403: the token needs delete:packages'),
          outcomeOf(second!, 'skipped', 'the tag hotfix-7 was put on it after the plan was made'),
        ],
        notApplied: [outcomeOf(third!, 'skipped', 'it is used by prod: shop/Deployment/web now')],
      },
    ],
  });
}

/** 5,000 images of old commits. */
export const fiveThousand = Array.from({ length: 5000 }, (_, index) =>
  decisionOf({ decision: 'delete', name: `main-${index}`, reasons: [because.superseded(`main-${index}`)] }),
);

const FORGE: NonNullable<EvidenceSummary['forge']> = {
  title: 'GitHub',
  repository: 'team/app',
  pullRequests: 7,
  releases: 12,
  deployments: 41,
};

const forgeKept: readonly ShownDecision[] = [
  decisionOf({
    decision: 'keep',
    name: 'pr-118',
    tags: ['pr-118', 'pr-118-5d1e0c2'],
    reasons: [because.pullRequest(118, 'basket'), because.pullRequestTag(118)],
  }),
  decisionOf({ decision: 'keep', name: 'pr-118 merge', tags: [], reasons: [because.testMerge(118, 'basket merge')] }),
  decisionOf({ decision: 'keep', name: 'pr-121', reasons: [because.pullRequest(121, 'search')] }),
  decisionOf({ decision: 'keep', name: 'v2.3.0', reasons: [because.published('v2.3.0')] }),
  decisionOf({ decision: 'keep', name: 'v2.2.0', reasons: [because.published('v2.2.0')] }),
  decisionOf({
    decision: 'keep',
    name: 'main-9e8d7c6',
    reasons: [because.deployed('production', 'active', 'main-9e8d7c6'), because.branch('main')],
  }),
  decisionOf({
    decision: 'keep',
    name: 'main-8d7c6b5',
    reasons: [
      because.deployed('production', 'inactive', 'main-8d7c6b5'),
      because.deployed('staging', 'pending', 'main-8d7c6b5'),
    ],
  }),
];

function githubPlan(extra: Partial<EvidenceSummary> = {}): Plan {
  const plan = planOf([repositoryPlan([...kept, ...forgeKept, ...doomed], { remarks: [RIGHT_REMARK] })]);
  const git = { branches: 12, tags: 34, commits: 1204, remote: 'https://github.com/team/app' };
  return { ...plan, evidence: { ...plan.evidence, git, forge: FORGE, ...extra } };
}

const BASE = 'main at 1a2b3c4d5e';
const moreDeleted = doomed.slice(2);
const moreKept = kept.slice(5, 7);

function withoutClusters({ git, repositories }: EvidenceSummary): EvidenceSummary {
  return { ...(git === undefined ? {} : { git }), repositories };
}

function forkPlan(): Report {
  const missing = [{ source: 'kubernetes', why: 'secrets are not given to pull requests of forks' }] as const;
  const inCluster = kept.filter(({ reasons }) => reasons[0]?.rule === 'kubernetes');
  const unprotected = inCluster.map((one) =>
    decisionOf({ decision: 'delete', name: one.tags[0]!, tags: one.tags, reasons: [because.superseded(one.tags[0]!)] }),
  );
  const all = [...kept.filter((one) => !inCluster.includes(one)), ...forgeKept, ...doomed, ...unprotected];
  const plan = planOf([repositoryPlan(all, { guards: [MISSING_GUARD] })]);
  const evidence = { ...withoutClusters(plan.evidence), forge: FORGE, missing };
  return reportOf({ plan: { ...plan, evidence } });
}

function quotaSpent(): Report {
  const steps = doomed.map(deleteStep);
  const spent =
    'At least 80 % of the 1000 requests that GitHub grants this token in an hour are used, and this run writes no more. ' +
    'The quota is whole again at 21:04 UTC, and the next run goes on. The option api-budget is the share.';
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan: githubPlan(),
    journal: JOURNAL,
    applied: [
      {
        name: NAME,
        outcomes: steps.map((step, index) =>
          index < 2
            ? outcomeOf(step, 'deleted')
            : { ...outcomeOf(step, 'skipped', index === 2 ? spent : `not tried: ${spent}`), left: true },
        ),
        notApplied: [],
      },
    ],
  });
}

function protectedImages(): Report {
  const [index, child, first, second, third] = doomed.map(deleteStep);
  const last = 'You cannot delete the last tagged version of a package. You must delete the package instead.';
  const popular = 'Publicly visible package versions with more than 5000 downloads cannot be deleted.';
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan: githubPlan(),
    journal: JOURNAL,
    applied: [
      {
        name: NAME,
        outcomes: [
          outcomeOf(index!, 'deleted'),
          outcomeOf(child!, 'deleted'),
          { ...outcomeOf(first!, 'skipped', popular), protected: true },
          outcomeOf(second!, 'deleted'),
          { ...outcomeOf(third!, 'skipped', last), protected: true },
        ],
        notApplied: [],
      },
    ],
  });
}

/** A repository of werf's: far more records than images. */
const records: readonly ShownDecision[] = Array.from({ length: 5_000 }, (_, index) => {
  const tag = `meta-c8c39214_${commitOf(`record ${index}`)}_${'ab'.repeat(28)}-${1_611_836_700_000 + index}`;
  const common = { name: tag, what: 'record', sizeBytes: 400, isRecord: true } as const;
  return index < 188
    ? decisionOf({
        ...common,
        decision: 'keep',
        reasons: [{ rule: 'record', why: 'commit 0123456789 keeps its image' }],
      })
    : decisionOf({
        ...common,
        decision: 'delete',
        reasons: [{ rule: 'record-needless', why: 'a newer commit of main keeps the image' }],
      });
});
const recordsDoomed = records.filter(({ decision }) => decision === 'delete');

/** All images gone, and all records but three: one failed, two were skipped. */
function appliedWithRecords(): Report {
  const [failed, ...others] = recordsDoomed;
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan: planOf([repositoryPlan([...decisions, ...records])]),
    journal: JOURNAL,
    applied: [
      {
        name: NAME,
        outcomes: [
          ...doomed.map((one) => outcomeOf(deleteStep(one), 'deleted')),
          outcomeOf(deleteStep(failed!), 'failed', 'the registry answered 500'),
          ...others.slice(0, 2).map((one) => outcomeOf(deleteStep(one), 'skipped', 'its image was not deleted')),
          outcomeOf(deleteStep(others[2]!), 'already-gone'),
          ...others.slice(3).map((one) => outcomeOf(deleteStep(one), 'deleted')),
        ],
        notApplied: [],
      },
    ],
  });
}

/** All of them; each call makes a new one. */
export const worlds: Readonly<Record<string, () => Report>> = {
  'plan-typical': () =>
    reportOf({ plan: planOf([repositoryPlan(decisions, { remarks: [UNLINKED_REMARK] })]), planFile: 'plan.json' }),
  'plan-guards': () => reportOf({ plan: planOf([repositoryPlan(decisions, { guards: [SHARE_GUARD, POD_GUARD] })]) }),
  'plan-empty-repository': () => reportOf({ plan: planOf([repositoryPlan([])]) }),
  'plan-nothing-to-do': () => reportOf({ plan: planOf([repositoryPlan(kept)]) }),
  'plan-look-ahead': () =>
    reportOf({ plan: planOf([repositoryPlan(decisions)], { asOf: '2027-01-01T00:00:00Z' }), planFile: 'plan.json' }),
  'plan-without-evidence': () => {
    const plan = planOf([repositoryPlan(decisions)]);
    return reportOf({ plan: { ...plan, evidence: { repositories: plan.evidence.repositories } } });
  },
  'plan-several-repositories': () =>
    reportOf({
      plan: planOf([
        repositoryPlan(decisions),
        repositoryPlan(
          [
            decisionOf({
              decision: 'keep',
              name: 'both',
              tags: ['v2', 'v1'],
              reasons: [because.branch('main')],
              untag: ['v1'],
            }),
          ],
          { name: 'ghcr.io/team/tools', guards: [POD_GUARD] },
        ),
        repositoryPlan([], { name: 'ghcr.io/team/new' }),
      ]),
      planFile: "it's a plan.json",
    }),
  'plan-5000-deletions': () => reportOf({ plan: planOf([repositoryPlan([...kept, ...fiveThousand])]) }),
  'plan-github': () => reportOf({ plan: githubPlan(), planFile: 'plan.json' }),
  'plan-fork': forkPlan,
  'plan-difference': () =>
    reportOf({
      plan: githubPlan(),
      planFile: 'plan.json',
      difference: differenceOf(BASE, [{ name: NAME, more: moreDeleted, kept: moreKept }]),
    }),
  'plan-fork-difference': () => ({
    ...forkPlan(),
    difference: differenceOf(BASE, [{ name: NAME, more: moreDeleted, kept: [] }]),
  }),
  'plan-same-policy': () =>
    reportOf({
      plan: githubPlan(),
      planFile: 'plan.json',
      difference: differenceOf('the built-in policy', [{ name: NAME, more: [], kept: [] }]),
    }),
  'plan-untold-difference': () =>
    reportOf({
      plan: githubPlan(),
      planFile: 'plan.json',
      difference: { kind: 'untold', base: BASE, why: '.registry-cleanup.yml:4:3: unknown key "keepPolicys"' },
    }),
  'plan-records': () => reportOf({ plan: planOf([repositoryPlan([...decisions, ...records])]), planFile: 'plan.json' }),
  'plan-only-records': () =>
    reportOf({
      plan: planOf([
        repositoryPlan([...kept, ...records]),
        repositoryPlan(records, { name: 'ghcr.io/team/app-meta' }),
        repositoryPlan(
          records.filter(({ decision }) => decision === 'keep'),
          { name: 'ghcr.io/team/app-new' },
        ),
      ]),
    }),
  'apply-records': appliedWithRecords,
  'apply-done': () =>
    reportOf({
      command: 'apply',
      result: { kind: 'applied' },
      plan: planOf([repositoryPlan(decisions)]),
      journal: JOURNAL,
      applied: [{ name: NAME, outcomes: doomed.map((one) => outcomeOf(deleteStep(one), 'deleted')), notApplied: [] }],
    }),
  'apply-with-failures': appliedPartly,
  'apply-quota-spent': quotaSpent,
  'apply-protected': protectedImages,
  'apply-refused': () =>
    reportOf({
      command: 'apply',
      result: { kind: 'refused' },
      plan: planOf([repositoryPlan(decisions, { guards: [SHARE_GUARD] })]),
    }),
  'apply-stopped': () => ({
    ...appliedPartly(),
    result: {
      kind: 'stopped',
      error: {
        name: 'NetworkError',
        code: 'TIMEOUT',
        message: 'delete sha256:41a75215b14c of ghcr.io/team/app: no answer within 30s, 5 tries',
        hint: 'Run again later: what is done stays done.',
        exitCode: 4,
      },
    },
  }),
  'apply-alarm': () => alarmed(),
  'apply-verified': () => verified(),
  'stopped-before-plan': () =>
    reportOf({
      result: {
        kind: 'stopped',
        error: {
          name: 'EvidenceError',
          code: 'EVIDENCE_KUBERNETES',
          message: 'The context staging may not list deployments in the namespace shop: 403 Forbidden.',
          hint: 'Grant list on deployments, or leave the context out with --kube-context.',
          exitCode: 5,
        },
      },
    }),
  'stopped-by-bad-policy': () =>
    reportOf({
      result: {
        kind: 'stopped',
        error: {
          name: 'UsageError',
          code: 'POLICY_INVALID',
          message: [
            '3 mistakes in the policy file:',
            '  .registry-cleanup.yml:2:3: unknown key "tagz"; did you mean "tags"?',
            '  .registry-cleanup.yml:4:3: unknown key "keepPolicys"; did you mean "keepPolicies"?',
            '  .registry-cleanup.yml:9:20: got "1.5", expected a number from 0 to 1',
          ].join('\n'),
          exitCode: 2,
        },
      },
    }),
};
