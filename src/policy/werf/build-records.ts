// What werf's records say of images: which commits these were published for, when, and what imports came from.

import type { BuildRecord } from '../../model/build-record.ts';
import type { Digest } from '../../model/reference.ts';
import type { Instant } from '../../model/time.ts';
import type { StageId } from '../../model/werf-tag.ts';
import { describeImage, type ImageNames } from './image-names.ts';
import type { Projects } from './projects.ts';
import { isOfOthers } from './record-nodes.ts';
import type { Statement } from './statements.ts';

/** What {@link readBuildRecords} goes by. */
export interface RecordInput extends ImageNames {
  /** Of this repository and of its meta repository. */
  readonly statements: readonly Statement[];
  readonly projects: Projects;
  readonly built: ReadonlySet<Digest>;
  /** The images that a statement is about, as far as they are in this repository. */
  readonly imagesOf: (statement: Statement) => readonly Digest[];
}

/** What the `meta-*` records of images that count say of images that are here. What another project says of its own stages is left out. */
export function readBuildRecords(input: RecordInput): readonly BuildRecord[] {
  const { statements, imagesOf, managed, names, projects, built } = input;
  return statements.flatMap((statement): BuildRecord[] => {
    const { says, node, at } = statement;
    const [image] = imagesOf(statement);
    if (says.kind !== 'image-metadata' || image === undefined) return [];
    if (managed !== undefined && !managed.has(says.nameId)) return [];
    if (isOfOthers(statement, projects) && !built.has(image)) return [];
    const found = { kind: 'werf-record', name: describeImage(says.nameId, names) } as const;
    return [{ record: node.digest, image, commit: says.commit, product: says.nameId, at, found }];
  });
}

/** Whether there is any `meta-*` record of ours at all, whatever it is about. */
export function hasBuildRecords({ statements, projects }: RecordInput): boolean {
  return statements.some((statement) => statement.says.kind === 'image-metadata' && !isOfOthers(statement, projects));
}

/** The newest moment at which the id of a stage, or a record about it, says that the image was published. */
export function readPublishedAt({ statements, imagesOf }: RecordInput): ReadonlyMap<Digest, Instant> {
  const newest = new Map<Digest, Instant>();
  for (const statement of statements) {
    const at = publishedAt(statement);
    if (at === undefined) continue;
    for (const image of imagesOf(statement)) if (at > (newest.get(image) ?? 0)) newest.set(image, at);
  }
  return newest;
}

function publishedAt({ says, at }: Statement): Instant | undefined {
  if (says.kind === 'stage') return says.at;
  const tells = says.kind === 'image-metadata' || says.kind === 'custom-tag-metadata';
  return tells && at.kind === 'known' ? at.at : undefined;
}

/** By checksum, the stages that an import came from, sorted. */
export function readImportSources(statements: readonly Statement[]): ReadonlyMap<string, readonly StageId[]> {
  const sources = new Map<string, readonly StageId[]>();
  for (const { checksum, stage } of statements) {
    if (checksum === undefined || stage === undefined) continue;
    sources.set(checksum, [...new Set([...(sources.get(checksum) ?? []), stage])].sort());
  }
  return sources;
}
