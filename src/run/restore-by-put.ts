// Brings one image back by putting the bytes that the journal has, where the registry has no undo of its own. What cannot be whole again
// is not put. Deletes nothing, and moves no tag.

import { describeCause, InternalError, RegistryError } from '../errors.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { IntentLine } from '../plan/journal-line.ts';
import { type DecodedManifest, decodeManifest } from '../registry/decode-manifest.ts';
import { MAX_MANIFEST_BYTES } from '../registry/media-types.ts';
import type { ManifestBytes, Registry, RestoreAnswer } from '../registry/port.ts';

/** What the work on the images of one repository shares. */
export interface PutWork {
  readonly registry: Registry;
  /** Every digest that the journal names in this repository, whatever has become of it. */
  readonly named: ReadonlySet<Digest>;
  /** Manifests and blobs that were seen to be there; grows. */
  readonly seen: Set<Digest>;
}

/** The registry's own words for "what this manifest names is not there". https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
const GONE_CODES: ReadonlySet<unknown> = new Set(['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN']);

/**
 * Puts a deleted image where it was, looks that it is there, then gives it its tags, those excepted that somebody has put elsewhere since.
 * `already-there`: neither it nor any of its tags was missing. `refused`: the registry says no, or something that it needs is gone.
 * @throws what the registry throws, when that is about more than this image.
 */
export async function restoreByPut(work: PutWork, loss: IntentLine): Promise<RestoreAnswer> {
  const { registry, seen } = work;
  const manifest = manifestOf(loss);
  if (manifest.bytes.byteLength > MAX_MANIFEST_BYTES)
    return { kind: 'refused', why: `its manifest has more than ${MAX_MANIFEST_BYTES} bytes` };
  const wasThere = (await registry.readManifest(loss.digest)) !== 'absent';
  if (!wasThere) {
    const why = (await findLack(work, manifest)) ?? (await tryPut(registry, manifest, loss.digest));
    if (why !== undefined) return { kind: 'refused', why };
    if ((await registry.readManifest(loss.digest)) === 'absent')
      return { kind: 'refused', why: 'the registry took it and does not show it' };
  }
  seen.add(loss.digest);
  const back: Tag[] = [];
  const refused: string[] = [];
  // Where only tags are deleted the manifest is there all the time, and a tag is what has gone.
  let hasChanged = !wasThere;
  for (const tag of loss.tags) {
    const answer = await putTag(registry, loss, { tag, isThere: true });
    if (answer.kind === 'put' || answer.kind === 'there') back.push(tag);
    if (answer.kind === 'put') hasChanged = true;
    if (answer.kind === 'refused') refused.push(`${tag}: ${answer.why}`);
  }
  if (refused.length > 0) return { kind: 'refused', why: `it is there, but not under ${refused.join('; ')}` };
  return { kind: hasChanged ? 'restored' : 'already-there', tags: back };
}

/** A single tag that was taken off an image that stayed. A tag that somebody has put elsewhere since is theirs. */
export async function putTagBack(registry: Registry, loss: IntentLine, tag: Tag): Promise<RestoreAnswer> {
  const isThere = (await registry.readManifest(loss.digest)) !== 'absent';
  const answer = await putTag(registry, loss, { tag, isThere });
  switch (answer.kind) {
    case 'put':
      return { kind: 'restored', tags: [tag] };
    case 'there':
      return { kind: 'already-there', tags: [tag] };
    case 'elsewhere':
      return { kind: 'refused', why: `the tag is on ${answer.owner} now` };
    case 'refused':
      return answer;
  }
}

type TagAnswer =
  | { readonly kind: 'put' }
  | { readonly kind: 'there' }
  | { readonly kind: 'elsewhere'; readonly owner: Digest }
  | { readonly kind: 'refused'; readonly why: string };

/** Nothing is asked between the look at the tag and its PUT: a registry takes it from whatever has it by then. */
async function putTag(
  registry: Registry,
  loss: IntentLine,
  { tag, isThere }: { readonly tag: Tag; readonly isThere: boolean },
): Promise<TagAnswer> {
  const owner = await registry.resolveTag(tag);
  if (owner === loss.digest) return { kind: 'there' };
  if (owner !== 'absent') return { kind: 'elsewhere', owner };
  if (!isThere) return { kind: 'refused', why: 'the image that had it is not there any more' };
  const why = await tryPut(registry, manifestOf(loss), tag);
  if (why !== undefined) return { kind: 'refused', why };
  if ((await registry.resolveTag(tag)) === loss.digest) return { kind: 'put' };
  return { kind: 'refused', why: 'the registry took the tag and does not show it' };
}

function manifestOf({ mediaType, manifestBase64 }: IntentLine): ManifestBytes {
  return { mediaType, bytes: Buffer.from(manifestBase64, 'base64') };
}

/** Why the registry does not take it; undefined when it does. */
async function tryPut(registry: Registry, manifest: ManifestBytes, at: Digest | Tag): Promise<string | undefined> {
  try {
    await registry.putManifest(manifest, at);
    return undefined;
  } catch (error) {
    return explainRefusal(error);
  }
}

/** A refusal of this one. Everything else is about the registry, the way to it, or the right to push. */
function explainRefusal(error: unknown): string {
  if (!(error instanceof RegistryError) || error.code !== 'REGISTRY_REFUSED') throw error;
  const isGone = GONE_CODES.has(error.details['registryCode']);
  return isGone ? `what it is made of is not there any more: ${describeCause(error)}` : describeCause(error);
}

/** What an image needs and the registry does not have any more, in words. Not every registry looks itself. */
async function findLack(work: PutWork, manifest: ManifestBytes): Promise<string | undefined> {
  const { registry, named, seen } = work;
  const decoded = decodeManifest(manifest.bytes, manifest.mediaType);
  // What an index listed without having it, a platform that was never pushed, was not there before either.
  for (const child of childrenOf(decoded).filter((digest) => named.has(digest) && !seen.has(digest))) {
    if ((await registry.readManifest(child)) === 'absent') return `it lists ${child}, which is not there any more`;
    seen.add(child);
  }
  for (const blob of blobsOf(decoded).filter((digest) => !seen.has(digest))) {
    const why = await lookAtBlob(registry, blob);
    if (why !== undefined) return why;
    seen.add(blob);
  }
  return undefined;
}

async function lookAtBlob(registry: Registry, digest: Digest): Promise<string | undefined> {
  if (registry.hasBlob === undefined)
    throw new InternalError(`Nothing can be put into a ${registry.capabilities.title} again.`, { code: 'INTERNAL' });
  try {
    return (await registry.hasBlob(digest)) ? undefined : `its blob ${digest} is not there any more`;
  } catch (error) {
    return explainRefusal(error);
  }
}

function childrenOf({ content }: DecodedManifest): readonly Digest[] {
  if (content.kind === 'index') return content.children.map(({ digest }) => digest);
  return content.kind === 'opaque' ? (content.names ?? []) : [];
}

/** Those that a registry stores: foreign layers lie elsewhere. https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#non-distributable-layers */
function blobsOf({ content }: DecodedManifest): readonly Digest[] {
  if (content.kind === 'opaque') return [];
  const blobs = content.kind === 'image' ? [content.config, ...content.layers] : content.blobs;
  return [
    ...new Set(
      blobs.filter(({ mediaType }) => !/foreign|nondistributable/.test(mediaType)).map(({ digest }) => digest),
    ),
  ];
}
