// Deployments of a project, and what became of them: GitLab says it of a deployment and of its environment, and only both tell.

import * as z from 'zod';
import { decodeWire, instantSchema } from '../forge/decode-wire.ts';
import type { ListedDeployments } from '../forge/forge-source.ts';
import type { Deployment, DeploymentState } from '../model/forge.ts';
import { appendTo } from '../util/append-to.ts';
import { type GitlabProject, READ_PERMISSION, readAsEvidence } from './project-evidence.ts';
import { type WireDeployment, walkDeployments } from './walk-deployments.ts';

/** https://docs.gitlab.com/api/environments/#list-environments; `state` is `available`, `stopping` or `stopped`. */
const environmentsSchema = z.array(
  z.object({ id: z.int().positive(), state: z.string(), updated_at: instantSchema.optional() }),
);

/** Environments that are stopped, with the time since when at the latest, where GitLab tells it. */
type Stopped = ReadonlyMap<number, number | undefined>;

/** What a deployment is later by than another. */
type Order = (deployment: WireDeployment) => number;

const ORDERS: readonly Order[] = [
  ({ id }) => id,
  ({ updated_at: at }) => at,
  ({ deployable, updated_at: at }) => deployable?.finished_at ?? at,
];

/** GitLab's words that mean the same whatever the environment's state; `success` and `created` do not. */
const STATES: ReadonlyMap<string, DeploymentState> = new Map([
  ['running', 'pending'],
  ['blocked', 'pending'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
  ['skipped', 'failed'],
]);

/**
 * All deployments to all environments, newest first. In an environment that is not stopped the last one that succeeded is active; in a
 * stopped one all that succeeded before are inactive, and what had not begun by then counts as failed.
 * @throws EvidenceError EVIDENCE_FORGE when they or the environments cannot be read to the end or understood.
 */
export async function readDeployments(source: GitlabProject): Promise<ListedDeployments> {
  const { gitlab, project } = source;
  return readAsEvidence('switch the rule off with deployments: false in the policy file', async () => {
    const ofEnvironments = `list the environments of ${project}`;
    const items = await gitlab.list({
      route: '/projects/{id}/environments',
      parameters: { id: project },
      purpose: ofEnvironments,
      permission: READ_PERMISSION,
      key: 'id',
    });
    const environments = decodeWire(environmentsSchema, items, ofEnvironments);
    const stopped = new Map(
      environments.filter(({ state }) => state === 'stopped').map(({ id, updated_at: at }) => [id, at]),
    );
    // Whatever is deployed meanwhile is seen last.
    const listed = await walkDeployments(source, `list the deployments of ${project}`);
    return placeDeployments(listed, stopped);
  });
}

function placeDeployments(listed: readonly WireDeployment[], stopped: Stopped): ListedDeployments {
  const last = findLast(listed);
  const newestFirst = listed.toSorted((a, b) => b.created_at - a.created_at || b.id - a.id);
  const deployments = newestFirst.map(
    (deployment): Deployment => ({
      environment: deployment.environment.name,
      commit: deployment.sha,
      state: stateOf(deployment, { isStopped: wasStoppedAfter(deployment, stopped), isLast: last.has(deployment.id) }),
      createdAt: deployment.created_at,
    }),
  );
  // Of what was torn down, images that name the commit are enough: thousands of previews need not be fetched.
  const running = newestFirst.filter((deployment) => !wasStoppedAfter(deployment, stopped));
  return { deployments, commits: [...new Set(running.map(({ sha }) => sha))] };
}

/** A deployment that changed after the environment was looked at has started it again, as far as anybody can tell. */
function wasStoppedAfter({ environment, updated_at: changedAt }: WireDeployment, stopped: Stopped): boolean {
  if (!stopped.has(environment.id)) return false;
  const at = stopped.get(environment.id);
  return at === undefined || changedAt <= at;
}

/**
 * The last that succeeded in each environment. GitLab goes by the end, which it shows of jobs only, and went by the number before; where
 * these do not agree, each counts as the last.
 */
function findLast(listed: readonly WireDeployment[]): ReadonlySet<number> {
  const succeeded = new Map<number, WireDeployment[]>();
  for (const deployment of listed)
    if (deployment.status === 'success') appendTo(succeeded, deployment.environment.id, deployment);
  return new Set([...succeeded.values()].flatMap((those) => ORDERS.flatMap((order) => findMost(those, order))));
}

/** Numbers of those that the order puts last. */
function findMost(deployments: readonly WireDeployment[], order: Order): readonly number[] {
  const most = deployments.reduce((highest, deployment) => Math.max(highest, order(deployment)), 0);
  return deployments.filter((deployment) => order(deployment) === most).map(({ id }) => id);
}

/** https://docs.gitlab.com/api/deployments/: a word that is not there is unknown. */
function stateOf(
  { status }: WireDeployment,
  { isStopped, isLast }: { readonly isStopped: boolean; readonly isLast: boolean },
): DeploymentState {
  if (status === 'success') return isLast && !isStopped ? 'active' : 'inactive';
  if (status === 'created') return isStopped ? 'failed' : 'pending';
  return STATES.get(status) ?? 'unknown';
}
