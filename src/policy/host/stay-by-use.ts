// Why an image that nothing holds stays although the rules about age or about the disk looked at it.

import type { HostKeepReason } from '../../model/host-plan.ts';
import type { LocalImage } from '../../model/local-store.ts';
import { ageAt, type HostContext } from './host-context.ts';
import { unusedFor, useOf } from './image-use.ts';

/** The words of the rules that are on; empty where none of them is, or the disk cannot be measured. */
export function stayByUse(image: LocalImage, context: HostContext): readonly HostKeepReason[] {
  const { policy, now, evidence } = context;
  const { maxAge, minAge } = policy;
  const looksAtDisk = policy.disk !== undefined && (evidence.store.disk?.capacityBytes ?? 0) > 0;
  if (maxAge === undefined && !looksAtDisk) return [];
  const use = useOf(image, context);
  const age = ageAt(use.since, now);
  if (age < minAge) return [{ rule: 'new-here', age, within: minAge }];
  return [
    ...(maxAge === undefined ? [] : [{ rule: 'used-lately', unused: unusedFor(use, now), within: maxAge } as const]),
    ...(looksAtDisk ? [{ rule: 'room' } as const] : []),
  ];
}
