// Images as rows of a table on a terminal, the same wherever images are listed.

import { type Digest, shortDigest } from '../model/reference.ts';
import { formatBytes } from './format-bytes.ts';
import { formatCount } from './format-count.ts';
import type { ImageRow } from './list-changes.ts';
import type { TextPage } from './text-page.ts';

/** Name, kind, size and reason in a few words, one line each; at most `most` of them. */
export function renderImages(images: readonly ImageRow[], page: TextPage, most: number): readonly string[] {
  const cells = images.map(({ digest, tags, what, sizeBytes, brief }) => [
    nameOf(tags, digest),
    what,
    sizeBytes === undefined ? '?' : formatBytes(sizeBytes),
    brief,
  ]);
  return page.table(cells, [{ maxShare: 0.35 }, { maxShare: 0.1 }, { align: 'right' }, {}], most);
}

/** The first tag and how many more there are, or the short digest of an untagged one. */
export function nameOf(tags: readonly string[], digest: Digest): string {
  const [first, ...others] = tags;
  if (first === undefined) return shortDigest(digest);
  return others.length === 0 ? first : `${first} +${formatCount(others.length)}`;
}
