// A reading of clusters that shows nothing proves nothing.

import { EvidenceError } from '../errors.ts';
import type { UsageSource } from '../model/usage.ts';
import { findEmptySources } from '../plan/empty-sources.ts';

/** @throws EvidenceError EVIDENCE_KUBERNETES when a cluster runs no pod, or a folder of manifests holds no object. */
export function refuseEmpty(sources: readonly UsageSource[]): void {
  const empty = findEmptySources(sources);
  const [first] = empty;
  if (first === undefined) return;
  const names = empty.map(({ text }) => text).join('; ');
  throw new EvidenceError(`What shows nothing tells nothing about what is in use: ${names}.`, {
    code: 'EVIDENCE_KUBERNETES',
    hint: first.hint,
  });
}
