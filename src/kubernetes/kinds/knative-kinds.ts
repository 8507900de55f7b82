// The kinds of Knative Serving. https://knative.dev/docs/serving/reference/serving-api/

import { walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

const GROUP = 'serving.knative.dev';

/** Services and all their Revisions: one that is scaled to zero has no pod, and starts with the next request. */
export const KNATIVE_KINDS: readonly ResourceKind[] = [
  walkKind(GROUP, { kind: 'Service', resource: 'services' }),
  walkKind(GROUP, { kind: 'Configuration', resource: 'configurations' }),
  walkKind(GROUP, {
    kind: 'Revision',
    resource: 'revisions',
    paths: [
      '$.status.imageDigest',
      '$.status.containerStatuses[*].imageDigest',
      '$.status.initContainerStatuses[*].imageDigest',
    ],
  }),
  walkKind('caching.internal.knative.dev', { kind: 'Image', resource: 'images' }),
];
