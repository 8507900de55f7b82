// What becomes of the copies of stages in werf's final and cache repositories.

import type { KeepReason } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Instant } from '../../model/time.ts';
import type { Usage } from '../../model/usage.ts';
import type { StageId } from '../../model/werf-tag.ts';
import { type Decisions, decide } from '../decide.ts';
import type { FirstSeen } from '../rules/recent.ts';

/** What a repository with copies is decided by. */
export interface CopyEvidence {
  readonly snapshot: Snapshot;
  readonly usage: Usage | undefined;
  readonly firstSeen: FirstSeen | undefined;
  /** What was decided about the repository with the originals. */
  readonly primary: Decisions;
  readonly role: 'final' | 'cache';
  /** The name of the repository with the originals. */
  readonly repository: string;
}

/** What is to happen to every copy, and why. */
export function decideCopy({ snapshot, usage, firstSeen }: CopyEvidence, policy: Policy, now: Instant): Decisions {
  return decide({ snapshot, history: undefined, forge: undefined, usage, firstSeen }, policy, now);
}

/** Stages whose copies are in use. */
export function copiesInUse(
  _final: Snapshot,
  _usage: Usage,
  _mirrors: ReadonlyMap<string, string>,
): ReadonlyMap<StageId, readonly KeepReason[]> {
  return new Map();
}
