// Reports of merge request pipelines as users of GitLab meet them, by name.

import type { Plan, ShownDecision } from '../../src/plan/plan.ts';
import type { Report } from '../../src/report/report.ts';
import {
  because,
  decisionOf,
  differenceOf,
  digestOf,
  planOf,
  reportOf,
  repositoryPlan,
  tagOf,
  typicalDecisions,
} from './report.ts';

const NAME = 'registry.gitlab.com/shop/backend/app';
const BASE = 'main at 1a2b3c4d5e';

const asMergeRequest = (number: number, commit: string) =>
  ({ ...because.pullRequest(number, commit), requestName: 'merge request' }) as ReturnType<typeof because.pullRequest>;

const kept: readonly ShownDecision[] = [
  ...typicalDecisions().filter(({ decision }) => decision === 'keep'),
  decisionOf({ decision: 'keep', name: 'mr-118', reasons: [asMergeRequest(118, 'basket')] }),
  decisionOf({ decision: 'keep', name: 'mr-121', reasons: [asMergeRequest(121, 'search')] }),
  decisionOf({ decision: 'keep', name: 'v2.3.0', reasons: [because.published('v2.3.0')] }),
  decisionOf({
    decision: 'keep',
    name: 'main-9e8d7c6',
    reasons: [because.deployed('production', 'active', 'main-9e8d7c6')],
  }),
  decisionOf({
    decision: 'keep',
    name: 'v1.0.0',
    reasons: [
      { rule: 'registry-protected', tag: tagOf('v1.0.0'), why: "GitLab's rule ^v1 (deleting needs the role Owner)" },
    ],
  }),
];

/** What has no tag goes without a step: the registry collects it. */
const doomed: readonly ShownDecision[] = typicalDecisions()
  .filter(({ decision }) => decision === 'delete')
  .map((one) => (one.tags.length > 0 ? one : { ...one, collectedWith: [digestOf('feature-old-search')] }));

const stepped = doomed.filter(({ collectedWith }) => collectedWith === undefined);

function gitlabPlan(staying = kept): Plan {
  const whole = repositoryPlan([...staying, ...doomed], { name: NAME });
  const totals = { ...whole.totals, deleted: stepped.length, collected: doomed.length - stepped.length };
  const plan = planOf([{ ...whole, totals }]);
  const git = { branches: 12, tags: 34, commits: 1204, remote: 'https://gitlab.com/shop/backend/app' };
  const forge = {
    title: 'GitLab',
    requestName: 'merge request',
    repository: 'shop/backend/app',
    pullRequests: 7,
    releases: 12,
    deployments: 41,
  } as const;
  return { ...plan, evidence: { ...plan.evidence, git, forge } };
}

function unprotectedPlan(): Plan {
  const why = 'protected variables are not given to pipelines of unprotected branches';
  const withoutClusters = kept.filter(
    ({ reasons }) => !reasons.some(({ rule }) => rule === 'kubernetes' || rule === 'child'),
  );
  const plan = gitlabPlan(withoutClusters);
  const { kubernetes: _, ...evidence } = plan.evidence;
  return { ...plan, evidence: { ...evidence, missing: [{ source: 'kubernetes', why }] } };
}

/** Each makes a report of its own. */
export const gitlabWorlds: Readonly<Record<string, () => Report>> = {
  plan: () => reportOf({ plan: gitlabPlan(), planFile: 'plan.json' }),
  difference: () =>
    reportOf({
      plan: gitlabPlan(),
      difference: differenceOf(BASE, [{ name: NAME, more: stepped.slice(0, 2), kept: kept.slice(0, 1) }]),
    }),
  'unprotected-branch': () => reportOf({ plan: unprotectedPlan() }),
};
