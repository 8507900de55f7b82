// The history of a repository whose references a forge lists, over git's own smart HTTP with a token.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { type ForgeHistoryOptions, readForgeHistory, type Wanted } from '../../src/git/read-forge-history.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { type CommitId, type History, isCommitId } from '../../src/model/history.ts';
import type { ListedReference } from '../../src/model/listed-references.ts';
import { createGitSandbox, type GitSandbox, hashFolder, wrapGit } from '../builders/git-repository.ts';
import { type GitRequest, type GitServer, startGitServer } from '../support/git-server.ts';
import { requireProgram } from '../support/real-parts.ts';

const TOKEN = 'ghs_t0ken-for-tests';
/** How the forge of these tests wants to be asked. */
const ASK = { username: 'x-access-token', permission: 'contents: read' };
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
const DAY_1 = '2026-01-01T00:00:00Z';
const DAY_2 = '2026-01-02T00:00:00Z';
const DAY_3 = '2026-01-03T00:00:00Z';

/**
 * The index of a pack with one object, under another name.
 * https://git-scm.com/docs/gitformat-pack#_version_2_pack_idx_files_support_packs_larger_than_4_gib_and
 */
function renamedIn(index: Buffer, name: CommitId): Buffer {
  const bytes = Buffer.from(index);
  const id = Buffer.from(name, 'hex');
  for (let first = 0; first < 256; first += 1) bytes.writeUInt32BE(first >= id[0]! ? 1 : 0, 8 + first * 4);
  id.copy(bytes, 8 + 256 * 4);
  createHash('sha1')
    .update(bytes.subarray(0, -20))
    .digest()
    .copy(bytes, bytes.length - 20);
  return bytes;
}

/** The contents of all files below a folder, one after another. */
function readAll(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (entries.length === 0) throw new Error(`no file is in ${folder}`);
  return entries.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
}

describe.runIf(requireProgram('git'))('the history that a forge lists', () => {
  let sandbox: GitSandbox;
  let server: GitServer;
  let origin: string;
  let ids: ReadonlyMap<string, CommitId>;
  let lines: string[];
  let secrets: string[];
  let log: Log;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    for (const folder of ['acme', 'tmp', 'elsewhere']) mkdirSync(join(sandbox.root, folder));
    origin = sandbox.bare('acme/shop.git');
    ids = sandbox.add(origin, {
      commits: [
        { name: 'a', date: DAY_1 },
        { name: 'b', date: DAY_2, parents: ['a'] },
        { name: 'side', date: DAY_2, parents: ['a'] },
        { name: 'm', date: DAY_3, parents: ['b', 'side'] },
        { name: 'fork', date: DAY_3, parents: ['b'] },
        { name: 'preview', date: DAY_3, parents: ['side'] },
      ],
      branches: { main: 'm', 'feature/deep/x': 'side' },
      tags: { light: 'b', v1: { commit: 'm', date: DAY_3 } },
    });
    // As GitHub keeps what came from a fork.
    sandbox.git(origin, 'update-ref', 'refs/pull/7/head', ids.get('fork')!);
    sandbox.git(origin, 'update-ref', 'refs/pull/8/head', ids.get('preview')!);
    server = await startGitServer(sandbox, BASIC);
    lines = [];
    secrets = [];
    log = {
      ...silentLog,
      debug: (line) => lines.push(`debug: ${line}`),
      info: (line) => lines.push(`info: ${line}`),
      warn: (line) => lines.push(`warn: ${line}`),
      secret: (value) => secrets.push(value),
    };
  });
  afterEach(async () => {
    expect(readdirSync(join(sandbox.root, 'tmp')), 'temporary folders left behind').toEqual([]);
    await server.stop();
    sandbox.remove();
  });

  /** As GitHub lists: what a tag object is on is not said. */
  function listed(): readonly ListedReference[] {
    const format = '--format=%(objectname) %(objecttype) %(refname)';
    return sandbox
      .git(origin, 'for-each-ref', format, 'refs/heads', 'refs/tags')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): ListedReference => {
        const [object = '', type = '', full = ''] = line.split(' ');
        if (!isCommitId(object)) throw new Error(line);
        const kind = full.startsWith('refs/heads/') ? 'branch' : 'tag';
        const name = full.replace(/^refs\/(?:heads|tags)\//, '');
        return type === 'tag' ? { kind, name, object } : { kind, name, object, target: object };
      });
  }

  const want = (changes: Partial<Wanted> = {}): Wanted => ({
    listed: { references: listed(), defaultBranch: 'main' },
    required: [],
    optional: [],
    ...changes,
  });

  function read(changes: Partial<ForgeHistoryOptions> = {}, wanted: Partial<Wanted> = {}): Promise<History> {
    return readForgeHistory({
      forge: { ...ASK, address: `${server.url}acme/shop`, token: TOKEN },
      list: async () => want(wanted),
      git: { directory: join(sandbox.root, 'elsewhere'), isNamed: false, allowUnshallow: true, allowFetch: true },
      environment: { ...sandbox.environment, RUNNER_TEMP: join(sandbox.root, 'tmp') },
      log,
      ...changes,
    });
  }

  async function failure(reading: Promise<unknown>): Promise<EvidenceError> {
    const error: unknown = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof EvidenceError)) throw new Error('no EvidenceError was thrown', { cause: error });
    expect(error).toMatchObject({ code: 'EVIDENCE_GIT', exitCode: 5 });
    expect(error.hint).toMatch(/\w/);
    return error;
  }

  const cacheDirectory = (): string => join(sandbox.root, 'cache');
  const kept = (): string => join(cacheDirectory(), 'git', `127.0.0.1_${new URL(server.url).port}+acme+shop.git`);
  const packs = (): readonly string[] =>
    readdirSync(join(kept(), 'objects', 'pack')).filter((name) => name.endsWith('.pack'));
  const names = (history: History): readonly string[] =>
    history.references.map(({ kind, name, commit }) => `${kind} ${name} ${commit}`).sort();
  const id = (name: string): CommitId => ids.get(name)!;
  const since = (count: number): readonly GitRequest[] => server.requests.slice(count);

  function expectWhole(history: History): void {
    expect(names(history)).toEqual(
      [
        `branch feature/deep/x ${id('side')}`,
        `branch main ${id('m')}`,
        `tag light ${id('b')}`,
        `tag v1 ${id('m')}`,
      ].sort(),
    );
    expect(history.defaultBranch).toBe('main');
    expect(history.references.find(({ name }) => name === 'v1')?.date).toBe(Date.parse(DAY_3));
    expect(history.graph.indexOf(id('a'))).toBeDefined();
  }

  it('is read without any clone, with the address among those that recognise images', async () => {
    const history = await read();
    expectWhole(history);
    expect(history.graph.size).toBe(4);
    expect(history.remoteUrls).toContain(`${server.url}acme/shop`);
  });

  it('holds the head of a pull request from a fork, which only refs/pull leads to, without a reference for it', async () => {
    const history = await read({}, { required: [id('fork')] });
    expectWhole(history);
    expect(history.graph.indexOf(id('fork'))).toBeDefined();
  });

  it('holds the commits of deployments that the repository still has, and does without the others', async () => {
    const gone = 'd'.repeat(40) as CommitId;
    const history = await read({}, { optional: [id('b'), gone, id('preview')] });
    expectWhole(history);
    expect(history.graph.indexOf(id('preview'))).toBeDefined();
    expect(history.graph.indexOf(gone)).toBeUndefined();
  });

  it('looks behind nested tags, and leaves tags on trees and files out with one warning for each', async () => {
    sandbox.gitAt(DAY_3, origin, 'tag', '-a', '-m', 'outer', 'outer', 'v1');
    sandbox.git(origin, 'tag', 'to-tree', 'main^{tree}');
    sandbox.git(origin, 'tag', 'to-file', 'main:file');
    sandbox.gitAt(DAY_3, origin, 'tag', '-a', '-m', 'tree', 'tagged-tree', 'main^{tree}');
    const history = await read();
    expect(names(history).filter((name) => name.startsWith('tag '))).toEqual(
      [`tag light ${id('b')}`, `tag outer ${id('m')}`, `tag v1 ${id('m')}`].sort(),
    );
    expect(lines.filter((line) => line.startsWith('warn: '))).toHaveLength(3);
  });

  it('is empty for an empty repository, without asking git', async () => {
    const history = await read({ list: async () => ({ listed: { references: [] }, required: [], optional: [] }) });
    expect(history).toMatchObject({ complete: true, references: [] });
    expect(history.graph.size).toBe(0);
    expect(server.requests).toEqual([]);
  });

  it('asks git once for 3,000 branches, and puts no id on a command line', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => [`team/branch-${index}`, 'side'] as const);
    sandbox.add(origin, { commits: [{ name: 'side', date: DAY_1 }], branches: Object.fromEntries(many) });
    const calls = join(sandbox.root, 'calls');
    vi.stubEnv('PATH', `${wrapGit(sandbox, 'bin', `echo "$*" >> ${calls}`)}:${process.env['PATH']}`);
    expect((await read()).references).toHaveLength(3004);
    const ours = readFileSync(calls, 'utf8').trim().split('\n');
    expect(ours.filter((line) => line.startsWith('fetch '))).toHaveLength(1);
    expect(Math.max(...ours.map((line) => line.length))).toBeLessThan(200);
  });

  describe('keeps the token', () => {
    it('out of command lines, the files of the repository, the log and the addresses', async () => {
      const calls = join(sandbox.root, 'calls');
      const files = join(sandbox.root, 'files');
      // Whatever git is asked to do, all files of its repository are looked at before and after.
      const look = `echo "$*" >> ${calls}; tr '\\0' ' ' < /proc/$$/cmdline >> ${calls}; [ -d "$GIT_DIR" ] && grep -rhaF '' "$GIT_DIR" >> ${files}`;
      vi.stubEnv('PATH', `${wrapGit(sandbox, 'bin', look)}:${process.env['PATH']}`);
      await read({ cacheDirectory: cacheDirectory() }, { required: [id('fork')], optional: [id('preview')] });
      await read({ cacheDirectory: cacheDirectory() });
      const shown = [readFileSync(calls, 'utf8'), readFileSync(files, 'latin1'), lines.join('\n')].join('\n');
      expect(shown.includes('[core]') && /\bfetch --quiet/.test(shown), 'something was looked at').toBe(true);
      for (const secret of [TOKEN, BASIC]) {
        expect(shown.includes(secret)).toBe(false);
        expect(readAll(cacheDirectory()).includes(secret)).toBe(false);
        expect(secrets).toContain(secret);
        expect(server.requests.map(({ url }) => url).join(' ')).not.toContain(secret);
      }
      expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set([`basic ${BASIC}`]));
    });

    it.each(['', 'acme/shop.git'])(
      'alone in the request where the machine has another header for the same place (%j)',
      async (path) => {
        const other = `[http "${server.url}${path}"]\n\textraheader = AUTHORIZATION: basic b3RoZXI6b3RoZXI=\n`;
        writeFileSync(join(sandbox.root, '.gitconfig'), other);
        expectWhole(await read());
        expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set([`basic ${BASIC}`]));
      },
    );

    it('away when there is none', async () => {
      await failure(read({ forge: { ...ASK, address: `${server.url}acme/shop`, token: '' } }));
      expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set(['']));
      expect(secrets).toEqual([]);
    });

    it('out of the error when the server refuses it and repeats it', async () => {
      const wrong = `${TOKEN}-wrong`;
      const error = await failure(read({ forge: { ...ASK, address: `${server.url}acme/shop`, token: wrong } }));
      const shown = `${error.message} ${error.hint} ${JSON.stringify(error)} ${lines.join(' ')}`;
      expect(error.message).toContain('remote: refused: basic ***');
      expect(shown).not.toContain(TOKEN);
      expect(shown).not.toContain(Buffer.from(`x-access-token:${wrong}`).toString('base64'));
      expect(error.hint).toContain('contents: read');
    });
  });

  describe('takes the commits from a clone', () => {
    function clone(name: string, ...parameters: readonly string[]): string {
      const path = sandbox.clone(origin, name, ...parameters);
      sandbox.git(path, 'remote', 'set-url', 'origin', `${server.url}acme/shop.git`);
      return path;
    }
    const git = (directory: string, changes: Partial<ForgeHistoryOptions['git']> = {}): ForgeHistoryOptions['git'] => ({
      directory,
      isNamed: false,
      allowUnshallow: true,
      allowFetch: true,
      ...changes,
    });

    it.each([
      ['complete', []],
      ['without trees', ['--filter=tree:0', '--no-checkout']],
    ])('that is %s, and sends no request', async (_, parameters) => {
      const directory = clone('whole', ...parameters);
      const before = hashFolder(directory);
      expectWhole(await read({ git: git(directory) }));
      expect(server.requests).toEqual([]);
      expect(hashFolder(directory)).toBe(before);
    });

    it.each([
      ['complete', []],
      ['without trees', ['--filter=tree:0', '--no-checkout']],
      ['shallow', ['--depth=1']],
    ])('that is %s, and fetches the pull requests and deployments that it lacks', async (_, parameters) => {
      const directory = clone('whole', ...parameters);
      const before = hashFolder(directory);
      for (const wanted of [{ required: [id('fork')] }, { optional: [id('preview')] }]) {
        const history = await read({ git: git(directory) }, wanted);
        expectWhole(history);
        expect(history.graph.size).toBe(5);
      }
      expect(hashFolder(directory)).toBe(before);
    });

    it('alone where fetching is switched off, and names what is missing in it', async () => {
      const directory = clone('whole');
      const settings = git(directory, { allowFetch: false });
      expectWhole(await read({ git: settings }, { optional: [id('preview')] }));
      await failure(read({ git: settings }, { required: [id('fork')] }));
      expect(server.requests).toEqual([]);
    });

    it.each([{ allowUnshallow: false }, { allowFetch: false }])(
      'and refuses a shallow one under %j',
      async (changes) => {
        const error = await failure(read({ git: git(clone('shallow', '--depth=1'), changes) }));
        expect(error.message).toContain('shallow');
      },
    );

    it('needs one where fetching is switched off', async () => {
      expect(
        (await failure(read({ git: git(join(sandbox.root, 'elsewhere'), { allowFetch: false }) }))).message,
      ).toContain('no clone of');
    });

    it('of the same repository only: another is passed over, and refused when it was named', async () => {
      const stranger = sandbox.clone(origin, 'stranger');
      expectWhole(await read({ git: git(stranger) }));
      expect(server.requests.length).toBeGreaterThan(0);
      const error = await failure(read({ git: git(stranger, { isNamed: true }) }));
      expect(error.hint).toContain('github-repository');
      await failure(read({ git: git(join(sandbox.root, 'elsewhere'), { isNamed: true }) }));
    });

    it('that names the repository in another way', async () => {
      const directory = sandbox.clone(origin, 'ssh');
      const urls = [
        'git@forge.example.com:Acme/Shop.git',
        'ssh://git@ssh.forge.example.com:443/acme/shop',
        'ssh://git@altssh.forge.example.com:443/acme/shop.git',
      ];
      for (const url of urls) {
        sandbox.git(directory, 'remote', 'set-url', 'origin', url);
        const forge = { ...ASK, address: 'https://forge.example.com/acme/shop', token: TOKEN };
        expectWhole(await read({ forge, git: git(directory) }));
      }
    });
  });

  describe('kept between runs', () => {
    it('is not fetched again while nothing moves', async () => {
      const wanted = { required: [id('fork')], optional: [id('preview'), id('b')] };
      const first = await read({ cacheDirectory: cacheDirectory() }, wanted);
      const count = server.requests.length;
      const second = await read({ cacheDirectory: cacheDirectory() }, wanted);
      expect(since(count)).toEqual([]);
      expect(names(second)).toEqual(names(first));
      expect(second.graph.size).toBe(first.graph.size);
      expect(statSync(join(cacheDirectory(), 'git')).mode & 0o077).toBe(0);
      expect(statSync(kept()).mode & 0o077).toBe(0);
      expect(readdirSync(join(cacheDirectory(), 'git'))).toHaveLength(1);
    });

    it('is found again in a folder that is named from the working directory, where git does not work', async () => {
      const near = relative(process.cwd(), cacheDirectory());
      expect(isAbsolute(near)).toBe(false);
      await read({ cacheDirectory: near });
      expect(existsSync(kept())).toBe(true);
      const count = server.requests.length;
      expectWhole(await read({ cacheDirectory: near }));
      expect(since(count)).toEqual([]);
    });

    it('is fetched in part when a branch moved, and forgets what went', async () => {
      const history = Array.from({ length: 400 }, (_, index) => ({
        name: `n${index}`,
        date: DAY_2,
        parents: index === 0 ? [] : [`n${index - 1}`],
      }));
      sandbox.add(origin, { commits: history, branches: { long: 'n399' } });
      await read({ cacheDirectory: cacheDirectory() });
      const whole = server.requests.reduce((sum, { sent }) => sum + sent, 0);
      const [tip] = sandbox.git(origin, 'rev-parse', 'long').split('\n');
      const next = sandbox.gitAt(DAY_3, origin, 'commit-tree', '-m', 'next', '-p', tip!, `${tip}^{tree}`);
      sandbox.git(origin, 'update-ref', 'refs/heads/long', next);
      sandbox.git(origin, 'update-ref', '-d', 'refs/heads/feature/deep/x');
      const count = server.requests.length;
      const moved = await read({ cacheDirectory: cacheDirectory() });
      expect(names(moved)).toContain(`branch long ${next}`);
      expect(names(moved).join()).not.toContain('feature');
      expect(moved.graph.size).toBe(405);
      const more = since(count).reduce((sum, { sent }) => sum + sent, 0);
      expect(more).toBeGreaterThan(0);
      expect(more).toBeLessThan(whole / 4);
      expect(packs()).toHaveLength(2);
      const after = server.requests.length;
      await read({ cacheDirectory: cacheDirectory() });
      expect(since(after)).toEqual([]);
    });

    const damages: ReadonlyArray<readonly [string, () => void]> = [
      ['a pack is cut off', () => truncateSync(join(kept(), 'objects', 'pack', packs()[0]!), 100)],
      ['the list of commits is no list', () => writeFileSync(join(kept(), 'packed-refs'), 'nonsense\n')],
      [
        'the list names what is not there',
        () => appendFileSync(join(kept(), 'packed-refs'), `${'e'.repeat(40)} refs/x\n`),
      ],
      [
        'a file is where packs should be',
        () => {
          execFileSync('rm', ['-r', join(kept(), 'objects', 'pack')]);
          writeFileSync(join(kept(), 'objects', 'pack'), '');
        },
      ],
    ];
    it.each(damages)('is fetched afresh when %s', async (_, damage) => {
      await read({ cacheDirectory: cacheDirectory() });
      damage();
      expectWhole(await read({ cacheDirectory: cacheDirectory() }, { required: [id('fork')] }));
      const count = server.requests.length;
      expectWhole(await read({ cacheDirectory: cacheDirectory() }, { required: [id('fork')] }));
      expect(since(count)).toEqual([]);
    });

    it('cannot pass one commit for another', async () => {
      const main: ListedReference = { kind: 'branch', name: 'main', object: id('m'), target: id('m') };
      const list = async (): Promise<Wanted> => ({ listed: { references: [main] }, required: [], optional: [] });
      await read({ cacheDirectory: cacheDirectory(), list });
      // A pack with a commit that has no parents, under an index that calls it by the name of main's.
      const liar = sandbox.gitAt(DAY_1, origin, 'commit-tree', '-m', 'liar', 'main^{tree}');
      const packFolder = join(kept(), 'objects', 'pack');
      for (const name of readdirSync(packFolder)) rmSync(join(packFolder, name));
      writeFileSync(join(sandbox.root, 'liar'), `${liar}\n`);
      execFileSync('sh', ['-c', `git pack-objects --quiet ${packFolder}/pack < ${sandbox.root}/liar`], {
        cwd: origin,
        env: sandbox.environment,
      });
      const [index = ''] = readdirSync(packFolder).filter((name) => name.endsWith('.idx'));
      const bytes = readFileSync(join(packFolder, index));
      rmSync(join(packFolder, index));
      writeFileSync(join(packFolder, index), renamedIn(bytes, id('m')));
      expect(sandbox.git(origin, `--git-dir=${kept()}`, 'cat-file', '-p', id('m')), 'git believes it').toContain(
        'liar',
      );
      expect((await read({ cacheDirectory: cacheDirectory(), list })).graph.size).toBe(4);
    });

    it('serves two runs at the same time', async () => {
      await read({ cacheDirectory: cacheDirectory() });
      const histories = await Promise.all(
        [id('fork'), id('preview'), id('fork')].map((head) =>
          read({ cacheDirectory: cacheDirectory() }, { required: [head] }),
        ),
      );
      expect(histories.map(({ graph }) => graph.size)).toEqual([5, 5, 5]);
      expectWhole(await read({ cacheDirectory: cacheDirectory() }));
      expect(readdirSync(join(cacheDirectory(), 'git'))).toHaveLength(1);
    });

    it('is done without where the folder cannot be made', async () => {
      writeFileSync(cacheDirectory(), 'a file');
      expectWhole(await read({ cacheDirectory: cacheDirectory() }));
      expect(lines.filter((line) => line.startsWith('warn: '))).toHaveLength(1);
    });
  });

  describe('when the forge names what git does not have', () => {
    const ghost: ListedReference = {
      kind: 'branch',
      name: 'ghost',
      object: 'f'.repeat(40) as CommitId,
      target: 'f'.repeat(40) as CommitId,
    };

    it.each([[undefined], ['cache']])('asks both once more, and goes on when they agree then (%s)', async (cache) => {
      let lists = 0;
      const history = await read({
        ...(cache === undefined ? {} : { cacheDirectory: cacheDirectory() }),
        list: async () => {
          lists += 1;
          return lists === 1 ? want({ listed: { references: [...listed(), ghost], defaultBranch: 'main' } }) : want();
        },
      });
      expectWhole(history);
      expect(lists).toBe(2);
    });

    it.each([[undefined], ['cache']])('stops when they still do not agree (%s)', async (cache) => {
      if (cache !== undefined) await read({ cacheDirectory: cacheDirectory() });
      let lists = 0;
      const error = await failure(
        read({
          ...(cache === undefined ? {} : { cacheDirectory: cacheDirectory() }),
          list: async () => {
            lists += 1;
            return want({ listed: { references: [...listed(), ghost] } });
          },
        }),
      );
      expect(lists).toBe(2);
      expect(error.message).toContain('not the second time');
    });

    it('stops for the head of a pull request as for a branch', async () => {
      await failure(read({}, { required: [ghost.object] }));
      expect(existsSync(cacheDirectory())).toBe(false);
    });

    it('stops where the history behind a branch is cut off', async () => {
      const shallow = sandbox.bare('acme/cut.git');
      sandbox.git(shallow, 'fetch', '--quiet', '--depth=1', origin, 'main:main');
      const main: ListedReference = { kind: 'branch', name: 'main', object: id('m'), target: id('m') };
      await failure(
        read({
          forge: { ...ASK, address: `${server.url}acme/cut`, token: TOKEN },
          list: async () => ({ listed: { references: [main] }, required: [], optional: [] }),
        }),
      );
    });
  });
});
