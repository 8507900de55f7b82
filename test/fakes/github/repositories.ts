// Repositories of the fake GitHub: refs and commits straight from a real bare repository, and what GitHub keeps beside it.
// Without a bare repository the refs are those the test names.

import { execFileSync } from 'node:child_process';

/** One ref as the API names it: `refs/tags/v1` and the object it points at, which of an annotated tag is the tag object. */
export interface FakeRef {
  readonly name: string;
  readonly sha: string;
  readonly type: 'commit' | 'tag';
}

/** How a repository is made. */
export interface RepositorySeed {
  /** A bare repository of test/builders/git-repository.ts, which is served and whose refs the API tells as they are at that moment. */
  readonly directory?: string;
  /** Refs of a repository without one: full names to commit ids. */
  readonly refs?: Readonly<Record<string, string>>;
  /** Default `main`. */
  readonly defaultBranch?: string;
  /** Default private. */
  readonly visibility?: 'public' | 'private';
}

/** A pull request to add. */
export interface PullRequestSeed {
  readonly number: number;
  /** Commit id of the head; must be in the bare repository, where it gets `refs/pull/N/head`. */
  readonly head: string;
  /** The head's branch; default `feature-N`. */
  readonly branch?: string;
  /** The fork it comes from, `someone/app`; default this repository. Null: fork and account were deleted. */
  readonly fork?: string | null;
  readonly base?: string;
  /** Default `open`. */
  readonly state?: 'open' | 'closed';
  /**
   * The test merge. Default: made in the bare repository (parents: base, head) under `refs/pull/N/merge`, as GitHub does. Null: there is
   * none (a conflict, or not yet computed). A commit id: that one.
   */
  readonly mergeCommit?: string | null;
  readonly title?: string;
  readonly updatedAt?: string;
}

export interface FakePullRequest extends Omit<Required<PullRequestSeed>, 'fork'> {
  readonly id: number;
  readonly fork: string | null;
}

export interface ReleaseSeed {
  readonly tag: string;
  readonly name?: string;
  readonly draft?: boolean;
  readonly prerelease?: boolean;
  readonly createdAt?: string;
  /** Default as created; null for a draft. */
  readonly publishedAt?: string | null;
  readonly target?: string;
}

export interface FakeRelease extends Required<ReleaseSeed> {
  readonly id: number;
}

/** GraphQL's words in lower case. https://docs.github.com/en/graphql/reference/enums#deploymentstatusstate */
export type DeploymentState =
  | 'error'
  | 'failure'
  | 'in_progress'
  | 'inactive'
  | 'pending'
  | 'queued'
  | 'success'
  | 'waiting';

export interface DeploymentSeed {
  readonly environment: string;
  readonly commit: string;
  /** Branch or tag it was made from; default the commit. */
  readonly ref?: string;
  readonly createdAt?: string;
  /** Oldest first; default one `success`. Empty: none yet, which shows as pending. */
  readonly states?: readonly DeploymentState[];
}

export interface FakeDeployment extends Required<DeploymentSeed> {
  readonly id: number;
}

/** A comment on an issue or pull request. */
export interface FakeComment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
}

/** An object of git. */
export interface FakeObject {
  readonly id: string;
  readonly type: string;
  /** Of a commit. */
  readonly parents: readonly string[];
  /** Of a tag object. */
  readonly target: string | undefined;
}

/** One repository. */
export interface FakeRepository {
  /** `team/app`. */
  readonly fullName: string;
  readonly owner: string;
  readonly name: string;
  readonly id: number;
  readonly directory: string | undefined;
  defaultBranch: string;
  visibility: 'public' | 'private';
  /** Refs that the API names otherwise than git does, or that only one of both knows: null hides one. Full names. */
  readonly refsInApiOnly: Map<string, string | null>;
  readonly pullRequests: Map<number, FakePullRequest>;
  readonly releases: FakeRelease[];
  /** Oldest first; GitHub lists the newest first. */
  readonly deployments: FakeDeployment[];
  readonly comments: FakeComment[];
  addPullRequest(seed: PullRequestSeed): FakePullRequest;
  /** Changes a pull request; a new head gets a new test merge, and the old one stays in the object store, as at GitHub. */
  updatePullRequest(number: number, change: Partial<PullRequestSeed>): FakePullRequest;
  addRelease(seed: ReleaseSeed): FakeRelease;
  addDeployment(seed: DeploymentSeed): FakeDeployment;
  addComment(comment: Pick<FakeComment, 'issue' | 'author' | 'body'>): FakeComment;
  /** By full name, `refs/heads/…` and `refs/tags/…` only unless another prefix is given. */
  refs(prefix?: string): readonly FakeRef[];
  /** By its full name. */
  ref(name: string): FakeRef | undefined;
  /** Objects by expression (id, branch, tag), those that are there; git is started once for all. */
  readObjects(expressions: readonly string[]): ReadonlyMap<string, FakeObject>;
  /** A file's bytes at a ref; undefined when it is not there. */
  file(ref: string, path: string): Buffer | undefined;
}

const FIRST_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** Makes a repository. `nextId` gives ids that grow. */
export function createRepository(
  fullName: string,
  seed: RepositorySeed,
  world: { nextId(): number; now(): number },
): FakeRepository {
  const [owner = '', name = ''] = fullName.split('/');
  const { directory } = seed;
  const refsInApiOnly = new Map<string, string | null>(Object.entries(seed.refs ?? {}));
  let events = 0;

  function git(...parameters: readonly string[]): string | undefined {
    return directory === undefined ? undefined : runGit(directory, parameters)?.toString('utf8').trim();
  }

  function nextTime(): string {
    events += 1;
    return isoTime(FIRST_MS + events * HOUR_MS);
  }

  function refs(prefix = 'refs/'): readonly FakeRef[] {
    const lines = (git('for-each-ref', '--format=%(refname) %(objectname) %(objecttype)') ?? '').split('\n');
    const found = new Map<string, FakeRef>();
    for (const line of lines) {
      const [ref = '', sha = '', type = ''] = line.split(' ');
      if (ref !== '') found.set(ref, { name: ref, sha, type: type === 'tag' ? 'tag' : 'commit' });
    }
    for (const [ref, sha] of refsInApiOnly) {
      if (sha === null) found.delete(ref);
      else found.set(ref, { name: ref, sha, type: 'commit' });
    }
    return [...found.values()].filter((ref) => ref.name.startsWith(prefix)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  function makeMerge(number: number, head: string, base: string): string | null {
    if (directory === undefined) return null;
    git('update-ref', `refs/pull/${number}/head`, head);
    const parent = git('rev-parse', '--verify', '--quiet', `refs/heads/${base}`);
    if (parent === undefined) return null;
    const merge = git('commit-tree', '-m', `Merge ${head} into ${parent}`, '-p', parent, '-p', head, `${head}^{tree}`);
    if (merge === undefined) return null;
    git('update-ref', `refs/pull/${number}/merge`, merge);
    return merge;
  }

  function putPullRequest(number: number, id: number, given: PullRequestSeed): FakePullRequest {
    const { head, base = repository.defaultBranch, state = 'open' } = given;
    const mergeCommit = given.mergeCommit === undefined ? makeMerge(number, head, base) : given.mergeCommit;
    const pullRequest: FakePullRequest = {
      id,
      number,
      head,
      branch: given.branch ?? `feature-${number}`,
      fork: given.fork === undefined ? fullName : given.fork,
      base,
      state,
      mergeCommit,
      title: given.title ?? `Pull request ${number}`,
      updatedAt: given.updatedAt ?? nextTime(),
    };
    repository.pullRequests.set(number, pullRequest);
    return pullRequest;
  }

  const repository: FakeRepository = {
    fullName,
    owner,
    name,
    id: world.nextId(),
    directory,
    defaultBranch: seed.defaultBranch ?? 'main',
    visibility: seed.visibility ?? 'private',
    refsInApiOnly,
    pullRequests: new Map(),
    releases: [],
    deployments: [],
    comments: [],
    addPullRequest: (given) => putPullRequest(given.number, world.nextId(), given),
    updatePullRequest: (number, change) => {
      const known = repository.pullRequests.get(number);
      if (known === undefined) throw new Error(`${fullName} has no pull request ${number}`);
      const { mergeCommit, updatedAt: _, ...rest } = known;
      const kept = change.head === undefined && change.base === undefined ? { mergeCommit } : {};
      return putPullRequest(number, known.id, { ...rest, ...kept, ...change });
    },
    addRelease: (given) => {
      const createdAt = given.createdAt ?? nextTime();
      const { draft = false, prerelease = false, name: title = given.tag, target = repository.defaultBranch } = given;
      const publishedAt = given.publishedAt === undefined && !draft ? createdAt : (given.publishedAt ?? null);
      const release = {
        id: world.nextId(),
        tag: given.tag,
        name: title,
        draft,
        prerelease,
        createdAt,
        publishedAt,
        target,
      };
      repository.releases.push(release);
      return release;
    },
    addDeployment: (given) => {
      const { environment, commit, ref = commit, createdAt = nextTime(), states = ['success'] } = given;
      const deployment = { id: world.nextId(), environment, commit, ref, createdAt, states };
      repository.deployments.push(deployment);
      return deployment;
    },
    addComment: (given) => {
      const at = isoTime(world.now());
      const comment = { id: world.nextId(), ...given, createdAt: at, updatedAt: at };
      repository.comments.push(comment);
      return comment;
    },
    refs,
    ref: (name) => refs(name).find((ref) => ref.name === name),
    readObjects: (expressions) => (directory === undefined ? new Map() : readObjects(directory, expressions)),
    file: (ref, path) =>
      directory === undefined ? undefined : runGit(directory, ['cat-file', 'blob', `${ref}:${path}`]),
  };
  return repository;
}

/** GitHub's times have whole seconds: `2026-01-01T00:00:00Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

// `ID TYPE SIZE`, the bytes, a line's end; `EXPRESSION missing` for what is not there.
function readObjects(directory: string, expressions: readonly string[]): ReadonlyMap<string, FakeObject> {
  const output = runGit(
    directory,
    ['cat-file', '--batch'],
    expressions.map((expression) => `${expression}\n`).join(''),
  );
  const found = new Map<string, FakeObject>();
  let at = 0;
  for (const expression of expressions) {
    const end = output?.indexOf('\n', at) ?? -1;
    if (output === undefined || end < 0) return found;
    const [, id, type = '', size = ''] =
      /^([0-9a-f]+) (\w+) (\d+)$/.exec(output.subarray(at, end).toString('utf8')) ?? [];
    at = end + 1;
    if (id === undefined) continue;
    const head =
      output
        .subarray(at, at + Number(size))
        .toString('utf8')
        .split('\n\n')[0] ?? '';
    at += Number(size) + 1;
    const isText = type === 'commit' || type === 'tag';
    const [target] = type === 'tag' ? valuesOf(head, 'object') : [];
    found.set(expression, { id, type, parents: isText ? valuesOf(head, 'parent') : [], target });
  }
  return found;
}

function valuesOf(head: string, key: string): readonly string[] {
  return head.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
}

/** What git printed, or undefined when it failed. Its own configuration only, and fixed dates. */
function runGit(directory: string, parameters: readonly string[], input = ''): Buffer | undefined {
  const date = '2026-01-01T00:00:00Z';
  try {
    return execFileSync('git', parameters, {
      cwd: directory,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: directory,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'GitHub',
        GIT_AUTHOR_EMAIL: 'noreply@github.com',
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: 'GitHub',
        GIT_COMMITTER_EMAIL: 'noreply@github.com',
        GIT_COMMITTER_DATE: date,
      },
      input,
      maxBuffer: 2 ** 28,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}
