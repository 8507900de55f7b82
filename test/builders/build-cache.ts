// Build cache of every kind in a line each, as its builders leave it.

import type { Annotations } from '../../src/model/snapshot.ts';
import { digestOf, type NodeSpec } from './snapshot.ts';

type Parts = Partial<NodeSpec>;

const BUILDKIT_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';

/** The id that docker calls an image by: the digest of its config. */
export function imageId(name: string): string {
  return digestOf(`config of ${name}`);
}

/** A stage of dapp's; `from` is the stage or image that it was made from. */
export function dappStage(name: string, parts: Parts & { readonly from?: string } = {}): NodeSpec {
  const { from, labels, ...rest } = parts;
  return {
    name,
    tags: [`dimgstage-${name}`],
    labels: { dapp: 'shop', 'dapp-dimg': 'false', 'dapp-cache-version': '33', ...labels },
    ...(from === undefined ? {} : { madeFrom: imageId(from) }),
    ...rest,
  };
}

/** A final image of dapp's. */
export function dappImage(name: string, parts: Parts & { readonly from?: string } = {}): NodeSpec {
  const { from, labels, ...rest } = parts;
  return {
    name,
    tags: [name],
    labels: { dapp: 'shop', 'dapp-dimg': 'true', ...labels },
    ...(from === undefined ? {} : { madeFrom: imageId(from) }),
    ...rest,
  };
}

/** A stage of werf 1. */
export function werf1Stage(name: string, parts: Parts & { readonly from?: string } = {}): NodeSpec {
  const { from, labels, ...rest } = parts;
  return {
    name,
    tags: [`image-stage-${name}`],
    labels: { werf: 'shop', 'werf-image': 'false', 'werf-cache-version': '1', ...labels },
    ...(from === undefined ? {} : { madeFrom: imageId(from) }),
    ...rest,
  };
}

/** BuildKit's cache as an index of blobs, its default. */
export function buildkitIndex(name: string, layers: readonly string[], parts: Parts = {}): NodeSpec {
  return { name, tags: [name], cacheOf: layers, ...parts };
}

/** BuildKit's cache with `image-manifest=true`. */
export function buildkitImage(name: string, layers: readonly string[], parts: Parts = {}): NodeSpec {
  return { name, tags: [name], layers, configType: BUILDKIT_CONFIG, ...parts };
}

/** A layer of Kaniko's, under the key of its step. */
export function kanikoLayer(name: string, layer: string, parts: Parts = {}): NodeSpec {
  return { name, tags: [kanikoKey(name)], layers: [layer], isKanikoStep: true, ...parts };
}

/** 64 hex digits that differ by name. */
export function kanikoKey(name: string): string {
  return digestOf(`key of ${name}`).slice('sha256:'.length);
}

/** Labels that say what dapp's stage took from Git. */
export function gitLabels(name: string, commit: string): Annotations {
  return { [`dapp-git-${name}-commit`]: commit, [`dapp-git-${name}-type`]: 'directory' };
}
