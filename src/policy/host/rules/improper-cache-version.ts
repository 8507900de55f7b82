// Cached stages that another version of the builder has made, and that no build of this one will ever take.

import type { HostDropReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { VERSION_LABELS } from '../../../model/stage-labels.ts';
import { type HostContext, isOfProject } from '../host-context.ts';
import { isFinal, isStage } from '../recognise-stages.ts';

/** Why a stage of the project goes, or undefined. Those of other projects stay: dapp 0.36 took them too. */
export function dropOtherVersion(image: LocalImage, context: HostContext): HostDropReason | undefined {
  const { improperCacheVersion: version } = context.policy;
  if (version === undefined || !isOfProject(image, context)) return undefined;
  const other = findOtherVersion(image, context);
  return other === undefined ? undefined : { rule: 'improper-cache-version', ...other, current: version.current };
}

/**
 * The label with another version. dapp's and werf's own labels are on final images too, so they count on stages only; what carries a label
 * of the user's choice is cache by his word.
 */
export function findOtherVersion(
  { labels, names }: LocalImage,
  { policy }: HostContext,
): { readonly label: string; readonly value: string } | undefined {
  const { labels: wanted = [], current } = policy.improperCacheVersion ?? {};
  const counting = wanted
    .filter((label) => (VERSION_LABELS.includes(label) ? isStage({ labels, names }) : !isFinal(labels)))
    .flatMap((label) => (Object.hasOwn(labels, label) ? [{ label, value: labels[label] ?? '' }] : []));
  return counting.find(({ value }) => value !== current);
}
