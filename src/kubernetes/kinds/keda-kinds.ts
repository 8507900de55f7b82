// The kinds of KEDA. https://keda.sh/docs/latest/reference/scaledjob-spec/

import { walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

/** A ScaledJob that waits has no Job and no pod. */
export const KEDA_KINDS: readonly ResourceKind[] = [
  walkKind('keda.sh', { kind: 'ScaledJob', resource: 'scaledjobs', anyText: true }),
];
