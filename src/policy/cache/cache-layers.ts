// What lies in the layers of images and of build cache, as far as it can tell which was made with which.

import type { Digest } from '../../model/reference.ts';
import type { Content } from '../../model/snapshot.ts';
import { isCacheConfig } from './recognize-cache.ts';

/**
 * Layers without any file, which all images share that have a step without an effect; 32 bytes each, as docker and as BuildKit compress them:
 * https://github.com/distribution/distribution/blob/v2.8.3/manifest/schema1/config_builder.go and
 * https://github.com/moby/buildkit/blob/v0.16.0/exporter/containerimage/exptypes/types.go
 */
const EMPTY_LAYERS: ReadonlySet<string> = new Set([
  'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4',
  'sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1',
  // The same without compression.
  'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  // As Kaniko 1.24 compresses them, with gzip and with zstd: test/fixtures/build-cache/kaniko.json.
  'sha256:89732bc7504122601f40269fc9ddfb70982e633ea9caf641ae45736f2846b004',
  'sha256:2c1ce468d9f3d941396801f6e3afc8921466650dd05430fe644cd3537713d27f',
]);

/**
 * Digests of layers, each once, without those that hold no file; of something that is not understood, every digest that stands in it, and
 * undefined where nobody could look. Empty where there is none.
 */
export function layersIn(content: Content): ReadonlySet<Digest> | undefined {
  const layers = listLayers(content);
  return layers === undefined ? undefined : new Set(layers.filter((digest) => !EMPTY_LAYERS.has(digest)));
}

function listLayers(content: Content): readonly Digest[] | undefined {
  switch (content.kind) {
    case 'image':
      return content.layers.map(({ digest }) => digest);
    case 'index':
      return content.blobs.filter((blob) => !isCacheConfig(blob)).map(({ digest }) => digest);
    case 'opaque':
      return content.names;
  }
}
