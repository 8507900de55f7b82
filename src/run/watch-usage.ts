// Clusters change while a long apply goes on: what has come into use since the plan is not deleted.

import type { Settings } from '../config/settings.ts';
import type { KeepReason } from '../model/decision.ts';
import { describeReason } from '../model/describe-reason.ts';
import type { Digest } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import { type KeepReasons, protectReachable } from '../policy/closure.ts';
import type { Decisions } from '../policy/decisions.ts';
import { takeInventory } from '../policy/inventory.ts';
import { keepUsed } from '../policy/rules/kubernetes.ts';
import { addUsedDigests, type Collected, collectUsage, type RunContext } from './collect-evidence.ts';
import { refuseEmpty } from './refuse-empty.ts';

/** For a repository: says why a digest must stay because of its use in clusters now; undefined when nothing uses it. */
export type UsageObjection = (repository: string) => (digest: Digest) => Promise<string | undefined>;

/** What a watch over the clusters needs. */
export interface UsageWatchOptions {
  readonly settings: Settings;
  readonly context: RunContext;
  readonly collected: Collected;
  /** What the plan rests on. */
  readonly decided: ReadonlyMap<string, Decisions>;
  /** Milliseconds of a steady clock. */
  readonly clockMs: () => number;
  /** How long one reading of the clusters is good, from its beginning. */
  readonly windowMs: number;
}

/** When the first and the last whole reading began. */
export interface UsageReadAt {
  readonly first: Instant;
  readonly last: Instant;
}

/** The clusters, read again and again. */
export interface UsageWatch {
  /** Reads them now. Before the first delete: what was deployed since the plan's reading is not deleted. @throws EvidenceError */
  readonly lookNow: () => Promise<void>;
  readonly objectionTo: UsageObjection;
  /** Undefined while nothing was read, and where no cluster is asked. */
  readonly readAt: () => UsageReadAt | undefined;
}

/**
 * Reads the clusters again before anything is answered, and whenever the last reading began longer ago than the window; the plan's own
 * reading does not count, however young it is. Where one reading takes longer than the window, every answer has one of its own.
 * The answers throw EvidenceError when the clusters cannot be read any more: then nothing further may be deleted; nor when one shows nothing.
 */
export function watchUsage(options: UsageWatchOptions): UsageWatch {
  const { settings, context, collected, decided, clockMs, windowMs } = options;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let readAt: UsageReadAt | undefined;
  let inUse = new Map<string, ReadonlyMap<Digest, readonly KeepReason[]>>();
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    // What it says of the first object is as old as its beginning, however late it ends.
    const beganMs = clockMs();
    const began = context.now();
    const usage = await collectUsage(settings, context);
    // No plan that does anything rests on such a reading, and no delete does.
    if (usage !== undefined) refuseEmpty(usage.sources);
    const found = new Map<string, ReadonlyMap<Digest, readonly KeepReason[]>>();
    for (const repository of collected.repositories) {
      if (usage === undefined) break;
      const { name, snapshot } = await addUsedDigests(repository, usage);
      const used = keepUsed({ snapshot, usage, mirrors: settings.policy.kubernetes.mirrors });
      const { graph, relativesOf } = takeInventory({ snapshot }, settings.policy);
      const needed = protectReachable(graph, used.keep, relativesOf);
      found.set(name, withoutSuperseded(needed, decided.get(name)));
    }
    inUse = found;
    // Only now: a reading that broke off half-way is no reading.
    readAtMs = beganMs;
    if (usage !== undefined) readAt = { first: readAt?.first ?? began, last: began };
  }

  /** Steps under way at once share one reading. */
  const lookNow = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  return {
    lookNow,
    readAt: () => readAt,
    objectionTo: (repository) => async (digest) => {
      if (clockMs() - readAtMs > windowMs) await lookNow();
      const [reason] = inUse.get(repository)?.get(digest) ?? [];
      return reason === undefined
        ? undefined
        : `it has come into use since the plan was made: ${describeReason(reason)}`;
    },
  };
}

/** A record that goes although its image stays is no more needed for the image's being in use. */
function withoutSuperseded(needed: KeepReasons, decisions: Decisions | undefined): KeepReasons {
  if (decisions === undefined) return needed;
  const { records, graph } = decisions;
  const stays = (digest: Digest): boolean => decisions.decisions.get(digest)?.decision === 'keep';
  for (const record of records) {
    const images = graph.subjectsOf(record);
    if (images.length > 0 && images.every(stays)) needed.delete(record);
  }
  return needed;
}
