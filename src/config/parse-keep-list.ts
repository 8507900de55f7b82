// The keep-list file: tags and digests that stay, one a line.

import { type Digest, isDigest, isTag, type Tag } from '../model/reference.ts';
import { type Mistake, quote, wrongValue } from './mistake.ts';

/** What a keep list's text came to. */
export interface ParsedKeepList {
  /** In the file's order, without duplicates. */
  readonly entries: readonly (Tag | Digest)[];
  readonly mistakes: readonly Mistake[];
}

/**
 * The entries of a keep list. Blank lines are skipped, and so is everything from a `#` at the beginning of a line or
 * after a blank. Any other line that is no tag and no digest is a mistake: a line that protects nothing protects nobody.
 */
export function parseKeepList(text: string, fileName: string): ParsedKeepList {
  const entries = new Set<Tag | Digest>();
  const mistakes: Mistake[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [at, line] of lines.entries()) {
    const word = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (word === '') continue;
    if (isTag(word) || isDigest(word)) entries.add(word);
    else mistakes.push({ ...wrongValue(`${fileName}:${at + 1}`, quote(word), 'a tag or a digest'), line: at + 1 });
  }
  return { entries: [...entries], mistakes };
}
