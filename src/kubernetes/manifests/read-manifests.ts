// Usage from files: dumps of clusters, rendered charts, GitOps repositories. Every file is understood, or the run stops.

import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { describeCause, EvidenceError } from '../../errors.ts';
import type { UsageSource } from '../../model/usage.ts';
import type { FoundImage } from '../images/collect-images.ts';
import { findManifestFiles } from './find-manifest-files.ts';
import { imagesOfManifest, type ManifestImages } from './images-of-manifest.ts';

/** What one folder (or file) of manifests named. */
export interface ManifestUsage {
  readonly source: UsageSource;
  readonly found: readonly FoundImage[];
}

/**
 * Reads every manifest under a folder, or one file. Objects of known kinds are read as in a cluster; in every other object what
 * looks like an image protects. Lists count as their items.
 * @throws UsageError USAGE when the path does not exist or holds no manifest.
 * @throws EvidenceError EVIDENCE_FILE when a file cannot be read or understood.
 */
export async function readManifests(path: string): Promise<ManifestUsage> {
  const found: FoundImage[] = [];
  let objects = 0;
  for (const file of await findManifestFiles(path)) {
    const inFile = await readManifestFile(path, file);
    for (const image of inFile.found) found.push(image);
    objects += inFile.objects;
  }
  return { source: { kind: 'manifests', name: path, pods: 0, objects }, found };
}

/**
 * Reads one of the files that {@link findManifestFiles} found under `path`: how many objects it has, and the images they name.
 * @throws EvidenceError EVIDENCE_FILE when it cannot be read or understood.
 */
export async function readManifestFile(path: string, file: string): Promise<ManifestImages> {
  const { objects, found } = imagesOfManifest({ text: await readText(file), path: file });
  return { objects, found: found.map((image) => seenFrom(path, file, image)) };
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
