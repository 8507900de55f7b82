// What a real bare repository says of its refs and commits. One git process a question.

import { execFileSync } from 'node:child_process';

/** A commit as GitLab tells of it. */
export interface GitCommit {
  readonly id: string;
  readonly parents: readonly string[];
  readonly title: string;
  readonly message: string;
  readonly authorName: string;
  readonly authorEmail: string;
  /** RFC 3339. */
  readonly authoredAt: string;
  readonly committerName: string;
  readonly committerEmail: string;
  readonly committedAt: string;
}

/** A branch or tag. */
export interface GitRef {
  /** Full: `refs/heads/main`. */
  readonly name: string;
  /** What it points at: of an annotated tag the tag object. */
  readonly target: string;
  /** When an annotated tag was made, and its words. */
  readonly tag: { readonly createdAt: string; readonly message: string } | undefined;
  readonly commit: GitCommit;
}

const FIELDS = '%P%x1f%s%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B';

/** Branches and tags in the order of their names. */
export function readRefs(directory: string, prefix: 'refs/heads/' | 'refs/tags/'): readonly GitRef[] {
  const format = '%(refname)%1f%(objectname)%1f%(*objectname)%1f%(taggerdate:iso-strict)%1f%(contents)%1e';
  const listed = runGit(directory, ['for-each-ref', `--format=${format}`, prefix]).toString('utf8');
  const records = listed.split('\x1e').map((text) => text.trimStart().split('\x1f'));
  const named = records.filter(([name]) => name !== undefined && name !== '');
  const commits = readCommits(
    directory,
    named.map(([, target = '', peeled = '']) => peeled || target),
  );
  return named.flatMap(([name = '', target = '', peeled = '', taggedAt = '', message = '']) => {
    const commit = commits.get(peeled || target);
    if (commit === undefined) return [];
    return [
      { name, target, commit, tag: peeled === '' ? undefined : { createdAt: taggedAt, message: message.trim() } },
    ];
  });
}

/** Commits by what was asked for, an id or a ref; what is no commit is missing, and without a repository all are. */
export function readCommits(directory: string | undefined, ids: readonly string[]): ReadonlyMap<string, GitCommit> {
  const found = new Map<string, GitCommit>();
  if (directory === undefined) return found;
  const checked = runGit(
    directory,
    ['cat-file', '--batch-check=%(objectname) %(objecttype)'],
    ids.map((id) => `${id}^{commit}\n`).join(''),
  );
  const lines = checked.toString('utf8').split('\n');
  const known = ids.flatMap((id, index) => {
    const [object = '', type] = lines[index]?.split(' ') ?? [];
    return type === 'commit' ? [{ id, object }] : [];
  });
  if (known.length === 0) return found;
  const input = [...new Set(known.map(({ object }) => object))].map((object) => `${object}\n`).join('');
  const log = runGit(directory, ['log', '--no-walk=unsorted', '--stdin', `--format=%H%x1f${FIELDS}%x1e`], input);
  const commits = new Map(
    log
      .toString('utf8')
      .split('\x1e')
      .map((text) => text.trimStart())
      .filter((text) => text !== '')
      .map((text) => parseCommit(text))
      .map((commit) => [commit.id, commit]),
  );
  for (const { id, object } of known) {
    const commit = commits.get(object);
    if (commit !== undefined) found.set(id, commit);
  }
  return found;
}

/** A file's bytes at a ref; undefined when it is not there. */
export function readFileAt(directory: string, ref: string, path: string): Buffer | undefined {
  try {
    return runGit(directory, ['cat-file', 'blob', `${ref}:${path}`]);
  } catch {
    return undefined;
  }
}

/**
 * Makes the refs of a merge request, `refs/merge-requests/N/head` and, when `merge` is to be made, `…/merge`: a commit with the parents
 * base and head. Returns the merge commit's id, or null without a base.
 */
export function writeMergeRequestRefs(
  directory: string,
  request: { readonly iid: number; readonly head: string; readonly base: string; readonly merges: boolean },
): string | null {
  const { iid, head, base } = request;
  runGit(directory, ['update-ref', `refs/merge-requests/${iid}/head`, head]);
  if (!request.merges) return null;
  const parent = readCommits(directory, [`refs/heads/${base}`]).get(`refs/heads/${base}`)?.id;
  if (parent === undefined) return null;
  const words = ['commit-tree', '-m', `Merge ${head} into ${parent}`, '-p', parent, '-p', head, `${head}^{tree}`];
  const merge = runGit(directory, words).toString('utf8').trim();
  runGit(directory, ['update-ref', `refs/merge-requests/${iid}/merge`, merge]);
  return merge;
}

function parseCommit(text: string): GitCommit {
  const [id = '', parents = '', title = '', ...rest] = text.split('\x1f');
  const [authorName = '', authorEmail = '', authoredAt = '', committerName = '', committerEmail = ''] = rest;
  const [committedAt = '', message = ''] = rest.slice(5);
  return {
    id,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    title,
    message: message.trimEnd(),
    authorName,
    authorEmail,
    authoredAt,
    committerName,
    committerEmail,
    committedAt,
  };
}

/** What git printed. Its own configuration only, and fixed dates. */
function runGit(directory: string, words: readonly string[], input = ''): Buffer {
  const date = '2026-01-01T00:00:00Z';
  return execFileSync('git', words, {
    cwd: directory,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'GitLab',
      GIT_AUTHOR_EMAIL: 'noreply@gitlab.com',
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: 'GitLab',
      GIT_COMMITTER_EMAIL: 'noreply@gitlab.com',
      GIT_COMMITTER_DATE: date,
    },
    input,
    maxBuffer: 2 ** 28,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
