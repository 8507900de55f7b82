import { describe, expect, it } from 'vitest';
import { decideWorld } from '../../../builders/local-store.ts';

const NAMES = ['registry.example.com/shop/app:1'];

describe('an image in a store that the engine only reads', () => {
  it('stays, whatever asks for it', () => {
    const disk = { high: { kind: 'percent', percent: 0 }, low: { kind: 'percent', percent: 0 } } as const;
    const images = [{ name: 'app', names: NAMES, isReadOnly: true }];
    const { going, rulesOf } = decideWorld({
      images,
      disk: { capacity: 1000, available: 0 },
      policy: { mrproper: 'all', disk },
    });
    expect(going).toEqual([]);
    expect(rulesOf('app')).toEqual(['in-doubt']);
  });

  it('goes where the engine may write', () => {
    const images = [{ name: 'app', names: NAMES, isReadOnly: false }];
    expect(decideWorld({ images, policy: { mrproper: 'all' } }).going).toEqual(['app']);
  });
});
