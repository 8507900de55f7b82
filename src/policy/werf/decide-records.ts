// What becomes of the records in werf's meta repository.

import type { Policy } from '../../model/policy.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Instant } from '../../model/time.ts';
import { type Decisions, decide } from '../decide.ts';

/** What a repository with records is decided by. */
export interface MetaEvidence {
  readonly snapshot: Snapshot;
  /** What was decided about the repository with the stages. */
  readonly primary: Decisions;
}

/** What is to happen to every record, and why; everything else stays. */
export function decideMetaRepository({ snapshot }: MetaEvidence, policy: Policy, now: Instant): Decisions {
  const evidence = { snapshot, history: undefined, forge: undefined, usage: undefined, firstSeen: undefined };
  return decide(evidence, policy, now);
}
