// What a `record` came to, as data.

import type { Digest, Tag } from '../model/reference.ts';

/** One statement, and where it stands. */
export interface ReportedRecord {
  /** `ghcr.io/team/app`. */
  readonly repository: string;
  readonly image: Digest;
  readonly commit: string;
  /** `refs/heads/main`. */
  readonly reference?: string;
  readonly imageName?: string;
  /** The record's own manifest. */
  readonly record: Digest;
  /** Absent for one that the registry finds by its image. */
  readonly tag?: Tag;
  readonly outcome: 'written' | 'already-there';
}

/** The result of a `record`, as `--format json` prints it. */
export interface RecordReport {
  readonly version: 1;
  readonly tool: string;
  readonly command: 'record';
  /** One for each image and commit; never empty. */
  readonly records: readonly ReportedRecord[];
}
