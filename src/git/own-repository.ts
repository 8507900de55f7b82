// A bare repository of our own in a folder of its own: everything that needs a repository is done here, so that the user's
// clone is never written to. It may borrow the clone's objects, and it knows no reference but the ones that are put into it.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeCause, EvidenceError } from '../errors.ts';
import type { CommitId } from '../model/history.ts';
import { type Environment, ownEnvironment } from './git-environment.ts';
import { type GitCall, streamGit } from './run-git.ts';
import type { ConfigEntry, Redact } from './secrets.ts';

/** A repository elsewhere, and all that git needs to reach it. */
export interface Remote {
  /** For messages, without credentials: `origin (https://github.com/acme/shop)`. */
  readonly title: string;
  /** Where git runs, so that relative addresses mean something. */
  readonly directory: string;
  /** Git's whole configuration there. Its credentials travel in the environment of git, and are never written to a file. */
  readonly config: readonly ConfigEntry[];
  readonly redact: Redact;
}

/** A repository of our own. Its references are numbered, because names are untrusted and may differ only in case. */
export interface OwnRepository {
  /** Absolute path. */
  readonly directory: string;
  /** A call of git that acts on this repository; it runs where the remote's relative addresses start. */
  call(purpose: string, parameters: readonly string[]): GitCall;
  /** Sets the references to exactly these ids, `refs/listed/0`, `refs/listed/1`, … in the given order. */
  setReferences(ids: readonly CommitId[]): Promise<void>;
  /**
   * Gets the given ids and all commits behind them from the remote, which is told what the references reach; `treeless` without trees
   * and files, where the server can do that. Treeless does not mix with borrowed objects: git (2.39) then looks for missing ones at
   * origin, without end.
   * @throws EvidenceError EVIDENCE_GIT when the remote does not supply every one.
   */
  fetch(ids: readonly CommitId[], objects: 'treeless' | 'all'): Promise<void>;
  /** Deletes the folder. */
  remove(): Promise<void>;
}

/** What {@link createOwnRepository} needs. */
export interface OwnRepositoryOptions {
  readonly remote: Remote;
  readonly environment: Environment;
  /** The folder to make the repository's folder in. */
  readonly parent: string;
  readonly hash: 'sha1' | 'sha256';
  /** A folder with objects to use besides. Right only for one without holes, or when nothing is fetched. */
  readonly borrowFrom?: string;
}

/** What the folders of repositories of our own are called before their random end. */
export const OWN_FOLDER = 'registry-cleanup-git-';

/** What `HEAD` of a repository of our own says: no other repository has a branch of this name. */
export const OWN_HEAD = 'ref: refs/heads/none\n';

/** Numbered references are padded to this width, so that they are sorted. */
const NUMBER_WIDTH = 8;

/**
 * Makes an empty repository, readable by this user alone. Starts no process: the layout is documented (gitrepository-layout(5)),
 * and the user's templates have no business here.
 * @throws EvidenceError EVIDENCE_GIT when the folder cannot be made.
 */
export async function createOwnRepository(options: OwnRepositoryOptions): Promise<OwnRepository> {
  const { remote } = options;
  const directory = await makeFolder(options);
  const environment = ownEnvironment(options.environment, directory, remote.config);

  function call(purpose: string, parameters: readonly string[]): GitCall {
    return { arguments: parameters, directory: remote.directory, environment, purpose, redact: remote.redact };
  }

  async function fetch(ids: readonly CommitId[], objects: 'treeless' | 'all'): Promise<void> {
    // Exact ids without a name for them: what origin's references have become meanwhile does not matter.
    const wanted = ids.map((id) => `\tfetch = ${id}\n`).join('');
    await writeFile(join(directory, 'config'), `${baseConfig(options.hash)}[remote "origin"]\n${wanted}`);
    const filter = objects === 'treeless' ? ['--filter=tree:0'] : [];
    const parameters = ['fetch', '--quiet', '--no-write-fetch-head', ...filter, 'origin'];
    try {
      await streamGit(call(`fetch the history from ${remote.title}`, parameters), () => undefined);
    } finally {
      // Git noted there that missing objects can be had from origin. A missing commit must be an error from here on.
      await writeFile(join(directory, 'config'), baseConfig(options.hash));
    }
  }

  return {
    directory,
    call,
    fetch,
    setReferences: async (ids) => {
      const lines = ids.map((id, number) => `${id} refs/listed/${String(number).padStart(NUMBER_WIDTH, '0')}\n`);
      await writeFile(join(directory, 'packed-refs'), lines.join(''));
    },
    remove: async () => {
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function makeFolder({ parent, hash, borrowFrom }: OwnRepositoryOptions): Promise<string> {
  try {
    const directory = await mkdtemp(join(parent, OWN_FOLDER));
    await mkdir(join(directory, 'objects', 'info'), { recursive: true });
    await mkdir(join(directory, 'refs'));
    await writeFile(join(directory, 'HEAD'), OWN_HEAD);
    await writeFile(join(directory, 'config'), baseConfig(hash));
    if (borrowFrom !== undefined)
      await writeFile(join(directory, 'objects', 'info', 'alternates'), `${quoted(borrowFrom)}\n`);
    return directory;
  } catch (cause) {
    throw new EvidenceError(`Cannot make a temporary repository in ${parent}: ${describeCause(cause)}`, {
      code: 'EVIDENCE_GIT',
      hint: 'Set RUNNER_TEMP or TMPDIR to a folder with free space that this job may write to.',
      cause,
    });
  }
}

function baseConfig(hash: 'sha1' | 'sha256'): string {
  if (hash === 'sha1') return '[core]\n\trepositoryformatversion = 0\n\tbare = true\n';
  return '[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n';
}

/** A path for `objects/info/alternates`, where a line in quotes is a C string (gitrepository-layout(5)). */
function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
