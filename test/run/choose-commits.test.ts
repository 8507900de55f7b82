// Which commit a record is for, with real clones: what a job says holds only where the clone does not contradict it.

import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltFrom } from '../../src/config/record-settings.ts';
import { silentLog } from '../../src/log.ts';
import type { CommitId } from '../../src/model/history.ts';
import { chooseCommits } from '../../src/run/choose-commits.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';

let sandbox: GitSandbox;
let clone: string;
let empty: string;
let merge: CommitId;
let head: CommitId;
const STRANGER = 'f'.repeat(40) as CommitId;

beforeAll(() => {
  sandbox = createGitSandbox();
  const origin = sandbox.bare('origin');
  const ids = sandbox.add(origin, {
    commits: [
      { name: 'base', date: '2026-05-01T10:00:00Z' },
      { name: 'head', date: '2026-05-02T10:00:00Z', parents: ['base'] },
      { name: 'merge', date: '2026-05-03T10:00:00Z', parents: ['base', 'head'] },
    ],
    branches: { main: 'base', topic: 'head', 'pull/7': 'merge' },
  });
  merge = ids.get('merge') as CommitId;
  head = ids.get('head') as CommitId;
  clone = sandbox.clone(origin, 'clone', '--depth=1', '--no-single-branch');
  empty = join(sandbox.root, 'no-clone');
  mkdirSync(empty);
});
afterAll(() => sandbox.remove());

type Job = Extract<BuiltFrom, { kind: 'job' }>;

const job = (more: Partial<Job> = {}): Job => ({
  kind: 'job',
  commits: [
    { commit: merge, reference: 'refs/pull/7/merge' },
    { commit: head, reference: 'refs/pull/7/head' },
  ],
  variable: 'GITHUB_SHA',
  needsClone: false,
  hasNoClone: false,
  ...more,
});

async function choose(built: BuiltFrom, checkedOut?: string): Promise<readonly string[]> {
  if (checkedOut !== undefined) sandbox.git(clone, 'checkout', '--quiet', '--detach', checkedOut);
  const directory = checkedOut === undefined ? empty : clone;
  const look = { directory, environment: sandbox.environment, log: silentLog };
  return (await chooseCommits(built, look)).map(({ commit, reference }) => `${commit} ${reference}`);
}

describe('a job of a pull request', () => {
  it('records the merge that was built, and the newest commit that is in it', async () => {
    const both = [`${merge} refs/pull/7/merge`, `${head} refs/pull/7/head`];
    expect(await choose(job(), merge)).toEqual(both);
    expect(await choose(job())).toEqual(both);
  });

  it('records the newest commit alone where that is checked out', async () => {
    expect(await choose(job(), head)).toEqual([`${head} refs/pull/7/head`]);
  });

  it('whose clone is at another commit wants to be told', async () => {
    await expect(choose(job(), 'origin/main')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`GITHUB_SHA is ${merge}`) as string,
      hint: expect.stringContaining('commit') as string,
    });
  });

  it('looks at no clone that another job left behind', async () => {
    sandbox.git(clone, 'checkout', '--quiet', '--detach', 'origin/main');
    const look = { directory: clone, environment: sandbox.environment, log: silentLog };
    expect(await chooseCommits(job({ hasNoClone: true }), look)).toHaveLength(2);
  });
});

describe('a job about something else than its own commit', () => {
  it('records what is checked out, and no companion', async () => {
    expect(await choose(job({ needsClone: true }), merge)).toEqual([`${merge} refs/pull/7/merge`]);
    expect(await choose(job({ needsClone: true }), head)).toEqual([`${head} refs/pull/7/head`]);
  });

  it('without a clone wants to be told', async () => {
    await expect(choose(job({ needsClone: true }))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(choose(job({ needsClone: true, hasNoClone: true }))).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('elsewhere', () => {
  it('what is checked out counts, with its branch when it is on one', async () => {
    expect(await choose({ kind: 'clone' }, head)).toEqual([`${head} undefined`]);
    sandbox.git(clone, 'checkout', '--quiet', '-B', 'topic', 'origin/topic');
    const look = { directory: clone, environment: sandbox.environment, log: silentLog };
    expect(await chooseCommits({ kind: 'clone' }, look)).toEqual([{ commit: head, reference: 'refs/heads/topic' }]);
    expect(await chooseCommits({ kind: 'clone', reference: 'v1' }, look)).toEqual([{ commit: head, reference: 'v1' }]);
  });

  it('files that differ from it are warned of', async () => {
    const [file = ''] = sandbox.git(clone, 'ls-files').split('\n');
    appendFileSync(join(clone, file), 'changed\n');
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
    await chooseCommits({ kind: 'clone' }, { directory: clone, environment: sandbox.environment, log });
    sandbox.git(clone, 'checkout', '--quiet', '--', file);
    expect(warnings).toEqual([`files differ from commit ${head}: what was built may not be that commit`]);
  });

  it('without a clone it wants to be told', async () => {
    await expect(choose({ kind: 'clone' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('the word of the user is asked of no clone', async () => {
    expect(await choose({ kind: 'given', commits: [{ commit: STRANGER }] }, head)).toEqual([`${STRANGER} undefined`]);
  });
});
