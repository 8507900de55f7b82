// Images of any other builder are of a scheme by patterns that the user wrote. A tag that could mean something else stays.

import { describe, expect, it } from 'vitest';
import { describeReason } from '../../../src/model/describe-reason.ts';
import type { TagSchemes } from '../../../src/model/policy.ts';
import { hours } from '../../../src/model/time.ts';
import { forgeOf } from '../../builders/forge.ts';
import type { NodeSpec } from '../../builders/snapshot.ts';
import { dapp, daysAgo, decideBySchemes, HISTORY, sha } from './world.ts';

const BRANCH: TagSchemes = { branch: { last: -1, tags: ['{branch}'] } };
const ALL: TagSchemes = {
  branch: { last: -1, tags: ['{branch}'] },
  commit: { last: 50, in: hours(720), tags: ['sha-{commit}', '{commit}'] },
  tag: { last: 10, in: hours(720), tags: ['v{tag}'] },
};

/** The decision on an image with one tag, and why. */
function outcomeOf(tag: string, schemes: TagSchemes, more: Partial<NodeSpec> = {}): string {
  const { of } = decideBySchemes([{ name: 'it', tags: [tag], created: daysAgo(3), ...more }], { schemes });
  const { decision, reasons } = of('it');
  return `${decision}: ${reasons.map(describeReason).join('; ')}`;
}

describe('a tag by a pattern', () => {
  it.each<[string, string, TagSchemes, string]>([
    ['stays with its branch', 'main', ALL, 'keep: scheme branch: branch main is there (tag main)'],
    ['goes with its branch', 'feature-x', ALL, 'delete: branch feature-x is gone (scheme branch; pattern {branch})'],
    ['stays with its Git tag', 'v1.9.0', ALL, 'keep: scheme tag: tag v1.9.0 is there'],
    [
      'goes with its Git tag',
      'v9.9.9',
      ALL,
      'delete: branch v9.9.9 is gone (scheme branch; pattern {branch}); tag 9.9.9 is gone',
    ],
    ['stays with its commit', `sha-${sha('c3').slice(0, 7)}`, ALL, 'keep: scheme commit: commit'],
    ['goes with its commit', `sha-${sha('lost').slice(0, 8)}`, ALL, 'delete: branch sha-'],
    [
      'stays when no pattern fits',
      'v1.0',
      { tag: { last: 1, tags: ['release-{tag}'] } },
      'keep: tag v1.0 is of no tag scheme',
    ],
    ['stays when it moves', 'latest', BRANCH, 'keep: tag latest is of no tag scheme'],
    ['stays when it moves with the default branch', 'edge', BRANCH, 'keep: tag edge is of no tag scheme'],
    [
      'stays when it may be a date',
      '20240101',
      { commit: { last: 1, tags: ['{commit}'] } },
      'keep: scheme commit: 20240101 is no commit here',
    ],
    [
      'stays when it has more digits than commits have',
      'a'.repeat(64),
      { commit: { last: 1, tags: ['{commit}'] } },
      'keep: scheme commit',
    ],
    [
      'stays when it is a Git tag after all',
      'v1.9.0',
      BRANCH,
      'keep: scheme branch: tag v1.9.0 also stands for something that is there',
    ],
    ['stays when it names a commit after all', `sha-${sha('c3').slice(0, 7)}`, BRANCH, 'keep: scheme branch: tag sha-'],
    ['stays when it is a line of versions', '1.9', BRANCH, 'keep: scheme branch: tag 1.9 also stands for'],
    ['stays when it looks like a stage', `${'a'.repeat(56)}-1700000000000`, BRANCH, 'is of no tag scheme'],
    [
      "stays when it looks like a record of werf's",
      'managed-image-web',
      BRANCH,
      'keep: tag managed-image-web is of no',
    ],
    [
      'stays when it may be a pull request, and no forge is asked',
      'pr-12',
      BRANCH,
      'keep: scheme branch: tag pr-12 may name a pull',
    ],
    [
      'with a number of a build goes by the rest',
      'feature-x-7',
      { branch: { last: -1, tags: ['{branch}-{build}'] } },
      'delete: branch feature-x is gone',
    ],
    [
      'with a number of a build goes when what is left is no branch',
      'main-7-8',
      { branch: { last: -1, tags: ['{branch}-{build}'] } },
      'delete: branch main-7',
    ],
    [
      'with a number of a build stays by the rest',
      'main-7',
      { branch: { last: -1, tags: ['{branch}-{build}'] } },
      'keep: scheme branch: branch main is there',
    ],
  ])('%s: %s', (_, tag, schemes, outcome) => {
    expect(outcomeOf(tag, schemes)).toContain(outcome);
  });

  it.each<[string, Partial<NodeSpec>]>([
    ["is none of dapp's other images", { labels: dapp('custom', 'x').labels ?? {} }],
    ["is none of werf's stages", { labels: { werf: 'shop', 'werf-image': 'false' } }],
    ['is no chart', { configType: 'application/vnd.cncf.helm.config.v1+json' }],
    ["is none of BuildKit's caches", { configType: 'application/vnd.buildkit.cacheconfig.v0' }],
  ])('%s', (_, more) => {
    expect(outcomeOf('feature-x', BRANCH, more)).toBe('keep: tag feature-x is of no tag scheme');
  });

  it('says nothing when nobody could read what the image is', () => {
    expect(outcomeOf('feature-x', BRANCH, { unread: true })).toContain('its config could not be read');
  });

  it('speaks for an index, and its platforms go with it', () => {
    const nodes = [
      { name: 'index', tags: ['feature-x'], lists: ['amd64', 'arm64'] },
      { name: 'amd64' },
      { name: 'arm64' },
    ];
    expect(decideBySchemes(nodes, { schemes: BRANCH }).doomed).toEqual(['index', 'amd64', 'arm64']);
  });

  it('says nothing of what nobody tagged: no label tells what that was', () => {
    expect(decideBySchemes([{ name: 'old', tags: [] }], { schemes: BRANCH }).rulesOf('old')).toEqual(['no-scheme']);
  });
});

describe('pull requests', () => {
  const nodes = [12, 13].map((number) => ({ name: `pr${number}`, tags: [`pr-${number}`] }));
  const wishes = { pullRequests: { last: -1 }, releases: 'off', deployments: 'off' } as const;
  const forge = forgeOf({ pullRequests: [{ number: 12, head: 'c18', from: 'fork-fix' }] });

  it('that are open keep their images, and the others have none', () => {
    const { doomed } = decideBySchemes(nodes, { schemes: BRANCH, forge, policy: { forge: wishes } });
    expect(doomed).toEqual(['pr13']);
  });

  it('that are open keep the images of their branch in another repository', () => {
    const images = [dapp('git_branch', 'fork-fix'), { name: 'plain', tags: ['fork_fix'] }];
    const policy = { forge: wishes };
    expect(decideBySchemes(images, { schemes: BRANCH, forge, policy }).doomed).toEqual([]);
    expect(decideBySchemes(images, { schemes: BRANCH }).doomed).toEqual(['fork-fix', 'plain']);
  });

  it('keep the commits that only they lead to: these are in the history', () => {
    const lost = dapp('git_commit', sha('merge'), { name: 'merge', created: daysAgo(3) });
    const merged = forgeOf({ pullRequests: [], testMerges: { merge: 'c18' } });
    const policy = { forge: wishes };
    expect(decideBySchemes([lost], { forge: merged, policy }).rulesOf('merge')).toContain('scheme');
    expect(decideBySchemes([lost]).doomed).toEqual(['merge']);
  });

  it('of which the user wants to know nothing are not asked for', () => {
    const { doomed, rulesOf } = decideBySchemes(nodes, { schemes: BRANCH, forge });
    expect(doomed).toEqual([]);
    expect(rulesOf('pr13')).toEqual(['scheme-unknown']);
  });
});

it("the user's own keep policies go on keeping", () => {
  const main = {
    name: 'keepPolicies[0]',
    references: { kind: 'branch', pattern: { kind: 'literal', text: 'main' } },
    imagesPerReference: { last: 1, operator: 'And' },
  } as const;
  const labels = {
    'org.opencontainers.image.revision': sha('c19'),
    'org.opencontainers.image.source': HISTORY.remoteUrls[0] ?? '',
  };
  const nodes = [
    { name: 'built', tags: ['feature-x'], labels },
    { name: 'other', tags: ['feature-y'] },
  ];
  const policy = { git: { enabled: true, keepPolicies: [main] } };
  expect(decideBySchemes(nodes, { schemes: BRANCH, policy }).doomed).toEqual(['other']);
  expect(decideBySchemes(nodes, { schemes: BRANCH }).doomed).toEqual(['built', 'other']);
});
