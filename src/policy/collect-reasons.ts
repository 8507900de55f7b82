// Reasons of one rule, gathered by image: few enough to be read, and every tag that keeps an image in one of them.

import type { KeepReason, LinkSource } from '../model/decision.ts';
import type { Digest } from '../model/reference.ts';

/** More reasons than these help nobody; the first are the strongest. */
const MAX_REASONS = 10;

/** Gathers reasons. */
export interface ReasonCollector {
  /** By digest, in the order in which they were added. */
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  /**
   * Adds reasons for one image and one subject (`branch main`, `environment production`), each with the place that links the image to
   * it: a place about the whole image alone, or else every tag. A subject is not told twice for one tag.
   */
  add(digest: Digest, subject: string, reasons: readonly FoundReason[]): void;
}

/** A reason and the place where the link behind it was found. */
export interface FoundReason {
  readonly found: LinkSource;
  readonly reason: KeepReason;
}

/** An empty collector for one rule. */
export function collectReasons(): ReasonCollector {
  const keep = new Map<Digest, KeepReason[]>();
  const known = new Map<Digest, Map<string | undefined, Set<string>>>();
  return {
    keep,
    add(digest, subject, all) {
      const whole = all.find(({ found }) => found.tag === undefined);
      for (const { found, reason } of whole === undefined ? all : [whole]) {
        const reasons = keep.get(digest) ?? [];
        const byTag = known.get(digest) ?? new Map<string | undefined, Set<string>>();
        const subjects = byTag.get(found.tag) ?? new Set<string>();
        // However many reasons there are, every tag that keeps the image is in one of them: untagging goes by that.
        if (subjects.has(subject) || (subjects.size > 0 && reasons.length >= MAX_REASONS)) continue;
        keep.set(digest, [...reasons, reason]);
        known.set(digest, byTag.set(found.tag, subjects.add(subject)));
      }
    },
  };
}
