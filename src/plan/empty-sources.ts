// Clusters and folders of manifests that show nothing: the wrong place was asked, or something in between hides what is there.

import type { EvidenceSummary } from './plan.ts';

type Source = NonNullable<EvidenceSummary['kubernetes']>['sources'][number];

/** What was found, and what to do when it is meant, in a sentence each. Hold untrusted names. */
export interface EmptySource {
  readonly text: string;
  readonly hint: string;
}

/** Every cluster without a pod, whatever else it has, and every folder without an object, in their order. */
export function findEmptySources(sources: readonly Source[]): readonly EmptySource[] {
  return sources.filter(isEmpty).map(({ kind, name }) =>
    kind === 'cluster'
      ? {
          text: `context ${name} runs no pod at all`,
          hint: 'Check that this is the right cluster and account; else leave it out with --kube-context or --namespace.',
        }
      : {
          text: `${name} holds no object at all`,
          hint: 'Check the path given with --kube-manifests, or leave it out.',
        },
  );
}

/** Whether a source shows nothing. */
export function isEmpty({ kind, pods, objects }: Source): boolean {
  return kind === 'cluster' ? pods === 0 : objects === 0;
}
