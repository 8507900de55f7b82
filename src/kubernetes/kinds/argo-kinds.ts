// The kinds of Argo: CD, Rollouts and Workflows, all in one group.
// https://argo-cd.readthedocs.io, https://argo-rollouts.readthedocs.io, https://argo-workflows.readthedocs.io

import { walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

const GROUP = 'argoproj.io';

/** The group `argoproj.io`. Templates of Workflows get their images as parameters. */
export const ARGO_KINDS: readonly ResourceKind[] = [
  // Of all clusters that Argo CD deploys to, also of those that nobody else asks.
  walkKind(GROUP, {
    kind: 'Application',
    resource: 'applications',
    paths: ['$.status.summary.images', '$.status.operationState.syncResult.resources[*].images'],
  }),
  walkKind(GROUP, { kind: 'ApplicationSet', resource: 'applicationsets' }),
  walkKind(GROUP, { kind: 'Rollout', resource: 'rollouts' }),
  walkKind(GROUP, { kind: 'Experiment', resource: 'experiments' }),
  walkKind(GROUP, { kind: 'AnalysisTemplate', resource: 'analysistemplates' }),
  walkKind(GROUP, { kind: 'ClusterAnalysisTemplate', resource: 'clusteranalysistemplates', scope: 'cluster' }),
  walkKind(GROUP, { kind: 'AnalysisRun', resource: 'analysisruns' }),
  walkKind(GROUP, { kind: 'Workflow', resource: 'workflows', anyText: true }),
  walkKind(GROUP, { kind: 'WorkflowTemplate', resource: 'workflowtemplates', anyText: true }),
  walkKind(GROUP, {
    kind: 'ClusterWorkflowTemplate',
    resource: 'clusterworkflowtemplates',
    scope: 'cluster',
    anyText: true,
  }),
  walkKind(GROUP, { kind: 'CronWorkflow', resource: 'cronworkflows', anyText: true }),
];
