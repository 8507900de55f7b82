// The journal: what was deleted, with the bytes to put it back. JSON lines, each on disk before the next step begins.

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeCause, UsageError } from '../errors.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { Outcome } from '../plan/outcome.ts';

const NEW_LINE = 0x0a;

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

/** An open journal. Appends only; a line is on disk when `write` resolves. After a line that was not, every `write` fails. */
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
    file = await open(path, 'a+', 0o600);
    await endLastLine(file);
  } catch (cause) {
    throw new UsageError(`The journal ${path} cannot be written: ${describeCause(cause)}`, {
      code: 'USAGE',
      hint: 'Give a writable place with --journal.',
      cause,
    });
  }
  let broken: unknown;
  return {
    path,
    async write(line) {
      // What was written of it is half a line: nothing may follow that is to be read back.
      if (broken !== undefined) throw new Error('an earlier line was not written', { cause: broken });
      try {
        await file.appendFile(`${JSON.stringify(line)}\n`);
        await file.datasync();
      } catch (cause) {
        broken = cause ?? 'unknown';
        throw cause;
      }
    },
    close: () => file.close(),
  };
}

/** A run that was killed may have left half a line, and the next line must not become a part of it. */
async function endLastLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) return;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  if (buffer[0] !== NEW_LINE) await file.appendFile('\n');
}
