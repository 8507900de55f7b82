// Usage from files: dumps of clusters, rendered charts, GitOps repositories. Every file is understood, or the run stops.

import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { describeCause, EvidenceError, InternalError } from '../../errors.ts';
import type { UsageSource } from '../../model/usage.ts';
import type { FoundImage } from '../images/found-image.ts';
import { openReader } from '../images/open-reader.ts';
import type { ReadSource } from '../images/read-source.ts';
import { createUsageCollector, type UsageCollector } from '../images/usage-collector.ts';
import { createKindTable, type KindTable } from '../kinds/kind-table.ts';
import type { PresentKind } from '../kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../kinds/resource-kinds.ts';
import type { KindSettings } from '../kinds/wanted-kinds.ts';
import type { ObjectReader } from '../lists/object-reader.ts';
import { findManifestFiles } from './find-manifest-files.ts';
import { imagesOfManifest, type ManifestImages, type SetAside } from './images-of-manifest.ts';

/** What one folder (or file) of manifests named. */
export interface ManifestUsage {
  readonly source: UsageSource;
  readonly used: UsageCollector;
}

/** What of the manifests counts, and how far back. */
export type ReadManifestsOptions = Omit<ReadSource, 'context' | 'kind'> & KindSettings;

/**
 * Reads every manifest under a folder, or one file. Objects of known kinds are read as in a cluster; in every other object what
 * looks like an image protects. Lists count as their items. Helm's revisions count together, whatever files they lie in.
 * @throws UsageError USAGE when the path does not exist or holds no manifest.
 * @throws EvidenceError EVIDENCE_FILE when a file cannot be read or understood.
 */
export async function readManifests(path: string, options: ReadManifestsOptions): Promise<ManifestUsage> {
  const used = createUsageCollector();
  const table = createKindTable(options);
  const readers = createAsideReaders(basename(resolve(path)), { ...options, table });
  let objects = 0;
  for (const file of await findManifestFiles(path)) {
    const inFile = await readManifestFile(path, file, table);
    for (const image of inFile.found) used.add(image);
    for (const one of inFile.setAside) readers.read(one);
    objects += inFile.objects;
  }
  for (const found of readers.finish()) used.addAll(found);
  return { source: { kind: 'manifests', name: path, pods: 0, objects }, used };
}

/**
 * Reads one of the files that {@link findManifestFiles} found under `path`: how many objects it has, and the images they name.
 * @throws EvidenceError EVIDENCE_FILE when it cannot be read or understood.
 */
export async function readManifestFile(path: string, file: string, table: KindTable): Promise<ManifestImages> {
  const { found, ...more } = imagesOfManifest({ text: await readText(file), path: file }, table);
  return { ...more, found: found.map((image) => seenFrom(path, file, image)) };
}

/** The readers of clusters, for objects that a file holds. */
function createAsideReaders(context: string, options: ReadManifestsOptions) {
  const readers = new Map<string, ObjectReader<UsageCollector>>();
  return {
    read({ value, kind, by }: SetAside): void {
      const reader = readers.get(kind) ?? openReader({ ...options, context, kind: kindOf(kind, by) });
      readers.set(kind, reader);
      reader.read(Buffer.from(JSON.stringify(value)));
    },
    finish: () => [...readers.values()].map((reader) => reader.finish()),
  };
}

function kindOf(name: string, by: SetAside['by']): PresentKind {
  const known = RESOURCE_KINDS.find(({ kind, reading }) => kind === name && reading.by === by);
  if (known !== undefined) return { ...known, version: 'v1' };
  throw new InternalError(`The kind ${name} has no reader of its own.`, { code: 'INTERNAL' });
}

/** Reports name a file as people know it: from the folder that was given, whatever the way there. */
function seenFrom(path: string, file: string, image: FoundImage): FoundImage {
  const context = join(basename(resolve(path)), relative(path, file));
  return { ...image, workload: { ...image.workload, context } };
}

async function readText(file: string): Promise<string> {
  try {
    // Strips a byte order mark, refuses what is not UTF-8.
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    throw new EvidenceError(`${file} cannot be read: ${describeCause(error)}.`, {
      code: 'EVIDENCE_FILE',
      hint: 'Make it readable, or take it out of the folder.',
      details: { path: file },
      cause: error,
    });
  }
}
