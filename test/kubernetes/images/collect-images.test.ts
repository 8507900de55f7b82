import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../src/errors.ts';
import { collectImages } from '../../../src/kubernetes/images/collect-images.ts';
import { isPodSpecKind, type PodSpecKind } from '../../../src/kubernetes/kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../../../src/kubernetes/kinds/resource-kinds.ts';
import { formatWorkload } from '../../../src/model/usage.ts';
import { DIGEST_A, pod, templated } from '../objects.ts';

const POD_SPEC_KINDS = RESOURCE_KINDS.filter(isPodSpecKind);

function kindOf(name: string): PodSpecKind {
  const found = POD_SPEC_KINDS.find(({ kind }) => kind === name);
  if (found === undefined) throw new Error(name);
  return found;
}

function collect(object: unknown, kind = 'Pod', from: 'cluster' | 'file' = 'cluster') {
  return collectImages(object, { kind: kindOf(kind), context: 'prod', from });
}

function texts(object: unknown, kind?: string, from?: 'cluster' | 'file'): string[] {
  return collect(object, kind, from).map(({ text }) => text);
}

describe('the images of a pod', () => {
  const container = [{ name: 'app', image: 'app:1' }];

  it.each([
    ['containers', { containers: [{ name: 'x', image: 'x:1' }] }, ['x:1']],
    [
      'init containers',
      { containers: container, initContainers: [{ name: 'i', image: 'init:1' }] },
      ['app:1', 'init:1'],
    ],
    [
      'ephemeral containers',
      { containers: container, ephemeralContainers: [{ name: 'd', image: 'dbg:1' }] },
      ['app:1', 'dbg:1'],
    ],
    [
      'image volumes, and no other volumes',
      {
        containers: container,
        volumes: [
          { name: 'e', emptyDir: {} },
          { name: 'v', image: { reference: 'data:1', pullPolicy: 'Always' } },
        ],
      },
      ['app:1', 'data:1'],
    ],
    [
      'every one of several containers',
      {
        containers: [
          { name: 'a', image: 'a:1' },
          { name: 'b', image: 'b:1' },
        ],
      },
      ['a:1', 'b:1'],
    ],
    ['containers without an image name nothing', { containers: [{ name: 'a' }] }, []],
    [
      'absent lists written as null name nothing',
      { containers: container, initContainers: null, volumes: null },
      ['app:1'],
    ],
  ])('come from %s', (_, spec, expected) => {
    expect(texts({ metadata: { name: 'p', namespace: 'shop' }, spec })).toEqual(expected);
  });

  it.each(['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'])(
    'come from image and imageID in status.%s',
    (field) => {
      const status = {
        [field]: [{ name: 'app', image: 'mirror/app:1', imageID: `mirror/app@${DIGEST_A}`, ready: true }],
      };
      expect(texts(pod('p', 'app:1', { status }))).toEqual(['app:1', 'mirror/app:1', `mirror/app@${DIGEST_A}`]);
    },
  );

  it('come from the resolved image volumes in the status', () => {
    const volumeMounts = [{ name: 'v', volumeStatus: { image: { imageRef: `data@${DIGEST_A}` } } }, { name: 'w' }];
    const status = { containerStatuses: [{ name: 'app', image: 'app:1', imageID: '', volumeMounts }] };
    expect(texts(pod('p', 'app:1', { status }))).toContain(`data@${DIGEST_A}`);
  });

  it.each(['Running', 'Pending', 'Succeeded', 'Failed', 'Unknown'])('count in phase %s', (phase) => {
    expect(texts(pod('p', 'app:1', { status: { phase } }))).toEqual(['app:1']);
  });

  it('carry the pod and the container', () => {
    expect(collect(pod('web-1', 'app:1')).map(({ workload }) => formatWorkload(workload))).toEqual([
      'prod: shop/Pod/web-1 (container app)',
    ]);
  });
});

describe('the images of a workload kind', () => {
  it('are read for all kinds that must have a pod spec', () => {
    expect(POD_SPEC_KINDS.map(({ kind }) => kind).sort()).toEqual([
      'CronJob',
      'DaemonSet',
      'Deployment',
      'Job',
      'Pod',
      'PodTemplate',
      'ReplicaSet',
      'ReplicationController',
      'StatefulSet',
    ]);
  });

  it.each(POD_SPEC_KINDS.filter(({ kind }) => kind !== 'Pod').map(({ kind }) => kind))(
    'come from the pod template of a %s, with all its parts',
    (kind) => {
      const spec = {
        containers: [{ name: 'app', image: 'app:1' }],
        initContainers: [{ name: 'init', image: 'init:1' }],
        ephemeralContainers: [{ name: 'debug', image: 'debug:1' }],
        volumes: [{ name: 'data', image: { reference: 'data:1' } }],
      };
      const inner = kind === 'CronJob' ? { jobTemplate: { spec: { template: { spec } } } } : { template: { spec } };
      const object = kind === 'PodTemplate' ? inner : { spec: inner };
      const expected = ['app:1', 'init:1', 'debug:1', 'data:1'];
      expect(texts({ metadata: { name: 'x' }, ...object }, kind)).toEqual(expected);
    },
  );

  it('count for a ReplicaSet that was scaled to zero, which a rollback needs', () => {
    const old = templated('ReplicaSet', 'web-5d', 'app:old');
    expect(texts({ ...old, spec: { ...(old['spec'] as object), replicas: 0 } }, 'ReplicaSet')).toEqual(['app:old']);
  });

  it.each(['Complete', 'Failed'])('count for a Job that is %s', (type) => {
    const job = { ...templated('Job', 'migrate', 'app:1'), status: { conditions: [{ type, status: 'True' }] } };
    expect(texts(job, 'Job')).toEqual(['app:1']);
  });

  it('do not come from the status of a kind that has no containers of its own', () => {
    expect(texts({ ...templated('Deployment', 'web', 'app:1'), status: 7 }, 'Deployment')).toEqual(['app:1']);
  });
});

describe('an object of unexpected form in a cluster', () => {
  const metadata = { name: 'p', namespace: 'shop' };
  const spec = { containers: [{ name: 'app', image: 'app:1' }] };

  it.each([
    ['is null', null, 'Pod'],
    ['is a text', 'pod', 'Pod'],
    ['is a list', [], 'Pod'],
    ['has no metadata', { spec }, 'Pod'],
    ['has no name', { metadata: {}, spec }, 'Pod'],
    ['has no spec', { metadata }, 'Pod'],
    ['has a spec that is a text', { metadata, spec: 'x' }, 'Pod'],
    ['has no containers', { metadata, spec: {} }, 'Pod'],
    ['has containers that are null', { metadata, spec: { containers: null } }, 'Pod'],
    ['has containers that are an object', { metadata, spec: { containers: { app: { image: 'app:1' } } } }, 'Pod'],
    ['has a container that is a text', { metadata, spec: { containers: ['app:1'] } }, 'Pod'],
    ['has an image that is a number', { metadata, spec: { containers: [{ name: 'a', image: 7 }] } }, 'Pod'],
    [
      'has an image that is an object',
      { metadata, spec: { containers: [{ name: 'a', image: { name: 'x' } }] } },
      'Pod',
    ],
    ['has init containers that are a text', { metadata, spec: { ...spec, initContainers: 'x' } }, 'Pod'],
    ['has ephemeral containers that are an object', { metadata, spec: { ...spec, ephemeralContainers: {} } }, 'Pod'],
    ['has volumes that are an object', { metadata, spec: { ...spec, volumes: {} } }, 'Pod'],
    ['has an image volume that is a text', { metadata, spec: { ...spec, volumes: [{ image: 'data:1' }] } }, 'Pod'],
    ['has a status that is a list', { metadata, spec, status: [] }, 'Pod'],
    ['has container statuses that are an object', { metadata, spec, status: { containerStatuses: {} } }, 'Pod'],
    [
      'has an imageID that is a number',
      { metadata, spec, status: { containerStatuses: [{ name: 'a', imageID: 1 }] } },
      'Pod',
    ],
    ['has no template', { metadata, spec: { replicas: 1 } }, 'Deployment'],
    ['has a template that is a list', { metadata, spec: { template: [] } }, 'Deployment'],
    ['has no job template', { metadata, spec: {} }, 'CronJob'],
  ])('stops the run when it %s', (_, object, kind) => {
    expect(() => collect(object, kind)).toThrow(EvidenceError);
    expect(() => collect(object, kind)).toThrow(expect.objectContaining({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 }));
  });

  it('is named with its place', () => {
    expect(() => collect({ metadata, spec: { containers: [{ name: 'a', image: 7 }] } })).toThrow(
      /Pod shop\/p in context "prod" .* spec\.containers\.0\.image/,
    );
  });
});

describe('an object in a file', () => {
  it.each([
    ['a patch without a template', { metadata: { name: 'web' }, spec: { replicas: 3 } }],
    ['a patch without containers', { metadata: { name: 'web' }, spec: { template: { spec: {} } } }],
    ['an object without a name', { spec: { template: {} } }],
    ['an object without a spec', {}],
  ])('may be %s, which names nothing', (_, object) => {
    expect(texts(object, 'Deployment', 'file')).toEqual([]);
  });

  it('stops the run when a part that is there has another form', () => {
    const object = { metadata: { name: 'web' }, spec: { template: { spec: { containers: 'none' } } } };
    expect(() => collect(object, 'Deployment', 'file')).toThrow(expect.objectContaining({ code: 'EVIDENCE_FILE' }));
  });
});
