// From a journal to what came back: which repositories, whether they can, and one after the other. Deletes nothing.

import { readFile } from 'node:fs/promises';
import { type Journal, openJournal } from '../apply/journal.ts';
import type { RepositoryTarget, RestoreSettings } from '../config/settings.ts';
import { CleanupError, describeCause, UsageError } from '../errors.ts';
import { formatRepository, parseRepository, type RepositoryReference } from '../model/reference.ts';
import { decodeJournal } from '../plan/decode-journal.ts';
import type { IntentLine } from '../plan/journal-line.ts';
import { listLosses, type RepositoryLosses } from '../plan/list-losses.ts';
import type { Registry } from '../registry/port.ts';
import type { RepositoryRestore, RestoredImage } from '../report/restore-report.ts';
import { closeAll, type RunContext } from './collect-evidence.ts';
import { type RestoreWork, restoreRepository } from './restore-repository.ts';

/** What a restore has found out so far. */
export interface RestoreProgress {
  readonly repositories: readonly RepositoryRestore[];
  readonly restoredBefore: number;
}

/** What a restore goes by. */
export interface RestoreRequest {
  readonly settings: RestoreSettings;
  readonly context: RunContext;
  /** The adapter for a repository on GitHub. */
  readonly open: (repository: RepositoryReference) => Promise<Registry>;
}

/** How to open a repository on GitHub. Nothing of it is loaded before it is used. */
export function githubOpener(settings: RestoreSettings, context: RunContext): RestoreRequest['open'] {
  return async (repository) => {
    const { openRegistry } = await import('../registry/open-registry.ts');
    const target: RepositoryTarget = { kind: 'registry', repository, provider: 'github' };
    const { environment, now, log } = context;
    return await openRegistry(target, {
      settings: settings.registry,
      environment,
      now: now(),
      log,
      ...(settings.cacheDirectory === undefined ? {} : { cacheDirectory: settings.cacheDirectory }),
    });
  };
}

/**
 * Brings back what the journal says was deleted, repository after repository. `tell` hears of everything that is known by the end,
 * however it ends: what got no answer is left.
 * @throws UsageError USAGE for no journal, for a repository that it does not name, and for one that has no undo, before anything is done.
 */
export async function restoreRepositories(
  request: RestoreRequest,
  tell: (progress: RestoreProgress) => void,
): Promise<void> {
  const { settings, context } = request;
  const losses = selectLosses(await readLosses(settings.journal, context), settings);
  const restoredBefore = losses.reduce((sum, one) => sum + one.restoredBefore, 0);
  const lost = losses.filter(({ images, tags }) => images.length + tags.length > 0);
  const work = lost.map(
    (one): Work => ({ losses: one, answers: new Map(), why: 'not tried: the run ended before its turn' }),
  );
  tell({ repositories: [], restoredBefore });
  if (work.length === 0) return;
  refuseOthers(lost, settings);
  const journal = await openToWrite(settings.journal);
  try {
    await restoreAll(work, journal, request);
  } finally {
    await journal.close();
    tell({ repositories: work.map(rowsOf), restoredBefore });
  }
}

/** One repository, its answers so far, and what becomes of the rest. */
interface Work {
  readonly losses: RepositoryLosses;
  readonly answers: Map<IntentLine, RestoredImage>;
  why: string;
}

async function restoreAll(work: readonly Work[], journal: Journal, { context, open }: RestoreRequest): Promise<void> {
  const spent = new Map<string, string>();
  for (const one of work) {
    const repository = parseRepository(one.losses.name);
    const before = spent.get(repository.host);
    if (before !== undefined) one.why = `not tried: ${before}`;
    if (before !== undefined || context.signal?.aborted === true) continue;
    const registry = await open(repository);
    try {
      assertUndo(registry, one.losses);
      const { log, now, signal } = context;
      const onImage: RestoreWork['onImage'] = (loss, image) => void one.answers.set(loss, image);
      const notNow = await restoreRepository({ losses: one.losses, registry, journal, log, now, signal, onImage });
      if (notNow === undefined) continue;
      one.why = `not tried: ${notNow}`;
      spent.set(repository.host, notNow);
    } finally {
      await closeAll([registry], context.log);
    }
  }
}

function rowsOf({ losses, answers, why }: Work): RepositoryRestore {
  const rows = [...losses.images, ...losses.tags].map((loss): RestoredImage => {
    const what = loss.action === 'untag' ? 'tag' : 'image';
    const left = { what, digest: loss.digest, outcome: 'left', tags: loss.tags.toSorted(), tagsBack: [], why } as const;
    return answers.get(loss) ?? left;
  });
  return { name: losses.name, images: rows };
}

async function readLosses(path: string, { log }: RunContext): Promise<readonly RepositoryLosses[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`The journal ${path} cannot be read: ${describeCause(cause)}`, {
      code: 'USAGE',
      hint: 'Give the file that `apply --journal` wrote.',
      cause,
    });
  }
  const { lines, cut } = decodeJournal(text, path);
  for (const number of cut) log.info(`line ${number} of ${path} was cut short when a run was killed: it is left out`);
  return listLosses(lines);
}

/** @throws UsageError USAGE for a repository that the journal does not name: nobody shall believe that it was restored. */
function selectLosses(losses: readonly RepositoryLosses[], settings: RestoreSettings): readonly RepositoryLosses[] {
  const wanted = settings.repositories.map(formatRepository);
  const unknown = wanted.filter((name) => !losses.some((one) => one.name === name));
  if (unknown.length > 0) {
    const names = losses.map(({ name }) => name).join(', ');
    throw new UsageError(`The journal ${settings.journal} names nothing in ${unknown.join(', ')}.`, {
      code: 'USAGE',
      hint: names === '' ? 'It is empty: no apply has deleted anything with it.' : `It names ${names}.`,
    });
  }
  return wanted.length === 0 ? losses : losses.filter(({ name }) => wanted.includes(name));
}

/** @throws UsageError USAGE that names every repository whose deletions no registry takes back. */
function refuseOthers(losses: readonly RepositoryLosses[], settings: RestoreSettings): void {
  const { githubHosts } = settings;
  const isOnGithub = ({ name, undo }: RepositoryLosses): boolean =>
    (undo ?? 'restore') === 'restore' && (githubHosts === 'any' || githubHosts.includes(parseRepository(name).host));
  const others = losses.filter((one) => !isOnGithub(one));
  if (others.length > 0) {
    throw new UsageError(others.map(describeOther).join('\n'), {
      code: 'USAGE',
      hint:
        'The README says under "When something went wrong" how manifests are put back from the journal by hand. ' +
        'Name the repositories that can be restored with --repository.',
    });
  }
  if (settings.registry.github === undefined) {
    throw new UsageError(`There is no token to restore ${losses.map(({ name }) => name).join(', ')} with.`, {
      code: 'USAGE',
      hint: 'Give one in GITHUB_TOKEN; it needs the right to write packages.',
    });
  }
}

function describeOther({ name, undo }: RepositoryLosses): string {
  switch (undo) {
    case 'none':
      return `${name} was cleaned as an OCI layout: its blobs went with the images, so these cannot be brought back.`;
    case 'restore':
      return `${name} is not on the GitHub of this run: say which one with GITHUB_API_URL, or that it is with --provider github.`;
    case 'put-manifest':
    case undefined:
      return `${name} is on a registry that has no undo of its own: only pushing its manifests again brings them back.`;
  }
}

function assertUndo(registry: Registry, { name }: RepositoryLosses): void {
  if (registry.restore !== undefined && registry.capabilities.undo === 'restore') return;
  throw new UsageError(`${name} is on a registry (${registry.capabilities.title}) that cannot restore.`, {
    code: 'USAGE',
    hint: 'The README says under "When something went wrong" how manifests are put back by hand.',
  });
}

async function openToWrite(path: string): Promise<Journal> {
  try {
    return await openJournal(path);
  } catch (cause) {
    if (!(cause instanceof CleanupError)) throw cause;
    throw new UsageError(cause.message, {
      code: 'USAGE',
      hint: 'What comes back is noted in it: copy it to a place that can be written, and give that one.',
      cause,
    });
  }
}
