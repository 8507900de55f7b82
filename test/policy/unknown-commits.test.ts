// Which commits a forge is asked about: those that images name and nobody has.

import { describe, expect, it } from 'vitest';
import { RECORD_KEYS, RECORD_TYPE } from '../../src/model/build-record.ts';
import type { CommitId } from '../../src/model/history.ts';
import { listUnknownCommits } from '../../src/policy/unknown-commits.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { type NodeSpec, policyOf, snapshotOf } from '../builders/snapshot.ts';

const REVISION = 'org.opencontainers.image.revision';
const DAY = '2026-01-01T00:00:00Z';
const HISTORY = historyOf({
  commits: [{ name: 'known', date: DAY }],
  references: [{ kind: 'branch', name: 'main', commit: 'known' }],
});
const GONE = commitIdOf('gone');

function list(nodes: readonly NodeSpec[], tagPatterns: readonly string[] = []): readonly string[] {
  const images = { ...policyOf().images, tagPatterns };
  const testMerges = new Map<CommitId, CommitId>([[commitIdOf('tested'), commitIdOf('known')]]);
  const forge = {
    requestName: 'pull request' as const,
    pullRequests: [{ number: 7, head: commitIdOf('known'), baseBranch: 'main' }],
    testMerges,
  };
  return listUnknownCommits([snapshotOf(nodes)], { history: HISTORY, images, forge });
}

describe('unknown commits', () => {
  const named: ReadonlyArray<readonly [string, Omit<NodeSpec, 'name'>, string]> = [
    ['a label', { labels: { [REVISION]: GONE } }, GONE],
    ['a shortened label', { labels: { [REVISION]: GONE.slice(0, 8) } }, GONE.slice(0, 8)],
    ['a label of digits alone', { labels: { [REVISION]: '12345678' } }, '12345678'],
    ['an annotation', { annotations: { [REVISION]: GONE.toUpperCase() } }, GONE],
    ['a tag by a pattern that nobody declared', { tags: [`sha-${GONE.slice(0, 7)}`] }, GONE.slice(0, 7)],
    ['a tag that may be a date', { tags: ['20260101'] }, '20260101'],
    ['a tag with a number that is no pull request', { tags: [`pr-8-${GONE.slice(0, 7)}`] }, GONE.slice(0, 7)],
    ['a tag of an open pull request', { tags: [`pr-7-${GONE.slice(0, 7)}`] }, GONE.slice(0, 7)],
  ];
  it.each(named)('are named by %s', (_, node, commit) => {
    expect(list([{ name: 'image', ...node }], ['pr-{number}-{commit}'])).toEqual([commit]);
  });

  it('are named by the provenance of an index', () => {
    const provenance = {
      kind: 'read',
      predicateType: 'https://slsa.dev/provenance/v1',
      revisions: [{ commit: GONE, source: 'https://github.com/acme/shop.git' }],
    } as const;
    const nodes = [
      { name: 'index', tags: ['latest'], lists: ['amd64'], attestations: ['built'] },
      { name: 'amd64' },
      { name: 'built', provenance },
    ];
    expect(list(nodes)).toEqual([GONE]);
  });

  it('are named by our own records', () => {
    const annotations = { [RECORD_KEYS.commit]: GONE };
    const nodes = [
      { name: 'image', tags: ['latest'] },
      { name: 'record', subject: 'image', artifactType: RECORD_TYPE, annotations },
    ];
    expect(list(nodes)).toEqual([GONE]);
  });

  it('are named by werf’s records, also where their stages are elsewhere, and not by stages', () => {
    const stage = 'ab'.repeat(28);
    const nodes = [
      { name: 'record', tags: [`meta-c8c39214_${GONE}_${stage}-1700000000000`] },
      { name: 'known', tags: [`meta-c8c39214_${commitIdOf('known')}_${stage}`] },
      { name: 'tested', tags: [`meta-c8c39214_${commitIdOf('tested')}_${stage}`] },
      { name: 'stage', tags: [`${stage}-1700000000000`] },
      { name: 'index', tags: [stage] },
    ];
    expect(list(nodes)).toEqual([GONE]);
  });

  it('are named by a word of a tag', () => {
    expect(list([{ name: 'image', tags: [`v1.2-14-g${GONE.slice(0, 7)}-slim`] }])).toEqual([GONE.slice(0, 7)]);
  });

  it('are named by the label of a platform under an index', () => {
    const nodes = [
      { name: 'index', lists: ['amd64'] },
      { name: 'amd64', labels: { [REVISION]: GONE } },
    ];
    expect(list(nodes)).toEqual([GONE]);
  });

  it('are neither commits of the history, nor known test merges, nor what is no commit', () => {
    const nodes = [
      { name: 'a', labels: { [REVISION]: commitIdOf('known') } },
      { name: 'b', labels: { [REVISION]: commitIdOf('tested').slice(0, 9) } },
      { name: 'c', labels: { [REVISION]: 'main' }, tags: ['latest', 'v1.2.3'] },
    ];
    expect(list(nodes)).toEqual([]);
  });

  it('come once each, in order', () => {
    const labels = { [REVISION]: GONE };
    const other = { [REVISION]: commitIdOf('other') };
    const nodes = [
      { name: 'a', labels },
      { name: 'b', labels: other },
      { name: 'c', labels },
    ];
    expect(list(nodes)).toEqual([GONE, commitIdOf('other')].sort());
  });
});
