// The one error for a kubeconfig that cannot be used.

import { UsageError } from '../../errors.ts';

/** A mistake in a kubeconfig as the user's error: `<place> is no usable kubeconfig: <why>.` `why` must hold no value of it. */
export function badConfig(place: string, why: string): UsageError {
  return new UsageError(`${place} is no usable kubeconfig: ${why}.`, {
    code: 'USAGE',
    hint: 'Give a kubeconfig that `kubectl config view --raw --flatten` can print, or leave Kubernetes out with --without-kube.',
  });
}
