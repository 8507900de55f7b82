// Whether registries still have what this machine has from them. Only a registry's own word, about a repository that it shows and that is
// not empty, makes an image absent; everything else stops the run or leaves it in doubt.

import { CleanupError } from '../../errors.ts';
import type { ImageId, LocalImage, LocalStore } from '../../model/local-store.ts';
import { type Digest, formatRepository, isDigest, isTag, type Tag } from '../../model/reference.ts';
import type { RegistryWord, RepositoryWords } from '../../policy/host/host-evidence.ts';
import { decodeManifest } from '../../registry/decode-manifest.ts';
import type { Registry } from '../../registry/port.ts';
import { isRepositoryAbsent } from '../../registry/registry-answer.ts';
import { mapConcurrently } from '../../util/map-concurrently.ts';

/** What is asked, and for what. */
export interface ImageLookup {
  readonly registry: Pick<Registry, 'repository' | 'listTags' | 'resolveTag' | 'readManifest' | 'hasManifest'>;
  readonly store: Pick<LocalStore, 'images' | 'engine'>;
  /** Whether the repository is known to have had the image at some time, beyond what the engine's digests prove. */
  readonly wasSeen: (image: ImageId, repository: string) => boolean;
  /** Called for each name that is settled. */
  readonly onName?: () => void;
}

/** Looks under way at a time. */
const PARALLEL_LOOKS = 8;
/** An index with more manifests than this is not followed: nobody can tell what it lists. */
const MAX_CHILDREN = 64;

/**
 * Asks one repository for every local name in it.
 * @throws AuthError, RegistryError, NetworkError, ProtocolError when it does not answer all of it.
 */
export async function lookUpImages(lookup: ImageLookup): Promise<RepositoryWords> {
  const repository = formatRepository(lookup.registry.repository);
  const tags = await listTags(lookup.registry);
  if (tags === 'unknown' || tags.length === 0)
    return { repository, state: tags === 'unknown' ? tags : 'empty', words: new Map() };
  const ask = {
    ...lookup,
    repository,
    tags: new Set(tags),
    has: onceEach((digest: Digest) => hasManifest(lookup.registry, digest)),
  };
  const words = await mapConcurrently(namesIn(lookup.store, repository), PARALLEL_LOOKS, async (local) => {
    const word = await tellWord(local, ask);
    lookup.onName?.();
    return [local.name, word] as const;
  });
  return { repository, state: 'read', words: new Map(words) };
}

/** The digests under which images of this machine were, or are, in the repository; without duplicates. */
export function listDigestsIn({ images }: Pick<LocalStore, 'images'>, repository: string): readonly Digest[] {
  return [...new Set([...images.values()].flatMap((image) => digestsIn(image, repository)))];
}

interface LocalName {
  readonly name: string;
  readonly tag: Tag;
  readonly image: LocalImage;
}

interface Asking extends ImageLookup {
  readonly repository: string;
  /** All that the registry lists. */
  readonly tags: ReadonlySet<Tag>;
  readonly has: (digest: Digest) => Promise<boolean>;
}

function namesIn({ images }: Pick<LocalStore, 'images'>, repository: string): readonly LocalName[] {
  return [...images.values()].flatMap((image) =>
    image.names.flatMap((name) => {
      const tag = name.startsWith(`${repository}:`) ? name.slice(repository.length + 1) : '';
      return isTag(tag) ? [{ name, tag, image }] : [];
    }),
  );
}

async function listTags(registry: ImageLookup['registry']): Promise<readonly Tag[] | 'unknown'> {
  try {
    return await registry.listTags();
  } catch (error) {
    if (isRepositoryAbsent(error)) return 'unknown';
    throw error;
  }
}

async function tellWord({ tag, image }: LocalName, ask: Asking): Promise<RegistryWord> {
  const { repository, store, registry, wasSeen } = ask;
  const digests = digestsIn(image, repository);
  const isProved = (store.engine.digestsProvePush && digests.length > 0) || wasSeen(image.id, repository);
  // Nothing that the registry has is what was built here and never left.
  if (!isProved && store.engine.digestsProvePush) return 'never-pushed';
  for (const digest of digests) if (await ask.has(digest)) return 'there';
  const target = await registry.resolveTag(tag);
  // What is listed and not found is not proved to be gone.
  const found =
    target === 'absent' ? (ask.tags.has(tag) ? 'unclear' : 'no') : await isOrHolds(target, idsOf(image), ask);
  if (found === 'yes') return 'there';
  if (!isProved) return 'never-pushed';
  return found === 'unclear' ? 'in-doubt' : 'absent';
}

function digestsIn({ digests }: LocalImage, repository: string): readonly Digest[] {
  return digests
    .filter((digest) => digest.startsWith(`${repository}@`))
    .map((digest) => digest.slice(repository.length + 1))
    .filter(isDigest);
}

/** Everything that the image is called by, whatever kind of digest an engine takes for its id, and whatever repository it came from. */
function idsOf({ id, digests }: LocalImage): ReadonlySet<string> {
  return new Set([id, ...digests.map((digest) => digest.slice(digest.indexOf('@') + 1))]);
}

/** Whether the manifest is the image, or has it as config, or lists it. Of what cannot be understood nobody can tell. */
async function isOrHolds(
  target: Digest,
  ids: ReadonlySet<string>,
  { registry }: Asking,
): Promise<'yes' | 'no' | 'unclear'> {
  let isUnclear = false;
  const seen = new Set<Digest>([target]);
  for (const digest of seen) {
    if (ids.has(digest)) return 'yes';
    const content = await readContent(registry, digest);
    if (content === 'absent' || content === 'too-large' || content.kind === 'opaque') {
      // A list outlives what it lists; but what a tag leads to was there a moment ago.
      isUnclear ||= content !== 'absent' || digest === target;
      continue;
    }
    if (content.kind === 'image' && ids.has(content.config.digest)) return 'yes';
    if (content.kind === 'index') for (const child of content.children) seen.add(child.digest);
    if (seen.size > MAX_CHILDREN) return 'unclear';
  }
  return isUnclear ? 'unclear' : 'no';
}

async function readContent(
  registry: ImageLookup['registry'],
  digest: Digest,
): Promise<ReturnType<typeof decodeManifest>['content'] | 'absent' | 'too-large'> {
  const found = await unlessTooLarge(() => registry.readManifest(digest));
  return typeof found === 'string' ? found : decodeManifest(found.bytes, found.mediaType).content;
}

async function hasManifest(registry: ImageLookup['registry'], digest: Digest): Promise<boolean> {
  if (registry.hasManifest !== undefined) return await registry.hasManifest(digest);
  return (await unlessTooLarge(() => registry.readManifest(digest))) !== 'absent';
}

/** What is larger than anybody has to read is there all the same. */
async function unlessTooLarge<Value>(read: () => Promise<Value>): Promise<Value | 'too-large'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CleanupError && error.code === 'TOO_LARGE') return 'too-large';
    throw error;
  }
}

/** Several names are of one image. */
function onceEach<Key, Value>(ask: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const known = new Map<Key, Promise<Value>>();
  return (key) => {
    const answer = known.get(key) ?? ask(key);
    known.set(key, answer);
    return answer;
  };
}
