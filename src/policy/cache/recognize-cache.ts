// What is build cache, told by what builders write into it and never by the shape of a tag alone. Whatever is not proved to be cache is none.

import type { ImageGraph } from '../../model/image-graph.ts';
import type { CachePolicy, Policy } from '../../model/policy.ts';
import type { Digest, Tag } from '../../model/reference.ts';
import { parseReferrerTag } from '../../model/referrer-tag.ts';
import type { Content, ImageNode } from '../../model/snapshot.ts';
import { labelsOf, STAGE_LABEL } from '../werf/origins.ts';

/** Who made it. `dapp` and `werf` (version 1) are stages, whose images tell what they were made from. */
export type CacheKind = 'dapp' | 'werf' | 'buildkit' | 'kaniko';

/** One manifest of build cache. */
export interface CacheNode {
  readonly kind: CacheKind;
  readonly node: ImageNode;
  /** Of dapp's development mode. */
  readonly isDev: boolean;
  /** As the label of dapp or werf says. */
  readonly project?: string;
}

/** Build cache by digest. */
export type Caches = ReadonlyMap<Digest, CacheNode>;

const BUILDKIT_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';
const IMAGE_CONFIG = /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\.v1\+json$/;
/** Kaniko's key of a step: https://github.com/GoogleContainerTools/kaniko/blob/v1.23.2/pkg/executor/composite_cache.go */
const KANIKO_KEY = /^[0-9a-f]{64}$/;

/** Whether any rule about build cache is on. A purge is about what werf made, whatever else is wanted. */
export function hasCacheRule({
  cache,
  purge,
}: {
  readonly cache: CachePolicy;
  readonly purge: Policy['purge'];
}): boolean {
  const { improperRepoCache, improperCacheVersion, improperGitCommit, flush } = cache;
  return !purge && (improperRepoCache || improperCacheVersion !== undefined || improperGitCommit || flush);
}

/**
 * The build cache among the nodes that stand for themselves, in the order of the graph. What an index lists goes with the index, tagged or
 * not: it is a part of somebody's image. `isDeclared`: the user says that the repository holds nothing but build cache; only then are Kaniko's
 * layers told from images.
 */
export function recognizeCaches(graph: ImageGraph, { isDeclared }: { readonly isDeclared: boolean }): Caches {
  const found = new Map<Digest, CacheNode>();
  for (const node of graph.nodes.values()) {
    if (graph.roleOf(node.digest) !== 'image' || graph.parentsOf(node.digest).length > 0) continue;
    const kind = kindOf(node, isDeclared);
    if (kind === undefined) continue;
    const labels = labelsOf(node) ?? {};
    const project = labels[kind] ?? '';
    const isDev = labels['dapp-dev-mode'] === 'true';
    found.set(node.digest, { kind, node, isDev, ...(project === '' ? {} : { project }) });
  }
  return found;
}

function kindOf(node: ImageNode, isDeclared: boolean): CacheKind | undefined {
  if (isBuildkitCache(node.content)) return 'buildkit';
  return stageKindOf(node) ?? (isDeclared && isKanikoLayer(node) ? 'kaniko' : undefined);
}

/** Whether BuildKit alone can read it. The index form lists blobs alone: an index that lists manifests too may be somebody's image. */
export function isBuildkitCache(content: Content): boolean {
  switch (content.kind) {
    case 'image':
      return isCacheConfig(content.config);
    case 'index':
      return content.children.length === 0 && content.blobs.some(isCacheConfig);
    case 'opaque':
      return false;
  }
}

/** Whether a blob says how BuildKit's cache hangs together, and is no layer. */
export function isCacheConfig({ mediaType }: { readonly mediaType: string }): boolean {
  return mediaType.toLowerCase() === BUILDKIT_CONFIG;
}

/** One further tag is somebody's use of it as an image. Stages of werf 1.2 and later have records, and are judged by these. */
function stageKindOf(node: ImageNode): 'dapp' | 'werf' | undefined {
  const labels = labelsOf(node);
  if (labels === undefined) return undefined;
  const tags = ordinaryTags(node);
  const isNamed = (prefix: string): boolean => tags.every((tag) => tag.startsWith(prefix));
  if (labels['dapp-dimg'] === 'false' && (tags.length > 0 || (labels['dapp'] ?? '') !== ''))
    return isNamed('dimgstage-') ? 'dapp' : undefined;
  // Later versions set this label on their stages too, which may have lost their tags.
  if (labels['werf-image'] !== 'false' || tags.length === 0 || (labels[STAGE_LABEL] ?? '') !== '') return undefined;
  return isNamed('image-stage-') ? 'werf' : undefined;
}

/**
 * One layer beside a config that says nothing but which step made it: others tag images by hashes too. An untagged one was pushed again under
 * its key.
 */
function isKanikoLayer(node: ImageNode): boolean {
  const { content } = node;
  if (content.kind !== 'image' || content.facts.kind === 'unread' || !IMAGE_CONFIG.test(content.config.mediaType))
    return false;
  if (content.facts.isKanikoStep !== true) return false;
  const isPlain = node.artifactType === undefined && node.subject === undefined && content.layers.length <= 1;
  return (
    isPlain && Object.keys(content.facts.labels).length === 0 && ordinaryTags(node).every((tag) => KANIKO_KEY.test(tag))
  );
}

/** Whether its image tells what it was made from. */
export function isStage({ kind }: Pick<CacheNode, 'kind'>): boolean {
  return kind === 'dapp' || kind === 'werf';
}

/** Tags that are no referrer's. */
export function ordinaryTags({ tags }: ImageNode): readonly Tag[] {
  return tags.filter((tag) => parseReferrerTag(tag) === undefined);
}
