// The images of the manifests that Helm keeps. Revisions of a release repeat each other nearly word for word: every document is read once.

import { hash } from 'node:crypto';
import { imagesOfManifest } from '../manifests/images-of-manifest.ts';

/** Reads manifests of many revisions. */
export interface HelmManifests {
  /**
   * The image texts of some manifests, each once, as the table of kinds finds them.
   * @throws EvidenceError EVIDENCE_FILE when a document cannot be understood. It quotes nothing.
   */
  imagesOf(manifests: readonly string[]): readonly string[];
}

/** Documents whose images are remembered, by a hash of 32 bytes each. */
const MAX_REMEMBERED = 50_000;

/** The start of a document. No text within a document may have it (https://yaml.org/spec/1.2.2/#rule-c-forbidden). */
const DOCUMENT_START = /^---(?=[ \t\r\n]|$)/m;

/** A reader that remembers what it read. */
export function createHelmManifests(): HelmManifests {
  const remembered = new Map<string, readonly string[]>();
  const read = (text: string, path: string): readonly string[] => {
    const key = hash('sha256', text, 'base64');
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const { found } = imagesOfManifest({ text, path, isLenient: true });
    const texts = [...new Set(found.map((image) => image.text))];
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, texts);
    return texts;
  };
  return {
    imagesOf(manifests) {
      const texts = new Set<string>();
      for (const manifest of manifests)
        for (const [index, document] of splitDocuments(manifest).entries())
          for (const text of read(document, `document ${index} of its manifest`)) texts.add(text);
      return [...texts];
    },
  };
}

/** Without their marks. A text with directives is left whole: they belong to a document, and stand before its mark. */
function splitDocuments(manifest: string): readonly string[] {
  return /^%/m.test(manifest) ? [manifest] : manifest.split(DOCUMENT_START);
}
