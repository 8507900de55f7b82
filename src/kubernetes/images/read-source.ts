// What a reader of objects goes by: which list they come from, and how far back what is over still counts.

import type { Duration, Instant } from '../../model/time.ts';
import type { KindTable } from '../kinds/kind-table.ts';
import type { PresentKind } from '../kinds/resource-kind.ts';

/** Where the objects come from, and what of them counts. */
export interface ReadSource {
  /** Kubeconfig context, for workloads and messages. */
  readonly context: string;
  readonly kind: PresentKind;
  readonly now: Instant;
  /** Finished pods, finished Jobs and image streams younger than this count in full. */
  readonly keepYoungerThan: Duration;
  /** The newest so many entries of each tag of an image stream count; 1 or more. */
  readonly keepTagRevisions: number;
  /** The newest so many revisions of each Helm release count, besides the deployed one. */
  readonly helmHistory: number | 'all';
  /** For objects within objects, as Helm keeps them. Absent: the table alone, without what the user says about kinds. */
  readonly table?: KindTable;
}
