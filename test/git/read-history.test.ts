// The history of real repositories, as clones of every kind see it.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { type HistoryOptions, readHistory } from '../../src/git/read-history.ts';
import { type Log, silentLog } from '../../src/log.ts';
import type { CommitId, History } from '../../src/model/history.ts';
import { formatInstant } from '../../src/model/time.ts';
import { createGitSandbox, type GitSandbox, hashFolder, wrapGit } from '../builders/git-repository.ts';
import { requireProgram } from '../support/real-parts.ts';

const DAY_1 = '2026-01-01T00:00:00Z';
const DAY_2 = '2026-01-02T00:00:00Z';
const DAY_3 = '2026-01-03T00:00:00Z';
const DAY_4 = '2026-01-04T00:00:00Z';
const DAY_5 = '2026-01-05T00:00:00Z';
const SIDE_COMMITS = 40;

interface Scene {
  readonly origin: string;
  readonly ids: ReadonlyMap<string, CommitId>;
}

describe.runIf(requireProgram('git'))('readHistory', () => {
  let sandbox: GitSandbox;
  let warnings: string[];
  let log: Log;

  beforeEach(() => {
    sandbox = createGitSandbox();
    warnings = [];
    log = { ...silentLog, warn: (message) => warnings.push(message) };
    mkdirSync(join(sandbox.root, 'tmp'));
  });
  afterEach(() => {
    expect(readdirSync(join(sandbox.root, 'tmp')), 'temporary folders left behind').toEqual([]);
    sandbox.remove();
  });

  function read(directory: string, changes: Partial<HistoryOptions> = {}): Promise<History> {
    const environment = { ...sandbox.environment, RUNNER_TEMP: join(sandbox.root, 'tmp') };
    return readHistory({ directory, allowUnshallow: true, allowFetch: true, environment, log, ...changes });
  }

  async function failure(directory: string, changes: Partial<HistoryOptions> = {}): Promise<EvidenceError> {
    const error: unknown = await read(directory, changes).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof EvidenceError)) throw new Error('no EvidenceError was thrown', { cause: error });
    expect(error.code).toBe('EVIDENCE_GIT');
    expect(error.hint).toMatch(/\w/);
    return error;
  }

  /** main: a, b, merge m of b and side; octopus o; a tag off any branch; annotated and nested tags. */
  function scene(format: 'sha1' | 'sha256' = 'sha1'): Scene {
    const origin = sandbox.bare('origin.git', format);
    const side = Array.from({ length: SIDE_COMMITS }, (_, index) => ({
      name: `side${index}`,
      date: DAY_2,
      parents: [index === 0 ? 'a' : `side${index - 1}`],
    }));
    const ids = sandbox.add(origin, {
      commits: [
        { name: 'a', date: DAY_1 },
        { name: 'b', date: DAY_2, parents: ['a'] },
        ...side,
        { name: 'm', date: DAY_3, parents: ['b', `side${SIDE_COMMITS - 1}`] },
        { name: 'o', date: DAY_4, parents: ['m', 'a', 'side0', 'side1'] },
        { name: 'lost', date: DAY_2, parents: ['b'] },
        { name: 'lost2', date: DAY_3, parents: ['lost'] },
      ],
      branches: { main: 'o', 'feature/x': `side${SIDE_COMMITS - 1}` },
      tags: { light: 'b', v1: { commit: 'm', date: DAY_5 }, 'off-branch': { commit: 'lost2', date: DAY_4 } },
    });
    return { origin, ids };
  }

  function shown(history: History): Record<string, string> {
    return Object.fromEntries(
      history.references.map(({ kind, name, commit, date }) => [`${kind} ${name}`, `${commit} ${formatInstant(date)}`]),
    );
  }

  function expectWhole(history: History, { ids }: Scene): void {
    const tip = `side${SIDE_COMMITS - 1}`;
    expect(shown(history)).toEqual({
      'branch main': `${ids.get('o')} ${DAY_4}`,
      'branch feature/x': `${ids.get(tip)} ${DAY_2}`,
      'tag light': `${ids.get('b')} ${DAY_2}`,
      'tag v1': `${ids.get('m')} ${DAY_5}`,
      'tag off-branch': `${ids.get('lost2')} ${DAY_4}`,
    });
    expect(history.graph.size).toBe(ids.size);
    expect(parentNames(history, ids, 'm')).toEqual(['b', tip]);
    expect(parentNames(history, ids, 'o')).toEqual(['m', 'a', 'side0', 'side1']);
    expect(parentNames(history, ids, 'a')).toEqual([]);
    expect(history.defaultBranch).toBe('main');
  }

  function parentNames(history: History, ids: ReadonlyMap<string, CommitId>, name: string): readonly string[] {
    const nameOf = new Map([...ids].map(([key, id]) => [id, key]));
    const index = history.graph.indexOf(ids.get(name)!);
    return history.graph.parentsOf(index!).map((parent) => nameOf.get(history.graph.idOf(parent))!);
  }

  function fetchCount(file: string): number {
    return existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('fetch ')).length
      : 0;
  }

  describe('gives the same whole history, and never touches the clone, for', () => {
    const kinds: ReadonlyArray<readonly [string, readonly string[], { readonly fetches: number }]> = [
      ['a full clone', [], { fetches: 0 }],
      ['a bare clone', ['--bare'], { fetches: 0 }],
      ['a shallow clone', ['--depth=1'], { fetches: 1 }],
      ['a shallow clone of all branches', ['--depth=2', '--no-single-branch'], { fetches: 1 }],
      ['a clone of a single branch', ['--single-branch', '--branch=feature/x'], { fetches: 1 }],
      ['a clone without tags', ['--no-tags'], { fetches: 1 }],
      ['a clone without blobs', ['--filter=blob:none'], { fetches: 0 }],
      ['a clone without trees', ['--filter=tree:0', '--no-checkout'], { fetches: 0 }],
      [
        'a clone without trees of a single branch',
        ['--filter=tree:0', '--no-checkout', '--single-branch'],
        { fetches: 1 },
      ],
    ];
    it.each(kinds)('%s', async (_, parameters, { fetches }) => {
      const whole = scene();
      const clone = sandbox.clone(whole.origin, 'clone', ...parameters);
      const before = hashFolder(clone);
      const calls = join(sandbox.root, 'calls');
      vi.stubEnv('PATH', `${wrapGit(sandbox, 'bin', `echo "$*" >> ${calls}`)}:${process.env['PATH']}`);
      expectWhole(await read(clone), whole);
      expect(hashFolder(clone)).toBe(before);
      expect(fetchCount(calls)).toBe(fetches);
    });
  });

  it('reads a repository with SHA-256 ids, from a full and from a shallow clone', async () => {
    const whole = scene('sha256');
    expect(whole.ids.get('a')).toHaveLength(64);
    expectWhole(await read(sandbox.clone(whole.origin, 'full')), whole);
    expectWhole(await read(sandbox.clone(whole.origin, 'shallow', '--depth=1')), whole);
  });

  it('sees what happened at origin after the clone: new, moved and deleted branches, new and deleted tags', async () => {
    const { origin } = scene();
    const clone = sandbox.clone(origin, 'clone');
    const news = sandbox.add(origin, {
      commits: [
        { name: 'n', date: DAY_4 },
        { name: 'n2', date: DAY_5, parents: ['n'] },
      ],
      branches: { main: 'n2', fresh: 'n' },
      tags: { v2: 'n2' },
    });
    sandbox.git(origin, 'update-ref', '-d', 'refs/heads/feature/x');
    sandbox.git(origin, 'tag', '-d', 'v1');
    const before = hashFolder(clone);
    const history = await read(clone);
    expect(Object.keys(shown(history)).sort()).toEqual([
      'branch fresh',
      'branch main',
      'tag light',
      'tag off-branch',
      'tag v2',
    ]);
    expect(shown(history)['branch main']).toBe(`${news.get('n2')} ${DAY_5}`);
    expect(hashFolder(clone)).toBe(before);
  });

  it('uses neither local branches and tags nor other remotes', async () => {
    const { origin, ids } = scene();
    const clone = sandbox.clone(origin, 'clone');
    sandbox.git(clone, 'branch', 'mine', ids.get('a')!);
    sandbox.git(clone, 'tag', 'mine');
    sandbox.git(clone, 'update-ref', 'refs/remotes/other/theirs', ids.get('a')!);
    const names = (await read(clone)).references.map(({ name }) => name);
    expect(names).not.toContain('mine');
    expect(names).not.toContain('theirs');
  });

  it('leaves pull request references and notes of origin out', async () => {
    const { origin, ids } = scene();
    const clone = sandbox.clone(origin, 'clone');
    sandbox.git(origin, 'update-ref', 'refs/pull/1/head', ids.get('a')!);
    sandbox.git(origin, 'update-ref', 'refs/notes/commits', ids.get('a')!);
    expect((await read(clone)).references).toHaveLength(5);
  });

  it('dates a nested tag by its outermost tagger and ends it at the commit', async () => {
    const { origin, ids } = scene();
    sandbox.gitAt('2026-02-01T00:00:00Z', origin, 'tag', '-a', '-m', 'middle', 'middle', 'v1');
    sandbox.gitAt('2026-03-01T00:00:00Z', origin, 'tag', '-a', '-m', 'outer', 'outer', 'middle');
    for (const clone of [sandbox.clone(origin, 'full'), sandbox.clone(origin, 'shallow', '--depth=1')]) {
      expect(shown(await read(clone))).toMatchObject({
        'tag middle': `${ids.get('m')} 2026-02-01T00:00:00Z`,
        'tag outer': `${ids.get('m')} 2026-03-01T00:00:00Z`,
      });
    }
  });

  it('dates an annotated tag without a tagger by its commit', async () => {
    const { origin, ids } = scene();
    const text = `object ${ids.get('b')}\ntype commit\ntag old\n\nfrom the early days\n`;
    const tag = execFileSync('git', ['hash-object', '-t', 'tag', '-w', '--stdin', '--literally'], {
      cwd: origin,
      env: sandbox.environment,
      input: text,
      encoding: 'utf8',
    }).trim();
    sandbox.git(origin, 'update-ref', 'refs/tags/old', tag);
    expect(shown(await read(sandbox.clone(origin, 'clone')))['tag old']).toBe(`${ids.get('b')} ${DAY_2}`);
  });

  it.each([
    ['a full clone', []],
    ['a shallow clone', ['--depth=1']],
  ])('leaves tags that end at a tree or a file out with a warning, in %s', async (_, parameters) => {
    const { origin } = scene();
    sandbox.git(origin, 'tag', 'to-tree', 'main^{tree}');
    sandbox.git(origin, 'tag', 'to-file', 'main:file');
    sandbox.gitAt(DAY_5, origin, 'tag', '-a', '-m', 'tree', 'tagged-tree', 'main^{tree}');
    const history = await read(sandbox.clone(origin, 'clone', ...parameters));
    expect(Object.keys(shown(history))).toHaveLength(5);
    expect(warnings.map((line) => /"(.*)" does not end at a commit/.exec(line)?.[1])).toEqual([
      'tagged-tree',
      'to-file',
      'to-tree',
    ]);
  });

  it('orders children before parents where clocks were wrong', async () => {
    const origin = sandbox.bare('origin.git');
    const dates = [DAY_5, DAY_1, DAY_4, DAY_2, DAY_3];
    const commits = dates.map((date, index) => ({
      name: `c${index}`,
      date,
      parents: index === 0 ? [] : index < 3 ? [`c${index - 1}`] : [`c${index - 1}`, 'c0'],
    }));
    sandbox.add(origin, { commits, branches: { main: 'c4', old: 'c1' } });
    const { graph } = await read(sandbox.clone(origin, 'clone'));
    const place = new Map([...graph.childrenFirst].map((index, at) => [index, at]));
    for (const index of graph.childrenFirst) {
      for (const parent of graph.parentsOf(index)) expect(place.get(parent)).toBeGreaterThan(place.get(index)!);
    }
  });

  it('names the default branch that origin has now', async () => {
    const { origin } = scene();
    const clone = sandbox.clone(origin, 'clone');
    sandbox.git(origin, 'branch', '-m', 'main', 'trunk');
    const history = await read(clone);
    expect(history.defaultBranch).toBe('trunk');
    expect(history.references.map(({ name }) => name)).not.toContain('main');
  });

  it('names no default branch when origin has a detached HEAD', async () => {
    const { origin, ids } = scene();
    sandbox.git(origin, 'update-ref', '--no-deref', 'HEAD', ids.get('a')!);
    const history = await read(sandbox.clone(origin, 'clone'));
    expect(history.defaultBranch).toBeUndefined();
    expect(history.references).toHaveLength(5);
  });

  it('works from a subfolder, a linked worktree and a detached HEAD, with a relative address of origin', async () => {
    const whole = scene();
    const clone = sandbox.clone(whole.origin, 'clone');
    mkdirSync(join(clone, 'deep', 'er'), { recursive: true });
    sandbox.git(clone, 'checkout', '--quiet', '--detach', whole.ids.get('b')!);
    expectWhole(await read(join(clone, 'deep', 'er')), whole);
    sandbox.git(clone, 'worktree', 'add', '--quiet', '--detach', join(sandbox.root, 'linked'));
    expect(readFileSync(join(sandbox.root, 'linked', '.git'), 'utf8')).toMatch(/^gitdir: /);
    expectWhole(await read(join(sandbox.root, 'linked')), whole);
    sandbox.git(clone, 'remote', 'set-url', 'origin', '../origin.git');
    expectWhole(await read(join(clone, 'deep', 'er')), whole);
    const shallow = sandbox.clone(whole.origin, 'shallow', '--depth=1');
    sandbox.git(shallow, 'remote', 'set-url', 'origin', '../origin.git');
    mkdirSync(join(shallow, 'deep'));
    expectWhole(await read(join(shallow, 'deep')), whole);
  });

  it('works with a path that needs quoting', async () => {
    const whole = scene();
    expectWhole(await read(sandbox.clone(whole.origin, 'a "clone" # in \\ Zürich')), whole);
  });

  it('is not led astray by variables that point git elsewhere, as inside a hook', async () => {
    const whole = scene();
    const clone = sandbox.clone(whole.origin, 'clone', '--depth=1');
    const elsewhere = sandbox.bare('elsewhere.git');
    const environment = {
      ...sandbox.environment,
      RUNNER_TEMP: join(sandbox.root, 'tmp'),
      GIT_DIR: elsewhere,
      GIT_OBJECT_DIRECTORY: join(elsewhere, 'objects'),
      GIT_TRACE: '1',
      GIT_NAMESPACE: 'other',
    };
    expectWhole(await read(clone, { environment }), whole);
  });

  it('ignores grafts and replacements in the clone', async () => {
    const whole = scene();
    const clone = sandbox.clone(whole.origin, 'clone');
    sandbox.git(clone, 'replace', '--graft', whole.ids.get('m')!);
    writeFileSync(join(clone, '.git', 'info', 'grafts'), `${whole.ids.get('o')}\n`);
    expectWhole(await read(clone), whole);
  });

  it('fetches the history again when the clone is damaged', async () => {
    const whole = scene();
    const clone = sandbox.clone(whole.origin, 'clone');
    const pack = join(clone, '.git', 'objects', 'pack');
    for (const name of readdirSync(pack)) rmSync(join(pack, name), { force: true });
    expectWhole(await read(clone), whole);
  });

  it('gives an empty history for a repository without references', async () => {
    const origin = sandbox.bare('origin.git');
    const history = await read(sandbox.clone(origin, 'clone'));
    expect(history).toMatchObject({ complete: true, references: [], graph: { size: 0 } });
    expect(history.defaultBranch).toBeUndefined();
  });

  it('starts the same few processes for 3,000 references, and puts no id on a command line', async () => {
    const origin = sandbox.bare('origin.git');
    const names = Array.from({ length: 1500 }, (_, index) => `n${index}`);
    sandbox.add(origin, {
      commits: names.map((name) => ({ name, date: DAY_1 })),
      branches: Object.fromEntries(names.map((name) => [`team/${name}`, name])),
      tags: Object.fromEntries(names.map((name) => [name, { commit: name, date: DAY_2 }])),
    });
    sandbox.git(origin, 'pack-refs', '--all');
    const full = sandbox.clone(origin, 'full', '--no-checkout');
    const shallow = sandbox.clone(origin, 'shallow', '--depth=1', '--branch=team/n1', '--no-checkout');
    for (const [clone, most] of [
      [full, 5],
      [shallow, 6],
    ] as const) {
      const calls = join(sandbox.root, `calls-${most}`);
      const script = `[ -z "$GIT_WRAPPED" ] && printf '%s\\n' "$*" >> ${calls}\nexport GIT_WRAPPED=1`;
      vi.stubEnv('PATH', `${wrapGit(sandbox, `bin-${most}`, script)}:${sandbox.environment['PATH']}`);
      const history = await read(clone);
      expect(history.references).toHaveLength(3000);
      expect(history.graph.size).toBe(1500);
      const lines = readFileSync(calls, 'utf8').trim().split('\n');
      expect(lines.length).toBe(most);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
    }
  });

  it('fetches again when a reference moved and its old commit vanished between listing and fetching', async () => {
    const { origin } = scene();
    const clone = sandbox.clone(origin, 'clone', '--depth=1');
    const news = sandbox.add(origin, { commits: [{ name: 'new', date: DAY_5 }] });
    const helper = join(sandbox.root, 'upload-pack.sh');
    const count = join(sandbox.root, 'count');
    writeFileSync(
      helper,
      `#!/bin/sh
echo x >> ${count}
if [ "$(wc -l < ${count})" -eq 2 ]; then
  (cd ${origin} && unset GIT_DIR && git update-ref refs/heads/main ${news.get('new')} && git update-ref -d refs/heads/feature/x &&
    git for-each-ref --format='delete %(refname)' refs/tags | git update-ref --stdin && git gc --quiet --prune=now) >&2
fi
exec git-upload-pack "$@"
`,
      { mode: 0o755 },
    );
    sandbox.git(clone, 'config', 'remote.origin.uploadpack', helper);
    expect(shown(await read(clone))).toEqual({ 'branch main': `${news.get('new')} ${DAY_5}` });
    expect(readFileSync(count, 'utf8').trim().split('\n')).toHaveLength(4);
  });

  describe('stops with EVIDENCE_GIT when', () => {
    it('the clone is shallow and may not be completed', async () => {
      const clone = sandbox.clone(scene().origin, 'clone', '--depth=1');
      const error = await failure(clone, { allowUnshallow: false });
      expect(error.message).toContain('shallow');
      expect(error.hint).toContain('fetch-depth: 0');
      expect((await failure(clone, { allowFetch: false })).message).toContain('allowFetchOriginBranchesAndTags');
    });

    it('the folder is no clone, or does not exist', async () => {
      expect((await failure(sandbox.root)).message).toContain('not a git repository');
      await failure(join(sandbox.root, 'absent'));
    });

    it('there is no origin', async () => {
      const clone = sandbox.clone(scene().origin, 'clone');
      sandbox.git(clone, 'remote', 'rename', 'origin', 'upstream');
      const error = await failure(clone);
      expect(error.message).toContain('no remote named origin');
      expect(error.hint).toContain('--without-git');
    });

    it.each([
      ['is gone', 'file:///nowhere/at/all.git'],
      ['refuses connections', 'http://127.0.0.1:1/o/r.git'],
    ])('origin %s', async (_, url) => {
      const clone = sandbox.clone(scene().origin, 'clone');
      sandbox.git(clone, 'remote', 'set-url', 'origin', url);
      expect((await failure(clone)).message).toContain('list the branches and tags of origin');
    });

    it('origin is no repository', async () => {
      const clone = sandbox.clone(scene().origin, 'clone');
      writeFileSync(join(sandbox.root, 'garbage'), 'this is not Git');
      sandbox.git(clone, 'remote', 'set-url', 'origin', join(sandbox.root, 'garbage'));
      await failure(clone);
    });

    it('origin lacks a commit behind one of its branches', async () => {
      const { origin, ids } = scene();
      const clone = sandbox.clone(origin, 'clone', '--depth=1');
      const gone = ids.get('side3')!;
      const packs = join(origin, 'objects', 'pack');
      const pack = readFileSync(join(packs, readdirSync(packs).find((name) => name.endsWith('.pack'))!));
      rmSync(packs, { recursive: true });
      execFileSync('git', ['unpack-objects', '-q'], { cwd: origin, env: sandbox.environment, input: pack });
      rmSync(join(origin, 'objects', gone.slice(0, 2), gone.slice(2)));
      await failure(clone);
    });

    it('the clone belongs to another user', async () => {
      const clone = sandbox.clone(scene().origin, 'clone');
      const environment = { ...sandbox.environment, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };
      const error = await failure(clone, { environment });
      expect(error.hint).toContain('safe.directory');
    });

    it('git is not installed', async () => {
      const clone = sandbox.clone(scene().origin, 'clone');
      vi.stubEnv('PATH', join(sandbox.root, 'tmp'));
      expect((await failure(clone)).hint).toContain('Install git');
    });

    it('temporary folders cannot be made', async () => {
      const clone = sandbox.clone(scene().origin, 'clone');
      const error = await failure(clone, { temporaryRoot: join(sandbox.root, 'absent') });
      expect(error.message).toContain('temporary repository');
    });
  });

  describe('without fetching', () => {
    it('uses what the clone holds and does not ask origin', async () => {
      const whole = scene();
      const clone = sandbox.clone(whole.origin, 'clone');
      const before = hashFolder(clone);
      rmSync(whole.origin, { recursive: true });
      expectWhole(await read(clone, { allowFetch: false }), whole);
      expect(hashFolder(clone)).toBe(before);
    });

    it('refuses a clone that follows one branch only, as it cannot know the others', async () => {
      const clone = sandbox.clone(scene().origin, 'clone', '--single-branch');
      expect((await failure(clone, { allowFetch: false })).message).toContain('only some branches');
    });

    it('refuses a clone that lacks objects', async () => {
      const { origin } = scene();
      const clone = sandbox.clone(origin, 'clone');
      const pack = join(clone, '.git', 'objects', 'pack');
      for (const name of readdirSync(pack)) rmSync(join(pack, name), { force: true });
      await failure(clone, { allowFetch: false });
    });

    it('gives an empty history for a clone without references', async () => {
      const clone = sandbox.clone(sandbox.bare('origin.git'), 'clone');
      expect((await read(clone, { allowFetch: false })).references).toEqual([]);
    });
  });
});
