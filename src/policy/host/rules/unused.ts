// What nobody used for long goes, however much room there is (kubelet's imageMaximumGCAge).

import type { HostDropReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { ageAt, type HostContext } from '../host-context.ts';
import { unusedFor, useOf } from '../image-use.ts';

/**
 * Why an image that was not used for so long goes, or undefined. What was never seen in use is unused since it came: kubelet takes it for
 * unused since 1970, and deletes what was pulled a moment ago. The minimum age holds here too.
 */
export function dropUnused(image: LocalImage, context: HostContext): HostDropReason | undefined {
  const { policy, now } = context;
  if (policy.maxAge === undefined) return undefined;
  const use = useOf(image, context);
  const unused = unusedFor(use, now);
  if (ageAt(use.since, now) < policy.minAge || unused <= policy.maxAge) return undefined;
  return { rule: 'unused', unused, within: policy.maxAge };
}
