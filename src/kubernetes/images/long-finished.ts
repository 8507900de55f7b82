// Which pods and Jobs are over for so long that nobody comes back to them. Pure. Whatever is in doubt is not over.

import * as z from 'zod';
import { type Instant, parseRfc3339 } from '../../model/time.ts';
import type { ReadSource } from './read-source.ts';

/** A time of the API; absent is written as null, too. Any other text than a time is misshapen. */
const moment = z
  .string()
  .transform((text, context): Instant => {
    const at = parseRfc3339(text);
    if (at !== undefined) return at;
    context.addIssue('not a time');
    return z.NEVER;
  })
  .nullish();

const metadata = z.object({
  creationTimestamp: moment,
  deletionTimestamp: moment,
  annotations: z.record(z.string(), z.string()).nullish(),
});
const conditions = z
  .array(z.object({ type: z.string(), status: z.string(), lastTransitionTime: moment }))
  .nullish()
  .transform((list) => list ?? []);
const statuses = z
  .array(
    z.object({
      state: z
        .object({ running: z.object({}).nullish(), terminated: z.object({ finishedAt: moment }).nullish() })
        .nullish(),
    }),
  )
  .nullish()
  .transform((list) => list ?? []);

const finishedPod = z.object({
  metadata,
  status: z.object({
    phase: z.enum(['Succeeded', 'Failed']),
    startTime: moment,
    conditions,
    containerStatuses: statuses,
    initContainerStatuses: statuses,
    ephemeralContainerStatuses: statuses,
  }),
});

const count = z.number().int().nullish();
const job = z.object({
  metadata,
  spec: z.object({ suspend: z.boolean().nullish() }),
  status: z.object({ conditions, completionTime: moment, startTime: moment, active: count, terminating: count }),
});

/** What the kubelet marks static pods with: it starts them again from its own files. */
const MIRROR_POD = 'kubernetes.io/config.mirror';

/** Every moment that an object tells; undefined when it is not over. */
type Moments = readonly (Instant | null | undefined)[] | undefined;

/**
 * Whether an object of the list protects nothing any more: a pod in phase Succeeded or Failed, or a Job with the condition Complete or
 * Failed, whose latest moment (created, started, finished, deleted, condition changed) is known and at least `keepYoungerThan` ago.
 * Both phases are final whatever the restart policy says (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase).
 * `false` for every other kind, for pods of nodes (static pods start again), for a pod with a container that still runs, for
 * suspended Jobs and Jobs with pods left, and for everything unknown or misshapen.
 */
export function isLongFinished(object: unknown, source: ReadSource): boolean {
  const moments = momentsOf(object, source.kind);
  const known = moments?.filter((at) => at !== null && at !== undefined) ?? [];
  return known.length > 0 && source.now - Math.max(...known) >= source.keepYoungerThan;
}

function momentsOf(object: unknown, kind: ReadSource['kind']): Moments {
  if (kind.group === '' && kind.kind === 'Pod') return momentsOfPod(object);
  if (kind.group === 'batch' && kind.kind === 'Job') return momentsOfJob(object);
  return undefined;
}

function momentsOfPod(object: unknown): Moments {
  const parsed = finishedPod.safeParse(object);
  if (!parsed.success) return undefined;
  const { metadata: about, status } = parsed.data;
  const states = [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses]
    .flat()
    .map(({ state }) => state);
  const isStatic = Object.hasOwn(about.annotations ?? {}, MIRROR_POD);
  const runs = states.some((state) => state?.running !== null && state?.running !== undefined);
  if (isStatic || runs || !isCreated(about)) return undefined;
  return [
    about.creationTimestamp,
    about.deletionTimestamp,
    status.startTime,
    ...status.conditions.map(({ lastTransitionTime }) => lastTransitionTime),
    ...states.map((state) => state?.terminated?.finishedAt),
  ];
}

function momentsOfJob(object: unknown): Moments {
  const parsed = job.safeParse(object);
  if (!parsed.success) return undefined;
  const { metadata: about, spec, status } = parsed.data;
  const isTrue = (type: string) => status.conditions.find((one) => one.type === type && one.status === 'True');
  const end = isTrue('Complete') ?? isTrue('Failed');
  const isSuspended = spec.suspend === true || isTrue('Suspended') !== undefined;
  const podsLeft = (status.active ?? 0) + (status.terminating ?? 0);
  if (end === undefined || isSuspended || podsLeft !== 0 || !isCreated(about)) return undefined;
  const ends = [status.completionTime, ...status.conditions.map(({ lastTransitionTime }) => lastTransitionTime)];
  // When it ended is not known by when it was made: a Job may have waited for days.
  if ((end.lastTransitionTime ?? status.completionTime ?? undefined) === undefined) return undefined;
  return [about.creationTimestamp, about.deletionTimestamp, status.startTime, ...ends];
}

function isCreated({ creationTimestamp }: z.infer<typeof metadata>): boolean {
  return creationTimestamp !== null && creationTimestamp !== undefined;
}
