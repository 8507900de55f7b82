// What a reader of cluster objects goes by, with the defaults of the options.

import type { ReadSource } from '../../src/kubernetes/images/read-source.ts';
import type { Reading } from '../../src/kubernetes/kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../../src/kubernetes/kinds/resource-kinds.ts';
import { parseDuration, parseRfc3339 } from '../../src/model/time.ts';

/** What a test says of it. */
export interface ReadSourceChanges {
  /** RFC 3339. */
  readonly now?: string;
  /** `1h`. */
  readonly keepYoungerThan?: string;
  readonly keepTagRevisions?: number;
  readonly helmHistory?: number | 'all';
  /** For kinds that the table does not have. */
  readonly reading?: Reading;
}

/** Objects of a kind in the context `prod`. A kind that the table does not have is one of the core group. */
export function readSource(kind: string, changes: ReadSourceChanges = {}): ReadSource {
  const now = parseRfc3339(changes.now ?? '2026-11-20T12:00:00Z');
  if (now === undefined) throw new Error(`${changes.now} is no time`);
  const known = RESOURCE_KINDS.find((row) => row.kind === kind) ?? {
    kind,
    resource: `${kind.toLowerCase()}s`,
    group: '',
    scope: 'namespace' as const,
    reading: { by: 'walk' as const, paths: [] },
  };
  return {
    context: 'prod',
    kind: { ...known, version: 'v1', ...(changes.reading === undefined ? {} : { reading: changes.reading }) },
    now,
    keepYoungerThan: parseDuration(changes.keepYoungerThan ?? '1h'),
    keepTagRevisions: changes.keepTagRevisions ?? 3,
    helmHistory: changes.helmHistory ?? 10,
  };
}
