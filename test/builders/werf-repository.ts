// Makes what werf 1.2, 2 and 3 push, and puts it into registries by plain requests. Like `werf-words.ts` it knows nothing of `src/`.

import { createHash } from 'node:crypto';
import { type BuiltBlob, type BuiltManifest, pushImage, sha256, TYPES } from './image.ts';
import { longDigest, nameHash, nameSlug, stageDigest, tagSlug } from './werf-words.ts';

/** Whose format: they differ in labels, in media types, and in the layer of records. */
export type WerfVersion = '1.2' | '2' | '3';

/** Who pushes. */
export interface WerfMaker {
  /** The `project` of werf.yaml. */
  readonly project: string;
  readonly version: WerfVersion;
}

/** One tag and what it leads to. */
export interface Tagged {
  readonly tag: string;
  readonly manifest: BuiltManifest;
}

/** A stage as it was built. */
export interface WerfStage extends Tagged {
  /** `<56 hex>-<13 digits>`, or 56 hex digits for an index: also its tag. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What a stage is made of. */
export interface StageParts {
  /** Other seeds make other stages. */
  readonly seed: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly parent?: WerfStage;
  /** Up to version 2: what the stage was built from, called by the digest of its configuration. */
  readonly baseImage?: WerfStage;
  /** Up to version 2: checksums of files that were taken from elsewhere, by the id of the import. */
  readonly checksums?: Readonly<Record<string, string>>;
  /** Since version 3: where files were taken from, by the id of the import. A text names an image that is none of ours. */
  readonly sources?: Readonly<Record<string, WerfStage | string>>;
  readonly dependencies?: readonly WerfStage[];
  /** HEAD when it was built. */
  readonly commit?: string;
  readonly platform?: 'amd64' | 'arm64';
  /** Further labels. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The same files once more: stages of one seed are then one manifest with several ids. */
  readonly sameAs?: WerfStage;
}

const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const NANOSECONDS = 1_000_000;
/** Two blocks of zeros: the end of a tar archive, and nothing before it. */
const EMPTY_TAR = new Uint8Array(1024);

/** A stage with all labels that werf gives it. */
export function buildStage(maker: WerfMaker, parts: StageParts): WerfStage {
  const content = stageDigest(maker.project, maker.version, parts.seed);
  const id = `${content}-${parts.at}`;
  const { parent, baseImage } = parts;
  const base = baseImage === undefined ? undefined : configDigest(baseImage.manifest);
  const config = {
    created: new Date(parts.at).toISOString(),
    architecture: parts.platform ?? 'amd64',
    os: 'linux',
    config: {
      Labels: {
        werf: maker.project,
        'werf-version': `v${maker.version}.0`,
        'werf-stage-content-digest': content,
        'werf-project-repo-commit': parts.commit ?? '',
        ...(parent === undefined ? {} : { 'werf.io/parent-stage-id': parent.id }),
        ...(base === undefined ? {} : { 'werf.io/base-image-id': base }),
        ...relationLabels(parts),
        ...parts.labels,
      },
      ...(base === undefined ? {} : { Image: base }),
    },
    rootfs: { type: 'layers', diff_ids: [sha256(Buffer.from(content))] },
  };
  const manifest = parts.sameAs?.manifest ?? image(maker, config, Buffer.from(`files of ${content}`));
  return { id, tag: id, at: parts.at, manifest };
}

function relationLabels({ checksums = {}, sources = {}, dependencies = [] }: StageParts): Record<string, string> {
  const labels: readonly (readonly [string, string])[] = [
    ...Object.entries(checksums).map(([id, sum]): [string, string] => [`werf-import-checksum-${id}`, sum]),
    ...Object.entries(sources).map(([id, source]): [string, string] => [
      `werf-import-source-stage-id-${id}`,
      typeof source === 'string' ? source : source.id,
    ]),
    ...dependencies.map((stage): [string, string] => [`werf-dependency-stage-id-${longDigest(stage.id)}`, stage.id]),
  ];
  return Object.fromEntries(labels);
}

/** The index that stands for stages of several platforms. */
export function buildPlatforms(maker: WerfMaker, stages: readonly WerfStage[]): WerfStage {
  const id = stageDigest(...stages.map((stage) => stage.id));
  const mediaType = maker.version === '3' ? TYPES.index : TYPES.dockerList;
  const manifests = stages.map((stage, at) => ({
    ...describe(stage.manifest),
    platform: { os: 'linux', architecture: at === 0 ? 'amd64' : 'arm64' },
  }));
  const index = blob(mediaType, { schemaVersion: 2, mediaType, manifests });
  const children = stages.map((stage) => stage.manifest);
  return { id, tag: id, at: Math.max(...stages.map((stage) => stage.at)), manifest: { ...index, blobs: [], children } };
}

/** `meta-*`: the image was published at the commit as this stage. */
export function imageRecord(
  maker: WerfMaker,
  said: { readonly name: string; readonly commit: string; readonly stage: WerfStage; readonly at: number },
): Tagged {
  return record(maker, { tag: `meta-${nameHash(said.name)}_${said.commit}_${said.stage.id}`, at: said.at });
}

/** `managed-image-*`. */
export function managedRecord(maker: WerfMaker, name: string, at: number): Tagged {
  const slug = nameSlug(name);
  const limited = DOCKER_TAG.test(slug) ? slug : tagSlug(slug, 128 - 'managed-image-'.length);
  return record(maker, { tag: `managed-image-${limited}`, at });
}

const DOCKER_TAG = /^\w[\w.-]{0,127}$/;

/** `import-metadata-*`: files with this checksum were taken from that stage. */
export function importRecord(
  maker: WerfMaker,
  said: { readonly source: WerfStage; readonly checksum: string; readonly at: number },
): Tagged {
  const id = longDigest(said.source.id, said.checksum);
  const labels = { 'import-source-id': id, 'source-stage-id': said.source.id, checksum: said.checksum };
  return record(maker, { tag: `import-metadata-${id}`, at: said.at, labels });
}

/** A custom tag on a stage, and the record that says so. */
export function customTag(
  maker: WerfMaker,
  said: { readonly tag: string; readonly stage: WerfStage; readonly at: number },
): readonly [Tagged, Tagged] {
  const labels = { 'stage-id': said.stage.id, tag: said.tag };
  return [
    { tag: said.tag, manifest: said.stage.manifest },
    record(maker, { tag: `custom-tag-meta-${tagSlug(said.tag, 48)}`, at: said.at, labels }),
  ];
}

/** `<stage>-rejected`: the stage is broken. */
export function rejectedRecord(maker: WerfMaker, stage: WerfStage, at: number): Tagged {
  return record(maker, { tag: `${stage.id}-rejected`, at });
}

/** Records about the repository itself, as far as this version writes them; `metaRepository` plants the marker of version 3. */
export function serviceRecords(maker: WerfMaker, at: number, metaRepository?: string): readonly Tagged[] {
  const client = `client-id-4a3b7f6e-3b0a-4d3e-9d70-0c4d8f3d6f11-${at}`;
  const marker = `werf-meta-repo-marker-${maker.project}`;
  return [
    record(maker, { tag: 'cleanup', at, labels: { lastcleanuptimestamp: String(at) } }),
    ...(maker.version === '3'
      ? []
      : [
          record(maker, { tag: client, at }),
          record(maker, {
            tag: 'sync-server',
            at,
            labels: { syncserver: 'https://sync.example', syncservertimestamp: `${at}` },
          }),
        ]),
    ...(metaRepository === undefined
      ? []
      : [record(maker, { tag: marker, at, labels: { metarepoaddress: metaRepository } })]),
  ];
}

/** Pushes everything by plain requests, each blob once; of one manifest all tags. `origin` is `http://127.0.0.1:5000`. */
export async function pushTagged(origin: string, repository: string, pushed: readonly Tagged[]): Promise<void> {
  const seen = new Set<string>();
  const slim = (manifest: BuiltManifest): BuiltManifest => {
    const children = manifest.children.map(slim);
    const blobs = manifest.blobs.filter(({ digest }) => !seen.has(digest));
    for (const { digest } of blobs) seen.add(digest);
    return { ...manifest, blobs, children };
  };
  for (const { tag, manifest } of pushed)
    await pushImage(origin, repository, { manifest: slim(manifest), tags: [tag] });
}

/** A tiny image that says something by its tag and its labels. Its digest is its own, because its date is: to the nanosecond. */
function record(
  maker: WerfMaker,
  said: { readonly tag: string; readonly at: number; readonly labels?: Readonly<Record<string, string>> },
): Tagged {
  const nanoseconds = createHash('sha256').update(said.tag).digest().readUInt32BE() % NANOSECONDS;
  const second = new Date(said.at).toISOString().replace('Z', '');
  // Records of the first versions have no label but those that say something.
  const own = maker.version === '1.2' ? {} : { werf: maker.project };
  const config = {
    created: `${second}${String(nanoseconds).padStart(6, '0')}Z`,
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { ...own, ...said.labels } },
    rootfs: { type: 'layers', diff_ids: [sha256(EMPTY_TAR)] },
  };
  const layer = maker.version === '1.2' ? new Uint8Array() : EMPTY_TAR;
  return { tag: said.tag, manifest: image({ ...maker, version: '2' }, config, layer) };
}

/** Docker's format as the Docker backend pushes it, up to version 2; OCI's as Buildah does. */
function image({ version }: WerfMaker, config: object, layer: Uint8Array): BuiltManifest {
  const isOci = version === '3';
  const mediaType = isOci ? TYPES.image : TYPES.dockerImage;
  const blobs = [
    blob(isOci ? TYPES.config : TYPES.dockerConfig, config),
    blob(isOci ? TYPES.layer : DOCKER_LAYER, layer),
  ];
  const [first, ...layers] = blobs.map(describe);
  return { ...blob(mediaType, { schemaVersion: 2, mediaType, config: first, layers }), blobs, children: [] };
}

function blob(mediaType: string, content: Uint8Array | object): BuiltBlob {
  const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
  return { mediaType, bytes, digest: sha256(bytes) };
}

function describe({ mediaType, bytes, digest }: BuiltBlob): object {
  return { mediaType, digest, size: bytes.byteLength };
}

function configDigest(manifest: BuiltManifest): string {
  const [config] = manifest.blobs;
  if (config === undefined) throw new Error('an index has no configuration');
  return config.digest;
}
