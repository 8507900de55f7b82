// An image as a row of a Markdown table, the same wherever images are listed.

import { shortDigest } from '../model/reference.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { formatBytes } from './format-bytes.ts';
import type { ImageRow } from './list-changes.ts';
import { codeList } from './markdown-blocks.ts';

/** The head of a table of images. */
export const IMAGE_TABLE: readonly string[] = [
  '| Tags | Digest | What | Size | Why |',
  '| --- | --- | --- | ---: | --- |',
];

/** One row of it. */
export function markdownImageRow({ digest, tags, what, sizeBytes, reason }: ImageRow): string {
  const size = sizeBytes === undefined ? '?' : formatBytes(sizeBytes).replace(' ', '&nbsp;');
  const name = tags.length === 0 ? '_untagged_' : codeList(tags);
  return `| ${name} | ${markdownCode(shortDigest(digest))} | ${escapeMarkdown(what)} | ${size} | ${escapeMarkdown(reason)} |`;
}
