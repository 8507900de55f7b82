// The kinds of Flux. https://fluxcd.io/flux/components/

import { walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

/** The groups of the toolkit that name images, charts in registries among them. */
export const FLUX_KINDS: readonly ResourceKind[] = [
  // What its values come to stands in Helm's own releases; the values themselves count as far as they tell.
  walkKind('helm.toolkit.fluxcd.io', { kind: 'HelmRelease', resource: 'helmreleases' }),
  walkKind('kustomize.toolkit.fluxcd.io', { kind: 'Kustomization', resource: 'kustomizations' }),
  // v1 has `latestRef` in its place, which the walk knows.
  walkKind('image.toolkit.fluxcd.io', {
    kind: 'ImagePolicy',
    resource: 'imagepolicies',
    paths: ['$.status.latestImage', '$.status.observedPreviousImage'],
  }),
  walkKind('image.toolkit.fluxcd.io', { kind: 'ImageRepository', resource: 'imagerepositories' }),
  walkKind('source.toolkit.fluxcd.io', { kind: 'OCIRepository', resource: 'ocirepositories' }),
];
