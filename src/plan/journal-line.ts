// The journal's lines, as an apply and a restore write them. Only shapes.

import type { Digest, Tag } from '../model/reference.ts';
import type { Capabilities } from '../model/snapshot.ts';
import type { OutcomeKind } from './outcome.ts';

/** Written before the request is sent: what is about to be deleted, with all that is needed to put it back. */
export interface IntentLine {
  readonly kind: 'intent';
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly repository: string;
  readonly action: 'delete' | 'untag';
  readonly digest: Digest;
  /** Tags that the digest had; for an untag the one tag. */
  readonly tags: readonly Tag[];
  readonly mediaType: string;
  /** The manifest's exact bytes. */
  readonly manifestBase64: string;
  /** How the registry takes a deletion back. Absent in journals of versions that did not know. */
  readonly undo?: Capabilities['undo'];
}

/** Written after the answer. */
export interface OutcomeLine {
  readonly kind: 'outcome';
  readonly at: string;
  readonly repository: string;
  readonly digest: Digest;
  /** Only for an untag. */
  readonly tag?: Tag;
  readonly outcome: OutcomeKind;
  readonly why?: string;
  /** True when a quota was used up; the request may have been sent before that showed. */
  readonly left?: boolean;
}

/** Written by a restore once a deletion is taken back, so that the next restore does not ask for it again. */
export interface RestoredLine {
  readonly kind: 'restored';
  readonly at: string;
  readonly repository: string;
  readonly digest: Digest;
  /** Only where a single tag was put back. */
  readonly tag?: Tag;
}

/** One line of the journal. */
export type JournalLine = IntentLine | OutcomeLine | RestoredLine;
