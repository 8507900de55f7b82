// Whether a name in a tag is still there, in every spelling that pipelines give it.

import { describe, expect, it } from 'vitest';
import { makeFindName } from '../../../src/policy/schemes/find-name.ts';
import { forgeOf } from '../../builders/forge.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';

const LONG = 'feature/a-very-long-name-that-goes-on-and-on-until-no-registry-would-take-it-any-more';

function lookUp(names: { readonly branches?: readonly string[]; readonly tags?: readonly string[] }) {
  const { branches = [], tags = [] } = names;
  return makeFindName({
    history: historyOf({
      commits: [{ name: 'c1', date: '2026-11-01T00:00:00Z' }],
      references: [
        ...branches.map((name) => ({ kind: 'branch' as const, name, commit: 'c1' })),
        ...tags.map((name) => ({ kind: 'tag' as const, name, commit: 'c1' })),
      ],
    }),
  });
}

describe('a branch is there', () => {
  it.each<[string, string, string]>([
    ['as it is', 'main', 'main'],
    ['in the case that it is written in', 'Feature_X', 'Feature_X'],
    ["as dapp's slug", 'core/feature/ADD_SETTINGS', 'core-feature-add-settings-c3fd80df'],
    ["as dapp's slug without a letter of it", '------', '587c09c4'],
    ["as dapp's slug, whatever stands for Cyrillic", 'а_б_ц_д', 'a-b-c-d-fce8fc50'],
    ["as dapp's slug from Ruby, which wrote other letters", 'а_б_ц_д', 'a-b-ts-d-fce8fc50'],
    ["as dapp's second slug, cut behind a dash", 'branch/one/!@#4.4-3', 'branch-one--5589e04f'],
    ["as werf's slug", 'da/ta', 'da-ta-afa96f8'],
    ['as docker/metadata-action writes it', 'feature/Add_Settings', 'feature-Add_Settings'],
    ['as GitLab writes it', 'Feature/Add_Settings', 'feature-add-settings'],
    ['as GitLab cuts it', LONG, LONG.replace('/', '-').slice(0, 63)],
  ])('%s', (_, name, text) => {
    expect(lookUp({ branches: ['other', name] })('branch', text)).toEqual({ kind: 'there', name });
  });

  it('when only an open pull request from elsewhere comes from it', () => {
    const history = historyOf({ commits: [{ name: 'c1', date: '2026-11-01T00:00:00Z' }], references: [] });
    const forge = forgeOf({ pullRequests: [{ number: 7, head: 'c1', from: 'fix/It' }] });
    expect(makeFindName({ history, forge })('branch', 'fix-it')).toEqual({ kind: 'there', name: 'fix/It' });
    expect(makeFindName({ history })('branch', 'fix-it')).toEqual({ kind: 'gone', what: 'branch fix-it' });
  });
});

describe('a Git tag is there', () => {
  it.each<[string, string, string]>([
    ['as it is', 'v1.2.3', 'v1.2.3'],
    ['without its v', 'v1.2.3', '1.2.3'],
    ["as dapp's slug", 'v2.3.1', 'v2-3-1-5cb8b0a4'],
    ['behind the name of an image', 'app/v1.2.3', '1.2.3'],
    ['as the line of versions that it is of', 'v1.2.3', '1.2'],
  ])('%s', (_, name, text) => {
    expect(lookUp({ tags: ['other', name] })('tag', text)).toEqual({ kind: 'there', name });
  });
});

describe('a name is gone', () => {
  it.each<['branch' | 'tag', string, string]>([
    ['branch', 'when nothing is called so', 'feature-x'],
    ['branch', 'when only a Git tag is called so', 'v1.2.3'],
    ['tag', 'when only a branch is called so', 'main'],
    ['branch', 'when the hash is of another name', 'main-5cb8b0a5'],
    ['tag', 'when only a branch has its slug', 'topic-x-f1a0c2d3'],
  ])('of a %s %s', (kind, _, text) => {
    const find = lookUp({ branches: ['main', 'topic/X'], tags: ['v1.2.3'] });
    expect(find(kind, text)).toEqual({ kind: 'gone', what: `${kind} ${text}` });
  });

  it('only while every name is valid text, where the tag may be a slug of one that is not', () => {
    const find = lookUp({ branches: ['caf\uFFFD'], tags: ['v1'] });
    expect(find('branch', 'caf-12345678').kind).toBe('unknown');
    expect(find('branch', '12345678').kind).toBe('unknown');
    // Nothing that dapp or werf makes of such a name ends otherwise.
    expect(find('branch', 'feature-x').kind).toBe('gone');
    expect(find('tag', 'caf-12345678').kind).toBe('gone');
  });
});

describe('a name that a pipeline may have cut at a length of its own', () => {
  it.each([
    ['cannot be told where it begins the name of a branch that is there', 'feature-a-very-long-name', 'unknown'],
    ['cannot be told behind a dash that the cut left', 'feature-a-very-long-name-', 'unknown'],
    ['is gone where a branch that is there only begins alike', 'feature-a-very-long-nose', 'gone'],
    ['is gone where it is short, and begins a name by chance', 'feature-a-very-long', 'gone'],
  ])('%s', (_, text, kind) => {
    expect(lookUp({ branches: ['main', LONG, 'zebra'] })('branch', text).kind).toBe(kind);
  });
});

describe('a commit', () => {
  const history = historyOf({
    commits: [
      { name: 'c1', date: '2026-11-01T00:00:00Z' },
      { name: 'dated', date: '2026-11-02T00:00:00Z', id: `20260101${'a'.repeat(32)}` },
    ],
    references: [],
  });
  const forge = forgeOf({ pullRequests: [], testMerges: { 'merge of c1': 'c1', 'merge of lost': 'lost' } });
  const find = makeFindName({ history, forge });
  const id = commitIdOf('c1');

  it.each([
    ['is there by its id', id, 'there'],
    ['is there by its first digits', id.slice(0, 7), 'there'],
    ['is there by digits that could be a date, when it has them', '20260101', 'there'],
    ['is there as a test merge of a commit that is', commitIdOf('merge of c1'), 'there'],
    ['cannot be told as a test merge of a commit that nobody knows', commitIdOf('merge of lost'), 'unknown'],
    ['cannot be told from a date', '20250101', 'unknown'],
    ['cannot be told from a hash that is longer than the ids here', 'b'.repeat(64), 'unknown'],
    ['is gone when nothing leads to it', commitIdOf('lost'), 'gone'],
    ['is gone by its first digits, too', commitIdOf('lost').slice(0, 8), 'gone'],
  ])('%s', (_, text, kind) => {
    expect(find('commit', text).kind).toBe(kind);
  });
});
