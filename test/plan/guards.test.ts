import { describe, expect, it } from 'vitest';
import type { DeleteRight } from '../../src/model/snapshot.ts';
import { findGuards, type GuardInput } from '../../src/plan/guards.ts';
import type { EvidenceSummary, Totals } from '../../src/plan/plan.ts';

const TOTALS: Totals = { kept: 5, deleted: 5, untagged: 0, tags: 10, reclaimableBytes: 0 };
const EVIDENCE: EvidenceSummary = {
  git: { branches: 10, tags: 10, commits: 100 },
  kubernetes: { sources: [{ kind: 'cluster', name: 'prod', pods: 3, objects: 9 }], images: 10 },
  forge: { title: 'GitHub', repository: 'acme/shop', pullRequests: 10, releases: 10, deployments: 10 },
  repositories: [{ name: 'app', tags: 10, nodes: 10 }],
};

describe('the share of deletions', () => {
  it.each<[string, number, number, number, boolean]>([
    ['below the limit passes', 79, 100, 0.8, false],
    ['of exactly the limit passes', 80, 100, 0.8, false],
    ['above the limit is refused', 81, 100, 0.8, true],
    ['of four in five is exactly 0.8', 4, 5, 0.8, false],
    ['of everything passes when all is allowed', 7, 7, 1, false],
    ['of anything is refused when none is allowed', 1, 100, 0, true],
  ])('%s', (_, deleted, all, maxDeleteShare, isRefused) => {
    const totals = { ...TOTALS, deleted, kept: all - deleted };
    expect(guardsOf({ totals, maxDeleteShare }).includes('max-delete-share')).toBe(isRefused);
  });

  it('does not count what goes by an explicit word', () => {
    const totals = { ...TOTALS, deleted: 9, kept: 1 };
    expect(guardsOf({ totals, maxDeleteShare: 0.5, flushed: { manifests: 8, tags: 8 } })).toEqual([]);
    expect(guardsOf({ totals, maxDeleteShare: 0.4, flushed: { manifests: 8, tags: 8 } })).toEqual(['max-delete-share']);
  });

  it('tells both numbers and both shares', () => {
    const [finding] = findGuards(inputOf({ totals: { ...TOTALS, deleted: 9, kept: 1 }, maxDeleteShare: 0.8 }));
    expect(finding?.text).toBe('9 of 10 manifests would go (90 %); at most 80 % may go in one run');
  });
});

describe('nothing left', () => {
  it.each<[string, Partial<GuardInput>, boolean]>([
    ['is refused', { tagsLeft: 0 }, true],
    ['is allowed on request', { tagsLeft: 0, allowDeleteAll: true }, false],
    ['is not one tag', { tagsLeft: 1 }, false],
    ['is not meant for a repository that had no tag', { tagsLeft: 0, totals: { ...TOTALS, tags: 0 } }, false],
    [
      'is meant when all that went goes by an explicit word',
      { tagsLeft: 0, flushed: { manifests: 5, tags: 10 } },
      false,
    ],
    ['is refused when one other tag goes with it', { tagsLeft: 0, flushed: { manifests: 4, tags: 9 } }, true],
    ['is refused also when only tags go', { tagsLeft: 0, totals: { ...TOTALS, deleted: 0, untagged: 10 } }, true],
  ])('%s', (_, input, isRefused) => {
    expect(guardsOf(input).includes('nothing-left')).toBe(isRefused);
  });
});

describe('a history of something else', () => {
  it.each<[string, Partial<GuardInput>, boolean]>([
    ['is refused when Git condemns and no image is of it', { condemnsByGit: true, isBuiltHere: false }, true],
    ['is none when one image is of it', { condemnsByGit: true, isBuiltHere: true }, false],
    ['does not matter when nothing goes because of Git', { condemnsByGit: false, isBuiltHere: false }, false],
    ['does not matter when Git is off', { condemnsByGit: true, isBuiltHere: undefined }, false],
    ['is allowed on request', { condemnsByGit: true, isBuiltHere: false, allowDeleteAll: true }, false],
  ])('%s', (_, input, isRefused) => {
    expect(guardsOf(input).includes('foreign-history')).toBe(isRefused);
  });
});

describe('empty evidence', () => {
  it.each<[string, EvidenceSummary, readonly string[]]>([
    [
      'is a remote without branch and tag',
      { ...EVIDENCE, git: { branches: 0, tags: 0, commits: 0 } },
      ['no-references'],
    ],
    ['is not a remote with one branch', { ...EVIDENCE, git: { branches: 1, tags: 0, commits: 1 } }, []],
    ['is not a remote with one tag', { ...EVIDENCE, git: { branches: 0, tags: 1, commits: 1 } }, []],
    [
      'is a cluster without pods, whatever else it has',
      withSources({ kind: 'cluster', name: 'prod', pods: 0, objects: 7 }),
      ['empty-context'],
    ],
    [
      'is each such cluster',
      withSources(
        { kind: 'cluster', name: 'a', pods: 0, objects: 0 },
        { kind: 'cluster', name: 'b', pods: 1, objects: 1 },
        { kind: 'cluster', name: 'c', pods: 0, objects: 0 },
      ),
      ['empty-context', 'empty-context'],
    ],
    [
      'is a folder of manifests without any object',
      withSources({ kind: 'manifests', name: 'k8s', pods: 0, objects: 0 }),
      ['empty-context'],
    ],
    [
      'is not a folder of manifests without pods',
      withSources({ kind: 'manifests', name: 'k8s', pods: 0, objects: 2 }),
      [],
    ],
    ['is not a rule that is off', { repositories: [] }, []],
  ])('%s', (_, evidence, expected) => {
    expect(guardsOf({ evidence })).toEqual(expected);
  });
});

describe('evidence that shrank', () => {
  it.each<[string, number, number, boolean]>([
    ['to under half is refused', 10, 4, true],
    ['to exactly half passes', 10, 5, false],
    ['from an odd number to just under half is refused', 9, 4, true],
    ['from an odd number to just over half passes', 9, 5, false],
    ['from four to one is refused', 4, 1, true],
    ['from a small number to none is refused too', 3, 0, true],
    ['to nothing is refused', 10, 0, true],
    ['not at all passes', 10, 10, false],
    ['never when it grew', 10, 30, false],
  ])('%s', (_, before, now, isRefused) => {
    const counts = (count: number): readonly EvidenceSummary[] => [
      { ...EVIDENCE, git: { branches: count, tags: 10, commits: 100 } },
      { ...EVIDENCE, git: { branches: 10, tags: count, commits: 100 } },
      { ...EVIDENCE, git: { branches: 10, tags: 10, commits: count } },
      { ...EVIDENCE, kubernetes: { sources: [], images: count } },
      withForge({ releases: count }),
      withForge({ deployments: count }),
      { ...EVIDENCE, repositories: [{ name: 'app', tags: count, nodes: 10 }] },
    ];
    const old = counts(before);
    expect(
      counts(now).map((evidence, at) => guardsOf({ evidence, previous: old[at] }).includes('evidence-shrank')),
    ).toEqual(old.map(() => isRefused));
  });

  it.each<[string, EvidenceSummary | undefined]>([
    ['without a previous report', undefined],
    ['for a rule that was off then', { repositories: EVIDENCE.repositories }],
    ['for a repository that was not there', { ...EVIDENCE, repositories: [{ name: 'other', tags: 900, nodes: 900 }] }],
  ])('cannot be told %s', (_, previous) => {
    expect(guardsOf({ previous })).toEqual([]);
  });

  it('is a cluster or folder that was looked at and is not any more, while others are', () => {
    const previous = withSources(
      { kind: 'cluster', name: 'prod', pods: 3, objects: 9 },
      { kind: 'cluster', name: 'other', pods: 3, objects: 9 },
    );
    expect(findGuards(inputOf({ previous })).map(({ text }) => text)).toEqual([
      'the previous report looked at other, this run does not',
    ]);
    const folder = withSources({ kind: 'manifests', name: 'prod', pods: 0, objects: 9 });
    expect(guardsOf({ previous: folder })).toEqual(['evidence-shrank']);
  });

  it("is not a rule that was switched off since: that is the user's word", () => {
    const { forge, repositories } = EVIDENCE;
    expect(
      guardsOf({ evidence: { repositories, ...(forge === undefined ? {} : { forge }) }, previous: EVIDENCE }),
    ).toEqual([]);
    const withoutLists = { ...EVIDENCE, forge: { title: 'GitHub', repository: 'acme/shop' } };
    expect(guardsOf({ evidence: withoutLists, previous: EVIDENCE })).toEqual([]);
  });

  it('is not that pull requests were closed', () => {
    expect(guardsOf({ evidence: withForge({ pullRequests: 0 }), previous: EVIDENCE })).toEqual([]);
  });

  it('is a forge that is not asked any more, whatever else is', () => {
    const { forge: _, ...withoutForge } = EVIDENCE;
    const found = findGuards(inputOf({ evidence: withoutForge, previous: EVIDENCE }));
    expect(found.map(({ text }) => text)).toEqual([
      'the previous report looked at GitHub acme/shop, this run does not',
    ]);
    const { kubernetes: __, ...alone } = withoutForge;
    expect(guardsOf({ evidence: alone, previous: EVIDENCE })).toEqual(['evidence-shrank']);
  });

  it('is a forge that tells of another repository now, but not of the same one in other case', () => {
    expect(guardsOf({ evidence: withForge({ repository: 'acme/other' }), previous: EVIDENCE })).toEqual([
      'evidence-shrank',
    ]);
    expect(guardsOf({ evidence: withForge({ repository: 'Acme/Shop' }), previous: EVIDENCE })).toEqual([]);
  });
});

describe('evidence that could not be looked at', () => {
  it('is refused, each source by itself', () => {
    const evidence: EvidenceSummary = {
      ...EVIDENCE,
      missing: [
        { source: 'kubernetes', why: 'secrets are not given to pull requests of forks' },
        { source: 'forge', title: 'GitHub', why: 'the token is not given' },
      ],
    };
    expect(findGuards(inputOf({ evidence })).map(({ guard, text }) => `${guard}: ${text}`)).toEqual([
      'missing-evidence: Kubernetes was not looked at: secrets are not given to pull requests of forks',
      'missing-evidence: GitHub was not looked at: the token is not given',
    ]);
  });

  it('is none when the list is empty', () => {
    expect(guardsOf({ evidence: { ...EVIDENCE, missing: [] } })).toEqual([]);
  });
});

describe('the right to delete', () => {
  it.each<[string, DeleteRight | undefined, readonly string[]]>([
    [
      'that is surely missing is refused',
      { kind: 'missing', permission: 'the scope delete:packages' },
      ['missing-right'],
    ],
    ['that nobody can tell is not', { kind: 'unproved', why: 'the token does not show it' }, []],
    ['that is granted is not', { kind: 'granted' }, []],
    ['of which nothing is known is not', undefined, []],
  ])('%s', (_, deleteRight, expected) => {
    expect(guardsOf({ deleteRight })).toEqual(expected);
  });

  it('is named', () => {
    const [found] = findGuards(inputOf({ deleteRight: { kind: 'missing', permission: 'the scope delete:packages' } }));
    expect(found?.text).toBe('the token may not delete in app: it lacks the scope delete:packages');
  });

  it('is refused also when only a tag is to go', () => {
    const totals = { ...TOTALS, deleted: 0, untagged: 1 };
    expect(guardsOf({ totals, deleteRight: { kind: 'missing', permission: 'it' } })).toEqual(['missing-right']);
  });
});

it('a plan that does nothing is never refused', () => {
  const evidence = { ...EVIDENCE, git: { branches: 0, tags: 0, commits: 0 } };
  expect(guardsOf({ evidence, totals: { ...TOTALS, deleted: 0 }, tagsLeft: 0, maxDeleteShare: 0 })).toEqual([]);
});

it('all findings are told at once, each with what to do', () => {
  const evidence = {
    ...withSources({ kind: 'cluster', name: 'prod', pods: 0, objects: 0 }),
    git: { branches: 0, tags: 0, commits: 0 },
  };
  const found = findGuards(inputOf({ evidence, previous: EVIDENCE, tagsLeft: 0, maxDeleteShare: 0 }));
  expect([...new Set(found.map(({ guard }) => guard))]).toEqual([
    'max-delete-share',
    'nothing-left',
    'no-references',
    'empty-context',
    'evidence-shrank',
  ]);
  for (const { text, hint } of found) expect(text.length * hint.length).toBeGreaterThan(0);
});

function withForge(change: Partial<NonNullable<EvidenceSummary['forge']>>): EvidenceSummary {
  return {
    ...EVIDENCE,
    forge: { title: 'GitHub', repository: 'acme/shop', pullRequests: 10, releases: 10, deployments: 10, ...change },
  };
}

function withSources(...sources: NonNullable<EvidenceSummary['kubernetes']>['sources']): EvidenceSummary {
  return { ...EVIDENCE, kubernetes: { sources, images: 10 } };
}

function inputOf(input: Partial<GuardInput>): GuardInput {
  return {
    name: 'app',
    totals: TOTALS,
    tagsLeft: 5,
    condemnsByGit: false,
    isBuiltHere: true,
    deleteRight: undefined,
    flushed: { manifests: 0, tags: 0 },
    maxDeleteShare: 1,
    allowDeleteAll: false,
    evidence: EVIDENCE,
    previous: undefined,
    ...input,
  };
}

function guardsOf(input: Partial<GuardInput>): readonly string[] {
  return findGuards(inputOf(input)).map(({ guard }) => guard);
}
