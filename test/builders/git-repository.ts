// Real Git repositories with fixed dates, in a folder of their own, untouched by the configuration of the machine.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommitId, isCommitId } from '../../src/model/history.ts';

/** A folder for repositories, with the environment that git runs in there. */
export interface GitSandbox {
  readonly root: string;
  /** A whole environment without the machine's Git configuration; `PATH` is that of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs git in a folder and returns its output without the last newline; throws when it fails. */
  git(directory: string, ...parameters: readonly string[]): string;
  /** The same at a date, for objects made on the way. */
  gitAt(date: string, directory: string, ...parameters: readonly string[]): string;
  /** An empty bare repository whose HEAD is `main`; the path of it. */
  bare(name: string, format?: 'sha1' | 'sha256'): string;
  /** Adds commits, branches and tags to a repository; the ids of the commits by their names. */
  add(directory: string, spec: RepositorySpec): ReadonlyMap<string, CommitId>;
  /** Clones over the `file://` transport, as from a server; the path of the clone. */
  clone(origin: string, name: string, ...parameters: readonly string[]): string;
  remove(): void;
}

/** A commit to make; its one file is unlike that of any other commit. */
interface RepositoryCommit {
  readonly name: string;
  /** RFC 3339 in UTC. */
  readonly date: string;
  /** Names of commits made before it. */
  readonly parents?: readonly string[];
}

/** What {@link GitSandbox.add} makes. */
interface RepositorySpec {
  readonly commits: readonly RepositoryCommit[];
  /** Branch names to names of commits. */
  readonly branches?: Readonly<Record<string, string>>;
  /** Tag names to a commit's name (lightweight), or to a commit and the tagger's date (annotated). */
  readonly tags?: Readonly<Record<string, string | { readonly commit: string; readonly date: string }>>;
}

/** Makes a sandbox in the system's temporary folder. */
export function createGitSandbox(): GitSandbox {
  const root = mkdtempSync(join(tmpdir(), 'git-sandbox-'));
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: root,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ann Author',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Carl Committer',
    GIT_COMMITTER_EMAIL: 'carl@example.com',
  };

  function run(
    directory: string,
    parameters: readonly string[],
    options: { date?: string; input?: string } = {},
  ): string {
    const dates = options.date === undefined ? {} : { GIT_AUTHOR_DATE: options.date, GIT_COMMITTER_DATE: options.date };
    return execFileSync('git', parameters, {
      cwd: directory,
      env: { ...environment, ...dates },
      input: options.input ?? '',
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    }).replace(/\n$/, '');
  }

  function add(directory: string, spec: RepositorySpec): ReadonlyMap<string, CommitId> {
    const marks = join(root, 'marks');
    run(directory, ['fast-import', '--quiet', '--force', `--export-marks=${marks}`], { input: importStream(spec) });
    if (spec.commits.length > 0) run(directory, ['update-ref', '-d', 'refs/import']);
    const idByMark = new Map(
      readFileSync(marks, 'utf8')
        .trim()
        .split('\n')
        .map((line) => [line.slice(1, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
    );
    return new Map(spec.commits.map(({ name }, index) => [name, asCommitId(idByMark.get(String(index + 1)))]));
  }

  return {
    root,
    environment,
    add,
    git: (directory, ...parameters) => run(directory, parameters),
    gitAt: (date, directory, ...parameters) => run(directory, parameters, { date }),
    bare: (name, format = 'sha1') => {
      const directory = join(root, name);
      mkdirSync(directory);
      run(directory, ['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`]);
      run(directory, ['config', 'uploadpack.allowFilter', 'true']);
      return directory;
    },
    clone: (origin, name, ...parameters) => {
      run(root, ['clone', '--quiet', ...parameters, `file://${origin}`, name]);
      return join(root, name);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Makes `bin/git`, a git that first runs `script` (sh; `"$@"` are its arguments); returns the folder for `PATH`. */
export function wrapGit(sandbox: GitSandbox, name: string, script: string): string {
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  const folder = join(sandbox.root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'git'), `#!/bin/sh\n${script}\nexec ${real} "$@"\n`, { mode: 0o755 });
  return folder;
}

/** A digest over all names, contents and modification times below a folder: a lock file that came and went changes it too. */
export function hashFolder(folder: string): string {
  const hash = createHash('sha256');
  const names = ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].sort();
  for (const name of names) {
    const path = join(folder, name);
    const state = lstatSync(path);
    hash.update(`${name}\0${state.mode}\0${state.mtimeMs}\0`);
    if (state.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

function importStream({ commits, branches = {}, tags = {} }: RepositorySpec): string {
  const marks = new Map(commits.map(({ name }, index) => [name, index + 1]));
  const markOf = (name: string): string => {
    const mark = marks.get(name);
    if (mark === undefined) throw new Error(`no commit is named ${name}`);
    return `:${mark}`;
  };
  const made = commits.flatMap(({ name, date, parents = [] }) => [
    'reset refs/import\n',
    `commit refs/import\nmark ${markOf(name)}\ncommitter Carl Committer <carl@example.com> ${seconds(date)} +0000\n`,
    data(`commit ${name}`),
    ...parents.map((parent, index) => `${index === 0 ? 'from' : 'merge'} ${markOf(parent)}\n`),
    `M 100644 inline file\n${data(`content of ${name}`)}\n`,
  ]);
  const pointed = Object.entries(branches).map(([name, commit]) => reset(`refs/heads/${name}`, markOf(commit)));
  const tagged = Object.entries(tags).map(([name, tag]) => {
    if (typeof tag === 'string') return reset(`refs/tags/${name}`, markOf(tag));
    const tagger = `Tina Tagger <tina@example.com> ${seconds(tag.date)} +0000`;
    return `tag ${name}\nfrom ${markOf(tag.commit)}\ntagger ${tagger}\n${data(`tag ${name}`)}`;
  });
  return [...made, ...pointed, ...tagged].join('');
}

function reset(reference: string, mark: string): string {
  return `reset ${reference}\nfrom ${mark}\n\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function seconds(date: string): number {
  return Date.parse(date) / 1000;
}

function asCommitId(text: string | undefined): CommitId {
  if (text === undefined || !isCommitId(text)) throw new Error(`${text} is not a commit id`);
  return text;
}
