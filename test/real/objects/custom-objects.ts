// Objects of the kinds that others bring: their definitions, and objects as their controllers leave them.

import type { CustomKind, KubeObject } from '../../support/kube-client.ts';
import { digestOf, NAMESPACE, type NamingObject, podSpecOf, templateOf } from './core-objects.ts';

/** Every group that is read beyond Kubernetes' own, in the version that its project serves. */
export const CUSTOM_KINDS: readonly CustomKind[] = [
  ...kindsOf('argoproj.io', ['v1alpha1'], {
    Application: 'applications',
    ApplicationSet: 'applicationsets',
    Rollout: 'rollouts',
    Experiment: 'experiments',
    AnalysisTemplate: 'analysistemplates',
    AnalysisRun: 'analysisruns',
    Workflow: 'workflows',
    WorkflowTemplate: 'workflowtemplates',
    CronWorkflow: 'cronworkflows',
  }),
  ...kindsOf(
    'argoproj.io',
    ['v1alpha1'],
    { ClusterAnalysisTemplate: 'clusteranalysistemplates', ClusterWorkflowTemplate: 'clusterworkflowtemplates' },
    'cluster',
  ),
  ...kindsOf('helm.toolkit.fluxcd.io', ['v2', 'v2beta2'], { HelmRelease: 'helmreleases' }),
  ...kindsOf('kustomize.toolkit.fluxcd.io', ['v1'], { Kustomization: 'kustomizations' }),
  ...kindsOf('image.toolkit.fluxcd.io', ['v1'], { ImagePolicy: 'imagepolicies', ImageRepository: 'imagerepositories' }),
  ...kindsOf('source.toolkit.fluxcd.io', ['v1'], { OCIRepository: 'ocirepositories' }),
  ...kindsOf('serving.knative.dev', ['v1'], {
    Service: 'services',
    Configuration: 'configurations',
    Revision: 'revisions',
  }),
  ...kindsOf('caching.internal.knative.dev', ['v1alpha1'], { Image: 'images' }),
  ...kindsOf('tekton.dev', ['v1', 'v1beta1'], {
    Task: 'tasks',
    TaskRun: 'taskruns',
    Pipeline: 'pipelines',
    PipelineRun: 'pipelineruns',
  }),
  // Two kinds of the group have no v1.
  ...kindsOf('tekton.dev', ['v1beta1', 'v1alpha1'], { StepAction: 'stepactions' }),
  ...kindsOf('tekton.dev', ['v1beta1'], { ClusterTask: 'clustertasks' }, 'cluster'),
  ...kindsOf('keda.sh', ['v1alpha1'], { ScaledJob: 'scaledjobs' }),
  ...kindsOf('apps.kruise.io', ['v1alpha1'], {
    CloneSet: 'clonesets',
    DaemonSet: 'daemonsets',
    BroadcastJob: 'broadcastjobs',
    AdvancedCronJob: 'advancedcronjobs',
    UnitedDeployment: 'uniteddeployments',
    WorkloadSpread: 'workloadspreads',
    EphemeralJob: 'ephemeraljobs',
    ImagePullJob: 'imagepulljobs',
    ImageListPullJob: 'imagelistpulljobs',
  }),
  ...kindsOf('apps.kruise.io', ['v1alpha1'], { SidecarSet: 'sidecarsets' }, 'cluster'),
  ...kindsOf('apps.kruise.io', ['v1beta1', 'v1alpha1'], { StatefulSet: 'statefulsets' }),
  ...kindsOf('apps.openshift.io', ['v1'], { DeploymentConfig: 'deploymentconfigs' }),
  ...kindsOf('build.openshift.io', ['v1'], { BuildConfig: 'buildconfigs', Build: 'builds' }),
  ...kindsOf('image.openshift.io', ['v1'], { ImageStream: 'imagestreams' }),
];

const INTERNAL = 'image-registry.openshift-image-registry.svc:5000/shop';

/** One object of each of these kinds, at least. */
export const CUSTOM_OBJECTS: readonly NamingObject[] = [
  ...argoCd(),
  ...argoRollouts(),
  ...argoWorkflows(),
  ...flux(),
  ...knative(),
  ...tekton(),
  naming(['keda.sh/v1alpha1', 'ScaledJob'], ['keda/idle:1'], {
    spec: { jobTargetRef: { template: { spec: podSpecOf('registry.test/keda/idle:1') } }, triggers: [] },
  }),
  ...kruise(),
  ...openshift(),
];

function argoCd(): NamingObject[] {
  const kustomize = { images: ['app=registry.test/argocd/kustomize:1'] };
  return [
    naming(['argoproj.io/v1alpha1', 'Application'], ['argocd/summary:1', 'argocd/synced:1', 'argocd/kustomize:1'], {
      spec: { source: { repoURL: 'https://git.test/app', kustomize } },
      status: {
        summary: { images: ['registry.test/argocd/summary:1'] },
        operationState: { syncResult: { resources: [{ kind: 'Job', images: ['registry.test/argocd/synced:1'] }] } },
      },
    }),
    naming(['argoproj.io/v1alpha1', 'ApplicationSet'], ['argocd/set:1'], {
      spec: { template: { spec: { sources: [{ kustomize: { images: ['registry.test/argocd/set:1'] } }] } } },
    }),
  ];
}

function argoRollouts(): NamingObject[] {
  const metrics = (image: string) => [
    { name: 'smoke', provider: { job: { spec: { template: { spec: podSpecOf(`registry.test/${image}`) } } } } },
  ];
  const version = 'argoproj.io/v1alpha1';
  return [
    naming([version, 'Rollout'], ['rollouts/rollout:1'], {
      spec: { replicas: 0, template: templateOf('registry.test/rollouts/rollout:1') },
    }),
    naming([version, 'Experiment'], ['rollouts/experiment:1'], {
      spec: { templates: [{ name: 'a', template: templateOf('registry.test/rollouts/experiment:1') }] },
    }),
    naming([version, 'AnalysisTemplate'], ['rollouts/analysis:1'], {
      spec: { metrics: metrics('rollouts/analysis:1') },
    }),
    naming([version, 'ClusterAnalysisTemplate', ''], ['rollouts/cluster-analysis:1'], {
      spec: { metrics: metrics('rollouts/cluster-analysis:1') },
    }),
    naming([version, 'AnalysisRun'], ['rollouts/run:1'], { spec: { metrics: metrics('rollouts/run:1') } }),
  ];
}

function argoWorkflows(): NamingObject[] {
  const version = 'argoproj.io/v1alpha1';
  const image = (name: string) => `registry.test/workflows/${name}:1`;
  return [
    naming(
      [version, 'Workflow'],
      ['container', 'script', 'set', 'init', 'sidecar', 'parameter'].map((name) => `workflows/${name}:1`),
      {
        spec: {
          arguments: { parameters: [{ name: 'builder', value: image('parameter') }] },
          templates: [
            {
              name: 'a',
              container: { image: image('container') },
              initContainers: [{ name: 'i', image: image('init') }],
            },
            { name: 'b', script: { image: image('script'), source: 'true' } },
            { name: 'c', containerSet: { containers: [{ name: 'c', image: image('set') }] } },
            {
              name: 'd',
              sidecars: [{ name: 's', image: image('sidecar') }],
              container: { image: '{{inputs.parameters.image}}' },
            },
          ],
        },
      },
    ),
    naming([version, 'WorkflowTemplate'], ['workflows/template:1'], {
      spec: { templates: [{ name: 'a', container: { image: image('template') } }] },
    }),
    naming([version, 'ClusterWorkflowTemplate', ''], ['workflows/cluster-template:1'], {
      spec: { templates: [{ name: 'a', container: { image: image('cluster-template') } }] },
    }),
    naming([version, 'CronWorkflow'], ['workflows/cron:1'], {
      spec: {
        schedules: ['@daily'],
        workflowSpec: { templates: [{ name: 'a', container: { image: image('cron') } }] },
      },
    }),
  ];
}

function flux(): NamingObject[] {
  const toolkit = 'toolkit.fluxcd.io';
  return [
    naming([`helm.${toolkit}/v2`, 'HelmRelease'], ['flux/values:1'], {
      spec: { values: { image: { repository: 'registry.test/flux/values', tag: '1' } } },
    }),
    naming([`kustomize.${toolkit}/v1`, 'Kustomization'], ['flux/kustomized:1'], {
      spec: { images: [{ name: 'app', newName: 'registry.test/flux/kustomized', newTag: '1' }] },
    }),
    naming([`image.${toolkit}/v1`, 'ImagePolicy'], ['flux/latest:2', 'flux/latest:1'], {
      spec: { imageRepositoryRef: { name: 'x' } },
      status: {
        latestRef: { name: 'registry.test/flux/latest', tag: '2' },
        observedPreviousRef: { name: 'registry.test/flux/latest', tag: '1' },
      },
    }),
    naming([`image.${toolkit}/v1`, 'ImageRepository'], ['flux/repository:latest'], {
      spec: { image: 'registry.test/flux/repository' },
    }),
    naming([`source.${toolkit}/v1`, 'OCIRepository'], ['flux/source:1', `flux/source:1@${digestOf('4')}`], {
      spec: { url: 'oci://registry.test/flux/source', ref: { tag: '1' } },
      status: { artifact: { revision: `1@${digestOf('4')}` } },
    }),
  ];
}

function knative(): NamingObject[] {
  const template = (name: string) => ({ spec: { template: templateOf(`registry.test/knative/${name}:1`) } });
  return [
    naming(['serving.knative.dev/v1', 'Service'], ['knative/service:1'], template('service')),
    naming(['serving.knative.dev/v1', 'Configuration'], ['knative/configuration:1'], template('configuration')),
    // Scaled to zero: there is no pod.
    naming(['serving.knative.dev/v1', 'Revision'], ['knative/revision:1', `knative/revision@${digestOf('5')}`], {
      spec: podSpecOf('registry.test/knative/revision:1'),
      status: { containerStatuses: [{ name: 'main', imageDigest: `registry.test/knative/revision@${digestOf('5')}` }] },
    }),
    naming(['caching.internal.knative.dev/v1alpha1', 'Image'], [`knative/cached@${digestOf('6')}`], {
      spec: { image: `registry.test/knative/cached@${digestOf('6')}` },
    }),
  ];
}

function tekton(): NamingObject[] {
  const image = (name: string) => `registry.test/tekton/${name}:1`;
  const taskSpec = (name: string) => ({ steps: [{ name: 'a', image: image(name) }] });
  const bundle = { resolver: 'bundles', params: [{ name: 'bundle', value: 'registry.test/tekton/bundle' }] };
  return [
    naming(
      ['tekton.dev/v1', 'Task'],
      ['tekton/step:1', 'tekton/template:1', 'tekton/sidecar:1', 'tekton/parameter:1'],
      {
        spec: {
          params: [{ name: 'builder', default: image('parameter') }],
          stepTemplate: { image: image('template') },
          steps: [
            { name: 'a', image: image('step') },
            { name: 'b', image: '$(params.builder)' },
          ],
          sidecars: [{ name: 'c', image: image('sidecar') }],
        },
      },
    ),
    naming(['tekton.dev/v1beta1', 'ClusterTask', ''], ['tekton/cluster-task:1'], { spec: taskSpec('cluster-task') }),
    naming(['tekton.dev/v1beta1', 'StepAction'], ['tekton/action:1'], { spec: { image: image('action') } }),
    naming(['tekton.dev/v1', 'TaskRun'], ['tekton/run:1', 'tekton/status:1', `tekton/ran@${digestOf('7')}`], {
      spec: { taskSpec: taskSpec('run') },
      status: {
        taskSpec: taskSpec('status'),
        steps: [{ name: 'a', imageID: `registry.test/tekton/ran@${digestOf('7')}` }],
      },
    }),
    naming(['tekton.dev/v1', 'Pipeline'], ['tekton/task:1', 'tekton/finally:1', 'tekton/bundle:latest'], {
      spec: {
        tasks: [
          { name: 'a', taskSpec: taskSpec('task') },
          { name: 'b', taskRef: bundle },
        ],
        finally: [{ name: 'c', taskSpec: taskSpec('finally') }],
      },
    }),
    naming(['tekton.dev/v1', 'PipelineRun'], ['tekton/pipeline-run:1', 'tekton/pipeline-status:1'], {
      spec: { pipelineSpec: { tasks: [{ name: 'a', taskSpec: taskSpec('pipeline-run') }] } },
      status: { pipelineSpec: { tasks: [{ name: 'a', taskSpec: taskSpec('pipeline-status') }] } },
    }),
  ];
}

function kruise(): NamingObject[] {
  const version = 'apps.kruise.io/v1alpha1';
  const image = (name: string) => `registry.test/kruise/${name}:1`;
  const template = (name: string) => ({ spec: { template: templateOf(image(name)) } });
  return [
    naming([version, 'CloneSet'], ['kruise/cloneset:1'], template('cloneset')),
    naming(['apps.kruise.io/v1beta1', 'StatefulSet'], ['kruise/statefulset:1'], template('statefulset')),
    naming([version, 'DaemonSet'], ['kruise/daemonset:1'], template('daemonset')),
    naming([version, 'BroadcastJob'], ['kruise/broadcast:1'], template('broadcast')),
    naming([version, 'AdvancedCronJob'], ['kruise/cron:1', 'kruise/cron-pull:1'], {
      spec: {
        schedule: '@daily',
        template: {
          jobTemplate: template('cron'),
          imageListPullJobTemplate: { spec: { images: [image('cron-pull')] } },
        },
      },
    }),
    naming([version, 'SidecarSet', ''], ['kruise/sidecar:1', 'kruise/sidecar-init:1'], {
      spec: {
        containers: [{ name: 'a', image: image('sidecar') }],
        initContainers: [{ name: 'b', image: image('sidecar-init') }],
      },
    }),
    naming([version, 'UnitedDeployment'], ['kruise/united:1'], {
      spec: { template: { deploymentTemplate: { spec: { template: templateOf(image('united')) } } } },
    }),
    naming([version, 'WorkloadSpread'], ['kruise/spread:1'], {
      spec: { subsets: [{ name: 'a', patch: { spec: podSpecOf(image('spread')) } }] },
    }),
    naming([version, 'EphemeralJob'], ['kruise/ephemeral:1'], {
      spec: { template: { ephemeralContainers: [{ name: 'a', image: image('ephemeral') }] } },
    }),
    naming([version, 'ImagePullJob'], ['kruise/pull:1'], { spec: { image: image('pull') } }),
    naming([version, 'ImageListPullJob'], ['kruise/list-pull:1'], { spec: { images: [image('list-pull')] } }),
  ];
}

function openshift(): NamingObject[] {
  const triggered = {
    from: { kind: 'ImageStreamTag', name: 'web:prod' },
    lastTriggeredImage: `${INTERNAL}/web@${digestOf('8')}`,
  };
  return [
    naming(
      ['apps.openshift.io/v1', 'DeploymentConfig'],
      ['openshift/deployment:1', `${INTERNAL}/web@${digestOf('8')}`, `${INTERNAL}/web:prod`],
      {
        spec: {
          template: templateOf('registry.test/openshift/deployment:1'),
          triggers: [{ type: 'ImageChange', imageChangeParams: triggered }],
        },
      },
    ),
    naming(
      ['build.openshift.io/v1', 'BuildConfig'],
      ['openshift/builder:1', `${INTERNAL}/web:built`, `${INTERNAL}/base@${digestOf('9')}`],
      {
        spec: {
          strategy: { sourceStrategy: { from: { kind: 'DockerImage', name: 'registry.test/openshift/builder:1' } } },
          output: { to: { kind: 'ImageStreamTag', name: 'web:built' } },
          triggers: [
            { type: 'ImageChange', imageChange: { lastTriggeredImageID: `${INTERNAL}/base@${digestOf('9')}` } },
          ],
        },
      },
    ),
    naming(['build.openshift.io/v1', 'Build'], ['openshift/source:1', 'openshift/output:1'], {
      spec: { source: { images: [{ from: { kind: 'DockerImage', name: 'registry.test/openshift/source:1' } }] } },
      status: { outputDockerImageReference: 'registry.test/openshift/output:1' },
    }),
    naming(
      ['image.openshift.io/v1', 'ImageStream'],
      ['openshift/imported:1', `${INTERNAL}/imagestream-of-image:prod`, `${INTERNAL}/stream@${digestOf('a')}`],
      {
        spec: { tags: [{ name: 'prod', from: { kind: 'DockerImage', name: 'registry.test/openshift/imported:1' } }] },
        status: {
          tags: [
            {
              tag: 'prod',
              items: [
                {
                  created: '2026-01-01T00:00:00Z',
                  image: digestOf('a'),
                  dockerImageReference: `${INTERNAL}/stream@${digestOf('a')}`,
                },
              ],
            },
          ],
        },
      },
    ),
  ];
}

/** Images without a host lie in `registry.test`. The third of the names is the namespace; empty for kinds of the cluster. */
function naming(
  [apiVersion, kind, namespace = NAMESPACE]: readonly [string, string, string?],
  images: readonly string[],
  content: object,
): NamingObject {
  const name = `${kind.toLowerCase()}-of-${apiVersion.split('.')[0]}`;
  const metadata: KubeObject['metadata'] = { name, ...(namespace === '' ? {} : { namespace }) };
  return {
    object: { apiVersion, kind, metadata, ...content },
    images: images.map((image) => (image.startsWith(INTERNAL) ? image : `registry.test/${image}`)),
  };
}

function kindsOf(
  group: string,
  versions: readonly string[],
  plurals: Readonly<Record<string, string>>,
  scope: 'namespace' | 'cluster' = 'namespace',
): CustomKind[] {
  return Object.entries(plurals).map(([kind, plural]) => ({ group, versions, kind, plural, scope }));
}
