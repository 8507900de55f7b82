// The journal: what was deleted, with the bytes to put it back. JSON lines, each on disk before the next step begins.

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeCause, UsageError } from '../errors.ts';
import type { JournalLine } from '../plan/journal-line.ts';

const NEW_LINE = 0x0a;

/**
 * An open journal. Appends only, one line after the other whoever writes; a line is on disk when its `write` resolves. After a line
 * that was not, every `write` fails.
 */
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
  const append = async (line: JournalLine): Promise<void> => {
    // What was written of it is half a line: nothing may follow that is to be read back.
    if (broken !== undefined) throw new Error('an earlier line was not written', { cause: broken });
    try {
      await file.appendFile(`${JSON.stringify(line)}\n`);
      await file.datasync();
    } catch (cause) {
      broken = cause ?? 'unknown';
      throw cause;
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    path,
    write(line) {
      const written = last.then(() => append(line));
      last = written.catch(() => undefined);
      return written;
    },
    async close() {
      await last;
      await file.close();
    },
  };
}

/** A run that was killed may have left half a line, and the next line must not become a part of it. */
async function endLastLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) return;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  if (buffer[0] !== NEW_LINE) await file.appendFile('\n');
}
