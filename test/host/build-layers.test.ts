import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildLayers } from '../../src/host/build-layers.ts';

const EMPTY = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

function step(Size: number, CreatedBy = '') {
  return { Size, CreatedBy };
}

function sizes(diffIds: readonly string[], history: readonly { readonly Size: number; readonly CreatedBy?: string }[]) {
  return buildLayers(diffIds, history)?.map(({ sizeBytes }) => sizeBytes);
}

describe('layers with their sizes', () => {
  it('are told the lowest first, though the history begins with the newest step', () => {
    expect(sizes(['a', 'b'], [step(20), step(10)])).toEqual([10, 20]);
  });

  it.each([
    ['of the classic builder', '/bin/sh -c #(nop)  CMD ["x"]'],
    ['of BuildKit', 'CMD ["x"]'],
    ['of labels', 'LABEL a=b'],
  ])('pass over steps that make no layer, %s', (_name, instruction) => {
    expect(sizes(['a', 'b'], [step(0, instruction), step(0, 'WORKDIR /x'), step(10, 'COPY x /x')])).toEqual([10, 0]);
  });

  it('know the layer in which nothing changed by its digest', () => {
    expect(sizes([EMPTY, 'b'], [step(7, '?'), step(0, '?'), step(0, '?')])).toEqual([0, 7]);
  });

  it('do not take a file for an instruction by the beginning of its name', () => {
    expect(sizes(['a', 'b'], [step(0, 'ENVOY setup'), step(9, 'COPY x /'), step(0, 'ENV x=y')])).toEqual([9, 0]);
  });

  it.each([
    ['fewer steps than layers', ['a', 'b', 'c'], [step(1), step(2)]],
    ['steps without a size that may be any of the layers', ['a', 'b'], [step(5, '?'), step(0, '?'), step(0, '?')]],
    ['no step at all', ['a'], []],
  ])('are not guessed: %s', (_name, diffIds, history) => {
    expect(buildLayers(diffIds, history)).toBeUndefined();
  });

  it('of an image without any are none', () => {
    expect(buildLayers([], [step(0, 'LABEL a=b')])).toEqual([]);
  });

  it('are the same only on the same layers below', () => {
    const [, onA] = buildLayers(['a', 'x'], [step(1), step(1)]) ?? [];
    const [, onB] = buildLayers(['b', 'x'], [step(1), step(1)]) ?? [];
    expect(onA?.chain).toBe(`sha256:${createHash('sha256').update('a x').digest('hex')}`);
    expect(onB?.chain).not.toBe(onA?.chain);
  });
});
