// What real builders left in a registry, as scripts/record-build-caches.ts wrote it down: every byte as it was.

import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseDigest } from '../../src/model/reference.ts';
import { type BuiltBlob, type BuiltManifest, pushImage, sha256 } from './image.ts';

/** Manifests with all that they need, by repository and tag. */
export interface Recording {
  /** When the first build of it began. */
  readonly began: Date;
  /** By the repository's name, as it was then: `kaniko/app/cache`. */
  readonly repositories: ReadonlyMap<string, ReadonlyMap<string, BuiltManifest>>;
}

const RecordingFile = z.object({
  began: z.iso.datetime(),
  tags: z.record(z.string(), z.record(z.string(), z.string())),
  manifests: z.record(z.string(), z.object({ mediaType: z.string(), text: z.string() })),
  blobs: z.record(
    z.string(),
    z.object({ mediaType: z.string(), text: z.string().optional(), base64: z.string().optional() }),
  ),
});

const Descriptor = z.object({ digest: z.string() });
const Manifest = z.object({
  config: Descriptor.optional(),
  layers: z.array(Descriptor).default([]),
  manifests: z.array(Descriptor).default([]),
});

type RecordingData = z.infer<typeof RecordingFile>;

/** A recording of `test/fixtures/build-cache`. @throws Error when one of its bytes is not as it was. */
export function readRecording(name: 'buildkit' | 'kaniko'): Recording {
  const path = new URL(`../fixtures/build-cache/${name}.json`, import.meta.url);
  const data = RecordingFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  const repositories = Object.entries(data.tags).map(([repository, tags]) => {
    const manifests = Object.entries(tags).map(([tag, digest]) => [tag, manifestOf(data, digest)] as const);
    return [repository, new Map(manifests)] as const;
  });
  return { began: new Date(data.began), repositories: new Map(repositories) };
}

/** The recorded manifest. @throws Error when there is none. */
export function recordedAt({ repositories }: Recording, repository: string, tag: string): BuiltManifest {
  const found = repositories.get(repository)?.get(tag);
  if (found === undefined) throw new Error(`nothing is recorded of ${repository}:${tag}`);
  return found;
}

/** Pushes everything that was recorded of a repository. `origin` is `http://127.0.0.1:5000`; `to`: another name for it. */
export async function pushRecorded(
  origin: string,
  recording: Recording,
  { from, to = from }: { readonly from: string; readonly to?: string },
): Promise<void> {
  const manifests = recording.repositories.get(from);
  if (manifests === undefined) throw new Error(`nothing is recorded of ${from}`);
  for (const [tag, manifest] of manifests) await pushImage(origin, to, { manifest, tags: [tag] });
}

function manifestOf(data: RecordingData, digest: string): BuiltManifest {
  const recorded = data.manifests[digest];
  if (recorded === undefined) throw new Error(`the manifest ${digest} is not recorded`);
  const { config, layers, manifests } = Manifest.parse(JSON.parse(recorded.text));
  const named = [...(config === undefined ? [] : [config]), ...layers, ...manifests].map((one) => one.digest);
  const isManifest = (one: string): boolean => data.manifests[one] !== undefined;
  return {
    ...checked(digest, recorded.mediaType, Buffer.from(recorded.text)),
    blobs: [...new Set(named)].filter((one) => !isManifest(one)).map((one) => blobOf(data, one)),
    children: named.filter(isManifest).map((one) => manifestOf(data, one)),
  };
}

function blobOf(data: RecordingData, digest: string): BuiltBlob {
  const recorded = data.blobs[digest];
  if (recorded === undefined) throw new Error(`the blob ${digest} is not recorded`);
  const { mediaType, text, base64 = '' } = recorded;
  return checked(digest, mediaType, text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text));
}

function checked(digest: string, mediaType: string, bytes: Uint8Array): BuiltBlob {
  if (sha256(bytes) !== digest) throw new Error(`what is recorded under ${digest} are other bytes`);
  return { digest: parseDigest(digest), mediaType, bytes };
}
