// The history of a repository whose references a forge lists: the commits behind exactly those, from git itself, or an error.
// No clone is needed; the user's own lends its commits where it can.

import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { GitSettings } from '../config/settings.ts';
import { describeCause, EvidenceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { CommitId, History } from '../model/history.ts';
import type { ListedReferences } from '../model/listed-references.ts';
import { type CommitCache, openCommitCache } from './commit-cache.ts';
import { buildCommitGraph } from './commit-graph.ts';
import { fetchWhatIsThere } from './fetch-what-is-there.ts';
import { type ForgeAddress, openForgeRemote } from './forge-remote.ts';
import type { Environment } from './git-environment.ts';
import type { Clone } from './inspect-clone.ts';
import { findLender } from './lending-clone.ts';
import { createOwnRepository, type OwnRepository, type Remote } from './own-repository.ts';
import { idsOf, type ListedHistory, readListedHistory, warnOfLeftOut } from './read-listed-history.ts';
import { remoteUrlsOf } from './remote-urls.ts';
import { unlessEvidenceFails } from './unless-evidence-fails.ts';

/** What the history must hold, at one moment. */
export interface Wanted {
  readonly listed: ListedReferences;
  /** Commits that the graph holds besides, though no branch may lead to them: heads of pull requests. */
  readonly required: readonly CommitId[];
  /** Commits that the graph holds where the repository still has them: those of deployments. */
  readonly optional: readonly CommitId[];
}

/** How to read the history. */
export interface ForgeHistoryOptions {
  readonly forge: ForgeAddress;
  /** Asks the forge what there is; anew with every call. */
  readonly list: () => Promise<Wanted>;
  readonly git: GitSettings;
  /** Where commits are kept for later runs; without it every run fetches them again. */
  readonly cacheDirectory?: string;
  /** `process.env`, as a rule. `git` itself is looked up on the PATH of this process. */
  readonly environment: Environment;
  /** Where temporary folders go; by default RUNNER_TEMP, else the system's place. */
  readonly temporaryRoot?: string;
  readonly log: Log;
}

/**
 * The history of what the forge lists: all references, and in the graph also the further commits. Nothing is fetched that the user's
 * clone or an earlier run already has. Where git cannot supply what the forge named, both are asked once more: a branch may have moved.
 * @throws EvidenceError EVIDENCE_GIT when git does not supply every reference and required commit with all that is behind it.
 */
export async function readForgeHistory(options: ForgeHistoryOptions): Promise<History> {
  const { forge, log } = options;
  const remoteUrls = remoteUrlsOf(forge.address);
  const lender = await findLender({ ...options, address: forge.address });
  const wanted = await options.list();
  if (required(wanted).length === 0) return { complete: true, references: [], remoteUrls, graph: buildCommitGraph([]) };
  const temporaryRoot = options.temporaryRoot ?? (options.environment['RUNNER_TEMP'] || tmpdir());
  const remote = await openForgeRemote(forge, { ...options, directory: temporaryRoot });
  const cache = await openCache(options);
  const { leftOut, ...found } = await readTwiceAtMost({ options, lender, remote, temporaryRoot, cache, wanted });
  warnOfLeftOut(leftOut, log);
  return { complete: true, ...found, remoteUrls };
}

async function openCache({ cacheDirectory, forge, log }: ForgeHistoryOptions): Promise<CommitCache | undefined> {
  if (cacheDirectory === undefined) return undefined;
  try {
    return await openCommitCache(cacheDirectory, forge.address);
  } catch (cause) {
    log.warn(`Commits cannot be kept in ${cacheDirectory} for later runs: ${describeCause(cause)}`);
    return undefined;
  }
}

interface Task {
  readonly options: ForgeHistoryOptions;
  readonly lender: Clone | undefined;
  readonly remote: Remote;
  readonly temporaryRoot: string;
  readonly cache: CommitCache | undefined;
  readonly wanted: Wanted;
}

/**
 * How to get the commits. `borrow`: the clone has them. `extend-clone`: the clone has most. `extend-cache`: earlier runs fetched most.
 * `treeless`, `all`: from nothing; git 2.39 refuses a treeless answer that holds a tag on a tree.
 */
type Way = 'borrow' | 'extend-clone' | 'extend-cache' | 'treeless' | 'all';

async function readTwiceAtMost(task: Task): Promise<ListedHistory> {
  const { options, lender, cache, wanted } = task;
  if (!options.git.allowFetch) return await attempt(task, 'borrow');
  const ways: readonly Way[] = [
    ...(lender === undefined ? [] : (['borrow'] as const)),
    ...(cache === undefined ? [] : (['extend-cache'] as const)),
    lender === undefined || lender.partial || cache !== undefined ? 'treeless' : 'extend-clone',
  ];
  for (const way of ways) {
    const found = await unlessEvidenceFails(() => attempt(task, way), options.log);
    if (found !== undefined) return found;
  }
  options.log.info(`git does not supply all that ${options.forge.address} names; asking both once more.`);
  const again = await options.list();
  const moved = !isDeepStrictEqual(required(again), required(wanted));
  try {
    return await attempt({ ...task, wanted: again }, moved || ways.at(-1) === 'extend-clone' ? 'treeless' : 'all');
  } catch (cause) {
    throw notSupplied(cause, options);
  }
}

function notSupplied(cause: unknown, { forge }: ForgeHistoryOptions): unknown {
  if (!(cause instanceof EvidenceError)) return cause;
  return new EvidenceError(
    `The commits of ${forge.address} could not be read, also not the second time. ${cause.message}`,
    {
      code: 'EVIDENCE_GIT',
      hint: `Check that git 2.31 or newer is installed and that the token may read the repository (${forge.permission}), or leave Git out with --without-git.`,
      details: cause.details,
      cause,
    },
  );
}

/** One try in a repository of its own: leftovers of a failed one would pass for fetched history. */
async function attempt(task: Task, way: Way): Promise<ListedHistory> {
  const { options, lender, remote, cache } = task;
  const keeper = way === 'extend-cache' || way === 'treeless' ? cache : undefined;
  const borrows = way === 'borrow' || way === 'extend-clone';
  const repository = await createOwnRepository({
    remote,
    environment: options.environment,
    parent: keeper?.parent ?? task.temporaryRoot,
    hash: required(task.wanted)[0]?.length === 64 ? 'sha256' : 'sha1',
    ...(borrows && lender !== undefined ? { borrowFrom: lender.objects } : {}),
  });
  try {
    const known = way === 'extend-cache' && cache !== undefined ? await cache.adopt(repository) : new Set<CommitId>();
    if (way === 'extend-cache' && known.size === 0)
      throw new EvidenceError('No earlier run kept commits.', { code: 'EVIDENCE_GIT' });
    const { found, fetched } = await readInto(repository, { task, way, known });
    if (keeper !== undefined && fetched) await keepFor(keeper, repository, options.log);
    return found;
  } finally {
    await repository.remove().catch((cause: unknown) => {
      options.log.warn(`A temporary folder could not be deleted: ${describeCause(cause)}`);
    });
  }
}

interface Reading {
  readonly task: Task;
  readonly way: Way;
  /** Ids that the repository holds already. */
  readonly known: ReadonlySet<CommitId>;
}

async function readInto(
  repository: OwnRepository,
  { task, way, known }: Reading,
): Promise<{ readonly found: ListedHistory; readonly fetched: boolean }> {
  const { wanted, options, lender } = task;
  const objects = way === 'extend-cache' || way === 'treeless' ? 'treeless' : 'all';
  const lacking = way === 'borrow' ? [] : required(wanted).filter((id) => !known.has(id));
  if (lacking.length > 0) {
    options.log.debug(`Fetching ${lacking.length} branches, tags and pull requests of ${options.forge.address}.`);
    await repository.setReferences([...known]);
    await repository.fetch(lacking, objects);
  }
  const commits = [...wanted.required, ...wanted.optional.filter((id) => known.has(id))];
  const found = await readListedHistory(repository, { listed: wanted.listed, commits }, options.log);
  const absent = wanted.optional.filter((id) => found.graph.indexOf(id) === undefined);
  if (absent.length === 0 || !options.git.allowFetch) return { found, fetched: lacking.length > 0 };
  if (way === 'borrow' && lender?.partial === true)
    throw new EvidenceError('A clone with holes cannot be added to.', { code: 'EVIDENCE_GIT' });
  const had = await fetchWhatIsThere(repository, absent, objects);
  if (had.length === 0) return { found, fetched: lacking.length > 0 };
  const request = { listed: wanted.listed, commits: [...commits, ...had] };
  return { found: await readListedHistory(repository, request, options.log), fetched: true };
}

async function keepFor(cache: CommitCache, repository: OwnRepository, log: Log): Promise<void> {
  try {
    await cache.keep(repository);
  } catch (cause) {
    log.debug(`The commits were not kept for later runs: ${describeCause(cause)}`);
  }
}

function required({ listed, required: commits }: Wanted): readonly CommitId[] {
  return idsOf({ listed, commits });
}
