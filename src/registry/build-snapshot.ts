// From what a reading gathered to the snapshot: joins tags, manifests and configs. Pure.

import { ProtocolError } from '../errors.ts';
import { groupTags } from '../model/group-tags.ts';
import type { Digest, RepositoryReference, Tag } from '../model/reference.ts';
import type { Capabilities, ConfigFacts, Content, ImageNode, ProvenanceFacts, Snapshot } from '../model/snapshot.ts';
import { believableCreated, type Instant, type KnownOrUnknown, unknownTime } from '../model/time.ts';
import type { DecodedManifest } from './decode-manifest.ts';
import { isImageConfigType } from './media-types.ts';

const CREATED = 'org.opencontainers.image.created';

/** A manifest that was read, before its config is joined to it. */
export interface ManifestRecord {
  readonly decoded: DecodedManifest;
  readonly sizeBytes: number;
  /** False for what only indexes name, as a build attestation; and, while they are read, for what only a list names. */
  readonly wantsConfig: boolean;
}

/** Everything a reading gathers; each digest and each config once. */
export interface Gathered {
  readonly records: Map<Digest, ManifestRecord>;
  readonly tags: Map<Tag, Digest>;
  /** Listed and not there. */
  readonly missingTags: Set<Tag>;
  /** Every digest that anything names, with the manifests that name it as child or subject. */
  readonly named: Map<Digest, Naming>;
  readonly configs: Map<Digest, ConfigFacts>;
  /** Of manifests that BuildKit made for its next build, where that was wanted: when its youngest step ran. */
  readonly cacheTimes: Map<Digest, KnownOrUnknown>;
  /** Of attestations whose provenance was wanted, and that hold one. */
  readonly provenances: Map<Digest, ProvenanceFacts>;
  /** Referrer to subject, as the source's index of referrers says. */
  readonly referrerClaims: { readonly referrer: Digest; readonly subject: Digest }[];
}

/** How a digest is named. */
interface Naming {
  readonly by: Set<Digest>;
  readonly mediaType: string | undefined;
  /** Whether anything names it in another role than as a build attestation; that a list shows it gives it none. */
  readonly isPlain: boolean;
}

/** What the snapshot holds besides what was gathered. */
export interface SnapshotFrame {
  readonly repository: RepositoryReference;
  readonly capabilities: Capabilities;
  readonly now: Instant;
  /** What the registry's list says about times; empty where it says nothing. */
  readonly timesOf: (digest: Digest) => ImageNode['times'];
}

/**
 * The snapshot of a reading that came to its end. A manifest without a subject of its own, which the registry's index of referrers
 * lists under one (Harbor does so with cosign's older signatures), gets that one: it can only be kept for longer.
 * @throws ProtocolError PROTOCOL when that index contradicts a manifest's own subject.
 */
export function buildSnapshot(gathered: Gathered, frame: SnapshotFrame): Snapshot {
  const tagsByDigest = groupTags(gathered.tags);
  const claims = subjectClaims(gathered);
  const nodes = new Map<Digest, ImageNode>();
  for (const [digest, record] of gathered.records) {
    const facts = factsOf(record, gathered.configs);
    const { decoded } = record;
    const subject = decoded.subject ?? claims.get(digest);
    const provenance = gathered.provenances.get(digest);
    nodes.set(digest, {
      digest,
      mediaType: decoded.mediaType,
      sizeBytes: record.sizeBytes,
      tags: tagsByDigest.get(digest) ?? [],
      content: joinContent(record, facts),
      ...(decoded.artifactType === undefined ? {} : { artifactType: decoded.artifactType }),
      ...(subject === undefined ? {} : { subject }),
      annotations: decoded.annotations,
      ...(provenance === undefined ? {} : { provenance }),
      created: gathered.cacheTimes.get(digest) ?? createdOf(record, facts, frame.now),
      times: frame.timesOf(digest),
    });
  }
  const absent = new Map<Digest, readonly Digest[]>();
  for (const [digest, naming] of gathered.named) {
    if (!nodes.has(digest)) absent.set(digest, [...naming.by].sort());
  }
  const { repository, capabilities } = frame;
  const vanishedTags = [...gathered.missingTags].sort();
  return { repository, capabilities, complete: true, nodes, tags: gathered.tags, absent, vanishedTags };
}

function subjectClaims(gathered: Gathered): Map<Digest, Digest> {
  const claims = new Map<Digest, Digest>();
  for (const { referrer, subject } of gathered.referrerClaims) {
    const record = gathered.records.get(referrer);
    const known = record?.decoded.subject ?? claims.get(referrer);
    if (known !== undefined && known !== subject) {
      throw new ProtocolError(
        `The registry lists ${referrer} as a referrer of ${subject}, but its subject is ${known}.`,
        {
          code: 'PROTOCOL',
          details: { referrer, listedUnder: subject, subject: known },
        },
      );
    }
    claims.set(referrer, subject);
  }
  return claims;
}

/** The facts of an image; those of anything else are empty, because there is no image config to hold any. */
function factsOf(record: ManifestRecord, configs: ReadonlyMap<Digest, ConfigFacts>): ConfigFacts {
  const { content } = record.decoded;
  if (content.kind !== 'image' || !record.wantsConfig || !isImageConfigType(content.config.mediaType))
    return { kind: 'read', labels: {} };
  return configs.get(content.config.digest) ?? { kind: 'unread', why: 'nobody read its config' };
}

function joinContent(record: ManifestRecord, facts: ConfigFacts): Content {
  const { content } = record.decoded;
  return content.kind === 'image' ? { ...content, facts } : content;
}

function createdOf(record: ManifestRecord, facts: ConfigFacts, now: Instant): KnownOrUnknown {
  if (facts.kind === 'unread') return unknownTime(facts.why);
  const own = facts.created === '' ? undefined : facts.created;
  return believableCreated(own ?? record.decoded.annotations[CREATED], now);
}
