// Rule `deployments`: what runs somewhere, what is on its way there, and what one may have to go back to is kept.

import type { KeepReason } from '../../model/decision.ts';
import type { Deployment, DeploymentState } from '../../model/forge.ts';
import type { CommitId } from '../../model/history.ts';
import type { Digest } from '../../model/reference.ts';
import { durationFromMs, type Instant, instantFromMs } from '../../model/time.ts';
import { appendTo } from '../../util/append-to.ts';
import { compareText } from '../../util/compare-text.ts';
import { collectReasons } from '../collect-reasons.ts';
import type { Claims, ForgeRuleInput } from '../commit-claims.ts';
import { addEventReasons, type EventClaim, oldestOfNewest } from '../event-claims.ts';
import { compileGlob } from '../glob.ts';

/**
 * GitHub fails a job that waits for an approval after 30 days, so nothing older is still on its way, and hardly anybody brings back a
 * preview that was torn down so long ago: https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
 */
const LATELY = durationFromMs(30 * 86_400_000);

/** The strongest first: it is the one that is told. */
const STATES: readonly DeploymentState[] = ['active', 'unknown', 'pending', 'inactive', 'failed'];

/**
 * Reasons to keep, by image; empty when the rule is off or the forge was not asked. In each environment, among the deployments of
 * commits that have images here:
 *
 * - all that are active, or in a state that we do not know;
 * - the newest one, whatever became of it;
 * - those of the newest `last` commits that are or were active;
 * - pending ones that are newer than the oldest of these, or made in the last 30 days.
 *
 * Where nothing is active, pending or unknown any more the environment was torn down: then what was active once counts only for 30 days.
 * Equal dates share a place. An image is of a deployment by any link to its commit, by its bare id when the history has no such commit,
 * and by a test merge on either side.
 */
export function keepDeployments(input: ForgeRuleInput, claims: Claims): ReadonlyMap<Digest, readonly KeepReason[]> {
  const { deployments: wish } = input.policy.forge;
  const reasons = collectReasons();
  if (wish === 'off') return reasons.keep;
  const isWanted = matchEnvironment(wish.environments);
  const environments = new Map<string, Deployment[]>();
  for (const deployment of (input.forge.deployments ?? []).toSorted(strongestFirst)) {
    const { environment } = deployment;
    if (isWanted(environment)) appendTo(environments, environment, deployment);
  }
  for (const [environment, deployments] of environments) {
    const about = deployments.flatMap((event): readonly EventClaim<Deployment>[] =>
      claims.find(event.commit).map((claim) => ({ ...claim, event })),
    );
    const isTornDown = deployments.every(({ state }) => state === 'inactive' || state === 'failed');
    addEventReasons(reasons, about, {
      select: (events) => selectDeployments(events, { last: wish.last, isTornDown, now: input.now }),
      subjectOf: () => `environment ${environment}`,
      reasonOf: ({ state, commit }, { found }) => ({ rule: 'deployment', environment, state, commit, found }),
    });
  }
  return reasons.keep;
}

/** A predicate for names of environments; no glob means all of them. */
export function matchEnvironment(globs: readonly string[]): (environment: string) => boolean {
  const matchers = globs.map((glob) => compileGlob(glob, { ignoreCase: true }));
  return (environment) => matchers.length === 0 || matchers.some((matches) => matches(environment));
}

interface Selecting {
  readonly last: number;
  readonly isTornDown: boolean;
  readonly now: Instant;
}

function selectDeployments(deployments: readonly Deployment[], selecting: Selecting): readonly Deployment[] {
  const { last, isTornDown, now } = selecting;
  const isLate = ({ createdAt }: Deployment): boolean => createdAt > now - LATELY;
  const wasActive = (deployment: Deployment): boolean =>
    deployment.state === 'active' || (deployment.state === 'inactive' && (!isTornDown || isLate(deployment)));
  // A commit that was deployed again and again takes one place.
  const dates = newestDates(deployments.filter(wasActive));
  const oldest = oldestOfNewest([...dates.values()], last);
  const newest = deployments.reduce((latest, { createdAt }) => Math.max(latest, createdAt), 0);
  return deployments.filter((deployment) => {
    const { state, createdAt } = deployment;
    if (state === 'active' || state === 'unknown') return true;
    if (state === 'inactive') return wasActive(deployment) && createdAt >= oldest;
    return createdAt === newest || (state === 'pending' && (createdAt >= oldest || isLate(deployment)));
  });
}

function newestDates(deployments: readonly Deployment[]): ReadonlyMap<CommitId, Instant> {
  const dates = new Map<CommitId, Instant>();
  for (const { commit, createdAt } of deployments) {
    dates.set(commit, instantFromMs(Math.max(createdAt, dates.get(commit) ?? createdAt)));
  }
  return dates;
}

function strongestFirst(a: Deployment, b: Deployment): number {
  return (
    compareText(a.environment, b.environment) ||
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    b.createdAt - a.createdAt ||
    compareText(a.commit, b.commit)
  );
}
