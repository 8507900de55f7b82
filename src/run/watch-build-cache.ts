// Build cache goes after the images that it was made for: one that was to go, and is still there after its steps, keeps the cache it needs.

import type { Digest } from '../model/reference.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';
import type { Decisions } from '../policy/decisions.ts';
import type { Planned } from './make-plan.ts';
import type { UsageObjection } from './watch-usage.ts';

/** What was planned, and what came of it so far. */
export interface CacheWatchOptions {
  readonly planned: Pick<Planned, 'decided' | 'plan' | 'decideKeeping'>;
  /** The steps that this run is to carry out; a reviewed plan may have fewer than the plan. */
  readonly stepsOf: (repository: string) => readonly Step[];
  /** What became of the steps of a repository in this run; undefined before its turn. */
  readonly outcomesOf: (repository: string) => readonly Outcome[] | undefined;
}

/**
 * Says of build cache that was to go as unneeded why it must stay: decided again, with the images that are still there, it stays; what another
 * rule about cache condemns does not. Images whose turn comes later count as gone: the cache of one that then stays is worth one slow build.
 */
export function watchBuildCache({ planned, stepsOf, outcomesOf }: CacheWatchOptions): UsageObjection {
  return (name) => {
    const decisions = planned.decided.get(name)?.decisions;
    let again: ReadonlyMap<string, Decisions> | undefined;
    return (digest) => {
      const decision = decisions?.get(digest);
      const isUnneeded = decision?.reasons.some(({ rule }) => rule === 'cache-unneeded') === true;
      if (!isUnneeded) return Promise.resolve(undefined);
      again ??= decideAgain({ planned, stepsOf, outcomesOf });
      const reason = again
        .get(name)
        ?.decisions.get(digest)
        ?.reasons.find(({ rule }) => rule === 'cache-needed');
      if (reason?.rule !== 'cache-needed') return Promise.resolve(undefined);
      const place = reason.repository ?? name;
      return Promise.resolve(`it is build cache of ${reason.by} in ${place}, which was to go and was not deleted`);
    };
  };
}

/** Nothing where everything went that was to go. */
function decideAgain(options: CacheWatchOptions): ReadonlyMap<string, Decisions> {
  const left = options.planned.plan.repositories.flatMap(({ name, steps }) => listLeft(name, steps, options));
  return left.length === 0 ? new Map() : options.planned.decideKeeping(left);
}

/** The images whose steps are not among those of this run, or came to nothing. */
function listLeft(name: string, steps: readonly Step[], options: CacheWatchOptions): readonly Digest[] {
  const decisions = options.planned.decided.get(name)?.decisions;
  const going = new Set(options.stepsOf(name).map(keyOf));
  const outcomes = options.outcomesOf(name);
  const done = new Set((outcomes ?? []).filter(isDone).map(({ step }) => keyOf(step)));
  const isLeft = (step: Step): boolean => !going.has(keyOf(step)) || (outcomes !== undefined && !done.has(keyOf(step)));
  return steps
    .filter(isLeft)
    .map(({ digest }) => digest)
    .filter((digest) => {
      const decision = decisions?.get(digest);
      // Cache that is still there needs no cache.
      return decision?.decision === 'delete' && !decision.reasons.some(({ rule }) => rule.startsWith('cache-'));
    });
}

function keyOf({ action, digest, tag }: Step): string {
  return `${action} ${digest} ${tag ?? ''}`;
}

function isDone({ outcome }: Outcome): boolean {
  return outcome === 'deleted' || outcome === 'already-gone';
}
