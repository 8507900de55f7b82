// Turns the scripted history into a real bare repository with a clone: one `git fast-import`, whatever the number of commits.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '../errors.ts';
import { type CommitId, isCommitId } from '../model/history.ts';
import { type Instant, instantFromMs } from '../model/time.ts';
import { COMMITS, DROPPED_BRANCH, POINTERS, type ScriptedCommit, type ScriptedTag, TAGS } from './history-script.ts';
import { type GitCall, runGit } from './run-git.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MARKS_FILE = 'demo-marks';
const AUTHORS = ['Ada <ada@example.com>', 'Grace <grace@example.com>', 'Linus <linus@example.com>'] as const;

/** A commit that was really made. */
export interface MadeCommit {
  readonly id: CommitId;
  /** Committer date, whole seconds. */
  readonly at: Instant;
}

/** The repositories that were made. */
export interface MadeHistory {
  /** The bare repository that stands for the forge. */
  readonly originDirectory: string;
  /** The clone that a developer or a CI job has; it still remembers the branch that origin has deleted. */
  readonly cloneDirectory: string;
  /** By key of the script; also those of the deleted branch. */
  readonly commits: ReadonlyMap<string, MadeCommit>;
}

/** Where to make it, and relative to when. */
export interface HistoryRequest {
  readonly directory: string;
  readonly now: Instant;
  readonly environment: GitCall['environment'];
}

/** Makes `origin.git` and its clone `app` in the directory. @throws UsageError without git. InternalError when git fails. */
export async function makeHistory(request: HistoryRequest): Promise<MadeHistory> {
  const { directory, environment } = request;
  const originDirectory = join(directory, 'origin.git');
  const run = async (at: string, words: readonly string[], input?: string): Promise<void> => {
    await runGit({ directory: at, arguments: words, environment, ...(input === undefined ? {} : { input }) });
  };
  await run(directory, ['-c', 'init.defaultBranch=main', 'init', '--quiet', '--bare', 'origin.git']);
  const importWords = ['fast-import', '--quiet', '--done', `--export-marks=${MARKS_FILE}`];
  await run(originDirectory, importWords, renderImport(request.now));
  await run(directory, ['clone', '--quiet', 'origin.git', 'app']);
  await run(originDirectory, ['update-ref', '-d', `refs/heads/${DROPPED_BRANCH}`]);
  const marksFile = join(originDirectory, MARKS_FILE);
  const commits = decodeMarks(await readFile(marksFile, 'utf8'), request.now);
  await rm(marksFile);
  return { originDirectory, cloneDirectory: join(directory, 'app'), commits };
}

/** The stream that `git fast-import` reads. https://git-scm.com/docs/git-fast-import#_input_format */
function renderImport(now: Instant): string {
  const commits = COMMITS.map((commit, index) => renderCommit(commit, index, now));
  const pointers = POINTERS.map(({ branch, commit }) => `reset refs/heads/${branch}\nfrom :${markOf(commit)}\n\n`);
  const tags = TAGS.map((tag) => renderTag(tag, now));
  return `feature done\n${commits.join('')}${pointers.join('')}${tags.join('')}done\n`;
}

function renderCommit(commit: ScriptedCommit, index: number, now: Instant): string {
  const who = `${AUTHORS[index % AUTHORS.length]} ${secondsOf(commit, now)} +0000`;
  const [first, ...others] = commit.parents;
  const lines = [
    `commit ${commit.ref}`,
    `mark :${index + 1}`,
    `author ${who}`,
    `committer ${who}`,
    renderData(`${commit.subject}\n`),
    ...(first === undefined ? [] : [`from :${markOf(first)}`]),
    ...others.map((parent) => `merge :${markOf(parent)}`),
    ...[commit, ...others.flatMap(listMerged)].map(renderFile),
  ];
  return `${lines.join('\n')}\n`;
}

function renderFile(commit: ScriptedCommit): string {
  return `M 100644 inline changes/${commit.key}.md\n${renderData(`${commit.subject}\n`)}`;
}

/** A merged branch's own commits: fast-import takes the first parent's tree only, so a merge brings these files itself. */
function listMerged(key: string): readonly ScriptedCommit[] {
  const commit = findCommit(key);
  if (commit.ref === 'refs/heads/main') return [];
  return [commit, ...commit.parents.flatMap(listMerged)];
}

function renderTag(tag: ScriptedTag, now: Instant): string {
  const commit = findCommit(tag.commit);
  if (!tag.annotated) return `reset refs/tags/${tag.name}\nfrom :${markOf(tag.commit)}\n\n`;
  const taggedAt = secondsOf(commit, now) + HOUR_MS / 1000;
  return `tag ${tag.name}\nfrom :${markOf(tag.commit)}\ntagger ${AUTHORS[0]} ${taggedAt} +0000\n${renderData(`Release ${tag.name}\n`)}\n`;
}

function renderData(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

function decodeMarks(text: string, now: Instant): ReadonlyMap<string, MadeCommit> {
  const commits = new Map<string, MadeCommit>();
  for (const line of text.trimEnd().split('\n')) {
    const [mark = '', id = ''] = line.split(' ');
    const commit = COMMITS[Number(mark.slice(1)) - 1];
    // Annotated tags have no mark of their own, so every line is a commit.
    if (commit === undefined || !isCommitId(id))
      throw new InternalError(`git fast-import wrote the mark ${JSON.stringify(line)}.`, { code: 'INTERNAL' });
    commits.set(commit.key, { id, at: instantFromMs(secondsOf(commit, now) * 1000) });
  }
  return commits;
}

function secondsOf(commit: ScriptedCommit, now: Instant): number {
  return Math.floor((now - commit.daysAgo * DAY_MS) / 1000);
}

function markOf(key: string): number {
  return COMMITS.indexOf(findCommit(key)) + 1;
}

function findCommit(key: string): ScriptedCommit {
  const commit = COMMITS.find((candidate) => candidate.key === key);
  if (commit === undefined) throw new InternalError(`The demo's history has no commit ${key}.`, { code: 'INTERNAL' });
  return commit;
}
