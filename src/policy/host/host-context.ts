// What every rule about a local store looks at, and the small questions that several of them ask.

import type { HostPolicy, LabelMatch } from '../../model/host-policy.ts';
import type { LocalImage } from '../../model/local-store.ts';
import type { Annotations } from '../../model/snapshot.ts';
import { type Duration, durationFromMs, type Instant } from '../../model/time.ts';
import type { HostEvidence } from './host-evidence.ts';
import type { StoreView } from './store-view.ts';

/** The whole matter of one decision. */
export interface HostContext {
  readonly evidence: HostEvidence;
  readonly policy: HostPolicy;
  readonly now: Instant;
  readonly view: StoreView;
}

/** Whether the labels have any of these: with its value, or with any where it has none. */
export function matchesLabel(labels: Annotations, matches: readonly LabelMatch[]): boolean {
  return matches.some(
    ({ label, value }) => Object.hasOwn(labels, label) && (value === undefined || labels[label] === value),
  );
}

/** Whether the image is of the project. With no label named for it none is. */
export function isOfProject({ labels }: LocalImage, { policy }: HostContext): boolean {
  return matchesLabel(labels, policy.project);
}

/** Whether the rules look at the image at all: development mode has a cache of its own. */
export function isInMode({ labels }: LocalImage, { policy }: HostContext): boolean {
  return matchesLabel(labels, policy.devLabels) === policy.isDev;
}

/** How long ago; what lies in the future was now. */
export function ageAt(at: Instant, now: Instant): Duration {
  return durationFromMs(Math.max(0, now - at));
}
