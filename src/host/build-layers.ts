// The layers of an image with their sizes. Engines tell the layers in one place and the sizes, step by step, in another.

import { createHash } from 'node:crypto';
import type { LocalLayer } from '../model/local-store.ts';

/** One step of an image's history. */
export interface HistoryStep {
  readonly Size: number;
  /** The instruction; anybody's text. */
  readonly CreatedBy?: string | null | undefined;
}

/** The layer of a step that changed no file: 1024 zero bytes, the shortest archive there is. */
const EMPTY_LAYER = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** Instructions that make no layer, as classic builders and BuildKit write them down. */
const NO_LAYER =
  /^(?:\/bin\/sh -c #\(nop\)\s+)?(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b/;

/**
 * The layers, the lowest first. `diffIds`: the lowest first; `history`: the newest step first, as engines give it, with the steps that made no
 * layer. Undefined where the steps do not tell which layer has which size.
 */
export function buildLayers(
  diffIds: readonly string[],
  history: readonly HistoryStep[],
): readonly LocalLayer[] | undefined {
  const steps = history.toReversed();
  const sizes =
    sizesBy(diffIds, steps, () => true) ??
    sizesBy(diffIds, steps, ({ Size, CreatedBy }) => Size > 0 || !NO_LAYER.test(CreatedBy ?? '')) ??
    sizesOfFilled(diffIds, steps);
  if (sizes === undefined) return undefined;
  let chain = '';
  return diffIds.map((diffId, index) => {
    chain = chainOf(chain, diffId);
    return { chain, sizeBytes: sizes[index] ?? 0 };
  });
}

/** The sizes when as many steps made a layer as there are layers. */
function sizesBy(
  diffIds: readonly string[],
  steps: readonly HistoryStep[],
  madeLayer: (step: HistoryStep) => boolean,
): readonly number[] | undefined {
  const made = steps.filter(madeLayer);
  return made.length === diffIds.length ? made.map(({ Size }) => Size) : undefined;
}

/** The sizes when as many steps have one as there are layers that are not empty. */
function sizesOfFilled(diffIds: readonly string[], steps: readonly HistoryStep[]): readonly number[] | undefined {
  const filled = steps.filter(({ Size }) => Size > 0);
  if (diffIds.filter((diffId) => diffId !== EMPTY_LAYER).length !== filled.length) return undefined;
  let next = 0;
  return diffIds.map((diffId) => (diffId === EMPTY_LAYER ? 0 : (filled[next++]?.Size ?? 0)));
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#layer-chainid */
function chainOf(below: string, diffId: string): string {
  if (below === '') return diffId;
  return `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`;
}
