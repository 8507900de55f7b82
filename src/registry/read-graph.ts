// The graph reader: from tags to every manifest that they reach, and to what was proved absent. It reads and never writes.

import type { Log } from '../log.ts';
import { type Digest, formatRepository, type Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { ConfigFacts, Snapshot } from '../model/snapshot.ts';
import type { Instant } from '../model/time.ts';
import { buildSnapshot, type Gathered, type ManifestRecord } from './build-snapshot.ts';
import { hasDigest } from './check-digest.ts';
import { decodeConfig, MAX_CONFIG_BYTES } from './decode-config.ts';
import { type DecodedManifest, decodeManifest, opaqueManifest } from './decode-manifest.ts';
import type { FoundManifest, HiddenManifest, ManifestSource, NamedDigest } from './manifest-source.ts';
import { isImageConfigType } from './media-types.ts';
import { readCacheTimes } from './read-cache-times.ts';
import { isAttestationChild, readProvenances } from './read-provenance.ts';
import { createRequestQueue, type RequestQueue } from './request-queue.ts';

/** How a repository is read. */
export interface ReadOptions {
  /** The time that decides whether a `created` lies in the future. */
  readonly now: Instant;
  readonly log: Log;
  /** Whether attestations are asked for the commit of images that nothing else tells of. Default false: nobody counts commits. */
  readonly wantsProvenance?: boolean;
  /** Whether the caches of BuildKit's are asked for their age: one more request each, the first time. Default false: nobody decides by it. */
  readonly wantsCacheTimes?: boolean;
}

interface Reading extends Gathered {
  readonly source: ManifestSource;
  readonly queue: RequestQueue;
  /** Named and not asked for yet. */
  readonly waiting: Set<Digest>;
  readonly askedConfigs: Set<Digest>;
  readonly askedReferrers: Set<Digest>;
  referrers: 'untried' | 'supported' | 'unsupported';
}

/** Enough to hide a round trip of 20 ms (measured); the transport may allow fewer. */
const REQUESTS_IN_FLIGHT = 64;

/**
 * Reads a whole repository, request by request: each tag once, then every child, subject and referrer that no tag brought, at any
 * depth, and at last those of `alsoDigests` that are still unknown; each config once. A tag that is listed and not there is asked for
 * once more at the end, and then counts as vanished. Configs are read only where they are an image's, and where they are those of a
 * BuildKit cache whose time is wanted; BuildKit attestations that nothing but indexes name stand with empty labels and no time, and with
 * their provenance where that is wanted.
 * @throws whatever the source throws; one unanswered request and there is no snapshot.
 * @throws ProtocolError PROTOCOL when the source's index of referrers contradicts a manifest's own subject.
 */
export async function readGraph(
  source: ManifestSource,
  alsoDigests: readonly Digest[],
  options: ReadOptions,
): Promise<Snapshot> {
  const reading = beginReading(`read ${formatRepository(source.repository)}`, source, options);
  const listed = new Set(await source.listTags());
  for (const root of await source.listUntagged()) nameDigest(reading, root, { isListed: true });
  await readTags(reading, listed);
  await readNamed(reading);
  for (const digest of alsoDigests) nameDigest(reading, { digest });
  await readNamed(reading);
  if (reading.missingTags.size > 0) {
    options.log.debug(`${reading.missingTags.size} listed tags are not there; asking for them again`);
    await readTags(reading, new Set(reading.missingTags));
    await readNamed(reading);
  }
  return finishReading(reading, options);
}

/** Reads these digests where they exist, with everything that they list and name, at any depth. @throws as {@link readGraph}. */
export async function readDigestGraph(
  source: ManifestSource,
  digests: readonly Digest[],
  options: ReadOptions,
): Promise<Pick<Snapshot, 'nodes' | 'absent'>> {
  const step = `read single images of ${formatRepository(source.repository)}`;
  const reading = beginReading(step, source, options);
  for (const digest of digests) nameDigest(reading, { digest });
  await readNamed(reading);
  return finishReading(reading, options);
}

async function finishReading(reading: Reading, options: ReadOptions): Promise<Snapshot> {
  const { source } = reading;
  const { now, wantsProvenance = false, wantsCacheTimes = false } = options;
  await askAbsentAgain(reading);
  await readConfigsOfListed(reading);
  if (wantsProvenance) await readProvenances(reading, reading);
  if (wantsCacheTimes) await readCacheTimes(reading, { source, queue: reading.queue, now });
  reading.queue.end();
  return buildSnapshot(reading, {
    repository: source.repository,
    capabilities: source.capabilities(),
    now,
    timesOf: (digest) => source.timesOf?.(digest) ?? {},
  });
}

function beginReading(step: string, source: ManifestSource, { log }: ReadOptions): Reading {
  return {
    source,
    queue: createRequestQueue(REQUESTS_IN_FLIGHT, (done, total) => log.progress(step, done, total)),
    records: new Map(),
    tags: new Map(),
    missingTags: new Set(),
    named: new Map(),
    configs: new Map(),
    cacheTimes: new Map(),
    provenances: new Map(),
    referrerClaims: [],
    waiting: new Set(),
    askedConfigs: new Set(),
    askedReferrers: new Set(),
    referrers: 'untried',
  };
}

async function readTags(reading: Reading, tags: ReadonlySet<Tag>): Promise<void> {
  for (const tag of tags) reading.queue.add(() => readTag(reading, tag));
  await reading.queue.finish();
}

async function readTag(reading: Reading, tag: Tag): Promise<void> {
  const found = await reading.source.getByTag(tag);
  if (found === 'absent') {
    reading.missingTags.add(tag);
    return;
  }
  reading.missingTags.delete(tag);
  reading.tags.set(tag, found.digest);
  nameDigest(reading, { digest: found.digest });
  takeManifest(reading, found);
  const pointer = parseReferrerTag(tag);
  if (pointer?.kind === 'whole') nameDigest(reading, { digest: pointer.subject }, { by: found.digest });
}

/** Reads what is named, level by level, so that nothing is asked for that an earlier answer brings; then what refers to it. */
async function readNamed(reading: Reading): Promise<void> {
  do {
    while (reading.waiting.size > 0) {
      const level = [...reading.waiting];
      reading.waiting.clear();
      for (const digest of level) reading.queue.add(() => readDigest(reading, digest));
      await reading.queue.finish();
    }
    await askReferrers(reading);
  } while (reading.waiting.size > 0);
}

/** A child or subject is absent when it was so twice: what an absent index lists has nothing else to protect it. */
async function askAbsentAgain(reading: Reading): Promise<void> {
  for (const [digest, { by }] of reading.named) {
    if (by.size > 0 && !reading.records.has(digest)) reading.waiting.add(digest);
  }
  await readNamed(reading);
}

/** A list shows children beside images. Only now, when every index is read, is what nothing else names known to be no attestation. */
async function readConfigsOfListed(reading: Reading): Promise<void> {
  for (const [digest, { by }] of reading.named) {
    if (by.size === 0) nameDigest(reading, { digest });
  }
  await reading.queue.finish();
}

async function readDigest(reading: Reading, digest: Digest): Promise<void> {
  const { source } = reading;
  const { by, mediaType } = reading.named.get(digest) ?? { by: new Set() };
  const isBare = by.size === 0 && mediaType === undefined;
  const named = mediaType === undefined ? { digest } : { digest, mediaType };
  const found = await (isBare ? source.getByBareDigest(digest) : source.getByDigest(named));
  if (found !== 'absent') takeManifest(reading, found);
}

/** The first manifest's answer tells whether there is an index of referrers at all. */
async function askReferrers(reading: Reading): Promise<void> {
  const unasked = [...reading.records.keys()].filter((digest) => !reading.askedReferrers.has(digest)).sort();
  const [first] = unasked;
  if (first === undefined || reading.referrers === 'unsupported') return;
  if (reading.referrers === 'untried') {
    reading.queue.add(() => readReferrers(reading, first));
    await reading.queue.finish();
  }
  if (reading.askedReferrers.size === 0) return;
  for (const digest of unasked) {
    if (!reading.askedReferrers.has(digest)) reading.queue.add(() => readReferrers(reading, digest));
  }
  await reading.queue.finish();
}

async function readReferrers(reading: Reading, subject: Digest): Promise<void> {
  const referrers = await reading.source.listReferrers(subject);
  if (referrers === 'unsupported') {
    reading.referrers = 'unsupported';
    return;
  }
  reading.referrers = 'supported';
  reading.askedReferrers.add(subject);
  for (const named of referrers) {
    reading.referrerClaims.push({ referrer: named.digest, subject });
    nameDigest(reading, named);
  }
}

function takeManifest(reading: Reading, found: FoundManifest | HiddenManifest): void {
  reading.waiting.delete(found.digest);
  if (reading.records.has(found.digest)) return;
  const { decoded, sizeBytes } = decodeFound(found);
  const wantsConfig = reading.named.get(found.digest)?.isPlain ?? true;
  takeRecord(reading, found.digest, { decoded, sizeBytes, wantsConfig });
  if (decoded.content.kind === 'index') {
    for (const child of decoded.content.children) {
      nameDigest(reading, child, { by: found.digest, isAttestation: isAttestationChild(child) });
    }
  }
  if (decoded.subject !== undefined) nameDigest(reading, { digest: decoded.subject }, { by: found.digest });
}

function decodeFound(found: FoundManifest | HiddenManifest): { decoded: DecodedManifest; sizeBytes: number } {
  switch (found.kind) {
    case 'whole':
      return { decoded: decodeManifest(found.bytes, found.declaredType), sizeBytes: found.bytes.byteLength };
    case 'oversized': {
      const why = `oversized: a manifest of ${found.sizeBytes} bytes is not read`;
      return { decoded: opaqueManifest(found.declaredType, why), sizeBytes: found.sizeBytes };
    }
    case 'hidden': {
      const { mediaType, annotations } = opaqueManifest(undefined, found.why);
      // Nobody pulls what is not served: it may still list untagged manifests, but it names no tagged one that anybody would miss.
      const content = { kind: 'opaque', why: found.why, mayListManifests: true, names: [] } as const;
      return { decoded: { mediaType, annotations, content }, sizeBytes: 0 };
    }
  }
}

function takeRecord(reading: Reading, digest: Digest, record: ManifestRecord): void {
  reading.records.set(digest, record);
  const { content } = record.decoded;
  if (content.kind !== 'image' || !record.wantsConfig || !isImageConfigType(content.config.mediaType)) return;
  const config = content.config.digest;
  if (reading.askedConfigs.has(config)) return;
  reading.askedConfigs.add(config);
  reading.queue.add(() => readConfig(reading, config));
}

async function readConfig(reading: Reading, digest: Digest): Promise<void> {
  const bytes = await reading.source.getBlob(digest, MAX_CONFIG_BYTES);
  reading.configs.set(digest, factsOf(bytes, digest));
}

function factsOf(bytes: Uint8Array | 'absent' | 'too-large', digest: Digest): ConfigFacts {
  if (bytes === 'absent') return { kind: 'unread', why: `its config ${digest} is not there` };
  if (bytes === 'too-large')
    return { kind: 'unread', why: `its config ${digest} has more than ${MAX_CONFIG_BYTES} bytes` };
  if (!hasDigest(bytes, digest)) return { kind: 'unread', why: `its config does not have the digest ${digest}` };
  return decodeConfig(bytes);
}

interface NamedRole {
  /** The manifest that names it as child or subject, when one does. */
  readonly by?: Digest;
  readonly isAttestation?: boolean;
  /** Only the source's list shows it, in whatever role. */
  readonly isListed?: boolean;
}

/** Notes that something names a digest. */
function nameDigest(reading: Reading, named: NamedDigest, role: NamedRole = {}): void {
  const { digest } = named;
  const known = reading.named.get(digest);
  const record = reading.records.get(digest);
  const isPlain = (role.isAttestation !== true && role.isListed !== true) || known?.isPlain === true;
  const by = known?.by ?? new Set<Digest>();
  if (role.by !== undefined) by.add(role.by);
  reading.named.set(digest, { by, mediaType: known?.mediaType ?? named.mediaType, isPlain });
  if (record === undefined && known === undefined) reading.waiting.add(digest);
  if (record !== undefined && isPlain && !record.wantsConfig)
    takeRecord(reading, digest, { ...record, wantsConfig: true });
}
