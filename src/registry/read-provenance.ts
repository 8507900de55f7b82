// What attestations say of the commit of their image. Also where a label names one: that may be the base image's, handed down.
// https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md

import { type Digest, isDigest } from '../model/reference.ts';
import type { Annotations, Child, ProvenanceFacts } from '../model/snapshot.ts';
import type { Gathered, ManifestRecord } from './build-snapshot.ts';
import { hasDigest } from './check-digest.ts';
import type { StatementLayer } from './decode-manifest.ts';
import { decodeProvenance, MAX_PROVENANCE_BYTES } from './decode-provenance.ts';
import type { ManifestSource } from './manifest-source.ts';
import { PROVENANCE_PREFIX } from './media-types.ts';
import type { RequestQueue } from './request-queue.ts';

const REVISION = 'org.opencontainers.image.revision';
const REFERENCE_TYPE = 'vnd.docker.reference.type';
const REFERENCE_DIGEST = 'vnd.docker.reference.digest';

/** Whether an index lists this as a BuildKit attestation. */
export function isAttestationChild({ annotations }: Child): boolean {
  return annotations[REFERENCE_TYPE] === 'attestation-manifest';
}

/**
 * Reads the provenance of every attestation that an index lists, one request each. To be called when all manifests and configs are there.
 * One that cannot be read is left out where everything about its index names a revision otherwise: then the image is not without a word.
 */
export async function readProvenances(
  gathered: Gathered,
  { source, queue }: { readonly source: Pick<ManifestSource, 'getBlob'>; readonly queue: RequestQueue },
): Promise<void> {
  for (const [attestation, { about, isOnlyWord }] of findSpeakers(gathered)) {
    const layers = gathered.records.get(attestation)?.decoded.statements ?? [];
    if (layers.length === 0) continue;
    queue.add(async () => {
      const facts: ProvenanceFacts[] = [];
      // One after the other: each may be as large as is read at all.
      for (const layer of layers) facts.push(await readStatement(source, layer, about));
      const joined = joinFacts(facts);
      if (joined?.kind === 'read' || (joined !== undefined && isOnlyWord))
        gathered.provenances.set(attestation, joined);
    });
  }
  await queue.finish();
}

interface Speaker {
  /** The manifests that it may speak of. */
  readonly about: ReadonlySet<Digest>;
  /** In some index nothing else names a revision. */
  readonly isOnlyWord: boolean;
}

/** All attestations. */
function findSpeakers(gathered: Gathered): ReadonlyMap<Digest, Speaker> {
  const speakers = new Map<Digest, Speaker>();
  for (const record of gathered.records.values()) {
    const { content } = record.decoded;
    if (content.kind !== 'index') continue;
    const attestations = content.children.filter(isAttestationChild);
    if (attestations.length === 0) continue;
    const isOnlyWord = !hasRevision(record, content.children, gathered);
    const images = content.children.filter((child) => !isAttestationChild(child)).map(({ digest }) => digest);
    for (const { digest, annotations } of attestations) {
      const told = annotations[REFERENCE_DIGEST];
      const about = told !== undefined && isDigest(told) ? [told] : images;
      const known = speakers.get(digest);
      speakers.set(digest, {
        about: new Set([...(known?.about ?? []), ...about]),
        isOnlyWord: isOnlyWord || known?.isOnlyWord === true,
      });
    }
  }
  return speakers;
}

function hasRevision(index: ManifestRecord, children: readonly Child[], gathered: Gathered): boolean {
  const maps = [index.decoded.annotations, ...children.flatMap((child) => labelsOf(child, gathered))];
  return maps.some((map) => (map[REVISION] ?? '') !== '');
}

function labelsOf({ digest, annotations }: Child, { records, configs }: Gathered): readonly Annotations[] {
  const decoded = records.get(digest)?.decoded;
  if (decoded === undefined) return [annotations];
  const config = decoded.content.kind === 'image' ? configs.get(decoded.content.config.digest) : undefined;
  return [annotations, decoded.annotations, ...(config?.kind === 'read' ? [config.labels] : [])];
}

async function readStatement(
  source: Pick<ManifestSource, 'getBlob'>,
  { digest, sizeBytes }: StatementLayer,
  about: ReadonlySet<Digest>,
): Promise<ProvenanceFacts> {
  const tooLarge = `its statement ${digest} has more than ${Math.min(sizeBytes, MAX_PROVENANCE_BYTES)} bytes`;
  if (sizeBytes > MAX_PROVENANCE_BYTES) return { kind: 'unread', why: tooLarge };
  const bytes = await source.getBlob(digest, sizeBytes);
  if (bytes === 'absent') return { kind: 'unread', why: `its statement ${digest} is not there` };
  if (bytes === 'too-large') return { kind: 'unread', why: tooLarge };
  if (!hasDigest(bytes, digest)) return { kind: 'unread', why: `its statement does not have the digest ${digest}` };
  return decodeProvenance(bytes, about);
}

/** One statement that cannot be read leaves the whole unknown. Undefined when none of them is a provenance. */
function joinFacts(facts: readonly ProvenanceFacts[]): ProvenanceFacts | undefined {
  const unread = facts.find(({ kind }) => kind === 'unread');
  if (unread !== undefined) return unread;
  const told = facts.flatMap((fact) =>
    fact.kind === 'read' && fact.predicateType.startsWith(PROVENANCE_PREFIX) ? [fact] : [],
  );
  const [first] = told;
  return first === undefined ? undefined : { ...first, revisions: told.flatMap(({ revisions }) => revisions) };
}
