// werf 3 can keep its records in a repository of their own, and leaves a mark that it does. Who overlooks it sees stages without records.

import type { Settings } from '../config/settings.ts';
import { CleanupError, EvidenceError } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  formatRepository,
  isSameRepository,
  parseRepository,
  type RepositoryReference,
  type Tag,
} from '../model/reference.ts';
import type { ImageNode, Snapshot } from '../model/snapshot.ts';
import { parseWerfTag } from '../model/werf-tag.ts';
import type { Registry } from '../registry/port.ts';
import { labelsOfRecord } from './werf-record.ts';

/** A tag that marks where the records are, and what it leads to; undefined when it leads nowhere. */
export interface Marker {
  readonly tag: Tag;
  readonly node: ImageNode | undefined;
}

/** What the marks of one repository are held against. */
export interface MarkerCheck {
  /** The repository with the marks. */
  readonly name: string;
  /** The one that the user says has the records. */
  readonly meta: RepositoryReference | undefined;
  /** Whose marks count, where it is known and there is one of it; else all do. */
  readonly project?: string | undefined;
  readonly log: Pick<Log, 'info'>;
}

const PREFIX = 'werf-meta-repo-marker-';
const ADDRESS_LABEL = 'metarepoaddress';

/** A repository to clean that was read. */
export interface ReadRepository {
  readonly name: string;
  readonly snapshot: Snapshot;
  readonly settings: Pick<Settings, 'repositories' | 'policy'>;
  readonly log: Pick<Log, 'info'>;
}

/**
 * Makes sure that this run reads the records of a repository where werf keeps them.
 * @throws EvidenceError EVIDENCE_RECORDS when it does not, or nobody can tell where they are.
 */
export function checkRecordsAreRead({ name, snapshot, settings, log }: ReadRepository): void {
  const meta = settings.repositories.find(({ role }) => role?.kind === 'meta' && role.of === name)?.repository;
  const { project } = settings.policy.werf;
  checkMarkers(markersIn(snapshot), { name, meta, project, log });
}

/** The marks of a repository that was read, sorted by tag. One that vanished while it was read is among them. */
function markersIn(snapshot: Pick<Snapshot, 'tags' | 'nodes' | 'vanishedTags'>): readonly Marker[] {
  const there = [...snapshot.tags].filter(([tag]) => isMarker(tag));
  const vanished = snapshot.vanishedTags.filter(isMarker);
  return [
    ...there.map(([tag, digest]) => ({ tag, node: snapshot.nodes.get(digest) })),
    ...vanished.map((tag) => ({ tag, node: undefined })),
  ].sort((a, b) => (a.tag < b.tag ? -1 : 1));
}

/** The marks among the tags of a repository of which nothing else was read. */
export async function readMarkers(registry: Registry, tags: readonly Tag[]): Promise<readonly Marker[]> {
  const found: Marker[] = [];
  for (const tag of tags.filter(isMarker)) {
    const digest = await registry.resolveTag(tag);
    const nodes = digest === 'absent' ? undefined : (await registry.readDigests([digest])).nodes;
    found.push({ tag, node: digest === 'absent' ? undefined : nodes?.get(digest) });
  }
  return found;
}

/**
 * Makes sure that the records which the marks point at are those that the user names. Without a mark any will do, which is worth a word.
 * @throws EvidenceError EVIDENCE_RECORDS when a mark points elsewhere, or cannot be read.
 */
export function checkMarkers(markers: readonly Marker[], { name, meta, project, log }: MarkerCheck): void {
  const own = markers.filter(({ tag }) => tag === `${PREFIX}${project ?? ''}`);
  const binding = own.length > 0 ? own : markers;
  if (binding.length === 0) {
    if (meta !== undefined) log.info(`${name} has no mark of werf's that its records are in ${formatRepository(meta)}`);
    return;
  }
  for (const marker of binding) checkMarker(marker, { name, meta });
}

function checkMarker(marker: Marker, { name, meta }: Pick<MarkerCheck, 'name' | 'meta'>): void {
  const { tag } = marker;
  const written = addressIn(marker, name);
  const address = parseAddress(written);
  if (address === undefined)
    throw unreadable(name, tag, `its label ${ADDRESS_LABEL} is no repository: ${JSON.stringify(written)}`);
  const named = meta === undefined ? undefined : parseAddress(formatRepository(meta));
  if (named !== undefined && isSameRepository(address, named)) return;
  const there = formatRepository(address);
  const but =
    meta === undefined ? 'this run does not look there' : `this run would look into ${formatRepository(meta)}`;
  throw new EvidenceError(`werf keeps the records of ${name} in ${there}, as the tag ${tag} says, and ${but}.`, {
    code: 'EVIDENCE_RECORDS',
    hint: `Name it: meta-repo ${there}`,
  });
}

function addressIn({ tag, node }: Marker, name: string): string {
  if (node === undefined) throw unreadable(name, tag, 'it leads nowhere');
  const labels = labelsOfRecord(node);
  if (labels === undefined) throw unreadable(name, tag, 'it leads to something that is no record, or cannot be read');
  const address = labels[ADDRESS_LABEL]?.trim() ?? '';
  if (address === '') throw unreadable(name, tag, `its label ${ADDRESS_LABEL} is missing or empty`);
  return address;
}

function unreadable(name: string, tag: Tag, why: string): EvidenceError {
  return new EvidenceError(`Where werf keeps the records of ${name} cannot be told by its tag ${tag}: ${why}.`, {
    code: 'EVIDENCE_RECORDS',
    hint: 'Look at the tag with werf; without the records nobody knows what the stages were built for.',
  });
}

/** As werf compares them: all names of Docker Hub are one, hosts have no capitals, and the port of HTTPS goes without saying. */
function parseAddress(written: string): RepositoryReference | undefined {
  const text = written
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/^([^/]+):443\//, '$1/');
  try {
    return parseRepository(text);
  } catch (error) {
    if (error instanceof CleanupError) return undefined;
    throw error;
  }
}

function isMarker(tag: Tag): boolean {
  const parsed = parseWerfTag(tag);
  return parsed?.kind === 'service' && parsed.service === 'meta-repo-marker';
}
