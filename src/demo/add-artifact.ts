// What hangs on images: BuildKit attestations, cosign signatures, SBOM referrers, and the build cache.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Json } from '../errors.ts';
import type { Digest } from '../model/reference.ts';
import { addIndex, addLayer, addManifest } from './add-image.ts';
import { addBlob, addJson, type Descriptor, describeAsJson, type LayoutDraft, MEDIA } from './write-layout.ts';

const CACHE_LAYER_BYTES = 96 * 1024;

/**
 * Adds a provenance attestation. It belongs to its image only through the index that lists both.
 * https://github.com/moby/buildkit/blob/v0.26.0/docs/attestations/attestation-storage.md
 */
export function addAttestation(layout: LayoutDraft, image: Descriptor, commit: string): Descriptor {
  const predicateType = 'https://slsa.dev/provenance/v0.2';
  const statement = addJson(layout, 'application/vnd.in-toto+json', {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType,
    subject: [{ name: 'pkg:docker/registry.example.com/shop/app', digest: { sha256: hexOf(image.digest) } }],
    predicate: {
      builder: { id: '' },
      buildType: 'https://mobyproject.org/buildkit@v1',
      metadata: { 'https://mobyproject.org/buildkit@v1#metadata': { vcs: { revision: commit } } },
    },
  });
  const config = addJson(layout, MEDIA.config, {
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [statement.digest] },
  });
  const layers = [{ ...statement, annotations: { 'in-toto.io/predicate-type': predicateType } }];
  return {
    ...addManifest(layout, { config, layers }),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
  };
}

/**
 * Adds a cosign signature, made with a key that nobody keeps. Only its tag, {@link signatureTag}, tells what it signs.
 * https://github.com/sigstore/cosign/blob/v2.6.0/specs/SIGNATURE_SPEC.md
 */
export function addSignature(layout: LayoutDraft, image: Descriptor, repository: string): Descriptor {
  const critical = {
    identity: { 'docker-reference': repository },
    image: { 'docker-manifest-digest': image.digest },
    type: 'cosign container image signature',
  };
  const bytes = Buffer.from(JSON.stringify({ critical, optional: null }));
  const payload = addBlob(layout, 'application/vnd.dev.cosign.simplesigning.v1+json', bytes);
  const config = addJson(layout, MEDIA.config, {
    architecture: '',
    created: '0001-01-01T00:00:00Z',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: [payload.digest] },
  });
  const layers = [{ ...payload, annotations: { 'dev.cosignproject.cosign/signature': signOnce(bytes) } }];
  return addManifest(layout, { config, layers });
}

/** `sha256-<64 hex>.sig`, the tag under which cosign looks for a signature. */
export function signatureTag(image: Descriptor): string {
  return `sha256-${hexOf(image.digest)}.sig`;
}

/**
 * Adds a software bill of materials that names the image as its subject.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
 */
export function addSbom(layout: LayoutDraft, image: Descriptor): Descriptor {
  const artifactType = 'application/spdx+json';
  const document = addJson(layout, artifactType, {
    spdxVersion: 'SPDX-2.3',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: 'shop/app',
    dataLicense: 'CC0-1.0',
    documentNamespace: `https://example.com/spdx/${hexOf(image.digest)}`,
    packages: [{ SPDXID: 'SPDXRef-busybox', name: 'busybox', downloadLocation: 'NOASSERTION' }],
  });
  const { mediaType, digest, size } = image;
  const further = { artifactType, subject: describeAsJson({ mediaType, digest, size }) };
  return addManifest(layout, { config: addJson(layout, MEDIA.empty, {}), layers: [document], further });
}

/** Adds a BuildKit registry cache: an index whose entries are layers and one configuration, and no manifests at all. */
export function addBuildCache(layout: LayoutDraft): Descriptor {
  const layers = ['modules', 'compiler'].map((name) => {
    const layer = addLayer(layout, { path: `cache/${name}`, seed: name, bytes: CACHE_LAYER_BYTES });
    return { ...layer.descriptor, annotations: { 'containerd.io/uncompressed': layer.diffId } };
  });
  const records: Json = layers.map((_, at) => ({
    digest: `sha256:${createHash('sha256').update(`step ${at}`).digest('hex')}`,
    layers: [{ layer: at, createdAt: '2026-01-01T00:00:00Z' }],
  }));
  const config = addJson(layout, 'application/vnd.buildkit.cacheconfig.v0', {
    layers: layers.map(({ digest }, at) => ({ blob: digest, parent: at - 1 })),
    records,
  });
  return addIndex(layout, [...layers, config]);
}

function signOnce(payload: Uint8Array): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return sign('sha256', payload, privateKey).toString('base64');
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
