// Which build cache the images that stay were, or may have been, made with; and which only images were made with that go.

import type { KeepReason } from '../../model/decision.ts';
import type { Digest } from '../../model/reference.ts';
import { compareText } from '../../util/compare-text.ts';
import type { BuiltImages, Need, Needing } from './built-images.ts';
import { layersIn } from './cache-layers.ts';
import { findBestCaches, findKanikoNeeds, indexByLayer } from './layer-needs.ts';
import { type CacheNode, isStage } from './recognize-cache.ts';
import { findStageNeeds } from './stage-needs.ts';

/** What needs are found from. */
export interface NeedsInput {
  /** The name of the repository with the cache. */
  readonly repository: string;
  /** The cache to be judged. */
  readonly caches: readonly CacheNode[];
  /** Those that may be called the best for an image: not the ones that go whatever needs them. */
  readonly mayBeBest: (digest: Digest) => boolean;
  /** All repositories of the run, this one among them. */
  readonly built: readonly BuiltImages[];
}

/** What is known of each cache. */
export interface CacheNeeds {
  /** Why it stays, for the first image that needs it. */
  readonly needed: ReadonlyMap<Digest, KeepReason>;
  /** Whether cache of BuildKit's or Kaniko's shares a layer with an image that goes. */
  readonly isOfGoing: (digest: Digest) => boolean;
  /** Whether any image stays that stands for itself. Where none does, nothing can be called unneeded. */
  readonly hasImages: boolean;
}

/** Finds out. The same whatever order repositories, images and caches come in. */
export function findCacheNeeds(input: NeedsInput): CacheNeeds {
  const { repository, caches } = input;
  const built = [...input.built].sort((a, b) => compareText(a.repository, b.repository));
  const staying = built.flatMap((one) => one.staying.map((image) => ({ ...image, repository: one.repository })));
  const needs = [...findHiddenNeeds(caches, staying), ...findNeeds(input, built, staying)];
  const needed = new Map<Digest, KeepReason>();
  for (const { cache, by, how } of needs) {
    if (needed.has(cache)) continue;
    const place = by.repository === repository ? {} : { repository: by.repository };
    needed.set(cache, { rule: 'cache-needed', by: by.digest, ...place, how });
  }
  const layersOfGoing = new Set(
    built.flatMap(({ going }) => going.flatMap(({ content }) => [...(layersIn(content) ?? [])])),
  );
  const byDigest = new Map(caches.map(({ node }) => [node.digest, node]));
  return {
    needed,
    hasImages: built.some(({ hasImages }) => hasImages),
    isOfGoing(digest) {
      const content = byDigest.get(digest)?.content;
      return content !== undefined && [...(layersIn(content) ?? [])].some((layer) => layersOfGoing.has(layer));
    },
  };
}

function findNeeds(
  { caches, mayBeBest }: NeedsInput,
  built: readonly BuiltImages[],
  staying: readonly Needing[],
): readonly Need[] {
  const kinds = (wanted: (cache: CacheNode) => boolean) => caches.filter(wanted).map(({ node }) => node);
  const stages = kinds(isStage);
  const kaniko = kinds(({ kind }) => kind === 'kaniko');
  const buildkit = kinds(({ kind, node }) => kind === 'buildkit' && mayBeBest(node.digest));
  const known = built.flatMap((one) => [...one.staying, ...one.stages]);
  return [
    ...findStageNeeds({ stages, staying, known }),
    ...findKanikoNeeds(indexByLayer(kaniko), staying),
    ...findBestCaches(indexByLayer(buildkit), staying),
  ];
}

/** Nobody could look into an image that stays: it may need anything. */
function findHiddenNeeds(caches: readonly CacheNode[], staying: readonly Needing[]): readonly Need[] {
  const hidden = staying.find(({ content }) => layersIn(content) === undefined);
  if (hidden === undefined) return [];
  return caches.map(({ node }) => ({ cache: node.digest, by: hidden, how: 'nobody could look into that' }));
}
