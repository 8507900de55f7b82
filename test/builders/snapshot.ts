// Snapshots from a few lines: a valid world with short names, in which each test changes one thing.

import { createHash } from 'node:crypto';
import type { Policy } from '../../src/model/policy.ts';
import {
  type Digest,
  parseDigest,
  parseImageReference,
  parseRepository,
  parseTag,
  type Tag,
} from '../../src/model/reference.ts';
import type {
  Annotations,
  Capabilities,
  Content,
  ImageNode,
  ProvenanceFacts,
  Snapshot,
} from '../../src/model/snapshot.ts';
import { believableCreated, durationFromMs, hours, type Instant } from '../../src/model/time.ts';
import type { Usage, Workload } from '../../src/model/usage.ts';
import { at } from './history.ts';

/** The time that all tests of decisions take for now. */
export const NOW: Instant = at('2026-11-20T12:00:00Z');
/** Long before {@link NOW}, and still believable. */
export const LONG_AGO = '2026-01-01T00:00:00Z';
const REPOSITORY = parseRepository('registry.example.com/shop/app');

/** A node in short. Names stand for digests: `digestOf(name)`. */
export interface NodeSpec {
  readonly name: string;
  readonly tags?: readonly string[];
  /** Names of children: makes it an index. */
  readonly lists?: readonly string[];
  /** Children that are BuildKit attestations. */
  readonly attestations?: readonly string[];
  /** Name of the subject; it need not exist. */
  readonly subject?: string;
  readonly labels?: Annotations;
  /** `config.Image`. */
  readonly madeFrom?: string;
  /** Its config is that of a step of Kaniko's. */
  readonly isKanikoStep?: true;
  readonly annotations?: Annotations;
  readonly artifactType?: string;
  /** Of the config; default: an image's. */
  readonly configType?: string;
  /** `null`: the image does not say. */
  readonly created?: string | null;
  readonly pushed?: Instant;
  /** Names of layers, 100 bytes each. */
  readonly layers?: readonly string[];
  /** Makes it a cache of BuildKit's in the form of an index: names of layers, which it lists beside its config. */
  readonly cacheOf?: readonly string[];
  /** Makes it opaque. */
  readonly opaque?: { readonly mayListManifests: boolean; readonly names?: readonly Digest[] };
  /** Its config cannot be read. */
  readonly unread?: boolean;
  /** Of an attestation. */
  readonly provenance?: ProvenanceFacts;
}

/** The digest that a short name stands for. */
export function digestOf(name: string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(name).digest('hex')}`);
}

/** `sha256-<hex>` and a suffix: the referrer tag of a node by short name. */
export function referrerTagOf(name: string, suffix = ''): string {
  return `${digestOf(name).replace(':', '-')}${suffix}`;
}

const CAPABILITIES: Capabilities = {
  title: 'test registry',
  listUntagged: true,
  listTimes: false,
  deleteTagOnly: 'yes',
  digestDeleteRemovesTags: 'yes',
  childProtected: false,
  referrers: 'fallback-tags',
  undo: 'put-manifest',
  collectsUntagged: false,
  deletesInFlight: 1,
};

/** A whole snapshot of the nodes; children and subjects that no spec names are absent. */
export function snapshotOf(specs: readonly NodeSpec[]): Snapshot {
  const nodes = new Map<Digest, ImageNode>(specs.map((spec) => [digestOf(spec.name), nodeOf(spec)]));
  const tags = new Map<Tag, Digest>();
  const absent = new Map<Digest, Digest[]>();
  for (const spec of specs) {
    for (const tag of spec.tags ?? []) tags.set(parseTag(tag), digestOf(spec.name));
    const named = [
      ...(spec.lists ?? []),
      ...(spec.attestations ?? []),
      ...(spec.subject === undefined ? [] : [spec.subject]),
    ];
    for (const name of named) {
      const digest = digestOf(name);
      if (!nodes.has(digest)) absent.set(digest, [...(absent.get(digest) ?? []), digestOf(spec.name)]);
    }
  }
  return { repository: REPOSITORY, capabilities: CAPABILITIES, complete: true, nodes, tags, absent, vanishedTags: [] };
}

function nodeOf(spec: NodeSpec): ImageNode {
  const created = spec.created === undefined ? LONG_AGO : (spec.created ?? undefined);
  return {
    digest: digestOf(spec.name),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    sizeBytes: 10,
    tags: [...(spec.tags ?? [])].sort().map(parseTag),
    content: contentOf(spec, created),
    ...(spec.subject === undefined ? {} : { subject: digestOf(spec.subject) }),
    ...(spec.artifactType === undefined ? {} : { artifactType: spec.artifactType }),
    annotations: spec.annotations ?? {},
    ...(spec.provenance === undefined ? {} : { provenance: spec.provenance }),
    created: believableCreated(created, NOW),
    times: spec.pushed === undefined ? {} : { pushed: spec.pushed },
  };
}

function contentOf(spec: NodeSpec, created: string | undefined): Content {
  if (spec.opaque !== undefined) return { kind: 'opaque', why: 'unknown media type', ...spec.opaque };
  if (spec.cacheOf !== undefined)
    return { kind: 'index', children: [], blobs: [...layersOf(spec.cacheOf), CACHE_CONFIG] };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  if (spec.lists !== undefined || spec.attestations !== undefined) {
    const plain = (spec.lists ?? []).map((name) => ({
      digest: digestOf(name),
      mediaType,
      sizeBytes: 10,
      annotations: {},
    }));
    const attestations = (spec.attestations ?? []).map((name) => ({
      digest: digestOf(name),
      mediaType,
      sizeBytes: 10,
      platform: 'unknown/unknown',
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    }));
    return { kind: 'index', children: [...plain, ...attestations], blobs: [] };
  }
  return {
    kind: 'image',
    config: {
      digest: digestOf(`config of ${spec.name}`),
      sizeBytes: 1,
      mediaType: spec.configType ?? 'application/vnd.oci.image.config.v1+json',
    },
    facts:
      spec.unread === true
        ? { kind: 'unread', why: 'no such blob' }
        : {
            kind: 'read',
            labels: spec.labels ?? {},
            ...(created === undefined ? {} : { created }),
            ...(spec.madeFrom === undefined ? {} : { madeFrom: spec.madeFrom }),
            ...(spec.isKanikoStep === undefined ? {} : { isKanikoStep: spec.isKanikoStep }),
          },
    layers: layersOf(spec.layers ?? [spec.name]),
  };
}

const CACHE_CONFIG = {
  digest: digestOf('a cache config'),
  sizeBytes: 1,
  mediaType: 'application/vnd.buildkit.cacheconfig.v0',
};

function layersOf(names: readonly string[]) {
  return names.map((name) => ({
    digest: digestOf(`layer ${name}`),
    sizeBytes: 100,
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  }));
}

/** A policy with every rule on, no keep policies, and guards that never speak; each part can be replaced. */
export function policyOf(parts: Partial<Policy> = {}): Policy {
  return {
    kubernetes: { enabled: true, mirrors: new Map() },
    git: { enabled: true, keepPolicies: [] },
    recent: { within: hours(2) },
    pins: { tags: [], expressions: [], list: [] },
    images: { source: [], tagPatterns: [], unlinked: 'keep' },
    forge: { pullRequests: 'off', releases: 'off', deployments: 'off' },
    guards: { maxDeleteShare: 1, allowDeleteAll: true },
    untag: false,
    records: { grace: hours(168) },
    werf: { unrecordedGrace: hours(168), foreign: 'keep', imageNames: [], areNamesComplete: true, disabled: 'no' },
    schemes: 'off',
    cache: {
      improperRepoCache: false,
      improperGitCommit: false,
      flush: false,
      grace: hours(2),
      unattributedGrace: hours(336),
      isDev: false,
      isAlone: false,
    },
    purge: false,
    ...parts,
  };
}

/** No age rule: for tests about something else. */
export const ANY_AGE: Pick<Policy, 'recent'> = { recent: { within: durationFromMs(0) } };

export const WORKLOAD: Workload = {
  context: 'prod',
  namespace: 'shop',
  kind: 'Deployment',
  name: 'web',
  container: 'app',
};

/** Clusters that use these references (any text that is one), all by one deployment. */
export function usageOf(references: readonly string[], bareDigests: readonly Digest[] = []): Usage {
  return {
    complete: true,
    sources: [{ kind: 'cluster', name: 'prod', pods: 1, objects: 1 }],
    uses: references.map((text) => ({ reference: parseImageReference(text), workloads: [WORKLOAD] })),
    bareDigests: bareDigests.map((digest) => ({ digest, workloads: [WORKLOAD] })),
    unparsable: [],
  };
}
