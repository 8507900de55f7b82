// Tags that no pattern reads: what they may mean, where nothing else tells. docker/metadata-action's ways of naming are walked through.

import { describe, expect, it } from 'vitest';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import type { Link } from '../../src/policy/link.ts';
import { collectLinks } from '../../src/policy/links.ts';
import { decisionsOn } from '../builders/decision.ts';
import { type ForgeSpec, forgeOf } from '../builders/forge.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { ANY_AGE, digestOf, type NodeSpec, policyOf, snapshotOf } from '../builders/snapshot.ts';

const REVISION = 'org.opencontainers.image.revision';
const TAGS = [
  ['v1.2.3', '2026-01-01'],
  ['v1.2.10', '2026-03-01'],
  ['v1.3.0', '2026-02-01'],
  ['v2.0.8-beta.67', '2026-04-01'],
  ['3.0rc1', '2026-04-02'],
  ['web/v5.1.0', '2026-04-03'],
  ['2024.01.02', '2026-04-04'],
  ['v7.0.0+build5', '2026-04-05'],
] as const;
const BRANCHES = ['main', 'feature/x', 'release/2024', 'a', 'my_dev'];
const NAMES = [...TAGS.map(([name]) => name), ...BRANCHES, 'proposal'];
const HISTORY = historyOf({
  commits: NAMES.map((name) => ({
    name,
    date: `${TAGS.find(([tag]) => tag === name)?.[1] ?? '2026-05-01'}T00:00:00Z`,
  })),
  references: [
    ...TAGS.map(([name]) => ({ kind: 'tag' as const, name, commit: name })),
    ...BRANCHES.map((name) => ({ kind: 'branch' as const, name, commit: name })),
  ],
  defaultBranch: 'main',
});
const MAIN = commitIdOf('main');

interface Spec {
  readonly others?: readonly string[];
  readonly declared?: readonly string[];
  readonly labels?: NodeSpec['labels'];
  readonly forge?: ForgeSpec;
}

/** The links of an image with this tag beside images with other tags. */
function linksOf(tag: string, { others = [], declared = [], labels, forge }: Spec = {}): readonly string[] {
  const images = { ...policyOf().images, tagPatterns: declared };
  const nodes = [
    { name: 'image', tags: [tag], ...(labels === undefined ? {} : { labels }) },
    ...others.map((other) => ({ name: other, tags: [other] })),
  ];
  const asked = forge === undefined ? undefined : forgeOf(forge);
  const links = collectLinks(buildImageGraph(snapshotOf(nodes)), { history: HISTORY, images, forge: asked });
  return [...new Set((links.get(digestOf('image')) ?? []).map(tell))].sort();
}

function tell(link: Link): string {
  switch (link.kind) {
    case 'commit': {
      const name = NAMES.find((known) => commitIdOf(known) === HISTORY.graph.idOf(link.commit)) ?? '?';
      return `${name}${link.isGuess === true ? ', a guess' : ''}${link.mayCondemn ? ', sure' : ''}`;
    }
    case 'pull-request':
      return `open ${link.number}`;
    case 'named':
      return `named ${link.commit}`;
    case 'unknown':
      return 'unknown';
    case 'gone':
    case 'proposed':
      return link.kind;
  }
}

describe('what docker/metadata-action makes of a ref', () => {
  it.each<[string, string, readonly string[]]>([
    ['type=ref,event=branch', 'feature-x', ['feature/x']],
    ['type=ref,event=branch of a name with what tags can hold', 'my_dev', ['my_dev']],
    ['type=ref,event=tag', 'v1.2.3', ['v1.2.3']],
    ['type=ref,event=tag of a tag with a slash', 'web-v5.1.0', ['web/v5.1.0']],
    ['type=semver,pattern={{version}}', '1.2.3', ['v1.2.3']],
    ['type=semver,pattern={{version}} of one before a release', '2.0.8-beta.67', ['v2.0.8-beta.67']],
    ['type=semver,pattern={{version}} without build metadata', '7.0.0', ['v7.0.0+build5']],
    ['type=semver,pattern={{raw}} with build metadata', 'v7.0.0-build5', ['v7.0.0+build5']],
    ['type=semver with match, of a tag behind a name', '5.1.0', ['web/v5.1.0']],
    ['type=match,pattern=v(.*),group=1', '1.3.0', ['v1.3.0']],
    ['type=pep440,pattern={{version}}', '3.0rc1', ['3.0rc1']],
    ['type=pep440 of a semantic version', '2.0.8b67', ['v2.0.8-beta.67']],
    ['type=pep440 of a calendar version', '2024.1.2', ['2024.01.02']],
    ['a version that semver writes and Git spells as Python does', '3.0-rc.1', ['3.0rc1']],
    ['type=semver,pattern={{major}}.{{minor}}', '1.2', ['v1.2.10, a guess']],
    [
      'type=semver,pattern={{major}}, the highest version of the line and the newest',
      '1',
      ['v1.2.10, a guess', 'v1.3.0, a guess'],
    ],
    ['type=semver,pattern=v{{major}}', 'v1', ['v1.2.10, a guess', 'v1.3.0, a guess']],
    ['a line that has nothing but versions before a release', '2', ['v2.0.8-beta.67, a guess']],
    ['a line that has no Git tag', '4', []],
    ['type=edge', 'edge', ['main, a guess']],
    ['type=schedule', 'nightly', ['main, a guess']],
    ['type=schedule with a date, which may be any commit’s', 'nightly-20260501', ['named 20260501']],
    ['type=sha', `sha-${MAIN.slice(0, 7)}`, ['main']],
    ['type=sha,format=long', `sha-${MAIN}`, ['main']],
    ['type=sha with another prefix', `build-${MAIN.slice(0, 7)}`, ['main']],
    ['type=sha with a suffix', `sha-${MAIN.slice(0, 7)}-alpine`, ['main']],
    ['type=raw,value={{branch}}-{{sha}}-{{date}}', `main-${MAIN.slice(0, 7)}-1700000000`, ['main', 'named 1700000000']],
    ['what git describe says', `v1.2.3-14-g${MAIN.slice(0, 7)}`, ['main']],
    ['type=raw', 'anything', []],
    ['flavor latest', 'latest', []],
  ])('%s', (_, tag, expected) => {
    expect(linksOf(tag)).toEqual([...expected].sort());
  });

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['a suffix', 'main-alpine', ['feature-x-alpine'], ['main, a guess']],
    ['a suffix of several words', 'main-debian-12-slim', ['feature-x-debian-12-slim'], ['main, a guess']],
    ['a prefix', 'app-feature-x', ['app-main', 'app-gone'], ['feature/x, a guess']],
    ['a prefix and a suffix', 'app-main-alpine', ['app-feature-x-alpine'], ['main, a guess']],
    ['a suffix of versions', '1.2.3-alpine', ['1.3.0-alpine'], ['v1.2.3, a guess']],
    ['a suffix of a line of versions', '1.2-alpine', ['1.2.3-alpine', '1.3.0-alpine'], ['v1.2.10, a guess']],
    ['a prefix of versions', 'app-v1.2.3', ['app-v1.3.0'], ['v1.2.3, a guess']],
  ])('with %s that tags share', (_, tag, others, expected) => {
    expect(linksOf(tag, { others })).toEqual(expected);
  });

  it.each<[string, string, readonly string[]]>([
    ['words that no other tag has', 'main-alpine', ['feature-x-slim']],
    ['words that others have around what is no name', 'main-alpine', ['gone-alpine', 'other-alpine']],
    ['a name that is no branch', 'gone-alpine', ['main-alpine', 'feature-x-alpine']],
    ['a branch of one letter', 'a-alpine', ['main-alpine', 'feature-x-alpine']],
    ['a tag with a letter that is a branch', 'alpine', ['main-alpine', 'feature-x-alpine']],
    ['the number of a build', 'main-4711', ['feature-x-4711']],
    ['a date', 'main-2026-05-01', ['feature-x-2026-05-01']],
    ['the number of a build with a word', 'main-build7', ['feature-x-build7']],
  ])('%s says nothing', (_, tag, others) => {
    expect(linksOf(tag, { others })).toEqual([]);
  });

  it('a commit that is gone beside a branch that tags share is named, and no more', () => {
    const others = ['feature-x-deadbee', 'my-dev-deadbee'];
    expect(linksOf('main-deadbee', { others })).toEqual(['named deadbee']);
  });

  it.each<[string, ForgeSpec | undefined, readonly string[]]>([
    ['open', { pullRequests: [{ number: 12, head: 'proposal' }] }, ['open 12']],
    ['closed', { pullRequests: [{ number: 13, head: 'proposal' }] }, []],
    ['unknown for want of a forge', undefined, ['unknown']],
  ])('of a pull request with a suffix that tags share, when it is %s', (_, forge, expected) => {
    const others = ['main-alpine', 'feature-x-alpine'];
    expect(linksOf('pr-12-alpine', { others, ...(forge === undefined ? {} : { forge }) })).toEqual(expected);
  });

  it('closed never condemns by a declared pattern that only its stem matches', () => {
    const others = ['main-alpine', 'feature-x-alpine'];
    const forge = { pullRequests: [{ number: 13, head: 'proposal' }] };
    expect(linksOf('pr-12-alpine', { others, forge, declared: ['pr-{number}'] })).toEqual([]);
  });
});

describe('a guess', () => {
  const labels = { [REVISION]: commitIdOf('v1.2.3') };
  it.each<[string, string, Spec, readonly string[]]>([
    ['is not made where a label tells', '1.2', { labels }, ['v1.2.3, sure']],
    [
      'is not made where a declared pattern tells',
      'main-alpine',
      { declared: ['{branch}'], others: ['feature-x-alpine'] },
      ['gone'],
    ],
    [
      'is made where a stranger’s label tells',
      '1.2',
      { labels: { [REVISION]: 'f'.repeat(40) } },
      ['gone', 'v1.2.10, a guess'],
    ],
  ])('%s', (_, tag, spec, expected) => {
    expect(linksOf(tag, spec)).toEqual(expected);
  });

  const BRANCH = [{ references: { kind: 'branch', pattern: { kind: 'regex', source: '.*' } } }] as const;
  const keepOne = {
    ...ANY_AGE,
    images: { ...policyOf().images, unlinked: 'delete' as const },
    git: {
      enabled: true,
      keepPolicies: BRANCH.map((policy) => ({
        ...policy,
        imagesPerReference: { last: 1, operator: 'And' as const },
        name: 'keepPolicies[0]',
      })),
    },
  };
  const history = historyOf({
    commits: [
      { name: 'old', date: '2026-01-01T00:00:00Z' },
      { name: 'new', date: '2026-02-01T00:00:00Z', parents: ['old'] },
    ],
    references: [{ kind: 'branch', name: 'main', commit: 'new' }],
    defaultBranch: 'main',
  });

  it('keeps its image, and takes no place among the newest from a tag that names a commit', () => {
    const nodes = [
      { name: 'told', tags: [`main-${commitIdOf('old').slice(0, 7)}`] },
      { name: 'guessed', tags: ['edge'] },
      { name: 'neither', tags: ['whatever'] },
    ];
    const made = decisionsOn({ nodes, history, policy: keepOne });
    expect(made.kept).toEqual(['told', 'guessed']);
  });

  it('takes no place from a sure link', () => {
    const nodes = [
      { name: 'sure', tags: ['x'], labels: { [REVISION]: commitIdOf('old') } },
      { name: 'guessed', tags: ['nightly'] },
    ];
    expect(decisionsOn({ nodes, history, policy: keepOne }).kept).toEqual(['sure', 'guessed']);
  });

  it('takes no place from a release’s image, either', () => {
    const releases = historyOf({
      commits: ['v1.0.0', 'v1.1.0'].map((name) => ({ name, date: '2026-01-01T00:00:00Z' })),
      references: ['v1.0.0', 'v1.1.0'].map((name) => ({ kind: 'tag', name, commit: name })),
    });
    const forge = forgeOf({
      releases: [
        { tag: 'v1.0.0', date: '2026-01-01T00:00:00Z', commit: 'v1.0.0' },
        { tag: 'v1.1.0', date: '2026-02-01T00:00:00Z', commit: 'v1.1.0' },
      ],
    });
    const policy = {
      ...keepOne,
      git: { enabled: true, keepPolicies: [] },
      forge: { pullRequests: 'off' as const, releases: { last: 1 }, deployments: 'off' as const },
    };
    const nodes = [
      { name: 'told', tags: [`sha-${commitIdOf('v1.0.0').slice(0, 7)}`] },
      { name: 'guessed', tags: ['1.1'] },
    ];
    expect(decisionsOn({ nodes, history: releases, forge, policy }).kept).toEqual(['told', 'guessed']);
  });
});
