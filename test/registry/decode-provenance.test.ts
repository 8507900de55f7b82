// What is understood of BuildKit's provenance: the source that was built, and nothing beside it.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDigest } from '../../src/model/reference.ts';
import type { ProvenanceFacts } from '../../src/model/snapshot.ts';
import { decodeProvenance } from '../../src/registry/decode-provenance.ts';
import { BUILT_COMMITS, PROVENANCE, readProvenance, type Statement } from '../builders/provenance.ts';
import { matching } from '../support/typed-matchers.ts';

const IMAGE = parseDigest(`sha256:${'5'.repeat(64)}`);
const COMMIT = BUILT_COMMITS.git;
const GIT = { commit: COMMIT, source: 'https://github.com/team/app.git' };

const decode = (content: object | string, about = [IMAGE]): ProvenanceFacts =>
  decodeProvenance(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), new Set(about));

const revisionsOf = (content: object): unknown => {
  const facts = decode(content);
  return facts.kind === 'read' ? facts.revisions : facts.why;
};

describe('a provenance', () => {
  it.each([
    ['v0.2-min-git', [GIT]],
    ['v0.2-max-git-with-added-git', [GIT]],
    ['v0.2-min-local-vcs', [{ commit: BUILT_COMMITS.local, source: 'git@github.com:team/app.git' }]],
    ['v0.2-max-local-dirty', [{ commit: BUILT_COMMITS.local, source: 'https://github.com/team/app' }]],
    ['v0.2-min-local-alone', []],
    ['v1-min-git', [GIT]],
    ['v1-max-git-with-added-git', [GIT]],
    ['v1-min-local-vcs', [{ commit: BUILT_COMMITS.local, source: 'git@github.com:team/app.git' }]],
    ['v1-max-local-dirty', [{ commit: BUILT_COMMITS.local, source: 'https://github.com/team/app' }]],
    ['v1-min-local-alone', []],
  ])('in the shape of %s names what was built, and no git repository that was only added', (name, revisions) => {
    const statement = readProvenance(name);
    expect(decode(statement)).toEqual({ kind: 'read', predicateType: statement.predicateType, revisions });
  });

  it('has all its recorded shapes in the table above', () => {
    expect(
      readdirSync(new URL('../fixtures/provenance/', import.meta.url)).filter((name) => name.startsWith('v')),
    ).toHaveLength(10);
  });
});

/** Version 0.2 with this context. */
const from02 = (configSource: object, metadata?: object): Statement => ({
  ...readProvenance('v0.2-min-git'),
  predicate: { buildType: 'https://mobyproject.org/buildkit@v1', invocation: { configSource }, metadata },
});
const from1 = (externalParameters: object, metadata?: object): Statement => ({
  ...readProvenance('v1-min-git'),
  predicate: {
    buildDefinition: { buildType: 'https://github.com/moby/buildkit/x.md', externalParameters },
    runDetails: { metadata },
  },
});
const SHA256 = 'c'.repeat(64);

describe('the context of a build', () => {
  it.each<[string, object, unknown]>([
    [
      'is a commit by its digest',
      { uri: 'https://x.test/a.git#v1', digest: { sha1: COMMIT } },
      [{ commit: COMMIT, source: 'https://x.test/a.git' }],
    ],
    [
      'is a commit with a long id',
      { uri: 'https://x.test/a.git#v1', digest: { sha256: SHA256 } },
      [{ commit: SHA256, source: 'https://x.test/a.git' }],
    ],
    [
      'is a commit by its address alone',
      { uri: `ssh://git@x.test/a#${COMMIT}:app` },
      [{ commit: COMMIT, source: 'ssh://git@x.test/a' }],
    ],
    ['is none when the address names a branch', { uri: 'https://x.test/a.git#refs/heads/main' }, []],
    [
      'is none when it is a tarball, whose digest is no commit',
      { uri: 'https://x.test/a.tar.gz', digest: { sha256: SHA256 } },
      [],
    ],
    [
      'has no query in its address',
      { uri: 'https://x.test/a.git?ref=main&subdir=app', digest: { sha1: COMMIT } },
      [{ commit: COMMIT, source: 'https://x.test/a.git' }],
    ],
    ['has no address when none is told', { digest: { sha1: COMMIT.toUpperCase() } }, [{ commit: COMMIT }]],
    [
      'hands no credentials on',
      { uri: 'https://me:hush@x.test/a.git', digest: { sha1: COMMIT } },
      [{ commit: COMMIT, source: 'https://x.test/a.git' }],
    ],
    [
      'hands no token on that stands for a user',
      { uri: 'https://hush@x.test/a.git', digest: { sha1: COMMIT } },
      [{ commit: COMMIT, source: 'https://x.test/a.git' }],
    ],
    [
      'hands no password on beside a user',
      { uri: 'ssh://git:hush@x.test/a.git', digest: { sha1: COMMIT } },
      [{ commit: COMMIT, source: 'ssh://git@x.test/a.git' }],
    ],
    ['is none without a word of it', {}, []],
  ])('%s', (_name, configSource, revisions) => {
    expect(revisionsOf(from02(configSource))).toEqual(revisions);
    expect(revisionsOf(from1({ configSource }))).toEqual(revisions);
  });

  it('is also what the client asked for when that build began another one', () => {
    const vcs = { 'vcs:revision': `${BUILT_COMMITS.local}-dirty`, 'vcs:source': 'https://x.test/b' };
    const root = { configSource: { uri: 'https://x.test/a.git', digest: { sha1: COMMIT } }, request: { args: vcs } };
    const revisions = [
      { commit: COMMIT, source: 'https://x.test/a.git' },
      { commit: BUILT_COMMITS.local, source: 'https://x.test/b' },
    ];
    expect(revisionsOf(from1({ configSource: {}, request: { root } }))).toEqual(revisions);
    const old = from02({});
    const predicate = { ...old.predicate, invocation: { parameters: { root } } };
    expect(revisionsOf({ ...old, predicate })).toEqual(revisions);
  });

  it('and the same word in two places count once', () => {
    const vcs = { revision: COMMIT, source: 'https://x.test/a' };
    const metadata = { buildkit_metadata: { vcs }, 'https://mobyproject.org/buildkit@v1#metadata': { vcs } };
    expect(revisionsOf(from1({}, metadata))).toEqual([{ commit: COMMIT, source: 'https://x.test/a' }]);
  });
});

describe('a statement', () => {
  const whole = readProvenance('v1-min-git');

  it('that is no provenance names no commit', () => {
    const predicateType = 'https://spdx.dev/Document';
    expect(decode({ ...whole, predicateType })).toEqual({ kind: 'read', predicateType, revisions: [] });
  });

  it.each([
    ['without subjects', { ...whole, subject: [] }],
    ['with subjects that are null', { ...whole, subject: null }],
    ['about several things', { ...whole, subject: [{ digest: { sha256: '0'.repeat(64) } }, ...(whole.subject ?? [])] }],
    ['of version 1 of in-toto', { ...whole, _type: 'https://in-toto.io/Statement/v1' }],
  ])('%s is read', (_name, statement) => {
    expect(revisionsOf(statement)).toEqual([GIT]);
  });

  it.each<[string, object | string, RegExp]>([
    ['that is no JSON', '{"_type": ', /^it is not JSON: /],
    ['that is no object', '[]', /^it is malformed: the whole: /],
    ['of another kind', { ...whole, _type: 'https://x.test/Statement' }, /^it is malformed: _type: /],
    ['without a type of predicate', { ...whole, predicateType: undefined }, /^it is malformed: predicateType: /],
    ['about something else', { ...whole, subject: [{ digest: { sha256: '0'.repeat(64) } }] }, /about something else/],
    ['with subjects of no shape', { ...whole, subject: [{}] }, /^it is malformed: subject.0.digest: /],
    ['of an unknown version', { ...whole, predicateType: `${PROVENANCE}v2` }, /^its version "v2" is not known$/],
    ['of a version before', { ...whole, predicateType: `${PROVENANCE}v0.1` }, /^its version "v0.1" is not known$/],
    ['without a predicate', { ...whole, predicate: undefined }, /^it is malformed: predicate: /],
    [
      'of another builder',
      { ...whole, predicate: { buildDefinition: { buildType: 'https://x.test/ci@v1' } } },
      /build type "https:\/\/x.test\/ci@v1" is not BuildKit's/,
    ],
    [
      'with a digest that is no text',
      from02({ digest: { sha1: 7 } }),
      /^it is malformed: invocation.configSource.digest.sha1: /,
    ],
    [
      'with a commit that is none',
      from02({ digest: { sha1: 'main' } }),
      /^it names the revision "main", which is no commit$/,
    ],
    [
      'with a revision that is none',
      from1({}, { buildkit_metadata: { vcs: { revision: 'r\u001b42' } } }),
      /^it names the revision "r 42", which/,
    ],
  ])('%s is unread, and says why', (_name, statement, why) => {
    expect(decode(statement)).toEqual({ kind: 'unread', why: matching(why) });
  });

  it('in another encoding is unread', () => {
    expect(decodeProvenance(Buffer.from([0xff, 0xfe, 0x7b]), new Set([IMAGE])).kind).toBe('unread');
  });
});
