// The kinds of Tekton Pipelines. Images come as parameters, and whole tasks come as bundles from registries.
// https://tekton.dev/docs/pipelines/

import { walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

const GROUP = 'tekton.dev';

/** A bundle may be named without a tag: https://tekton.dev/docs/pipelines/bundle-resolver/ */
const TASK_BUNDLES = ['$..taskRef.bundle', "$..[?@.resolver == 'bundles'].params[?@.name == 'bundle'].value"];
const BUNDLES = [...TASK_BUNDLES, '$..pipelineRef.bundle'];

/** The group `tekton.dev`. */
export const TEKTON_KINDS: readonly ResourceKind[] = [
  walkKind(GROUP, { kind: 'Task', resource: 'tasks', anyText: true }),
  walkKind(GROUP, { kind: 'ClusterTask', resource: 'clustertasks', scope: 'cluster', anyText: true }),
  walkKind(GROUP, { kind: 'StepAction', resource: 'stepactions', anyText: true }),
  walkKind(GROUP, { kind: 'TaskRun', resource: 'taskruns', anyText: true, paths: TASK_BUNDLES }),
  walkKind(GROUP, { kind: 'Pipeline', resource: 'pipelines', anyText: true, paths: BUNDLES }),
  walkKind(GROUP, { kind: 'PipelineRun', resource: 'pipelineruns', anyText: true, paths: BUNDLES }),
];
