// From a journal to what came back: which repositories, whether they can, and one after the other. Deletes nothing.

import { readFile } from 'node:fs/promises';
import { type Journal, openJournal } from '../apply/journal.ts';
import type { RepositoryTarget, RestoreSettings } from '../config/settings.ts';
import { CleanupError, describeCause, UsageError } from '../errors.ts';
import { type Digest, formatRepository, parseRepository, type RepositoryReference } from '../model/reference.ts';
import { decodeJournal } from '../plan/decode-journal.ts';
import type { IntentLine } from '../plan/journal-line.ts';
import { listLosses, type RepositoryLosses } from '../plan/list-losses.ts';
import type { Registry } from '../registry/port.ts';
import type { RepositoryRestore, RestoredImage } from '../report/restore-report.ts';
import { closeAll, type RunContext } from './collect-evidence.ts';
import { type RestoreWork, restoreRepository } from './restore-repository.ts';
import { chooseWays, type RestoreWay, refuseManyRegistries } from './restore-ways.ts';

/** What a restore has found out so far. */
export interface RestoreProgress {
  readonly repositories: readonly RepositoryRestore[];
  readonly restoredBefore: number;
}

/** What a restore goes by. */
export interface RestoreRequest {
  readonly settings: RestoreSettings;
  readonly context: RunContext;
  /** The adapter for a repository. */
  readonly open: (repository: RepositoryReference, way: RestoreWay) => Promise<Registry>;
}

/** How to open a repository. Nothing of it is loaded before it is used. */
export function restoreOpener(settings: RestoreSettings, context: RunContext): RestoreRequest['open'] {
  return async (repository, provider) => {
    const { openRegistry } = await import('../registry/open-registry.ts');
    const target: RepositoryTarget = { kind: 'registry', repository, provider };
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
 * @throws UsageError USAGE for no journal, for a repository that it does not name, for one that has no undo, and for a user name
 *   that would go to several registries, before anything is done.
 */
export async function restoreRepositories(
  request: RestoreRequest,
  tell: (progress: RestoreProgress) => void,
): Promise<void> {
  const { settings, context } = request;
  const { losses: all, named } = await readLosses(settings.journal, context);
  const losses = selectLosses(all, settings);
  const restoredBefore = losses.reduce((sum, one) => sum + one.restoredBefore, 0);
  const lost = losses.filter(({ images, tags }) => images.length + tags.length > 0);
  tell({ repositories: [], restoredBefore });
  if (lost.length === 0) return;
  refuseManyRegistries(losses, settings);
  const work = chooseWays(lost, settings).map(
    ([one, way]): Work => ({
      losses: one,
      way,
      named: named.get(one.name) ?? new Set(),
      answers: new Map(),
      why: 'not tried: the run ended before its turn',
    }),
  );
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
  readonly way: RestoreWay;
  readonly named: ReadonlySet<Digest>;
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
    const registry = await open(repository, one.way);
    try {
      assertUndo(registry, one);
      const { log, now, signal } = context;
      const onImage: RestoreWork['onImage'] = (loss, image) => void one.answers.set(loss, image);
      const { losses, named } = one;
      const notNow = await restoreRepository({ losses, named, registry, journal, log, now, signal, onImage });
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

interface ReadLosses {
  readonly losses: readonly RepositoryLosses[];
  /** By repository, whatever has become of them. */
  readonly named: ReadonlyMap<string, ReadonlySet<Digest>>;
}

async function readLosses(path: string, { log }: RunContext): Promise<ReadLosses> {
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
  const named = new Map<string, Set<Digest>>();
  for (const { repository, digest } of lines) named.set(repository, (named.get(repository) ?? new Set()).add(digest));
  return { losses: listLosses(lines), named };
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

function assertUndo({ capabilities }: Registry, { losses, way }: Work): void {
  if (capabilities.undo === (way === 'github' ? 'restore' : 'put-manifest')) return;
  throw new UsageError(`${losses.name} is on a registry (${capabilities.title}) that cannot restore.`, {
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
