// What the records of one repository say, ours and werf's alike, for `judge-records.ts`.

import type { Digest } from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { unknownTime } from '../../model/time.ts';
import { parseWerfTag } from '../../model/werf-tag.ts';
import type { GroupOf } from '../group-by.ts';
import type { Werf, WerfRecord } from '../werf/werf.ts';
import type { RecordStatement } from './judge-records.ts';
import type { OwnRecords } from './read-records.ts';

/** What statements are listed from. */
export interface StatementInput {
  readonly snapshot: Pick<Snapshot, 'nodes' | 'vanishedTags'>;
  readonly own: OwnRecords;
  readonly werf: Werf | undefined;
  /** What an image counts as by a record that names no product. */
  readonly groupOf: GroupOf;
}

/** By record, everything that it says; at least one statement each. */
export function listStatements(input: StatementInput): ReadonlyMap<Digest, readonly RecordStatement[]> {
  const statements = new Map<Digest, readonly RecordStatement[]>(listOwn(input));
  const { werf } = input;
  if (werf === undefined) return statements;
  // Where no stage is, this may be what keeps the records of a repository that nobody named, or what another project left.
  const elsewhere = werf.built.size === 0 ? ({ mayBeElsewhere: true } as const) : {};
  const unfound = { ...doubtOf(input.snapshot), ...elsewhere };
  const unowned = werf.stages.size === 0 && werf.project === undefined ? ({ isUnowned: true } as const) : {};
  for (const [digest, records] of werf.records) {
    const told = records.map((record) => ({
      ...stateWerfRecord(record, werf),
      ...(record.image ? {} : unfound),
      ...unowned,
    }));
    statements.set(digest, [...(statements.get(digest) ?? []), ...told]);
  }
  return statements;
}

function* listOwn(input: StatementInput): Generator<[Digest, readonly RecordStatement[]]> {
  const { snapshot, own, groupOf } = input;
  const builds = new Map(own.buildRecords.map((build) => [build.record, build]));
  for (const [digest, [image]] of own.attached) {
    const at = snapshot.nodes.get(digest)?.created ?? unknownTime('it is not in the snapshot');
    const build = builds.get(digest);
    if (image === undefined) {
      yield [digest, [{ kind: 'build', at, ...doubtOf(snapshot) }]];
    } else if (build === undefined) {
      yield [digest, [{ kind: 'build', image, at }]];
    } else {
      const named = build.product === undefined ? groupOf(image) : [build.product];
      yield [digest, [{ kind: 'build', image, commit: build.commit, products: named, at }]];
    }
  }
}

/** What one of werf's records says; where its image is not in this repository, nothing is said of that. */
export function stateWerfRecord(
  record: WerfRecord,
  { managed }: { readonly managed?: Werf['managed'] },
): RecordStatement {
  const { kind, tag, image, nameId, at } = record;
  const about = image === undefined ? {} : { image };
  const said = parseWerfTag(tag);
  if (said?.kind !== 'image-metadata' || nameId === undefined) return { kind, at, ...about };
  const isUnmanaged = managed !== undefined && !managed.has(nameId);
  return {
    kind,
    at,
    ...about,
    commit: said.commit,
    products: [nameId],
    ...(isUnmanaged ? { unmanaged: nameId } : {}),
  };
}

/** A tag that nobody could read may have led to any image. */
export function doubtOf({ vanishedTags }: Pick<Snapshot, 'vanishedTags'>): { readonly doubt?: string } {
  const [tag] = vanishedTags;
  return tag === undefined ? {} : { doubt: `tag ${tag} vanished while it was read` };
}
