// The history of a repository that is only an address: every branch and tag, and all commits behind them, or an error. No clone is needed,
// and none lends anything.

import { tmpdir } from 'node:os';
import type { NamedGitRepository } from '../config/settings.ts';
import { describeCause, EvidenceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { History } from '../model/history.ts';
import type { ListedReferences } from '../model/listed-references.ts';
import { type Environment, gitEnvironment } from './git-environment.ts';
import { parseConfig } from './inspect-clone.ts';
import { parseReferences } from './list-references.ts';
import { createOwnRepository, type OwnRepository, type Remote } from './own-repository.ts';
import { idsOf, type ListedHistory, readListedHistory, warnOfLeftOut } from './read-listed-history.ts';
import { remoteUrlsOf } from './remote-urls.ts';
import { readGit } from './run-git.ts';
import { redactWith, secretsOf } from './secrets.ts';
import { unlessEvidenceFails } from './unless-evidence-fails.ts';

/** What to read. */
export interface RemoteHistoryOptions {
  readonly repository: NamedGitRepository;
  /** `process.env`, as a rule. `git` itself is looked up on the PATH of this process. */
  readonly environment: Environment;
  /** Where temporary folders go; by default RUNNER_TEMP, else the system's place. */
  readonly temporaryRoot?: string;
  readonly log: Log;
}

/**
 * The whole history at the address, reached with what the user and the machine configured for git. Never without any reference: of an
 * empty repository every commit would count as gone. Tags that end at no commit are left out with a warning.
 * @throws EvidenceError EVIDENCE_GIT when it cannot be read whole, when it has neither branch nor tag, or when git is missing or fails.
 */
export async function readRemoteHistory(options: RemoteHistoryOptions): Promise<History> {
  try {
    return await readWhole(options);
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause;
    const { name } = options.repository;
    throw new EvidenceError(`The Git repository ${JSON.stringify(name)} could not be read. ${cause.message}`, {
      code: 'EVIDENCE_GIT',
      hint: `Check its address (cache-git-repository, cache.gitRepositories) and that git may read it here, or leave it out: then what labels say of ${JSON.stringify(name)} keeps.`,
      details: cause.details,
      cause,
    });
  }
}

async function readWhole(options: RemoteHistoryOptions): Promise<History> {
  const { repository, environment, log } = options;
  const parent = options.temporaryRoot ?? (environment['RUNNER_TEMP'] || tmpdir());
  const remote = await openRemote(repository, { environment, parent, log });
  const place: Place = { remote, environment, parent, log };
  const listed = await withRepository(place, 'sha1', listReferences);
  if (listed.references.length === 0)
    throw new EvidenceError(`${remote.title} has neither a branch nor a tag.`, { code: 'EVIDENCE_GIT' });
  const { leftOut, ...found } = await readListed(listed, place);
  warnOfLeftOut(leftOut, log);
  return { complete: true, ...found, remoteUrls: remoteUrlsOf(repository.url) };
}

interface Place {
  readonly remote: Remote;
  readonly environment: Environment;
  readonly parent: string;
  readonly log: Log;
}

async function openRemote({ url }: NamedGitRepository, place: Omit<Place, 'remote'>): Promise<Remote> {
  const { environment, parent, log } = place;
  const configured = parseConfig(
    await readGit({
      arguments: ['config', '--list', '-z'],
      directory: parent,
      // No repository at all, also where the folder lies in one: its settings are another repository's.
      environment: { ...gitEnvironment(environment), GIT_DIR: '/dev/null' },
      purpose: "read git's configuration",
      redact: redactWith([]),
    }),
  );
  const config = [
    ...configured.filter(({ key }) => !key.startsWith('remote.')),
    { key: 'remote.origin.url', value: url },
  ];
  const secrets = secretsOf(config);
  for (const secret of secrets) log.secret(secret);
  const redact = redactWith(secrets);
  return { title: redact(url), directory: parent, config, redact };
}

async function listReferences(repository: OwnRepository, { remote }: Place): Promise<ListedReferences> {
  const purpose = `list the branches and tags of ${remote.title}`;
  const text = await readGit(repository.call(purpose, ['ls-remote', '--quiet', '--symref', 'origin']));
  return parseReferences(text, { branches: 'refs/heads/', head: 'HEAD', purpose });
}

/** Without trees and files where the server can do that; a tag on a tree is refused so by git 2.39, and then all is fetched. */
async function readListed(listed: ListedReferences, place: Place): Promise<ListedHistory> {
  const hash = listed.references[0]?.object.length === 64 ? 'sha256' : 'sha1';
  const request = { listed, commits: [] };
  const attempt = (objects: 'treeless' | 'all'): Promise<ListedHistory> =>
    withRepository(place, hash, async (repository) => {
      await repository.fetch(idsOf(request), objects);
      return await readListedHistory(repository, request, place.log);
    });
  return (await unlessEvidenceFails(() => attempt('treeless'), place.log)) ?? (await attempt('all'));
}

/** A repository of its own for each try: leftovers of a failed one would pass for fetched history. */
async function withRepository<Result>(
  place: Place,
  hash: 'sha1' | 'sha256',
  use: (repository: OwnRepository, place: Place) => Promise<Result>,
): Promise<Result> {
  const repository = await createOwnRepository({ ...place, hash });
  try {
    return await use(repository, place);
  } finally {
    await repository.remove().catch((cause: unknown) => {
      place.log.warn(`A temporary folder could not be deleted: ${describeCause(cause)}`);
    });
  }
}
