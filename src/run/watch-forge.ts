// Branches move and deployments are made while a long apply goes on: what the forge and Git have come to need since the plan is not deleted.

import { EvidenceError, RegistryError } from '../errors.ts';
import { describeReason } from '../model/describe-reason.ts';
import type { Digest } from '../model/reference.ts';
import type { Decisions } from '../policy/decisions.ts';
import type { Planned } from './make-plan.ts';
import type { UsageObjection, UsageWatchOptions } from './watch-usage.ts';

/** What a watch over the forge needs. */
export type ForgeWatchOptions = Omit<UsageWatchOptions, 'collected' | 'decided'> & {
  readonly planned: Pick<Planned, 'collected' | 'decideAgain'>;
};

/**
 * Reads the forge and the history again whenever the last reading is older than the window, and decides again on the plan's images; the
 * first reading is the plan's own. A new decision can only keep. Without a forge, nothing is read and nothing speaks against anything.
 * The answers throw EvidenceError when it cannot be read any more: then nothing further may be deleted. A limit of the forge is told as
 * the RegistryError that it is.
 */
export function watchForge({ settings, context, planned, clockMs, windowMs }: ForgeWatchOptions): UsageObjection {
  const { forge, git } = settings;
  if (forge === 'off' || git === 'off') return () => () => Promise.resolve(undefined);
  let readAtMs = clockMs();
  let decided: ReadonlyMap<string, Decisions> = new Map();
  let looking: Promise<void> | undefined;

  const look = async (asked: Exclude<typeof forge, 'off'>, from: Exclude<typeof git, 'off'>): Promise<void> => {
    const { collectForge } = await import('./collect-forge.ts');
    // What it says is as old as its beginning, however late it ends.
    const beganMs = clockMs();
    const { environment, log } = context;
    const snapshots = planned.collected.repositories.map(({ snapshot }) => snapshot);
    const request = { settings, forge: asked, git: from, environment, log, snapshots };
    const known = await collectForge(request).catch((error: unknown) => {
      // A limit is a limit, whatever was asked for: the rest is left to a later run.
      throw error instanceof EvidenceError && error.cause instanceof RegistryError ? error.cause : error;
    });
    decided = planned.decideAgain(known);
    // Only now: a reading that broke off half-way is no reading.
    readAtMs = beganMs;
  };

  return (repository) => async (digest: Digest) => {
    if (clockMs() - readAtMs > windowMs) {
      // Steps under way at once share one reading.
      looking ??= look(forge, git).finally(() => {
        looking = undefined;
      });
      await looking;
    }
    const decision = decided.get(repository)?.decisions.get(digest);
    if (decision?.decision !== 'keep') return undefined;
    const [reason] = decision.reasons;
    return `it has come to be needed since the plan was made${reason === undefined ? '' : `: ${describeReason(reason)}`}`;
  };
}
