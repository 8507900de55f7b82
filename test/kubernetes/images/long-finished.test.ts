import { describe, expect, it } from 'vitest';
import { isLongFinished } from '../../../src/kubernetes/images/long-finished.ts';
import { readSource } from '../../builders/read-source.ts';

const NOW = '2026-11-20T12:00:00Z';
const YOUNG = '2026-11-20T11:30:00Z';
const OLD = '2026-11-20T08:00:00Z';
const HOUR_AGO = '2026-11-20T11:00:00Z';

type Part = Readonly<Record<string, unknown>>;

function isOver(kind: string, object: unknown): boolean {
  return isLongFinished(object, readSource(kind, { now: NOW, keepYoungerThan: '1h' }));
}

function pod(status: Part, more: { metadata?: Part; spec?: Part } = {}): Part {
  return {
    metadata: { name: 'p', namespace: 'shop', creationTimestamp: OLD, ...more.metadata },
    spec: { restartPolicy: 'Never', containers: [], ...more.spec },
    status: { phase: 'Succeeded', ...status },
  };
}

function ended(finishedAt: unknown): Part {
  return { name: 'app', state: { terminated: { exitCode: 0, finishedAt } } };
}

function job(status: Part, more: { metadata?: Part; spec?: Part } = {}): Part {
  return {
    metadata: { name: 'j', namespace: 'shop', creationTimestamp: OLD, ...more.metadata },
    spec: { template: {}, ...more.spec },
    status,
  };
}

function condition(type: string, lastTransitionTime?: unknown, status = 'True'): Part {
  return { type, status, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
}

describe('a pod is over for long', () => {
  it.each<[string, Part]>([
    ['when it succeeded and its container ended long ago', pod({ containerStatuses: [ended(OLD)] })],
    ['when it failed', pod({ phase: 'Failed', containerStatuses: [ended(OLD)] })],
    ['exactly when the time is up', pod({ containerStatuses: [ended(HOUR_AGO)] })],
    ['when it failed without ever starting a container, and everything it tells is old', pod({ phase: 'Failed' })],
    [
      'when it was evicted, whatever its restart policy: the phase is final',
      pod(
        { phase: 'Failed', reason: 'Evicted', conditions: [condition('DisruptionTarget', OLD)] },
        { spec: { restartPolicy: 'Always' } },
      ),
    ],
    [
      'when a container waits for an init container that failed',
      pod({
        phase: 'Failed',
        initContainerStatuses: [ended(OLD)],
        containerStatuses: [{ name: 'app', state: { waiting: { reason: 'PodInitializing' } } }],
      }),
    ],
    ['when one of its containers tells no end', pod({ containerStatuses: [ended(null), ended(OLD)] })],
  ])('%s', (_, object) => {
    expect(isOver('Pod', object)).toBe(true);
  });
});

describe('a pod still protects', () => {
  it.each<[string, unknown]>([
    ...['Running', 'Pending', 'Unknown', 'succeeded', '', 7, null].map((phase): [string, unknown] => [
      `in phase ${JSON.stringify(phase)}`,
      pod({ phase, containerStatuses: [ended(OLD)] }),
    ]),
    ['without a phase', { ...pod({}), status: { containerStatuses: [ended(OLD)] } }],
    ['without a status', { ...pod({}), status: undefined }],
    ['when its last container ended lately', pod({ containerStatuses: [ended(OLD), ended(YOUNG)] })],
    ['when its init container ended lately', pod({ initContainerStatuses: [ended(YOUNG)] })],
    ['when its debug container ended lately', pod({ ephemeralContainerStatuses: [ended(YOUNG)] })],
    ['when it was made lately', pod({ containerStatuses: [ended(OLD)] }, { metadata: { creationTimestamp: YOUNG } })],
    ['when it started lately', pod({ startTime: YOUNG })],
    ['when a condition changed lately', pod({ conditions: [condition('Ready', YOUNG, 'False')] })],
    ['while it is being deleted', pod({}, { metadata: { deletionTimestamp: YOUNG } })],
    ['when its clock runs ahead', pod({ containerStatuses: [ended('2026-11-20T12:00:01Z')] })],
    ['when a container still runs', pod({ containerStatuses: [{ state: { running: { startedAt: OLD } } }] })],
    [
      'when a debug container still runs',
      pod({ ephemeralContainerStatuses: [{ state: { running: {} } }], containerStatuses: [ended(OLD)] }),
    ],
    [
      'when it is a static pod, which its node starts again',
      pod({}, { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }),
    ],
    ['without a creation time', pod({ containerStatuses: [ended(OLD)] }, { metadata: { creationTimestamp: null } })],
    ['when its creation time is no time', pod({}, { metadata: { creationTimestamp: 'yesterday' } })],
    ['when an end is no time', pod({ containerStatuses: [ended('2026-11-20')] })],
    ['when an end is a number', pod({ containerStatuses: [ended(0)] })],
    ['when its statuses have another form', pod({ containerStatuses: { app: ended(OLD) } })],
    ['when its conditions have another form', pod({ conditions: 'Ready' })],
    ['when it is null', null],
    ['when it is a text', 'Succeeded'],
  ])('%s', (_, object) => {
    expect(isOver('Pod', object)).toBe(false);
  });
});

describe('a Job is over for long', () => {
  it.each<[string, Part]>([
    ['when it is complete', job({ conditions: [condition('Complete', OLD)], completionTime: OLD, succeeded: 1 })],
    ['when it failed', job({ conditions: [condition('Failed', OLD)], failed: 6 })],
    ['exactly when the time is up', job({ conditions: [condition('Complete', HOUR_AGO)] })],
    ['when only its completion time is told', job({ conditions: [condition('Complete')], completionTime: OLD })],
    [
      'when it was resumed before it ended',
      job({ conditions: [condition('Suspended', OLD, 'False'), condition('Failed', OLD)] }),
    ],
    ['when it counts no pods', job({ conditions: [condition('Complete', OLD)], active: 0, terminating: 0 })],
  ])('%s', (_, object) => {
    expect(isOver('Job', object)).toBe(true);
  });
});

describe('a Job still protects', () => {
  const complete = { conditions: [condition('Complete', OLD)], completionTime: OLD };

  it.each<[string, unknown]>([
    ['while it runs', job({ active: 1, startTime: OLD })],
    ['before its controller saw it', job({})],
    ['when it has no status', { ...job({}), status: undefined }],
    ['when it is not complete', job({ conditions: [condition('Complete', OLD, 'False')] })],
    ['when it may be complete', job({ conditions: [condition('Complete', OLD, 'Unknown')] })],
    ['when it is about to fail', job({ conditions: [condition('FailureTarget', OLD)] })],
    [
      'when it met its success criteria and has pods to end',
      job({ conditions: [condition('SuccessCriteriaMet', OLD)] }),
    ],
    ['when it ended lately', job({ conditions: [condition('Complete', YOUNG)], completionTime: OLD })],
    ['when its completion is late', job({ conditions: [condition('Complete', OLD)], completionTime: YOUNG })],
    ['when it was made lately', job(complete, { metadata: { creationTimestamp: YOUNG } })],
    ['when nobody knows when it ended', job({ conditions: [condition('Failed')] })],
    ['when it is suspended', job({ conditions: [condition('Suspended', OLD)] }, { spec: { suspend: true } })],
    [
      'when it is suspended and says that it failed',
      job({ conditions: [condition('Failed', OLD)] }, { spec: { suspend: true } }),
    ],
    ['when its condition says suspended', job({ conditions: [condition('Suspended', OLD), condition('Failed', OLD)] })],
    ['when a pod of it is active', job({ ...complete, active: 1 })],
    ['when a pod of it is being ended', job({ ...complete, terminating: 1 })],
    ['when its counts are texts', job({ ...complete, active: '0' })],
    ['when its end is no time', job({ conditions: [condition('Complete', 'long ago')] })],
    ['when its conditions have another form', job({ conditions: { Complete: 'True' } })],
  ])('%s', (_, object) => {
    expect(isOver('Job', object)).toBe(false);
  });
});

describe('an object of another kind', () => {
  it.each(['Deployment', 'ReplicaSet', 'CronJob'])('protects: %s', (kind) => {
    expect(isOver(kind, job({ conditions: [condition('Complete', OLD)] }))).toBe(false);
    expect(isOver(kind, pod({}))).toBe(false);
  });

  it('protects when its group only has a kind of the same name', () => {
    const source = readSource('Job', { now: NOW });
    const volcano = { ...source, kind: { ...source.kind, group: 'batch.volcano.sh' } };
    expect(isLongFinished(job({ conditions: [condition('Complete', OLD)] }), volcano)).toBe(false);
    const knative = { ...source, kind: { ...source.kind, kind: 'Pod', group: 'example.test' } };
    expect(isLongFinished(pod({}), knative)).toBe(false);
  });
});
