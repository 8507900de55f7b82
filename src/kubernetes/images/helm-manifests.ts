// The images of the manifests that Helm keeps. Revisions of a release repeat each other nearly word for word: every document is read once.

import { hash } from 'node:crypto';
import type { KindTable } from '../kinds/kind-table.ts';
import { imagesOfManifest } from '../manifests/images-of-manifest.ts';
import { findWeakImages } from './find-weak-images.ts';
import type { FoundImage } from './found-image.ts';

/** A text without its user. */
export type ImageText = Omit<FoundImage, 'workload'>;

/** Reads manifests of many revisions. */
export interface HelmManifests {
  /**
   * The image texts of some manifests, each once, as the table of kinds finds them.
   * @throws EvidenceError EVIDENCE_FILE when a document cannot be understood. It quotes nothing.
   */
  imagesOf(manifests: readonly string[]): readonly ImageText[];
}

/** Documents whose images are remembered, by a hash of 32 bytes each. */
const MAX_REMEMBERED = 50_000;

/** The start of a document. No text within a document may have it (https://yaml.org/spec/1.2.2/#rule-c-forbidden). */
const DOCUMENT_START = /^---(?=[ \t\r\n]|$)/m;

/** A reader that remembers what it read. */
export function createHelmManifests(table?: KindTable): HelmManifests {
  const remembered = new Map<string, readonly ImageText[]>();
  const read = (text: string, path: string): readonly ImageText[] => {
    const key = hash('sha256', text, 'base64');
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const { found, setAside } = imagesOfManifest({ text, path, isLenient: true }, table);
    // What a chart renders has no history that others of its kind could be part of.
    const walked = setAside.flatMap(({ value, kind }) => findWeakImages(value, { context: path, kind, name: path }));
    const texts = distinct([...found, ...walked].map(({ workload: _workload, ...image }) => image));
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, texts);
    return texts;
  };
  return {
    imagesOf(manifests) {
      const texts: ImageText[] = [];
      for (const manifest of manifests)
        for (const [index, document] of splitDocuments(manifest).entries())
          texts.push(...read(document, `document ${index} of its manifest`));
      return distinct(texts);
    },
  };
}

/** A text that must be an image in one place, and need not be one in another, is two. */
function distinct(texts: readonly ImageText[]): readonly ImageText[] {
  return [...new Map(texts.map((image) => [`${image.isWeak ?? false} ${image.text}`, image])).values()];
}

/** Without their marks. A text with directives is left whole: they belong to a document, and stand before its mark. */
function splitDocuments(manifest: string): readonly string[] {
  return /^%/m.test(manifest) ? [manifest] : manifest.split(DOCUMENT_START);
}
