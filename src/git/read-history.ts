// The history of the user's repository: every branch and tag of origin, and all commits behind them, or an error.
// Incomplete history never becomes a `History`.

import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { describeCause } from '../errors.ts';
import type { Log } from '../log.ts';
import type { History } from '../model/history.ts';
import type { ListedReferences } from '../model/listed-references.ts';
import { buildCommitGraph } from './commit-graph.ts';
import type { Environment } from './git-environment.ts';
import { type Clone, inspectClone } from './inspect-clone.ts';
import { listCloneReferences, listOriginReferences } from './list-references.ts';
import { createOwnRepository, type Remote } from './own-repository.ts';
import { idsOf, type ListedHistory, readListedHistory, warnOfLeftOut } from './read-listed-history.ts';
import { refuseShallow } from './refuse-shallow.ts';
import { remoteUrlsOf } from './remote-urls.ts';
import { secretsOf } from './secrets.ts';
import { unlessEvidenceFails } from './unless-evidence-fails.ts';

/** How to read the history. */
export interface HistoryOptions {
  /** A clone, or any folder in it, whose `origin` is asked. It is never written to. */
  readonly directory: string;
  /** False: a shallow clone is refused instead of being completed in a repository of our own. */
  readonly allowUnshallow: boolean;
  /** False: only what the clone holds is used, and origin is not asked at all. */
  readonly allowFetch: boolean;
  /** `process.env`, as a rule. `git` itself is looked up on the PATH of this process. */
  readonly environment: Environment;
  /** Where temporary folders go; by default RUNNER_TEMP, else the system's place. */
  readonly temporaryRoot?: string;
  readonly log: Log;
}

/**
 * The history of `directory`'s repository as its origin has it now. A tag that does not end at a commit is left out with a
 * warning; a repository without any reference gives a history without references.
 * Starts git five to eleven times, whatever the number of references.
 * @throws EvidenceError EVIDENCE_GIT when there is no clone or origin, when origin cannot be read, when the history is not
 *   complete and may not be completed, or when git is missing or fails.
 */
export async function readHistory(options: HistoryOptions): Promise<History> {
  const clone = await checkClone(options);
  const list = options.allowFetch ? listOriginReferences : listCloneReferences;
  const listed = await list(clone, options.environment);
  const remoteUrls = [...new Set(clone.originUrls.flatMap(remoteUrlsOf))];
  if (listed.references.length === 0)
    return { complete: true, references: [], remoteUrls, graph: buildCommitGraph([]) };
  const { leftOut, ...found } = await readFound({ clone, listed, options });
  warnOfLeftOut(leftOut, options.log);
  return { complete: true, ...found, remoteUrls };
}

/**
 * The clone that the history would be read from, after a look at it alone: origin is not asked.
 * @throws EvidenceError EVIDENCE_GIT when there is no clone or no origin, or when the clone is shallow and may not be completed.
 */
export async function checkClone(options: HistoryOptions): Promise<Clone> {
  const clone = await inspectClone(options.directory, options.environment);
  for (const secret of secretsOf(clone.config)) options.log.secret(secret);
  refuseShallow(clone, options);
  return clone;
}

/** The clone's origin, reached as the clone reaches it. */
function originOf({ originUrls, top, config, redact }: Clone): Remote {
  return { title: `origin (${redact(originUrls[0] ?? '')})`, directory: top, config, redact };
}

interface Task {
  readonly clone: Clone;
  readonly listed: ListedReferences;
  readonly options: HistoryOptions;
}

/** How to get the commits. Only a clone without holes can lend its objects to a fetch: it tells origin what it has. */
type Way = 'borrow' | 'borrow-and-fetch' | 'fetch-treeless' | 'fetch-all';

/**
 * The history from the clone's objects where they suffice, else fetched. When a fetch fails, origin is asked once more: its
 * references may have moved meanwhile. If they have not, the server's treeless answer was the trouble (git 2.39 refuses the
 * one that holds a tag on a tree), or the clone is damaged; so everything is fetched, or nothing borrowed.
 */
async function readFound(task: Task): Promise<ListedHistory> {
  const { clone, listed, options } = task;
  if (!options.allowFetch) return attempt(task, 'borrow');
  const found = clone.shallow ? undefined : await unlessEvidenceFails(() => attempt(task, 'borrow'), options.log);
  if (found !== undefined) return found;
  options.log.info('The clone does not hold the whole history; fetching the commits from origin.');
  const way = clone.shallow || clone.partial ? 'fetch-treeless' : 'borrow-and-fetch';
  const fetched = await unlessEvidenceFails(() => attempt(task, way), options.log);
  if (fetched !== undefined) return fetched;
  const again = await listOriginReferences(clone, options.environment);
  const moved = !isDeepStrictEqual(idsOf({ listed: again, commits: [] }), idsOf({ listed, commits: [] }));
  return attempt({ ...task, listed: again }, moved || way === 'borrow-and-fetch' ? 'fetch-treeless' : 'fetch-all');
}

/** One try in a repository of its own: leftovers of a failed one would pass for fetched history. */
async function attempt({ clone, listed, options }: Task, way: Way): Promise<ListedHistory> {
  const { environment, log } = options;
  const temporaryRoot = options.temporaryRoot ?? (environment['RUNNER_TEMP'] || tmpdir());
  const hash = listed.references[0]?.object.length === 64 ? 'sha256' : 'sha1';
  const repository = await createOwnRepository({
    remote: originOf(clone),
    environment,
    parent: temporaryRoot,
    hash,
    ...(way.startsWith('borrow') ? { borrowFrom: clone.objects } : {}),
  });
  const request = { listed, commits: [] };
  try {
    if (way !== 'borrow') await repository.fetch(idsOf(request), way === 'fetch-treeless' ? 'treeless' : 'all');
    return await readListedHistory(repository, request, log);
  } finally {
    await repository.remove().catch((cause: unknown) => {
      log.warn(`A temporary folder could not be deleted: ${describeCause(cause)}`);
    });
  }
}
