import { describe, expect, it } from 'vitest';
import type { CustomResource } from '../../../src/config/settings.ts';
import { EvidenceError, UsageError } from '../../../src/errors.ts';
import type { Discovery, ServedKind } from '../../../src/kubernetes/kinds/discover-kinds.ts';
import { resourceName } from '../../../src/kubernetes/kinds/resource-kind.ts';
import { refuseUnknownKinds, selectKinds } from '../../../src/kubernetes/kinds/select-kinds.ts';
import { wantedKinds } from '../../../src/kubernetes/kinds/wanted-kinds.ts';

const OWN = 'ci.example.com';

/** `tasks Task tekton.dev/v1`, and `!` behind it where it cannot be listed. */
function served(text: string): ServedKind {
  const [resource = '', kind = '', groupVersion = ''] = text.replace('!', '').split(' ');
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return { group, version, resource, kind, scope: 'namespace', canList: !text.endsWith('!') };
}

const CORE = [
  'pods Pod v1',
  'replicationcontrollers ReplicationController v1',
  'podtemplates PodTemplate v1',
  'secrets Secret v1',
  'configmaps ConfigMap v1',
  'deployments Deployment apps/v1',
  'replicasets ReplicaSet apps/v1',
  'statefulsets StatefulSet apps/v1',
  'daemonsets DaemonSet apps/v1',
  'controllerrevisions ControllerRevision apps/v1',
  'jobs Job batch/v1',
];

interface Scene {
  readonly resources?: readonly CustomResource[];
  readonly exclude?: readonly string[];
  readonly clusters: readonly (readonly string[])[];
}

/** What is read of each cluster besides what every cluster has: `tekton.dev/v1/tasks`, and the paths that are added to the table's. */
function select({ resources = [], exclude = [], clusters }: Scene): readonly (readonly string[])[] {
  const wanted = wantedKinds({ helmHistory: 10, resources, exclude });
  const all = clusters.map((kinds, at) => {
    const discovery: Discovery = { served: [...CORE, ...kinds].map(served), unknown: new Map() };
    const cluster = { context: `c${at}`, discovery };
    return { ...cluster, ...selectKinds(cluster, wanted, exclude) };
  });
  refuseUnknownKinds(all, wanted, exclude);
  const usual = new Set(wantedKinds({ helmHistory: 10, resources: [], exclude }).map(({ reading }) => reading));
  return all.map(({ present }) =>
    present
      .filter((kind) => !usual.has(kind.reading) || !CORE.some((one) => one.startsWith(`${kind.resource} `)))
      .map(({ group, version, resource, reading }) => {
        const paths = reading.by === 'walk' ? reading.paths.filter((path) => path.startsWith('$.mine')) : [];
        return [`${group === '' ? '' : `${group}/`}${version}/${resource}`, ...paths].join(' ');
      }),
  );
}

function row(name: string, more: Partial<CustomResource> = {}): CustomResource {
  const [kind = '', ...group] = name.split('.');
  return { group: group.join('.'), kind, paths: ['$.mine'], isOptional: false, ...more };
}

function failureOf(scene: Scene): EvidenceError | UsageError {
  try {
    select(scene);
  } catch (error) {
    if (error instanceof EvidenceError || error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe("the user's word about a kind of the table", () => {
  it.each<[string, readonly CustomResource[], readonly string[], readonly string[]]>([
    ['adds paths', [row('Task.tekton.dev')], ['v1'], ['v1 $.mine']],
    [
      'with a version that is served, which is not the preferred one, adds a reading of that version',
      [row('Task.tekton.dev', { version: 'v1beta1' })],
      ['v1', 'v1beta1'],
      ['v1', 'v1beta1 $.mine'],
    ],
    [
      'with a version that is not served adds paths to the one that is',
      [row('Task.tekton.dev', { version: 'v1beta1' })],
      ['v1'],
      ['v1', 'v1 $.mine'],
    ],
    [
      'with a version that is not served, and optional, adds paths to the one that is',
      [row('Task.tekton.dev', { version: 'v1beta1', isOptional: true })],
      ['v1'],
      ['v1', 'v1 $.mine'],
    ],
    [
      'twice adds both',
      [row('Task.tekton.dev'), row('Task.tekton.dev', { paths: ['$.mine.too'] })],
      ['v1'],
      ['v1 $.mine $.mine.too'],
    ],
    [
      'twice, in two versions, adds both',
      [
        row('Task.tekton.dev', { version: 'v1' }),
        row('Task.tekton.dev', { version: 'v1beta1', paths: ['$.mine.too'] }),
      ],
      ['v1', 'v1beta1'],
      ['v1', 'v1 $.mine', 'v1beta1 $.mine.too'],
    ],
  ])('%s', (_, resources, versions, expected) => {
    const kinds = versions.map((version) => `tasks Task tekton.dev/${version}`);
    expect(select({ resources, clusters: [kinds] })).toEqual([
      expected.map((line) => `tekton.dev/${line.replace(/^\w+/, '$&/tasks')}`),
    ]);
  });

  it('with a version takes nothing from another cluster, which serves another one', () => {
    const resources = [row('Task.tekton.dev', { version: 'v1beta1' })];
    const clusters = [['tasks Task tekton.dev/v1beta1'], ['tasks Task tekton.dev/v1']];
    expect(select({ resources, clusters })).toEqual([
      ['tekton.dev/v1beta1/tasks', 'tekton.dev/v1beta1/tasks $.mine'],
      ['tekton.dev/v1/tasks', 'tekton.dev/v1/tasks $.mine'],
    ]);
  });

  it('with a version takes nothing from a kind with a pod spec', () => {
    const resources = [row('Deployment.apps', { version: 'v2' })];
    const wanted = wantedKinds({ helmHistory: 10, resources, exclude: [] });
    const discovery = { served: CORE.map(served), unknown: new Map() };
    const { present } = selectKinds({ context: 'c0', discovery }, wanted, []);
    const read = present.filter(({ kind }) => kind === 'Deployment');
    expect(read.map(({ version, reading }) => `${version} ${reading.by}`)).toEqual(['v1 pod-spec', 'v1 walk']);
  });

  it('is a usage error when no cluster has the kind in any version, unless it is optional', () => {
    const resources = [row('Task.tekton.dev', { version: 'v1beta1' })];
    expect(failureOf({ resources, clusters: [[]] })).toMatchObject({ code: 'USAGE' });
    expect(select({ resources: [{ ...resources[0], isOptional: true } as CustomResource], clusters: [[]] })).toEqual([
      [],
    ]);
  });

  it('stays needed when he says later that it is optional', () => {
    const resources = [row('Task.tekton.dev'), row('Task.tekton.dev', { isOptional: true })];
    expect(failureOf({ resources, clusters: [[]] })).toMatchObject({ code: 'USAGE' });
  });

  it('counts for nothing when he leaves the kind out', () => {
    const resources = [row('Task.tekton.dev', { version: 'v1' })];
    expect(select({ resources, exclude: ['tasks.tekton.dev'], clusters: [['tasks Task tekton.dev/v1']] })).toEqual([
      [],
    ]);
  });
});

describe("a kind of the user's own", () => {
  it.each<[string, Partial<CustomResource>, readonly string[], readonly string[]]>([
    ['in the version that the cluster prefers', {}, ['v2', 'v1'], ['v2']],
    ['in the given version', { version: 'v1' }, ['v2', 'v1'], ['v1']],
    ['in the first version that can be listed', {}, ['v2!', 'v1'], ['v1']],
  ])('is read %s', (_, more, versions, expected) => {
    const kinds = versions.map((version) => `runners Runner ${OWN}/${version}`);
    expect(select({ resources: [row(`Runner.${OWN}`, more)], clusters: [kinds] })).toEqual([
      expected.map((version) => `${OWN}/${version}/runners $.mine`),
    ]);
  });

  it.each([false, true])(
    'that is served in another version than the given one stops the run (optional: %j)',
    (isOptional) => {
      const resources = [row(`Runner.${OWN}`, { version: 'v1', isOptional })];
      const clusters = [[`runners Runner ${OWN}/v1`], [`runners Runner ${OWN}/v3`, `runners Runner ${OWN}/v2`]];
      const error = failureOf({ resources, clusters });
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toContain(
        'Context "c1" has Runner.ci.example.com in version v3, v2, and not in version v1',
      );
      expect(error.hint).toContain('kubernetes.resources');
      expect(error.hint).toContain('kubernetes.exclude');
    },
  );

  it('may have a row for the version of each cluster', () => {
    const resources = [
      row(`Runner.${OWN}`, { version: 'v1' }),
      row(`Runner.${OWN}`, { version: 'v2', paths: ['$.mine.too'] }),
    ];
    const clusters = [[`runners Runner ${OWN}/v1`], [`runners Runner ${OWN}/v2`]];
    expect(select({ resources, clusters })).toEqual([[`${OWN}/v1/runners $.mine`], [`${OWN}/v2/runners $.mine.too`]]);
    expect(failureOf({ resources, clusters: [...clusters, [`runners Runner ${OWN}/v3`]] })).toMatchObject({
      code: 'EVIDENCE_KUBERNETES',
    });
  });

  it('may have a row for one version, and one for all', () => {
    const resources = [
      row(`Runner.${OWN}`, { version: 'v1', isOptional: true }),
      row(`Runner.${OWN}`, { paths: ['$.mine.too'] }),
    ];
    expect(select({ resources, clusters: [[`runners Runner ${OWN}/v2`]] })).toEqual([[`${OWN}/v2/runners $.mine.too`]]);
  });

  it('of the same name in another group is another kind', () => {
    const resources = [row(`Runner.${OWN}`, { version: 'v1', isOptional: true })];
    expect(select({ resources, clusters: [['runners Runner other.example.com/v2']] })).toEqual([[]]);
  });
});

describe('a kind that is there and cannot be listed', () => {
  it.each([
    ['of the table', [], 'imagestreams ImageStream image.openshift.io/v1!', 'imagestreams.image.openshift.io'],
    ['of Kubernetes itself', [], 'cronjobs CronJob batch/v1!', 'cronjobs.batch'],
    ["of the user's own", [row(`Runner.${OWN}`)], `runners Runner ${OWN}/v1!`, `runners.${OWN}`],
    [
      "of the user's own, and optional",
      [row(`Runner.${OWN}`, { isOptional: true })],
      `runners Runner ${OWN}/v1!`,
      `runners.${OWN}`,
    ],
  ])('stops the run: %s', (_, resources, kind, name) => {
    const error = failureOf({ resources, clusters: [[kind]] });
    expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
    expect(error.message).toContain(`Context "c0" has ${name}, and no way to list`);
    expect(error.hint).toContain(`kubernetes.exclude: [${name}]`);
    expect(select({ resources, exclude: [name], clusters: [[kind]] })).toEqual([[]]);
  });

  it('is read in another version, where it can be', () => {
    const clusters = [
      ['imagestreams ImageStream image.openshift.io/v2!', 'imagestreams ImageStream image.openshift.io/v1'],
    ];
    expect(select({ clusters })).toEqual([['image.openshift.io/v1/imagestreams']]);
  });

  it('is nobody’s concern when nobody wants it', () => {
    expect(select({ clusters: [['bindings Binding v1!', 'images Image image.openshift.io/v1!']] })).toEqual([[]]);
  });
});

it('what every cluster has and this one lacks stops the run', () => {
  const wanted = wantedKinds({ helmHistory: 10, resources: [], exclude: [] });
  for (const gone of CORE) {
    const discovery = { served: CORE.filter((one) => one !== gone).map(served), unknown: new Map() };
    const { resource, group } = served(gone);
    expect(() => selectKinds({ context: 'c0', discovery }, wanted, [])).toThrow('which every Kubernetes cluster has');
    const without = wantedKinds({ helmHistory: 10, resources: [], exclude: [resourceName({ resource, group })] });
    expect(() => selectKinds({ context: 'c0', discovery }, without, [])).not.toThrow();
  }
});
