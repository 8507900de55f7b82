// Which ended containers go: kubelet's MinAge, MaxPerPodContainer and MaxContainers, and its rule for when they conflict.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/#container-image-garbage-collection

import type { ContainerReason } from '../../../model/host-plan.ts';
import type { ContainerId, ContainerState, LocalContainer } from '../../../model/local-store.ts';
import { type Duration, durationFromMs } from '../../../model/time.ts';
import { appendTo } from '../../../util/append-to.ts';
import { compareText } from '../../../util/compare-text.ts';
import { ageAt, type HostContext, matchesLabel } from '../host-context.ts';

/** States in which nothing runs and nothing is under way. A word that nobody knows is none of them. */
const ENDED: ReadonlySet<ContainerState> = new Set(['created', 'exited', 'dead']);

interface Ended {
  readonly container: LocalContainer;
  readonly unit: string;
  readonly age: Duration;
}

/** Containers that go by the limits, each with its reason. A negative limit is none. */
export function dropByLimits(context: HostContext): ReadonlyMap<ContainerId, ContainerReason> {
  const { maxPerPodContainer, maxContainers, minAge } = context.policy.containers;
  const ended = context.view.containers.flatMap((container) => {
    const age = ageOfEnded(container, context);
    return age === undefined || age < minAge ? [] : [{ container, unit: unitOf(container), age }];
  });
  const perUnit = overPerUnit(ended, maxPerPodContainer);
  const left = ended.filter(({ container }) => !perUnit.has(container.id));
  return new Map([...perUnit, ...overInAll(left, maxContainers)]);
}

/**
 * How long ago an ended container was made or came to its end, whichever is later; undefined when it has not ended, nobody knows when it was
 * made, or the user keeps it by a label.
 */
export function ageOfEnded(container: LocalContainer, { policy, now }: HostContext): Duration | undefined {
  const { state, created, finished, labels } = container;
  if (!ENDED.has(state) || created.kind === 'unknown' || matchesLabel(labels, policy.keep.labels)) return undefined;
  const age = ageAt(created.at, now);
  return finished.kind === 'unknown' ? age : durationFromMs(Math.min(age, ageAt(finished.at, now)));
}

/** What a container is one of: a container of a pod, one number of a Compose service, else all that were made of one name. */
function unitOf({ labels, image }: LocalContainer): string {
  const uid = labels['io.kubernetes.pod.uid'];
  const pod = labels['io.kubernetes.container.name'];
  if (uid !== undefined && pod !== undefined) return `pod ${uid}, container ${pod}`;
  const project = labels['com.docker.compose.project'];
  const service = labels['com.docker.compose.service'];
  if (project === undefined || service === undefined) return `image ${image}`;
  const number = labels['com.docker.compose.container-number'];
  return `service ${service} of ${project}${number === undefined ? '' : `, number ${number}`}`;
}

function overPerUnit(ended: readonly Ended[], limit: number): ReadonlyMap<ContainerId, ContainerReason> {
  if (limit < 0) return new Map();
  return new Map(
    [...groupByUnit(ended)].flatMap(([unit, of]) =>
      newestFirst(of)
        .slice(limit)
        .map(({ container }) => [container.id, { rule: 'max-per-pod-container', unit, limit }] as const),
    ),
  );
}

/** In conflict the limit on all wins: each unit keeps an equal share, at least one; if that is still too much, the oldest go. */
function overInAll(left: readonly Ended[], limit: number): ReadonlyMap<ContainerId, ContainerReason> {
  if (limit < 0 || left.length <= limit) return new Map();
  const share = Math.max(1, Math.floor(limit / groupByUnit(left).size));
  const overShare = overPerUnit(left, share);
  const rest = newestFirst(left.filter(({ container }) => !overShare.has(container.id)));
  const reason = { rule: 'max-containers', limit } as const;
  return new Map(
    [...overShare.keys(), ...rest.slice(limit).map(({ container }) => container.id)].map((id) => [id, reason]),
  );
}

function groupByUnit(ended: readonly Ended[]): ReadonlyMap<string, readonly Ended[]> {
  const units = new Map<string, Ended[]>();
  for (const one of ended) appendTo(units, one.unit, one);
  return units;
}

function newestFirst(ended: readonly Ended[]): readonly Ended[] {
  return [...ended].sort((a, b) => madeAt(b) - madeAt(a) || compareText(a.container.id, b.container.id));
}

function madeAt({ container: { created } }: Ended): number {
  return created.kind === 'known' ? created.at : 0;
}
