import { describe, expect, it } from 'vitest';
import { slugHashes } from '../../src/model/slug-hash.ts';

describe('the hash at the end of a slug', () => {
  // What dapp made of these names: its own test data.
  it.each([
    ['a_b_c_d', 'a-b-c-d-9736323a'],
    ['a_B_c_d', 'a-b-c-d-a67096ae'],
    ['_a_b_c_d', 'a-b-c-d-72075ca4'],
    ['а_б_ц_д', 'a-b-c-d-fce8fc50'],
    ['------', '587c09c4'],
    ['core/feature/ADD_SETTINGS', 'core-feature-add-settings-c3fd80df'],
    ['v2.3.1', 'v2-3-1-5cb8b0a4'],
    ['branch/one/!@#4.4-3', 'branch-one-4-4-3-5589e04f'],
  ])('of %s is the one that dapp wrote', (name, slug) => {
    expect(slug.split('-').at(-1)).toBe(slugHashes(name)[0]);
  });

  it('always has eight digits as dapp wrote it, and no zeros in front as werf 1.2 does', () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `b${at}`);
    expect(names.every((name) => /^[0-9a-f]{8}$/.test(slugHashes(name)[0] ?? ''))).toBe(true);
    expect(slugHashes('da/ta')[1]).toBe('afa96f8');
  });
});
