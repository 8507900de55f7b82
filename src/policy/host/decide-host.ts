// What goes from the local store of a build machine: evidence, policy and now in, a decision for every image and the steps out. Knows no
// engine, no clock and no network.

import type { HostDecisions } from '../../model/host-plan.ts';
import type { HostPolicy } from '../../model/host-policy.ts';
import type { Instant } from '../../model/time.ts';
import type { HostEvidence } from './host-evidence.ts';

/** Decides about everything in the store. Whatever is unknown stays. */
export function decideHost(evidence: HostEvidence, _policy: HostPolicy, _now: Instant): HostDecisions {
  const images = [...evidence.store.images.values()].map(
    ({ id, names }) => ({ decision: 'keep', id, names, reasons: [{ rule: 'not-asked' }] }) as const,
  );
  return {
    images,
    containersKept: evidence.store.containers.length,
    steps: [],
    absent: { gone: 0, asked: 0 },
    findings: [],
    remarks: [],
  };
}
