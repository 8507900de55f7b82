// The images that build cache may have been left by: what is no cache, in one repository, and whether it stays.

import type { ImageGraph } from '../../model/image-graph.ts';
import type { Digest, Tag } from '../../model/reference.ts';
import type { Content } from '../../model/snapshot.ts';
import { compareText } from '../../util/compare-text.ts';
import { type Caches, isBuildkitCache, isStage } from './recognize-cache.ts';

/** An image, and what it is made of. */
export interface BuiltImage {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  readonly content: Content;
}

/** An image that needs cache, and the full name of the repository that it is in. */
export interface Needing extends BuiltImage {
  readonly repository: string;
}

/** Cache and the image that needs it, with how in words. */
export interface Need {
  readonly cache: Digest;
  readonly by: Needing;
  readonly how: string;
}

/** What one repository says of builds. All lists are sorted by digest. */
export interface BuiltImages {
  /** Full name: `registry.example.com/team/app`. */
  readonly repository: string;
  /** Everything that stays and is no cache; attestations and signatures too, records left out. */
  readonly staying: readonly BuiltImage[];
  readonly going: readonly BuiltImage[];
  /** Of dapp and werf 1, those that do not go by themselves: images are made from stages that were made from stages, also from some elsewhere. */
  readonly stages: readonly BuiltImage[];
  /** Whether an image stays that stands for itself. Always false of a repository that is there for build cache. */
  readonly hasImages: boolean;
}

/** What a repository's nodes are to builds. `isDeclared`: it is there for build cache. */
export function listBuiltImages(
  graph: ImageGraph,
  parts: {
    readonly repository: string;
    readonly caches: Caches;
    readonly kept: ReadonlyMap<Digest, unknown>;
    readonly isDeclared: boolean;
    /** Cache that goes whatever needs it. Default: none does. */
    readonly condemned?: ReadonlySet<Digest>;
  },
): BuiltImages {
  const { repository, caches, kept, isDeclared, condemned = new Set() } = parts;
  const nodes = [...graph.nodes.values()].sort((a, b) => compareText(a.digest, b.digest));
  // Cache of BuildKit's is no image wherever it is, also as a part of an index.
  const isImage = ({ digest, content }: Pick<BuiltImage, 'digest' | 'content'>): boolean =>
    !caches.has(digest) && !isBuildkitCache(content) && graph.roleOf(digest) !== 'record';
  const images = nodes.filter(isImage);
  const isOpenStage = (digest: Digest): boolean => {
    const cache = caches.get(digest);
    return cache !== undefined && isStage(cache) && (kept.has(digest) || !condemned.has(digest));
  };
  const staying = images.filter(({ digest }) => kept.has(digest));
  return {
    repository,
    staying: staying.map(toBuiltImage),
    going: images.filter(({ digest }) => !kept.has(digest)).map(toBuiltImage),
    stages: nodes.filter(({ digest }) => isOpenStage(digest)).map(toBuiltImage),
    hasImages: !isDeclared && staying.some(({ digest }) => graph.roleOf(digest) === 'image'),
  };
}

function toBuiltImage({ digest, tags, content }: BuiltImage): BuiltImage {
  return { digest, tags, content };
}
