// The images in the registry of the fake GitLab: which tags there are, since when, and what they stand for, beside the real registry that
// holds the bytes. GitLab's own registry keeps the same in its metadata database.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Digest, isDigest } from '../../../src/model/reference.ts';
import { type BuiltManifest, sha256 } from '../../builders/image.ts';

/** A tag as GitLab's database has it. */
export interface FakeTag {
  digest: Digest;
  readonly createdAtMs: number;
  /** Undefined until the tag was moved to another manifest. */
  updatedAtMs: number | undefined;
}

/** A manifest as GitLab's database has it. */
export interface FakeManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly configDigest: Digest | undefined;
  /** Payload, config and layers; GitLab has 0 for an index. */
  readonly sizeBytes: number;
  readonly children: readonly Digest[];
  readonly blobs: readonly Digest[];
  readonly bytes: Uint8Array;
}

/** When and under which names an image is put in. */
export interface PushOptions {
  readonly tags?: readonly string[];
  /** RFC 3339 or milliseconds; default now. */
  readonly createdAt?: string | number;
  /** Of tags that were moved once; default never. */
  readonly updatedAt?: string | number;
}

/** One repository of images: `group/app` or below a project, `group/app/base`. */
export interface FakeImages {
  readonly path: string;
  /** Tags by name, in no order. */
  readonly tagTable: ReadonlyMap<string, FakeTag>;
  /** The names of the tags, sorted. */
  tags(): readonly string[];
  /** The digests of all manifests, tagged or not, sorted. */
  digests(): readonly Digest[];
  manifest(digest: Digest): FakeManifest | undefined;
  /** The digest behind a tag. */
  digestOf(tag: string): Digest | undefined;
  /** Puts an image with all that belongs to it into the storage, without a request. Quick: thousands a second. */
  push(image: BuiltManifest, options?: PushOptions): void;
  /** Moves a tag to a manifest that is there, as a push by somebody else would. */
  moveTag(tag: string, digest: Digest): void;
  /** Takes a tag away, as somebody else would. */
  dropTag(tag: string): void;
  /** As GitLab's garbage collection a day later: manifests without a tag that no kept index lists are gone, and blobs nobody uses. */
  collectGarbage(): void;
}

/** What the registry's front tells when a request went through. */
export interface ImagesRecord extends FakeImages {
  readonly createdAtMs: number;
  /** What the config of an image says of its making; null when it says nothing. */
  configCreated(digest: Digest): string | null;
  recordPut(reference: string, manifest: { readonly mediaType: string; readonly bytes: Uint8Array }): void;
  recordTagDelete(tag: string): void;
  recordDigestDelete(digest: Digest): void;
}

/** Makes a repository whose bytes lie below `root`, the storage folder of a real registry (`…/docker/registry/v2`). */
export function createImages(path: string, root: string, now: () => number): ImagesRecord {
  const tagTable = new Map<string, FakeTag>();
  const manifests = new Map<Digest, FakeManifest>();
  const write = createWriter();
  const own = join(root, 'repositories', path);
  const linkOf = (digest: Digest) => join(...digest.split(':'), 'link');

  function setTag(tag: string, digest: Digest, times: { readonly at: number; readonly updatedAt?: number }): void {
    const known = tagTable.get(tag);
    if (known === undefined) {
      tagTable.set(tag, { digest, createdAtMs: times.at, updatedAtMs: times.updatedAt });
    } else if (known.digest !== digest) {
      known.digest = digest;
      known.updatedAtMs = times.updatedAt ?? times.at;
    }
  }

  function writeTag(tag: string, digest: Digest): void {
    write(join(own, '_manifests', 'tags', tag, 'current', 'link'), digest);
    write(join(own, '_manifests', 'tags', tag, 'index', linkOf(digest)), digest);
  }

  function eraseTag(tag: string): void {
    rmSync(join(own, '_manifests', 'tags', tag), { recursive: true, force: true });
    write.forget();
    tagTable.delete(tag);
  }

  function writeManifest(image: BuiltManifest): void {
    for (const child of image.children) writeManifest(child);
    for (const blob of image.blobs) {
      write(blobPath(root, blob.digest), blob.bytes);
      write(join(own, '_layers', linkOf(blob.digest)), blob.digest);
    }
    write(blobPath(root, image.digest), image.bytes);
    write(join(own, '_manifests', 'revisions', linkOf(image.digest)), image.digest);
    manifests.set(image.digest, describeManifest(image));
  }

  function collectGarbage(): void {
    const kept = new Set<Digest>();
    const queue = [...tagTable.values()].map(({ digest }) => digest);
    for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
      if (kept.has(digest)) continue;
      kept.add(digest);
      queue.push(...(manifests.get(digest)?.children ?? []));
    }
    const used = new Set([...kept].flatMap((digest) => manifests.get(digest)?.blobs ?? []));
    for (const manifest of [...manifests.values()].filter(({ digest }) => !kept.has(digest))) {
      rmSync(join(own, '_manifests', 'revisions', ...manifest.digest.split(':')), { recursive: true, force: true });
      for (const blob of manifest.blobs)
        if (!used.has(blob)) rmSync(join(own, '_layers', ...blob.split(':')), { recursive: true, force: true });
      manifests.delete(manifest.digest);
    }
    write.forget();
  }

  return {
    path,
    createdAtMs: now(),
    tagTable,
    tags: () => [...tagTable.keys()].sort(),
    digests: () => [...manifests.keys()].sort(),
    manifest: (digest) => manifests.get(digest),
    digestOf: (tag) => tagTable.get(tag)?.digest,
    push: (image, { tags = [], createdAt, updatedAt } = {}) => {
      writeManifest(image);
      const at = toMs(createdAt) ?? now();
      const moved = toMs(updatedAt);
      for (const tag of tags) {
        writeTag(tag, image.digest);
        setTag(tag, image.digest, moved === undefined ? { at } : { at, updatedAt: moved });
      }
    },
    moveTag: (tag, digest) => {
      if (!manifests.has(digest)) throw new Error(`${path} has no manifest ${digest}`);
      writeTag(tag, digest);
      setTag(tag, digest, { at: now() });
    },
    dropTag: eraseTag,
    configCreated: (digest) => {
      const { created } = parseJson(readFileSync(blobPath(root, digest))) as { readonly created?: string };
      return created ?? null;
    },
    collectGarbage,
    recordPut: (reference, { mediaType, bytes }) => {
      const digest = sha256(bytes);
      manifests.set(digest, describeManifest({ digest, mediaType, bytes }));
      if (!isDigest(reference)) setTag(reference, digest, { at: now() });
    },
    recordTagDelete: (tag) => {
      tagTable.delete(tag);
      write.forget();
    },
    recordDigestDelete: (digest) => {
      manifests.delete(digest);
      for (const [tag, { digest: own }] of tagTable) if (own === digest) tagTable.delete(tag);
      write.forget();
    },
  };
}

/** Writes files, each folder made once; what was written already is not written again until something was removed. */
function createWriter(): { (file: string, content: string | Uint8Array): void; forget(): void } {
  const folders = new Set<string>();
  const blobs = new Set<string>();
  const write = (file: string, content: string | Uint8Array): void => {
    if (blobs.has(file)) return;
    const folder = dirname(file);
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
    folders.add(folder);
    writeFileSync(file, content);
    // A tag's link changes; blobs and links named by a digest do not.
    if (!file.endsWith('current/link')) blobs.add(file);
  };
  return Object.assign(write, {
    forget: () => {
      folders.clear();
      blobs.clear();
    },
  });
}

function blobPath(root: string, digest: Digest): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return join(root, 'blobs', algorithm, hex.slice(0, 2), hex, 'data');
}

interface Described {
  readonly digest: Digest;
  readonly size: number;
}

function describeManifest(manifest: {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}): FakeManifest {
  const { digest, mediaType, bytes } = manifest;
  const json = parseJson(bytes) as {
    readonly config?: Described;
    readonly layers?: readonly Described[];
    readonly manifests?: readonly Described[];
  };
  const blobs = [...(json.config === undefined ? [] : [json.config]), ...(json.layers ?? [])];
  return {
    digest,
    mediaType,
    bytes,
    configDigest: json.config?.digest,
    sizeBytes: json.manifests === undefined ? blobs.reduce((sum, { size }) => sum + size, bytes.byteLength) : 0,
    children: (json.manifests ?? []).map((child) => child.digest),
    blobs: blobs.map((blob) => blob.digest),
  };
}

function parseJson(bytes: Uint8Array): object {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as object;
  } catch {
    return {};
  }
}

function toMs(time: string | number | undefined): number | undefined {
  return typeof time === 'string' ? Date.parse(time) : time;
}
