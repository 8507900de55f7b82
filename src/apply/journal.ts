// The journal: what was deleted, with the bytes to put it back. JSON lines, each on disk before the next step begins.

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeCause, UsageError } from '../errors.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { Outcome } from '../plan/outcome.ts';

/** One line. `intent` is written before the request is sent, `outcome` after its answer. */
export type JournalLine =
  | {
      readonly kind: 'intent';
      readonly at: string;
      readonly repository: string;
      readonly action: 'delete' | 'untag';
      readonly digest: Digest;
      /** Tags that the digest had; for an untag the one tag. */
      readonly tags: readonly Tag[];
      readonly mediaType: string;
      /** The manifest's exact bytes. */
      readonly manifestBase64: string;
    }
  | {
      readonly kind: 'outcome';
      readonly at: string;
      readonly repository: string;
      readonly digest: Digest;
      readonly tag?: Tag;
      readonly outcome: Outcome['outcome'];
      readonly why?: string;
    };

/** An open journal. Appends only; a line is on disk when `write` resolves. */
export interface Journal {
  readonly path: string;
  write(line: JournalLine): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the journal for appending and makes its folder. Deletes must not begin before this resolves.
 * @throws UsageError USAGE when the file cannot be written.
 */
export async function openJournal(path: string): Promise<Journal> {
  let file: FileHandle;
  try {
    await mkdir(dirname(path), { recursive: true });
    file = await open(path, 'a', 0o600);
  } catch (cause) {
    throw new UsageError(`The journal ${path} cannot be written: ${describeCause(cause)}`, {
      code: 'USAGE',
      hint: 'Nothing was deleted. Give a writable place with --journal.',
      cause,
    });
  }
  return {
    path,
    async write(line) {
      await file.appendFile(`${JSON.stringify(line)}\n`);
      await file.datasync();
    },
    close: () => file.close(),
  };
}
