// Brings back what one repository lost. Asks the registry, decides nothing, and deletes nothing ever.

import type { Journal } from '../apply/journal.ts';
import { describeCause, RegistryError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Digest } from '../model/reference.ts';
import { formatInstant, type Instant } from '../model/time.ts';
import type { IntentLine, RestoredLine } from '../plan/journal-line.ts';
import type { RepositoryLosses } from '../plan/list-losses.ts';
import type { Registry, RestoreAnswer } from '../registry/port.ts';
import type { RestoredImage } from '../report/restore-report.ts';
import { type PutWork, putTagBack, restoreByPut } from './restore-by-put.ts';

/** What the work on one repository needs. */
export interface RestoreWork {
  readonly losses: RepositoryLosses;
  /** Every digest that the journal names in this repository, whatever has become of it. */
  readonly named: ReadonlySet<Digest>;
  readonly registry: Registry;
  readonly journal: Pick<Journal, 'write'>;
  readonly log: Log;
  readonly now: () => Instant;
  /** When it is aborted, no further image is asked for. */
  readonly signal: AbortSignal | undefined;
  /** Hears of each answer at once, so that a later failure loses none. */
  readonly onImage: (loss: IntentLine, image: RestoredImage) => void;
}

/**
 * Images first, single tags after them. Returns why the registry's quota lets nothing more be asked, when that is so: what got no
 * answer is left.
 * @throws what the registry throws, its limits excepted; answers until then were told.
 */
export async function restoreRepository(work: RestoreWork): Promise<string | undefined> {
  try {
    return (await restoreImages(work)) ?? (await restoreTags(work));
  } catch (error) {
    if (error === INTERRUPTED) return undefined;
    if (error instanceof RegistryError && (error.code === 'RATE_LIMITED' || error.code === 'QUOTA'))
      return describeCause(error);
    throw error;
  }
}

/** Thrown through a registry's own loop to end it. */
const INTERRUPTED = new Error('the run was interrupted');

async function restoreImages(work: RestoreWork): Promise<string | undefined> {
  const { losses, signal, log } = work;
  const lostBy = new Map(losses.images.map((loss) => [loss.digest, loss]));
  let notNow: string | undefined;
  let answered = 0;
  if (lostBy.size > 0)
    await askFor(work, lostBy, async (digest, answer) => {
      const loss = lostBy.get(digest);
      if (loss === undefined) return;
      if (answer.kind === 'not-now') notNow ??= answer.why;
      await settle(work, loss, answer);
      answered += 1;
      log.progress(`restore ${losses.name}`, answered, lostBy.size);
      if (signal?.aborted === true) throw INTERRUPTED;
    });
  return notNow;
}

/** By the registry's own undo, where it has one. */
async function askFor(
  { registry, named }: RestoreWork,
  lostBy: ReadonlyMap<Digest, IntentLine>,
  onAnswer: (digest: Digest, answer: RestoreAnswer) => Promise<void>,
): Promise<void> {
  if (registry.capabilities.undo === 'restore') {
    await registry.restore?.([...lostBy.keys()], onAnswer);
    return;
  }
  const work: PutWork = { registry, named, seen: new Set() };
  for (const [digest, loss] of lostBy) await onAnswer(digest, await restoreByPut(work, loss));
}

async function restoreTags(work: RestoreWork): Promise<undefined> {
  for (const loss of work.losses.tags) {
    if (work.signal?.aborted === true) return undefined;
    const [tag] = loss.tags;
    if (tag !== undefined) await settle(work, loss, await putTagBack(work.registry, loss, tag));
  }
  return undefined;
}

async function settle(work: RestoreWork, loss: IntentLine, answer: RestoreAnswer): Promise<void> {
  const { losses, journal, log, now, onImage } = work;
  const what = loss.action === 'untag' ? 'tag' : 'image';
  const had = loss.tags.toSorted();
  const frame = { what, digest: loss.digest, tags: had } as const;
  switch (answer.kind) {
    case 'restored':
    case 'already-there':
      onImage(loss, { ...frame, outcome: answer.kind, tagsBack: had.filter((tag) => answer.tags.includes(tag)) });
      await note(restoredLine(losses.name, loss, now()), { journal, log });
      return;
    case 'refused':
      onImage(loss, { ...frame, outcome: 'refused', tagsBack: [], why: answer.why });
      return;
    case 'not-now':
      onImage(loss, { ...frame, outcome: 'left', tagsBack: [], why: answer.why });
  }
}

function restoredLine(repository: string, { action, digest, tags }: IntentLine, at: Instant): RestoredLine {
  const [tag] = action === 'untag' ? tags : [];
  return { kind: 'restored', at: formatInstant(at), repository, digest, ...(tag === undefined ? {} : { tag }) };
}

/** Without its line the next restore asks once more and hears that it is there: nothing is lost. */
async function note(line: RestoredLine, { journal, log }: Pick<RestoreWork, 'journal' | 'log'>): Promise<void> {
  try {
    await journal.write(line);
  } catch (cause) {
    log.warn(`the journal does not say that ${line.digest} was brought back: ${describeCause(cause)}`);
  }
}
