import { describe, expect, it } from 'vitest';
import { type NodePlatforms, platformsFor, wantsPlatform } from '../../src/run/verify-platforms.ts';

const nodes: NodePlatforms = new Map<string, ReadonlySet<string> | 'unknown'>([
  ['prod', new Set(['linux/amd64', 'linux/arm64'])],
  ['edge', new Set(['linux/arm'])],
  ['dumps', 'unknown'],
]);
const usedIn = (...contexts: readonly string[]) => ({
  workloads: contexts.map((context) => ({ context, kind: 'Pod', name: 'web' })),
});

describe('an image is needed for', () => {
  it('the platforms of the clusters that use it, and no others', () => {
    expect(platformsFor(usedIn('edge'), nodes)).toEqual(new Set(['linux/arm']));
    expect(platformsFor(usedIn('edge', 'prod'), nodes)).toEqual(new Set(['linux/amd64', 'linux/arm64', 'linux/arm']));
  });

  it('all platforms, where those of one user are not known', () => {
    expect(platformsFor(usedIn('prod', 'dumps'), nodes)).toBe('unknown');
    expect(platformsFor(usedIn('never seen'), nodes)).toBe('unknown');
  });

  it('those of all clusters, when some users are only counted', () => {
    expect(platformsFor({ ...usedIn('edge'), unlisted: 1 }, nodes)).toBe('unknown');
    const known = new Map([...nodes].filter(([, platforms]) => platforms !== 'unknown'));
    expect(platformsFor({ ...usedIn('edge'), unlisted: 1 }, known)).toEqual(
      new Set(['linux/amd64', 'linux/arm64', 'linux/arm']),
    );
  });
});

describe('what an index lists must be there', () => {
  const here = new Set(['linux/arm', 'linux/amd64']);
  it.each([
    ['for a platform of the nodes', 'linux/amd64', true],
    ['for any variant of it', 'linux/arm/v7', true],
    ['not for another architecture', 'linux/arm64', false],
    ['not for another system', 'windows/amd64', false],
    ['not as an attestation', 'unknown/unknown', false],
    ['when it names no platform', undefined, true],
    ['when it names half of one', 'linux', true],
  ])('%s', (_name, platform, wanted) => {
    expect(wantsPlatform(platform === undefined ? {} : { platform }, here)).toBe(wanted);
  });

  it.each([
    ['linux/s390x', true],
    ['unknown/unknown', false],
  ])('on unknown nodes: %s %s', (platform, wanted) => {
    expect(wantsPlatform({ platform }, 'unknown')).toBe(wanted);
  });
});
