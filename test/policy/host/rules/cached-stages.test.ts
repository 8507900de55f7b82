// The rules about cached stages of another version, and of a commit that is gone.

import { describe, expect, it } from 'vitest';
import type { HostPolicy } from '../../../../src/model/host-policy.ts';
import type { KnownCommits } from '../../../../src/policy/host/host-evidence.ts';
import { decideWorld, type LocalImageSpec, OURS } from '../../../builders/local-store.ts';

const THEIRS = { 'com.example.project': 'else' };
const STAGE = { 'dapp-dimg': 'false', ...OURS };
const FINAL = { 'dapp-dimg': 'true', ...OURS };
const KEPT = 'a'.repeat(40);
const GONE = 'b'.repeat(40);
const VERSION = { labels: ['dapp-cache-version', 'werf-cache-version'], current: '33' };

interface Case {
  readonly name: string;
  readonly image: Omit<LocalImageSpec, 'name'>;
  readonly policy: Partial<HostPolicy>;
  readonly goes: boolean;
}

const version = { improperCacheVersion: VERSION };
const own = { improperCacheVersion: { labels: ['com.example.cache'], current: '2' } };
const names = ['dimgstage-shop:abc'];
const VERSIONS: readonly Case[] = [
  {
    name: 'a stage of another version goes',
    image: { names, labels: { ...STAGE, 'dapp-cache-version': '32' } },
    policy: version,
    goes: true,
  },
  {
    name: 'a newer version is another one too',
    image: { names, labels: { ...STAGE, 'dapp-cache-version': '34' } },
    policy: version,
    goes: true,
  },
  {
    name: 'a stage of this version stays',
    image: { names, labels: { ...STAGE, 'dapp-cache-version': '33' } },
    policy: version,
    goes: false,
  },
  { name: 'a stage without a version stays', image: { names, labels: STAGE }, policy: version, goes: false },
  {
    name: 'a stage of another project stays: dapp 0.36 took it',
    image: { names, labels: { ...STAGE, ...THEIRS, 'dapp-cache-version': '32' } },
    policy: version,
    goes: false,
  },
  {
    name: 'a final image stays whatever its version',
    image: { names: ['a.example.com/b:1'], labels: { ...FINAL, 'dapp-cache-version': '32' } },
    policy: version,
    goes: false,
  },
  {
    name: 'a stage that has another name besides stays',
    image: { names: [...names, 'a.example.com/b:1'], labels: { ...STAGE, 'dapp-cache-version': '32' } },
    policy: version,
    goes: false,
  },
  {
    name: 'a stage without a name goes',
    image: { labels: { ...STAGE, 'dapp-cache-version': '32' } },
    policy: version,
    goes: true,
  },
  {
    name: 'a stage of werf 1 goes',
    image: {
      names: ['werf-stages-storage/shop:abc'],
      labels: { 'werf-image': 'false', 'werf-cache-version': '0', ...OURS },
    },
    policy: version,
    goes: true,
  },
  {
    name: "cache by a label of the user's goes",
    image: { names: ['a.example.com/cache:1'], labels: { ...OURS, 'com.example.cache': '1' } },
    policy: own,
    goes: true,
  },
  {
    name: "cache by a label of the user's stays in this version",
    image: { names: ['a.example.com/cache:1'], labels: { ...OURS, 'com.example.cache': '2' } },
    policy: own,
    goes: false,
  },
  {
    name: "a final image with the user's label stays",
    image: { names: ['a.example.com/cache:1'], labels: { ...FINAL, 'com.example.cache': '1' } },
    policy: own,
    goes: false,
  },
];

const git = { improperGitCommit: true };
const COMMITS: readonly Case[] = [
  {
    name: 'a stage of a commit that is gone goes',
    image: { names, labels: { ...STAGE, 'dapp-git-lib-commit': GONE } },
    policy: git,
    goes: true,
  },
  {
    name: 'a stage of a commit that is there stays',
    image: { names, labels: { ...STAGE, 'dapp-git-lib-commit': KEPT } },
    policy: git,
    goes: false,
  },
  {
    name: 'one of two that is gone is enough',
    image: { names, labels: { ...STAGE, 'dapp-git-lib-commit': GONE, 'dapp-git-ui-commit': KEPT } },
    policy: git,
    goes: true,
  },
  {
    name: 'a repository that nobody declared proves nothing',
    image: { names, labels: { ...STAGE, 'dapp-git-other-commit': GONE } },
    policy: git,
    goes: false,
  },
  {
    name: 'what is no commit proves nothing',
    image: { names, labels: { ...STAGE, 'dapp-git-lib-commit': 'b'.repeat(39) } },
    policy: git,
    goes: false,
  },
  {
    name: 'a type is no commit',
    image: { names, labels: { ...STAGE, 'dapp-git-lib-type': GONE } },
    policy: git,
    goes: false,
  },
  {
    name: 'a commit of the project itself counts',
    image: {
      names: ['werf-stages-storage/shop:abc-1'],
      labels: { 'werf-image': 'false', ...OURS, 'werf-project-repo-commit': GONE },
    },
    policy: git,
    goes: true,
  },
  {
    name: 'a merge that werf made for itself proves nothing',
    image: { names, labels: { ...STAGE, 'werf-git-lib-commit': GONE, 'werf-git-lib-virtual-merge': 'true' } },
    policy: git,
    goes: false,
  },
  {
    name: 'a final image stays',
    image: { names: ['a.example.com/b:1'], labels: { ...FINAL, 'dapp-git-lib-commit': GONE } },
    policy: git,
    goes: false,
  },
  {
    name: 'a stage of another project stays',
    image: { names, labels: { ...STAGE, ...THEIRS, 'dapp-git-lib-commit': GONE } },
    policy: git,
    goes: false,
  },
  {
    name: 'a young stage stays',
    image: { names, labels: { ...STAGE, 'dapp-git-lib-commit': GONE }, created: 1 },
    policy: git,
    goes: false,
  },
];

function goes({ image, policy }: Case): boolean {
  const { going } = decideWorld({
    images: [{ name: 'x', ...image }],
    policy,
    evidence: {
      git: {
        own: commits(KEPT),
        byName: new Map([
          ['lib', commits(KEPT)],
          ['ui', commits(KEPT)],
        ]),
      },
    },
  });
  return going.length > 0;
}

function commits(...ids: readonly string[]): KnownCommits {
  return { indexOf: (commit) => (ids.includes(commit) ? 0 : undefined) };
}

describe('cached stages of another version', () => {
  it.each(VERSIONS)('$name', (one) => {
    expect(goes(one)).toBe(one.goes);
  });
});

describe('cached stages of a commit', () => {
  it.each(COMMITS)('$name', (one) => {
    expect(goes(one)).toBe(one.goes);
  });

  it('stay when the commit is in another repository that was read', () => {
    const { going } = decideWorld({
      images: [{ name: 'x', names, labels: { ...STAGE, 'dapp-git-lib-commit': GONE } }],
      policy: git,
      evidence: { git: { own: commits(GONE), byName: new Map([['lib', commits(KEPT)]]) } },
    });
    expect(going).toEqual([]);
  });

  it('stay when no repository was read', () => {
    const labels = { ...STAGE, 'dapp-git-lib-commit': GONE, 'werf-project-repo-commit': GONE };
    expect(decideWorld({ images: [{ name: 'x', names, labels }], policy: git }).going).toEqual([]);
  });

  it('tell which repositories nobody declared', () => {
    const { decisions } = decideWorld({
      images: [{ name: 'x', names, labels: { ...STAGE, 'dapp-git-other-commit': GONE } }],
      policy: git,
    });
    expect(decisions.remarks).toEqual([expect.stringContaining('--cache-git-repository other=URL')]);
  });
});
