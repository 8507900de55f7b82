import { expect, it } from 'vitest';
import { imagesWithSchemes } from '../../../src/policy/schemes/scheme-patterns.ts';
import { listUnknownCommits } from '../../../src/policy/unknown-commits.ts';
import { forgeOf } from '../../builders/forge.ts';
import { policyOf, snapshotOf } from '../../builders/snapshot.ts';
import { HISTORY, sha } from './world.ts';

it('a forge is asked what the commits are that only a pattern of a scheme tells', () => {
  const short = sha('lost').slice(0, 9);
  const snapshots = [snapshotOf([{ name: 'it', tags: [`rev${short}x`] }])];
  const policy = policyOf({ schemes: { commit: { last: 1, tags: ['rev{commit}x'] } } });
  const ask = (images: typeof policy.images) =>
    listUnknownCommits(snapshots, { history: HISTORY, images, forge: forgeOf({ pullRequests: [] }) });
  expect(ask(policy.images)).toEqual([]);
  expect(ask(imagesWithSchemes(policy))).toEqual([short]);
});

it('without schemes, images are known as they were', () => {
  const policy = policyOf();
  expect(imagesWithSchemes(policy)).toBe(policy.images);
});
