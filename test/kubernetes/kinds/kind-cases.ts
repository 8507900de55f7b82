// One object of each custom kind as its project documents it, shortened, and the images that it must protect.

const DIGEST = `sha256:${'c'.repeat(64)}`;
const REGISTRY = 'registry.test';
const INTERNAL = 'image-registry.openshift-image-registry.svc:5000';

/** An object, and all that must be found in it. */
export interface KindCase {
  /** `Rollout.argoproj.io`; `Pod`. */
  readonly kind: string;
  readonly object: { readonly [key: string]: unknown };
  /** References as usage has them: with host, and `latest` where nothing else is said. Bare digests as they are. */
  readonly images: readonly string[];
}

const podSpec = (name: string) => ({
  initContainers: [{ name: 'init', image: `${REGISTRY}/${name}-init:1` }],
  containers: [{ name: 'app', image: `${REGISTRY}/${name}:1` }],
  volumes: [{ name: 'data', image: { reference: `${REGISTRY}/${name}-data:1` } }],
});
const template = (name: string) => ({ metadata: { labels: { app: name } }, spec: podSpec(name) });
const podImages = (name: string) =>
  [`${name}-data:1`, `${name}-init:1`, `${name}:1`].map((one) => `${REGISTRY}/${one}`);
const images = (...names: readonly string[]) => names.map((name) => `${REGISTRY}/${name}`);

const ARGO: readonly KindCase[] = [
  {
    kind: 'Application.argoproj.io',
    object: {
      spec: {
        source: {
          repoURL: 'https://git.test/shop.git',
          kustomize: { images: ['app=registry.test/override:2', 'registry.test/tag-only:3'] },
        },
        sources: [{ helm: { valuesObject: { image: { repository: 'registry.test/values', tag: 'v1' } } } }],
      },
      status: {
        summary: { images: ['registry.test/live:1', `registry.test/live@${DIGEST}`] },
        operationState: { syncResult: { resources: [{ kind: 'Deployment', images: ['registry.test/synced:1'] }] } },
        history: [{ id: 0, source: { kustomize: { images: ['app=registry.test/earlier:1'] } } }],
      },
    },
    images: images('earlier:1', `live@${DIGEST}`, 'live:1', 'override:2', 'synced:1', 'tag-only:3', 'values:v1'),
  },
  {
    kind: 'ApplicationSet.argoproj.io',
    object: {
      spec: {
        generators: [{ list: {} }],
        template: { spec: { source: { kustomize: { images: ['registry.test/set:1'] } } } },
      },
    },
    images: images('set:1'),
  },
  {
    kind: 'Rollout.argoproj.io',
    object: { spec: { replicas: 0, template: template('rollout') } },
    images: podImages('rollout'),
  },
  {
    kind: 'Experiment.argoproj.io',
    object: { spec: { duration: '20m', templates: [{ name: 'canary', template: template('canary') }] } },
    images: podImages('canary'),
  },
  ...['AnalysisTemplate', 'ClusterAnalysisTemplate', 'AnalysisRun'].map((kind) => ({
    kind: `${kind}.argoproj.io`,
    object: { spec: { metrics: [{ name: 'smoke', provider: { job: { spec: { template: template('smoke') } } } }] } },
    images: podImages('smoke'),
  })),
  ...['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate'].map((kind) => ({
    kind: `${kind}.argoproj.io`,
    object: { spec: workflowSpec() },
    images: workflowImages(),
  })),
  {
    kind: 'CronWorkflow.argoproj.io',
    object: { spec: { schedule: '0 * * * *', workflowSpec: workflowSpec() } },
    images: workflowImages(),
  },
];

function workflowSpec() {
  return {
    entrypoint: 'main',
    arguments: {
      parameters: [
        { name: 'image', value: 'registry.test/parameter:v1' },
        { name: 'message', value: 'hello: world' },
      ],
    },
    templates: [
      { name: 'main', container: { image: 'registry.test/container:1', args: ['{{inputs.parameters.message}}'] } },
      { name: 'script', script: { image: 'registry.test/script:1', source: 'echo registry.test/in-a-script:1' } },
      { name: 'set', containerSet: { containers: [{ name: 'main', image: 'registry.test/set:1' }] } },
      { name: 'given', container: { image: '{{inputs.parameters.image}}' } },
      {
        name: 'helpers',
        initContainers: [{ image: 'registry.test/init:1' }],
        sidecars: [{ image: 'registry.test/sidecar:1' }],
      },
    ],
  };
}

function workflowImages(): readonly string[] {
  return images('container:1', 'init:1', 'parameter:v1', 'script:1', 'set:1', 'sidecar:1');
}

const FLUX: readonly KindCase[] = [
  {
    kind: 'HelmRelease.helm.toolkit.fluxcd.io',
    object: {
      spec: {
        chart: { spec: { chart: 'podinfo', version: '6.x' } },
        values: { image: { repository: 'registry.test/podinfo', tag: '6.1.0' } },
      },
    },
    images: images('podinfo:6.1.0'),
  },
  {
    kind: 'Kustomization.kustomize.toolkit.fluxcd.io',
    object: {
      spec: {
        path: './deploy',
        images: [
          { name: 'registry.test/podinfo', newTag: '6.2.0' },
          { name: 'podinfo', newName: 'registry.test/renamed', digest: DIGEST },
        ],
      },
    },
    images: images('podinfo:6.2.0', `renamed@${DIGEST}`),
  },
  {
    kind: 'ImagePolicy.image.toolkit.fluxcd.io',
    object: {
      spec: { imageRepositoryRef: { name: 'podinfo' } },
      status: {
        latestRef: { name: 'registry.test/podinfo', tag: '6.3.0', digest: DIGEST },
        observedPreviousRef: { name: 'registry.test/podinfo', tag: '6.2.9' },
        latestImage: 'registry.test/older-api:6.3.0',
        observedPreviousImage: 'registry.test/older-api:6.2.9',
      },
    },
    images: images('older-api:6.2.9', 'older-api:6.3.0', 'podinfo:6.2.9', `podinfo:6.3.0@${DIGEST}`),
  },
  {
    kind: 'ImageRepository.image.toolkit.fluxcd.io',
    object: { spec: { image: 'registry.test/scanned', interval: '1h' } },
    images: images('scanned:latest'),
  },
  {
    kind: 'OCIRepository.source.toolkit.fluxcd.io',
    object: {
      spec: { url: 'oci://registry.test/manifests/podinfo', ref: { tag: 'latest' } },
      status: { artifact: { revision: `latest@${DIGEST}` } },
    },
    images: images(`manifests/podinfo:latest`, `manifests/podinfo:latest@${DIGEST}`),
  },
];

const KNATIVE: readonly KindCase[] = [
  {
    kind: 'Service.serving.knative.dev',
    object: { spec: { template: template('hello') } },
    images: podImages('hello'),
  },
  {
    kind: 'Configuration.serving.knative.dev',
    object: { spec: { template: template('hello') } },
    images: podImages('hello'),
  },
  {
    kind: 'Revision.serving.knative.dev',
    object: {
      spec: { containerConcurrency: 0, ...podSpec('hello') },
      status: {
        imageDigest: `registry.test/hello-old@${DIGEST}`,
        containerStatuses: [{ name: 'app', imageDigest: `registry.test/hello@${DIGEST}` }],
        initContainerStatuses: [{ name: 'init', imageDigest: `registry.test/hello-init@${DIGEST}` }],
      },
    },
    images: [...podImages('hello'), ...images(`hello-old@${DIGEST}`, `hello@${DIGEST}`, `hello-init@${DIGEST}`)],
  },
  {
    kind: 'Image.caching.internal.knative.dev',
    object: { spec: { image: `registry.test/cached@${DIGEST}` } },
    images: images(`cached@${DIGEST}`),
  },
];

const taskSpec = {
  params: [{ name: 'builder', default: 'registry.test/builder:v1' }],
  stepTemplate: { image: 'registry.test/step-template:1' },
  steps: [
    { name: 'build', image: 'registry.test/step:1' },
    { name: 'given', image: '$(params.builder)' },
  ],
  sidecars: [{ name: 'docker', image: 'registry.test/sidecar:1' }],
};
const TASK_IMAGES = images('builder:v1', 'sidecar:1', 'step-template:1', 'step:1');
const bundled = {
  resolver: 'bundles',
  params: [
    { name: 'bundle', value: 'registry.test/bundles/tasks' },
    { name: 'name', value: 'golang-build' },
    { name: 'kind', value: 'task' },
  ],
};
const pipelineSpec = {
  params: [{ name: 'runner', default: 'registry.test/runner:v1' }],
  tasks: [
    { name: 'build', taskSpec: { steps: [{ image: 'registry.test/in-pipeline:1' }] } },
    { name: 'test', taskRef: bundled },
    { name: 'old', taskRef: { name: 'lint', bundle: 'registry.test/bundles/lint' } },
  ],
  finally: [{ name: 'report', taskSpec: { steps: [{ image: 'registry.test/finally:1' }] } }],
};
const PIPELINE_IMAGES = images(
  'bundles/lint:latest',
  'bundles/tasks:latest',
  'finally:1',
  'in-pipeline:1',
  'runner:v1',
);

const TEKTON: readonly KindCase[] = [
  { kind: 'Task.tekton.dev', object: { spec: taskSpec }, images: TASK_IMAGES },
  { kind: 'ClusterTask.tekton.dev', object: { spec: taskSpec }, images: TASK_IMAGES },
  {
    kind: 'StepAction.tekton.dev',
    object: { spec: { image: 'registry.test/action:1', env: [{ name: 'IMAGE', value: 'registry.test/in-env:1' }] } },
    images: images('action:1', 'in-env:1'),
  },
  {
    kind: 'TaskRun.tekton.dev',
    object: {
      spec: { taskRef: bundled, params: [{ name: 'image', value: 'registry.test/parameter:v1' }] },
      status: {
        taskSpec: { steps: [{ image: 'registry.test/resolved:1' }] },
        steps: [{ name: 'build', imageID: `registry.test/ran@${DIGEST}` }],
        sidecars: [{ name: 'docker', imageID: `docker-pullable://registry.test/beside@${DIGEST}` }],
        provenance: { taskRef: { bundle: 'registry.test/bundles/old' } },
      },
    },
    images: images(
      `beside@${DIGEST}`,
      'bundles/old:latest',
      'bundles/tasks:latest',
      'parameter:v1',
      `ran@${DIGEST}`,
      'resolved:1',
    ),
  },
  {
    kind: 'Pipeline.tekton.dev',
    object: { spec: { ...pipelineSpec, also: { pipelineRef: { bundle: 'registry.test/bundles/inner' } } } },
    images: [...PIPELINE_IMAGES, ...images('bundles/inner:latest')],
  },
  {
    kind: 'PipelineRun.tekton.dev',
    object: { spec: { pipelineRef: { bundle: 'registry.test/bundles/whole' } }, status: { pipelineSpec } },
    images: [...PIPELINE_IMAGES, ...images('bundles/whole:latest')],
  },
];

const KEDA: readonly KindCase[] = [
  {
    kind: 'ScaledJob.keda.sh',
    object: {
      spec: {
        jobTargetRef: {
          parallelism: 1,
          template: { spec: { containers: [{ image: 'registry.test/worker:1', args: ['registry.test/given:v1'] }] } },
        },
        triggers: [{ type: 'rabbitmq' }],
      },
    },
    images: images('given:v1', 'worker:1'),
  },
];

const kruise = (kind: string, spec: object, found: readonly string[]): KindCase => ({
  kind: `${kind}.apps.kruise.io`,
  object: { spec },
  images: found,
});
const KRUISE: readonly KindCase[] = [
  kruise('CloneSet', { replicas: 0, template: template('clone') }, podImages('clone')),
  kruise('StatefulSet', { template: template('db') }, podImages('db')),
  kruise('DaemonSet', { template: template('agent') }, podImages('agent')),
  kruise('BroadcastJob', { template: template('cast') }, podImages('cast')),
  kruise(
    'AdvancedCronJob',
    {
      template: {
        jobTemplate: { spec: { template: template('job') } },
        broadcastJobTemplate: { spec: { template: template('cast') } },
        imageListPullJobTemplate: { spec: { images: ['registry.test/warm:1', 'registry.test/warm-too:1'] } },
      },
    },
    [...podImages('job'), ...podImages('cast'), ...images('warm-too:1', 'warm:1')],
  ),
  kruise(
    'SidecarSet',
    { initContainers: [{ image: 'registry.test/init:1' }], containers: [{ image: 'registry.test/sidecar:1' }] },
    images('init:1', 'sidecar:1'),
  ),
  kruise(
    'UnitedDeployment',
    {
      template: {
        statefulSetTemplate: { spec: { template: template('a') } },
        advancedStatefulSetTemplate: { spec: { template: template('b') } },
        cloneSetTemplate: { spec: { template: template('c') } },
        deploymentTemplate: { spec: { template: template('d') } },
      },
    },
    ['a', 'b', 'c', 'd'].flatMap(podImages),
  ),
  kruise(
    'WorkloadSpread',
    { subsets: [{ name: 'a', patch: { spec: { containers: [{ name: 'main', image: 'registry.test/patched:1' }] } } }] },
    images('patched:1'),
  ),
  kruise(
    'EphemeralJob',
    { template: { ephemeralContainers: [{ name: 'debug', image: 'registry.test/debug:1' }] } },
    images('debug:1'),
  ),
  kruise('ImagePullJob', { image: 'registry.test/pulled:1' }, images('pulled:1')),
  kruise('ImageListPullJob', { images: ['registry.test/one:1', 'registry.test/two:1'] }, images('one:1', 'two:1')),
];

const OPENSHIFT: readonly KindCase[] = [
  {
    kind: 'DeploymentConfig.apps.openshift.io',
    object: {
      metadata: { name: 'frontend', namespace: 'shop' },
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'web', image: ' ' },
              { name: 'proxy', image: 'registry.test/proxy:1' },
            ],
          },
        },
        strategy: { type: 'Custom', customParams: { image: 'registry.test/strategy:1' } },
        triggers: [
          {
            type: 'ImageChange',
            imageChangeParams: {
              from: { kind: 'ImageStreamTag', name: 'frontend:prod' },
              lastTriggeredImage: `${INTERNAL}/shop/frontend@${DIGEST}`,
            },
          },
        ],
      },
    },
    images: [
      `${INTERNAL}/shop/frontend:prod`,
      `${INTERNAL}/shop/frontend@${DIGEST}`,
      ...images('proxy:1', 'strategy:1'),
    ],
  },
  {
    kind: 'BuildConfig.build.openshift.io',
    object: {
      metadata: { name: 'frontend', namespace: 'shop' },
      spec: {
        strategy: { sourceStrategy: { from: { kind: 'ImageStreamTag', namespace: 'openshift', name: 'nodejs:20' } } },
        source: { images: [{ from: { kind: 'ImageStreamImage', name: `assets@${DIGEST}` } }] },
        output: { to: { kind: 'ImageStreamTag', name: 'frontend:latest' } },
        triggers: [
          {
            imageChange: {
              from: { kind: 'DockerImage', name: 'registry.test/base:1' },
              lastTriggeredImageID: `registry.test/base@${DIGEST}`,
            },
          },
        ],
      },
      status: {
        imageChangeTriggers: [
          { from: { namespace: 'openshift', name: 'python:3' }, lastTriggeredImageID: `registry.test/newer@${DIGEST}` },
        ],
      },
    },
    images: [
      `${INTERNAL}/openshift/nodejs:20`,
      `${INTERNAL}/openshift/python:3`,
      `${INTERNAL}/shop/assets@${DIGEST}`,
      `${INTERNAL}/shop/frontend:latest`,
      ...images('base:1', `base@${DIGEST}`, `newer@${DIGEST}`),
    ],
  },
  {
    kind: 'Build.build.openshift.io',
    object: {
      metadata: { name: 'frontend-1', namespace: 'shop' },
      spec: { strategy: { dockerStrategy: { from: { kind: 'DockerImage', name: `registry.test/base@${DIGEST}` } } } },
      status: {
        outputDockerImageReference: `${INTERNAL}/shop/built:latest`,
        output: { to: { imageDigest: `sha256:${'d'.repeat(64)}` } },
      },
    },
    images: [`${INTERNAL}/shop/built:latest`, `registry.test/base@${DIGEST}`, `sha256:${'d'.repeat(64)}`],
  },
];

const CORE: readonly KindCase[] = [
  {
    kind: 'Pod',
    object: {
      spec: { ...podSpec('pod'), ephemeralContainers: [{ name: 'debug', image: 'registry.test/debug:1' }] },
      status: {
        containerStatuses: [
          {
            name: 'app',
            image: 'registry.test/pod:1',
            imageID: `mirror.test/pod@${DIGEST}`,
            volumeMounts: [{ volumeStatus: { image: { imageRef: `registry.test/volume@${DIGEST}` } } }],
          },
        ],
      },
    },
    images: [...podImages('pod'), ...images('debug:1', `volume@${DIGEST}`), `mirror.test/pod@${DIGEST}`],
  },
  ...[
    'ReplicationController',
    'Deployment.apps',
    'ReplicaSet.apps',
    'StatefulSet.apps',
    'DaemonSet.apps',
    'Job.batch',
  ].map((kind) => ({ kind, object: { spec: { replicas: 0, template: template('web') } }, images: podImages('web') })),
  {
    kind: 'CronJob.batch',
    object: { spec: { suspend: true, jobTemplate: { spec: { template: template('nightly') } } } },
    images: podImages('nightly'),
  },
  { kind: 'PodTemplate', object: { template: template('pattern') }, images: podImages('pattern') },
  {
    kind: 'ControllerRevision.apps',
    object: { revision: 3, data: { spec: { template: { $patch: 'replace', ...template('earlier') } } } },
    images: podImages('earlier'),
  },
];

/** A case for each kind of the table whose objects tell their images by themselves. */
export const KIND_CASES: readonly KindCase[] = [
  ...CORE,
  ...ARGO,
  ...FLUX,
  ...KNATIVE,
  ...TEKTON,
  ...KEDA,
  ...KRUISE,
  ...OPENSHIFT,
];
