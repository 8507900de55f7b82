// All kinds of objects that are read for images. A further kind is one more row in the file of its family.

import { ARGO_KINDS } from './argo-kinds.ts';
import { CORE_KINDS } from './core-kinds.ts';
import { FLUX_KINDS } from './flux-kinds.ts';
import { KEDA_KINDS } from './keda-kinds.ts';
import { KNATIVE_KINDS } from './knative-kinds.ts';
import { KRUISE_KINDS } from './kruise-kinds.ts';
import { OPENSHIFT_KINDS } from './openshift-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';
import { TEKTON_KINDS } from './tekton-kinds.ts';

/**
 * Kinds that name images which are needed: what runs, what would run, what a rollback goes back to. Each once. Kinds that only list what
 * there is (Node, NodeImage, OpenShift's Image) are left out: they would protect everything that was ever pulled.
 */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  ...CORE_KINDS,
  ...ARGO_KINDS,
  ...FLUX_KINDS,
  ...KNATIVE_KINDS,
  ...TEKTON_KINDS,
  ...KEDA_KINDS,
  ...KRUISE_KINDS,
  ...OPENSHIFT_KINDS,
];
