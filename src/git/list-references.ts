// Which branches and tags there are: asked of origin, or, when that is not wanted, taken from what the clone holds.

import { EvidenceError } from '../errors.ts';
import { type CommitId, isCommitId } from '../model/history.ts';
import type { ListedReference, ListedReferences } from '../model/listed-references.ts';
import { type Environment, gitEnvironment } from './git-environment.ts';
import type { Clone } from './inspect-clone.ts';
import { readGit } from './run-git.ts';

const PEELED = '^{}';

/**
 * The branches and tags that origin has now. One `git ls-remote`; other references (pull requests, notes) are left out.
 * @throws EvidenceError EVIDENCE_GIT when origin cannot be read or answers with something else.
 */
export async function listOriginReferences(clone: Clone, environment: Environment): Promise<ListedReferences> {
  const purpose = `list the branches and tags of origin (${clone.redact(clone.originUrls[0] ?? '')})`;
  const text = await readGit({
    arguments: ['ls-remote', '--quiet', '--symref', 'origin'],
    directory: clone.top,
    environment: gitEnvironment(environment),
    purpose,
    redact: clone.redact,
  });
  return parseReferences(text, { branches: 'refs/heads/', head: 'HEAD', purpose });
}

/**
 * The branches of origin and the tags that the clone knows, as of its last fetch. Two calls of git.
 * @throws EvidenceError EVIDENCE_GIT when the clone does not follow all branches of origin: what it does not know is not absent.
 */
export async function listCloneReferences(clone: Clone, environment: Environment): Promise<ListedReferences> {
  const followsAll = clone.config.some(
    ({ key, value }) => key === 'remote.origin.fetch' && /^\+?refs\/heads\/\*:refs\/remotes\/origin\/\*$/.test(value),
  );
  if (!followsAll) {
    throw new EvidenceError('The clone follows only some branches of origin, and fetching is switched off.', {
      code: 'EVIDENCE_GIT',
      hint: 'Allow fetching (allowFetchOriginBranchesAndTags: true), or clone without --single-branch.',
    });
  }
  const purpose = 'list the branches and tags that the clone holds';
  const call = { directory: clone.top, environment: gitEnvironment(environment), purpose, redact: clone.redact };
  const head = 'refs/remotes/origin/HEAD';
  const names = await readGit({
    ...call,
    arguments: ['for-each-ref', '--format=%(symref)%09%(refname)', 'refs/remotes/origin', 'refs/tags'],
  });
  // `show-ref` exits with 1 when there is no reference at all, which would look like a failure.
  if (names.trim() === '') return { references: [] };
  const ids = await readGit({ ...call, arguments: ['show-ref', '--dereference'] });
  const symbolic = names.split('\n').filter((line) => line.startsWith('refs/'));
  const lines = [...symbolic.map((line) => `ref: ${line}`), ids.replaceAll(/^([0-9a-f]+) /gm, '$1\t')];
  return parseReferences(lines.join('\n'), { branches: 'refs/remotes/origin/', head, purpose });
}

interface Layout {
  /** What the full names of branches start with. */
  readonly branches: string;
  /** The symbolic reference to the default branch. */
  readonly head: string;
  readonly purpose: string;
}

/** Lines `ID<tab>NAME`, tags followed by `ID<tab>NAME^{}`, and `ref: TARGET<tab>NAME` for symbolic references. */
export function parseReferences(text: string, layout: Layout): ListedReferences {
  const listed = new Map<string, { readonly object: CommitId; target: CommitId }>();
  let defaultBranch: string | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const tab = line.indexOf('\t');
    if (tab === -1) throw notUnderstood(layout.purpose, line);
    const left = line.slice(0, tab);
    const name = line.slice(tab + 1);
    if (left.startsWith('ref: ')) {
      const target = left.slice('ref: '.length);
      if (name === layout.head && target.startsWith(layout.branches))
        defaultBranch = target.slice(layout.branches.length);
      continue;
    }
    if (!isCommitId(left)) throw notUnderstood(layout.purpose, line);
    if (name === layout.head) continue;
    const outer = name.endsWith(PEELED) ? listed.get(name.slice(0, -PEELED.length)) : undefined;
    if (outer === undefined) listed.set(name, { object: left, target: left });
    else outer.target = left;
  }
  const references = [...listed].flatMap(([full, ids]): ListedReference[] => {
    if (full.startsWith(layout.branches)) return [{ kind: 'branch', name: full.slice(layout.branches.length), ...ids }];
    return full.startsWith('refs/tags/') ? [{ kind: 'tag', name: full.slice('refs/tags/'.length), ...ids }] : [];
  });
  return defaultBranch === undefined ? { references } : { references, defaultBranch };
}

function notUnderstood(purpose: string, line: string): EvidenceError {
  return new EvidenceError(
    `git could not ${purpose}: the line ${JSON.stringify(line.slice(0, 100))} is not understood.`,
    {
      code: 'EVIDENCE_GIT',
      hint: 'Check that the address of origin is that of a Git repository.',
    },
  );
}
