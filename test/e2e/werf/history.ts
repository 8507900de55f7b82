// The project's Git repository: a bare origin with branches, merges and tags of all kinds, and a clone that lacks what was pushed later.

import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { DAY_MS } from './shelf.ts';

/** Commits by short names. `gone` is of a branch that was deleted. */
export interface WerfHistory {
  readonly sandbox: GitSandbox;
  readonly clone: string;
  readonly origin: string;
  commit(name: CommitName): string;
}

/**
 * `first` ← `second` ← `third` ← `head` is the branch main, and `head` merges `merged`. `topic` is the head of a young branch and `stale` of
 * one that nobody has touched for weeks. `first` has an annotated tag, `release` a lightweight one and no branch. `gone` has nothing any more.
 */
export type CommitName = 'first' | 'second' | 'third' | 'merged' | 'head' | 'topic' | 'stale' | 'release' | 'gone';

/** Makes both; the clone was made before the release was tagged. */
export function makeWerfHistory(now: number): WerfHistory {
  const sandbox = createGitSandbox();
  const date = (days: number): string => new Date(now - days * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const origin = sandbox.bare('origin');
  const ids = sandbox.add(origin, {
    commits: [
      { name: 'first', date: date(60) },
      { name: 'second', date: date(40), parents: ['first'] },
      { name: 'third', date: date(20), parents: ['second'] },
      { name: 'merged', date: date(10), parents: ['third'] },
      { name: 'head', date: date(5), parents: ['third', 'merged'] },
      { name: 'topic', date: date(3), parents: ['third'] },
      { name: 'stale', date: date(30), parents: ['second'] },
      { name: 'release', date: date(50), parents: ['first'] },
      { name: 'gone', date: date(25), parents: ['second'] },
    ],
    branches: { main: 'head', 'feature/topic': 'topic', 'feature/stale': 'stale' },
    tags: { 'v1.0.0': { commit: 'first', date: date(59) } },
  });
  const commit = (name: CommitName): string => {
    const id = ids.get(name);
    if (id === undefined) throw new Error(`there is no commit ${name}`);
    return id;
  };
  const clone = sandbox.clone(origin, 'clone');
  sandbox.git(origin, 'update-ref', 'refs/tags/v0.9.0', commit('release'));
  return { sandbox, origin, clone, commit };
}
