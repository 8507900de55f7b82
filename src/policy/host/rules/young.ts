// What may just have been made stays: a build that runs has it in its hands.

import type { HostKeepReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import { durationFromMs, type KnownOrUnknown } from '../../../model/time.ts';
import { ageAt, type HostContext } from '../host-context.ts';

/**
 * Why an image is too young to go, or undefined. Its age is by the later of when it was built and when a name was put on it; where one of
 * the two is unknown, the other counts, and without both it stays.
 */
export function keepYoung({ created, tagged }: LocalImage, { policy, now }: HostContext): HostKeepReason | undefined {
  if (policy.grace === 0) return undefined;
  const ages = [created, tagged].flatMap((time) => (time.kind === 'known' ? [ageAt(time.at, now)] : []));
  if (ages.length === 0) return { rule: 'age-unknown', why: whyOf(created) };
  const age = durationFromMs(Math.min(...ages));
  return age < policy.grace ? { rule: 'young', age, within: policy.grace } : undefined;
}

function whyOf(time: KnownOrUnknown): string {
  return time.kind === 'known' ? '' : time.why;
}
