// The files of an OCI image layout: its marker, its index, its blobs. Paths are made of validated digests only.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { AuthError, type CleanupError, describeCause, ProtocolError, RegistryError, UsageError } from '../errors.ts';
import { type Digest, isDigest } from '../model/reference.ts';
import { parseJson } from './registry-answer.ts';

const INDEX_FILE = 'index.json';
const MARKER_FILE = 'oci-layout';

/** An index of a million descriptors is no index any more. Bytes. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;

const markerSchema = z.object({ imageLayoutVersion: z.string().regex(/^1\./, 'is not 1.x') });

const entrySchema = z.looseObject({
  mediaType: z.string(),
  digest: z.string().refine(isDigest, 'is no digest of a known algorithm'),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  manifests: z
    .array(entrySchema)
    .nullable()
    .transform((value) => value ?? []),
});

/** One descriptor of `index.json`, with whatever else it holds. */
export type LayoutEntry = z.infer<typeof entrySchema>;

/** `index.json`, with whatever else it holds. */
export type LayoutIndex = z.infer<typeof indexSchema>;

/**
 * Makes sure that the directory is a layout: it has the marker of version 1.x, an index, and a folder for blobs.
 * @throws UsageError USAGE when it is none.
 */
export async function assertLayout(directory: string): Promise<void> {
  const marker = await readFileUpTo(join(directory, MARKER_FILE), MAX_INDEX_BYTES);
  if (typeof marker === 'string') throw noLayout(directory, `it has no file ${MARKER_FILE}`);
  const parsed = markerSchema.safeParse(parseJson(marker));
  if (!parsed.success) throw noLayout(directory, `its file ${MARKER_FILE} does not say version 1.x`);
  const index = await readFileUpTo(join(directory, INDEX_FILE), MAX_INDEX_BYTES);
  if (typeof index === 'string') throw noLayout(directory, `it has no file ${INDEX_FILE}`);
  const blobs = await fileStep(directory, () => stat(join(directory, 'blobs')));
  if (blobs === 'absent' || !blobs.isDirectory()) throw noLayout(directory, 'it has no folder blobs');
}

/** Reads `index.json` as it is now. @throws ProtocolError PROTOCOL when it is not the index of a layout. */
export async function readLayoutIndex(directory: string): Promise<LayoutIndex> {
  const path = join(directory, INDEX_FILE);
  const bytes = await readFileUpTo(path, MAX_INDEX_BYTES);
  if (typeof bytes === 'string') throw new ProtocolError(`${path} is ${bytes}.`, { code: 'PROTOCOL' });
  const parsed = indexSchema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ProtocolError(`${path} is not the index of an image layout: ${issue?.path.join('.')}: ${issue?.message}.`, {
    code: 'PROTOCOL',
  });
}

/** What changes whenever `index.json` does: its inode, time and size. */
export async function versionOfLayoutIndex(directory: string): Promise<string> {
  const path = join(directory, INDEX_FILE);
  const found = await fileStep(path, () => stat(path, { bigint: true }));
  if (found === 'absent') throw new ProtocolError(`${path} is absent.`, { code: 'PROTOCOL' });
  return `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/** Replaces `index.json` in one step: a reader, or the next run after a crash, sees the old one or the new one. */
export async function writeLayoutIndex(directory: string, index: LayoutIndex): Promise<void> {
  await replaceFile(join(directory, INDEX_FILE), Buffer.from(`${JSON.stringify(index, undefined, 2)}\n`));
}

/** A blob's bytes, not checked against the digest. */
export async function readLayoutBlob(
  directory: string,
  digest: Digest,
  maxBytes: number,
): Promise<Uint8Array | 'absent' | 'too-large'> {
  return readFileUpTo(blobPath(directory, digest), maxBytes);
}

/** A blob's size in bytes. */
export async function sizeOfLayoutBlob(directory: string, digest: Digest): Promise<number | 'absent'> {
  const found = await fileStep(directory, () => stat(blobPath(directory, digest)));
  return found === 'absent' ? 'absent' : found.size;
}

/** Adds a blob, whole or not at all. */
export async function writeLayoutBlob(directory: string, digest: Digest, bytes: Uint8Array): Promise<void> {
  await replaceFile(blobPath(directory, digest), bytes);
}

/** Deletes a blob; one that is not there is no error. */
export async function deleteLayoutBlob(directory: string, digest: Digest): Promise<void> {
  await fileStep(directory, () => rm(blobPath(directory, digest), { force: true }));
}

function blobPath(directory: string, digest: Digest): string {
  const colon = digest.indexOf(':');
  return join(directory, 'blobs', digest.slice(0, colon), digest.slice(colon + 1));
}

async function readFileUpTo(path: string, maxBytes: number): Promise<Uint8Array | 'absent' | 'too-large'> {
  return fileStep(path, async () => {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      return size > maxBytes ? 'too-large' : await file.readFile();
    } finally {
      await file.close();
    }
  });
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  await fileStep(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  });
}

/** Only "no such file" means absent; every other trouble with a file is an error. */
async function fileStep<T>(path: string, step: () => Promise<T>): Promise<T | 'absent'> {
  try {
    return await step();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return 'absent';
    throw fileError(path, code, error);
  }
}

function fileError(path: string, code: unknown, cause: unknown): CleanupError {
  const message = `Cannot use ${path}: ${describeCause(cause)}.`;
  const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return isForbidden
    ? new AuthError(message, { code: 'FORBIDDEN', cause, hint: 'The user of this process needs rights to the files.' })
    : new RegistryError(message, { code: 'REGISTRY_REFUSED', cause });
}

function noLayout(directory: string, why: string): UsageError {
  return new UsageError(`${directory} is not a directory in OCI image-layout form: ${why}.`, {
    code: 'USAGE',
    hint: 'skopeo copy --all docker://HOST/NAME:TAG oci:DIR:TAG makes one.',
  });
}
