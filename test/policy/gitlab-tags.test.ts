// Tags as pipelines on GitLab make them, which dapp's users have by the thousand.

import { describe, expect, it } from 'vitest';
import { buildPolicy } from '../../src/config/build-policy.ts';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import type { Link } from '../../src/policy/link.ts';
import { collectLinks } from '../../src/policy/links.ts';
import { type ForgeSpec, forgeOf } from '../builders/forge.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { digestOf, snapshotOf } from '../builders/snapshot.ts';

const DATE = '2026-11-01T00:00:00Z';
const LONG = `feature/JIRA-1234__a-name-that-is-far-too-long-for-a-slug---of-gitlab-${'x'.repeat(20)}`;
/** The 63rd character of its slug lies inside a run of dashes. */
const CUT_IN_DASHES = `${'y'.repeat(60)}/////end`;
/** Each face is one character to GitLab, and so one dash. */
const EMOJI = `${'😀'.repeat(20)}${'z'.repeat(50)}`;
const REFERENCES: readonly (readonly ['branch' | 'tag', string, string])[] = [
  ['branch', 'main', 'head'],
  ['branch', 'Feature/Login_Form', 'feature'],
  ['branch', LONG, 'long'],
  ['branch', CUT_IN_DASHES, 'cut'],
  ['branch', '-_dash_-', 'dash'],
  ['branch', 'emoji-😀-x', 'emoji'],
  ['branch', EMOJI, 'faces'],
  ['branch', 'same/slug', 'same1'],
  ['branch', 'same-slug', 'same2'],
  ['tag', 'v1.2.3', 'release'],
];
const NAMES = [...new Set(REFERENCES.map(([, , commit]) => commit)), 'proposal'];
const HISTORY = historyOf({
  commits: NAMES.map((name) => ({ name, date: DATE })),
  references: REFERENCES.map(([kind, name, commit]) => ({ kind, name, commit })),
});
const OPEN: ForgeSpec = { requestName: 'merge request', pullRequests: [{ number: 7, head: 'proposal' }] };
const SHA = commitIdOf('head');
const GONE = 'f00dbabe';

/** CI_COMMIT_REF_SLUG as GitLab's code makes it: https://docs.gitlab.com/ci/variables/predefined_variables/ */
function slugOf(name: string): string {
  const lower = Array.from(name.toLowerCase()).map((letter) => (/[0-9a-z]/.test(letter) ? letter : '-'));
  return lower
    .slice(0, 63)
    .join('')
    .replace(/^-+|-+$/g, '');
}

function linksOf(tag: string, { declared = [], forge }: { declared?: readonly string[]; forge?: ForgeSpec } = {}) {
  const { images } = buildPolicy(
    { images: { tagPatterns: [...declared] } },
    { kubernetesEnabled: false, gitEnabled: true, forgeEnabled: true, keepList: [] },
  );
  const graph = buildImageGraph(snapshotOf([{ name: 'a', tags: [tag] }]));
  const asked = forge === undefined ? undefined : forgeOf(forge);
  const links = collectLinks(graph, { history: HISTORY, images, forge: asked }).get(digestOf('a')) ?? [];
  return [...new Set(links.map(tell))].sort();
}

function tell(link: Link): string {
  switch (link.kind) {
    case 'commit':
      return `${NAMES.find((name) => commitIdOf(name) === HISTORY.graph.idOf(link.commit))}${link.mayCondemn ? ', sure' : ''}`;
    case 'proposed':
      return 'proposed';
    case 'pull-request':
      return `open ${link.number}`;
    case 'gone':
      return `gone: ${link.what}`;
    case 'named':
      return `named ${link.commit}`;
    case 'unknown':
      return `unknown: ${link.why}`;
  }
}

describe('the slug of a ref', () => {
  it.each<[string, string, string]>([
    ['in lower case with dashes', 'Feature/Login_Form', 'feature-login-form'],
    ['cut at 63 characters', LONG, 'feature-jira-1234--a-name-that-is-far-too-long-for-a-slug---of'],
    ['cut inside a run of dashes', CUT_IN_DASHES, 'y'.repeat(60)],
    ['without dashes at its ends', '-_dash_-', 'dash'],
    ['with one dash for a letter of two code units', 'emoji-😀-x', 'emoji---x'],
    ['cut by characters', EMOJI, 'z'.repeat(43)],
    ['of a Git tag', 'v1.2.3', 'v1-2-3'],
  ])('%s is that of %s', (_, name, slug) => {
    expect(slugOf(name)).toBe(slug);
    const commit = REFERENCES.find(([, reference]) => reference === name)?.[2];
    expect(linksOf(slug)).toEqual([commit]);
    expect(linksOf(slug, { declared: ['$CI_COMMIT_REF_SLUG'] })).toEqual([`${commit}, sure`]);
  });

  it.each(REFERENCES)('of the %s %s finds it', (_, name, commit) => {
    expect(linksOf(slugOf(name))).toContain(commit);
  });

  it('may be that of two branches: then it is a link to both', () => {
    expect(linksOf('same-slug')).toEqual(['same1', 'same2']);
  });
});

describe('a tag that nobody declared', () => {
  it.each<[string, string, readonly string[]]>([
    ['CI_COMMIT_BRANCH', 'main', ['head']],
    ['CI_COMMIT_TAG', 'v1.2.3', ['release']],
    ['CI_COMMIT_SHA', SHA, ['head']],
    ['CI_COMMIT_SHORT_SHA', SHA.slice(0, 8), ['head']],
    ['CI_COMMIT_REF_SLUG-CI_COMMIT_SHORT_SHA', `feature-login-form-${SHA.slice(0, 8)}`, ['head']],
    ['the slug of a Git tag with a commit', `v1-2-3-${SHA.slice(0, 8)}`, ['head']],
    ['a commit that is gone', `main-${GONE}`, [`named ${GONE}`]],
    ['mr-CI_MERGE_REQUEST_IID', 'mr-7', ['open 7']],
    ['merge-request-CI_MERGE_REQUEST_IID', 'merge-request-7', ['open 7']],
    ['a merge request that is not open', 'mr-8', []],
    ['the number of a pipeline behind a branch', 'main-4711', []],
    ['the number of a pipeline behind a branch that is gone', 'feature-x-4711', []],
  ])('by %s only protects', (_, tag, expected) => {
    expect(linksOf(tag, { forge: OPEN })).toEqual(expected);
  });

  it.each([
    ['mr-7', 'merge request'],
    ['merge-request-7', 'merge request'],
    ['pr-7', 'pull request'],
  ])('such as %s names a %s that nobody knows without a forge', (tag, name) => {
    expect(linksOf(tag)).toContain(`unknown: tag ${tag} names a ${name}, and ${name}s are known only with a forge`);
  });
});

describe('a tag by a declared pattern', () => {
  const SLUG_SHA = '$CI_COMMIT_REF_SLUG-$CI_COMMIT_SHORT_SHA';
  const SLUG_PIPELINE = `\${CI_COMMIT_REF_SLUG}-\${CI_PIPELINE_IID}`;
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['of a commit that is there', `v1-2-3-${SHA.slice(0, 8)}`, [SLUG_SHA], ['head, sure']],
    ['of a commit that is gone', `main-${GONE}`, [SLUG_SHA], [`gone: commit ${GONE}`]],
    ['of a Git tag in the words for a branch or a tag', 'v1-2-3', ['$CI_COMMIT_REF_SLUG'], ['release, sure']],
    ['of a ref that is gone', 'feature-x', ['$CI_COMMIT_REF_SLUG'], ['gone: branch feature-x', 'gone: tag feature-x']],
    ['of a merge request that is not open', 'mr-8', ['mr-$CI_MERGE_REQUEST_IID'], ['gone: merge request 8']],
    ['of a merge request that is open', 'mr-7', ['mr-$CI_MERGE_REQUEST_IID'], ['open 7']],
    ['of a pipeline of a branch that lives never condemns', 'main-4711', [SLUG_PIPELINE], ['head']],
    ['of a pipeline whose number is that of an open merge request', 'main-7', [SLUG_PIPELINE], ['head']],
    ['of a pipeline of a Git tag that lives never condemns', 'v1-2-3-4711', [SLUG_PIPELINE], ['release']],
    [
      'of a pipeline of a ref that is gone',
      'feature-x-4711',
      [SLUG_PIPELINE],
      ['gone: branch feature-x', 'gone: tag feature-x'],
    ],
    [
      'with {number}, which may be a pipeline',
      'feature-x-4711',
      ['{branch}-{number}'],
      [
        "unknown: tag feature-x-4711 may hold the number of a build: only after words such as mr- is a number surely a merge request's",
      ],
    ],
    [
      'that calls a pipeline a merge request says nothing of one',
      'mr-4711-main',
      ['mr-$CI_PIPELINE_ID-$CI_COMMIT_BRANCH'],
      ['head'],
    ],
  ])('%s', (_, tag, declared, expected) => {
    expect(linksOf(tag, { declared, forge: OPEN })).toEqual([...expected].sort());
  });
});
