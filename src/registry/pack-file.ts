// The file form of the blob cache: many small blobs in one file, each after a line with its digest and length. Decides nothing.

import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Digest, isDigest } from '../model/reference.ts';

/** What a pack of any version begins with. */
export const PACK_BEGINNING = 'registry-cleanup blobs ';
/** The first line; another version begins with another one, and then the file counts as empty. */
const MAGIC = `${PACK_BEGINNING}1\n`;
const HEADER = /^(sha\d+:[0-9a-f]{64,128}) (\d{1,10})$/;
const LONGEST_HEADER = 160;
const NEW_LINE = 0x0a;

/**
 * The blobs of a pack, in its order; views into one buffer. Ends at the first record that is not whole: a tail that was cut off, or
 * anything else that is no pack, is no blob. Whether a blob has its digest is for the reader to check. A missing file and one of more
 * than `maxBytes` are empty packs.
 * @throws what Node throws when the file is there and cannot be read.
 */
export async function readPack(path: string, maxBytes: number): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const blobs = new Map<Digest, Uint8Array>();
  const pack = await readWhole(path, maxBytes);
  if (pack === undefined || pack.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) return blobs;
  let position: number = MAGIC.length;
  while (position < pack.length) {
    const end: number = pack.subarray(position, position + LONGEST_HEADER).indexOf(NEW_LINE);
    if (end === -1) break;
    const header: string = pack.toString('latin1', position, position + end);
    const [, digest = '', length = ''] = HEADER.exec(header) ?? [];
    const start = position + end + 1;
    const stop = start + Number(length);
    if (!isDigest(digest) || pack[stop] !== NEW_LINE) break;
    blobs.set(digest, pack.subarray(start, stop));
    position = stop + 1;
  }
  return blobs;
}

/**
 * Writes a pack beside the old one and puts it in its place at once, readable for its owner only: a reader sees one or the other, and of
 * two writers the last one wins. Makes the folder.
 * @throws what Node throws when it cannot be written; then the old pack is as it was.
 */
export async function writePack(path: string, blobs: ReadonlyMap<Digest, Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(recordsOf(blobs));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Notes that a pack was used just now: who tidies the folder goes by that. Never throws; in a folder that cannot be written nobody tidies. */
export async function touchPack(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** Sorted, so that the same blobs make the same file. */
function* recordsOf(blobs: ReadonlyMap<Digest, Uint8Array>): Generator<Uint8Array> {
  yield Buffer.from(MAGIC, 'latin1');
  for (const [digest, bytes] of [...blobs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield Buffer.concat([Buffer.from(`${digest} ${bytes.length}\n`, 'latin1'), bytes, Buffer.of(NEW_LINE)]);
  }
}

async function readWhole(path: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    return (await stat(path)).size > maxBytes ? undefined : await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
