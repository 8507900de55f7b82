// Cache configs of BuildKit's registry caches: where a manifest names one, and bytes to the newest time in it. What does not decode is
// unknown, never old. https://github.com/moby/buildkit/blob/v0.34.2/cache/remotecache/v1/types/spec.go

import * as z from 'zod';
import { describeCause } from '../errors.ts';
import type { Digest } from '../model/reference.ts';
import { believableCreated, type Instant, type KnownOrUnknown, parseRfc3339, unknownTime } from '../model/time.ts';
import type { DecodedManifest } from './decode-manifest.ts';
import { isCacheConfigType } from './media-types.ts';

/** Go's zero time, which `omitempty` does not leave out of JSON: nobody knew. */
const NO_TIME = '0001-01-01T00:00:00Z';

/** Go tools write an empty list as `null`. */
function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

const timedSchema = z.object({ createdAt: z.string().nullish() });

const cacheConfigSchema = z.object({
  layers: listOf(z.object({ annotations: timedSchema.nullish() })),
  // `layers` of a record are its results; `chains` are those that are no single layer with what lies below it.
  records: listOf(z.object({ layers: listOf(timedSchema), chains: listOf(timedSchema) })),
});

/**
 * The cache configs that a manifest names, each once: the config of a cache in the form of an image, an entry among the others of one in
 * the form of an index. Empty for everything that is no cache of BuildKit's; more than one is nothing that BuildKit writes.
 */
export function cacheConfigsOf({ content }: Pick<DecodedManifest, 'content'>): readonly Digest[] {
  const blobs = content.kind === 'image' ? [content.config] : content.kind === 'index' ? content.blobs : [];
  return [...new Set(blobs.filter((blob) => isCacheConfigType(blob.mediaType)).map((blob) => blob.digest))];
}

/**
 * When the youngest step ran whose result lies in the cache. Steps that were taken from a cache keep the time of their first run, so
 * this may be long before the cache was pushed, and never after. Unknown, with the reason: bytes that are no cache config, a cache
 * without any result, one with a result whose time is missing or no date, and a newest time that cannot be (before Docker, in the future).
 */
export function decodeCacheTime(bytes: Uint8Array, now: Instant): KnownOrUnknown {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return unknownTime(`its cache config is not JSON: ${describeCause(error)}`);
  }
  const parsed = cacheConfigSchema.safeParse(json);
  if (!parsed.success) return unknownTime(`its cache config is malformed: ${firstIssue(parsed.error)}`);
  const { layers, records } = parsed.data;
  const results = records.flatMap((record) => [...record.layers, ...record.chains]);
  const annotations = layers.flatMap((layer) => layer.annotations ?? []);
  return newestOf([...results.map(timeOf), ...annotations.map(timeOf).filter((time) => time !== '')], now);
}

function newestOf(times: readonly string[], now: Instant): KnownOrUnknown {
  let newest: string | undefined;
  let newestAt = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    if (time === '') return unknownTime('its cache config has a result without a time');
    const at = parseRfc3339(time);
    if (at === undefined) return unknownTime(`the time ${JSON.stringify(time)} in its cache config is not a date`);
    if (at > newestAt) [newest, newestAt] = [time, at];
  }
  return newest === undefined ? unknownTime('its cache config tells no time') : believableCreated(newest, now);
}

/** Empty for a time that nobody knew. */
function timeOf({ createdAt }: z.infer<typeof timedSchema>): string {
  return createdAt === null || createdAt === undefined || createdAt === NO_TIME ? '' : createdAt;
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? error.message : `${issue.path.join('.') || 'it'}: ${issue.message}`;
}
