// How old the registry caches of BuildKit's are: the cache config of each is read, once, like the config of an image.

import type { Digest } from '../model/reference.ts';
import { type Instant, type KnownOrUnknown, unknownTime } from '../model/time.ts';
import type { Gathered } from './build-snapshot.ts';
import { hasDigest } from './check-digest.ts';
import { cacheConfigsOf, decodeCacheTime } from './decode-cache-config.ts';
import { MAX_CONFIG_BYTES } from './decode-config.ts';
import type { ManifestSource } from './manifest-source.ts';
import type { RequestQueue } from './request-queue.ts';

/** What reading takes. */
interface CacheTimeParts {
  readonly source: Pick<ManifestSource, 'getBlob'>;
  readonly queue: RequestQueue;
  /** The time that decides whether a time lies in the future. */
  readonly now: Instant;
}

/**
 * Notes a time, or why it is unknown, for every manifest that names a cache config; to be called when all manifests are there. One request
 * for each cache config, however many manifests name it.
 * @throws whatever the source throws; a cache config that is not there, too large or broken makes the time unknown.
 */
export async function readCacheTimes(gathered: Gathered, parts: CacheTimeParts): Promise<void> {
  const caches = new Map<Digest, Digest[]>();
  for (const [digest, { decoded }] of gathered.records) {
    const [config, ...others] = cacheConfigsOf(decoded);
    if (config === undefined) continue;
    if (others.length > 0) gathered.cacheTimes.set(digest, unknownTime('it names more than one cache config'));
    else caches.set(config, [...(caches.get(config) ?? []), digest]);
  }
  for (const [config, manifests] of caches) {
    parts.queue.add(async () => {
      const time = await readCacheTime(config, parts);
      for (const digest of manifests) gathered.cacheTimes.set(digest, time);
    });
  }
  await parts.queue.finish();
}

async function readCacheTime(config: Digest, { source, now }: CacheTimeParts): Promise<KnownOrUnknown> {
  const bytes = await source.getBlob(config, MAX_CONFIG_BYTES);
  if (bytes === 'absent') return unknownTime(`its cache config ${config} is not there`);
  if (bytes === 'too-large') return unknownTime(`its cache config ${config} has more than ${MAX_CONFIG_BYTES} bytes`);
  if (!hasDigest(bytes, config)) return unknownTime(`its cache config does not have the digest ${config}`);
  return decodeCacheTime(bytes, now);
}
