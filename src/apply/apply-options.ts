// What carrying out the steps of one repository needs.

import type { Log } from '../log.ts';
import type { Digest } from '../model/reference.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Instant } from '../model/time.ts';
import type { Registry } from '../registry/port.ts';
import type { Journal } from './journal.ts';

/** Everything about one repository's apply but the steps. */
export interface ApplyOptions {
  readonly registry: Registry;
  readonly snapshot: Pick<Snapshot, 'tags' | 'nodes' | 'absent'>;
  readonly journal: Journal;
  readonly log: Log;
  /** The repository's name, for the journal and messages. */
  readonly name: string;
  readonly now: () => Instant;
  /** Milliseconds of a steady clock. */
  readonly clockMs: () => number;
  /** How long a look at all tags is good; see docs/adr/0006. */
  readonly watchWindowMs: number;
  /** Why a digest must stay although it was planned to go (it has come into use); undefined when nothing speaks against it. */
  readonly objectionTo?: (digest: Digest) => Promise<string | undefined>;
  /** Why nothing may be tried now: the registry's quota was used up before. The steps are left to a later run. */
  readonly notNow?: string;
  /** When it is aborted, the steps under way are finished and no other begun. */
  readonly signal: AbortSignal | undefined;
}
