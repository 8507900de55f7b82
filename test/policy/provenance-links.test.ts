// Links out of provenance: how they stand, and that they reach the index and its platforms.

import { describe, expect, it } from 'vitest';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import type { ProvenanceFacts, ProvenanceRevision } from '../../src/model/snapshot.ts';
import type { Link } from '../../src/policy/link.ts';
import { collectLinks, isBuiltHere } from '../../src/policy/links.ts';
import { decisionsOn } from '../builders/decision.ts';
import { forgeOf } from '../builders/forge.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { ANY_AGE, digestOf, type NodeSpec, policyOf, snapshotOf } from '../builders/snapshot.ts';

const DATE = '2026-01-01T00:00:00Z';
const OURS = 'https://github.com/acme/shop.git';
const THEIRS = 'https://github.com/other/base.git';
const GONE = 'f'.repeat(40);
const HISTORY = historyOf({
  commits: [
    { name: 'old', date: DATE },
    { name: 'head', date: DATE, parents: ['old'] },
    { name: 'proposal', date: DATE, parents: ['old'] },
  ],
  references: [{ kind: 'branch', name: 'main', commit: 'head' }],
  remoteUrls: ['git@github.com:acme/shop.git'],
});
const FORGE = forgeOf({ pullRequests: [{ number: 12, head: 'proposal' }], testMerges: { merge: 'proposal' } });
const UNREAD: ProvenanceFacts = { kind: 'unread', why: 'the blob is not there' };

function facts(...revisions: readonly ProvenanceRevision[]): ProvenanceFacts {
  return { kind: 'read', predicateType: 'https://slsa.dev/provenance/v1', revisions };
}

/** An index of two platforms, each with an attestation. */
function indexWith(first: ProvenanceFacts, second: ProvenanceFacts): readonly NodeSpec[] {
  return [
    { name: 'index', tags: ['x'], lists: ['amd64', 'arm64'], attestations: ['of amd64', 'of arm64'] },
    { name: 'amd64' },
    { name: 'arm64' },
    { name: 'of amd64', provenance: first },
    { name: 'of arm64', provenance: second },
  ];
}

function linksOf(name: string, nodes: readonly NodeSpec[], source: 'any' | readonly string[] = []): readonly string[] {
  const images = { ...policyOf().images, source };
  const links = collectLinks(buildImageGraph(snapshotOf(nodes)), { history: HISTORY, images, forge: FORGE });
  return [...new Set((links.get(digestOf(name)) ?? []).map(tell))];
}

function tell(link: Link): string {
  switch (link.kind) {
    case 'commit':
      return `commit${link.mayCondemn ? ', sure' : ''} by ${link.found.kind} ${link.found.name}`;
    case 'proposed':
      return `proposed${link.merge === undefined ? '' : ' merge'}, ${link.proof ?? (link.isStranger ? 'a stranger' : 'no proof')}`;
    case 'gone':
      return `gone, ${link.proof ?? 'no proof'}`;
    case 'unknown':
      return link.why;
    case 'named':
    case 'pull-request':
      return link.kind;
  }
}

describe('a provenance', () => {
  const proof = 'provenance of github.com/acme/shop';
  it.each<[string, ProvenanceFacts, readonly string[]]>([
    [
      'names a commit of the history, whatever its source',
      facts({ commit: commitIdOf('old'), source: THEIRS }),
      ['commit, sure by provenance https://slsa.dev/provenance/v1'],
    ],
    ['names a commit that is gone, of our source', facts({ commit: GONE, source: OURS }), [`gone, ${proof}`]],
    ['names a commit that is gone, of another', facts({ commit: GONE, source: THEIRS }), ['gone, no proof']],
    ['names a commit that is gone, of no source', facts({ commit: GONE }), ['gone, no proof']],
    [
      'names a commit of a pull request, of our source',
      facts({ commit: commitIdOf('proposal'), source: OURS }),
      [`proposed, ${proof}`],
    ],
    [
      'names a commit of a pull request, of another',
      facts({ commit: commitIdOf('proposal'), source: THEIRS }),
      ['proposed, a stranger'],
    ],
    ['names a test merge', facts({ commit: commitIdOf('merge'), source: OURS }), [`proposed merge, ${proof}`]],
    ['in upper case names the same commit', facts({ commit: GONE.toUpperCase(), source: OURS }), [`gone, ${proof}`]],
    ['names nothing by what is no commit', facts({ commit: 'main', source: OURS }), []],
    ['without a commit names nothing', facts(), []],
    ['that could not be read may be a link', UNREAD, ['its provenance could not be read (the blob is not there)']],
  ])('%s', (_, provenance, expected) => {
    expect(linksOf('index', indexWith(provenance, provenance))).toEqual(expected);
  });

  it('of another source proves as much as ours where every image here is ours', () => {
    const provenance = facts({ commit: GONE, source: THEIRS });
    expect(linksOf('index', indexWith(provenance, provenance), 'any')).toEqual(['gone, images.source: any']);
  });

  it('reaches the platforms as well, where what is gone is no proof', () => {
    const here = facts({ commit: commitIdOf('old') });
    const gone = facts({ commit: GONE, source: OURS });
    const text = 'commit, sure by provenance https://slsa.dev/provenance/v1';
    expect(linksOf('arm64', indexWith(here, here))).toEqual([text]);
    expect(linksOf('arm64', indexWith(here, gone)).toSorted()).toEqual([text, 'named']);
  });

  it('tells that images were built here', () => {
    const images = policyOf().images;
    const nodesOf = (commit: string) => indexWith(facts({ commit }), facts({ commit }));
    const isHere = (commit: string): boolean =>
      isBuiltHere(collectLinks(buildImageGraph(snapshotOf(nodesOf(commit))), { history: HISTORY, images }));
    expect(isHere(commitIdOf('old'))).toBe(true);
    expect(isHere(GONE)).toBe(false);
  });
});

describe('an index', () => {
  const unlinkedGo = { ...ANY_AGE, git: { enabled: true, keepPolicies: [] } };
  const outcomes: ReadonlyArray<readonly [string, ProvenanceFacts, ProvenanceFacts, 'keep' | 'delete', string]> = [
    [
      'of a superseded commit goes',
      facts({ commit: commitIdOf('old'), source: OURS }),
      facts({ commit: commitIdOf('old'), source: OURS }),
      'delete',
      'git-superseded',
    ],
    [
      'of a commit that is gone goes when its source is ours',
      facts({ commit: GONE, source: OURS }),
      facts({ commit: GONE, source: OURS }),
      'delete',
      'git-gone',
    ],
    [
      'of a commit that is gone stays without a source',
      facts({ commit: GONE }),
      facts({ commit: GONE }),
      'keep',
      'unlinked',
    ],
    [
      'of a commit that is gone stays when it lists a stranger’s',
      facts({ commit: GONE, source: OURS }),
      facts({ commit: 'e'.repeat(40), source: THEIRS }),
      'keep',
      'unlinked',
    ],
    ['stays when one provenance could not be read', facts({ commit: GONE, source: OURS }), UNREAD, 'keep', 'unlinked'],
    ['stays when no provenance names a commit', facts(), facts(), 'keep', 'unlinked'],
  ];
  it.each(outcomes)('%s', (_, first, second, decision, rule) => {
    const made = decisionsOn({ nodes: indexWith(first, second), history: HISTORY, policy: unlinkedGo });
    expect(made.of('index').decision).toBe(decision);
    expect(made.rulesOf('index')).toContain(rule);
  });
});
