// Which kinds are read of a cluster: what discovery says, what the user adds and leaves out, and what stops the run.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CleanupError, EvidenceError, UsageError } from '../../src/errors.ts';
import { readUsage, type UsageSettings } from '../../src/kubernetes/read-usage.ts';
import { silentLog } from '../../src/log.ts';
import type { Usage } from '../../src/model/usage.ts';
import { helmSecret } from '../builders/helm-release.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW } from '../builders/snapshot.ts';
import type { ServedResource } from '../fakes/kubernetes-discovery.ts';
import {
  type FaultAnswer,
  type KubernetesObject,
  type KubernetesServer,
  type KubernetesServerOptions,
  kubeConfigText,
  makeCertificates,
  SERVED,
  startKubernetesServer,
} from '../fakes/kubernetes-server.ts';
import { requireProgram } from '../support/real-parts.ts';
import { linesOf, oneOfEach, pod, referencesOf, templated } from './objects.ts';

const ROLLOUTS: ServedResource = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  resource: 'rollouts',
  kind: 'Rollout',
  isCustom: true,
};
const WIDGETS: ServedResource = {
  group: 'apps.example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  isCustom: true,
};
const SIDECARS: ServedResource = {
  group: 'apps.kruise.io',
  version: 'v1alpha1',
  resource: 'sidecarsets',
  kind: 'SidecarSet',
  namespaced: false,
  isCustom: true,
};

function rollout(name: string): KubernetesObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace: 'shop' },
    spec: { template: { spec: { containers: [{ name: 'app', image: `registry.test/${name}:1` }] } } },
  };
}

function widget(spec: object): KubernetesObject {
  return { apiVersion: 'apps.example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'shop' }, spec };
}

function sidecar(): KubernetesObject {
  const spec = { containers: [{ name: 'proxy', image: 'registry.test/sidecar:1' }] };
  return { apiVersion: 'apps.kruise.io/v1alpha1', kind: 'SidecarSet', metadata: { name: 's' }, spec };
}

const OWN_KIND = { group: 'apps.example.com', kind: 'Widget', paths: ['$.spec.runner'], isOptional: false };

describe.runIf(requireProgram('openssl'))('the kinds of a cluster', () => {
  const servers: KubernetesServer[] = [];
  let certificates: string;
  let lines: string[];

  async function start(options: KubernetesServerOptions = {}): Promise<KubernetesServer> {
    const started = await startKubernetesServer({ certificates, ...options });
    servers.push(started);
    return started;
  }

  async function read(given: readonly KubernetesServer[], settings: Partial<UsageSettings> = {}): Promise<Usage> {
    const contexts = given.map((server, at) => ({ name: `c${at}`, server, user: { token: 'tok-admin' } }));
    const log = { ...silentLog, info: (line: string) => lines.push(line) };
    return readUsage(
      kubernetesSettings({ kubeConfig: { kind: 'inline', text: kubeConfigText(contexts) }, ...settings }),
      { environment: {}, log, now: NOW, limits: { retries: 2, retryDelayMs: 1, idleMs: 300 } },
    );
  }

  async function failureOf(work: Promise<unknown>): Promise<CleanupError> {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof EvidenceError || error instanceof UsageError) return error;
    throw new Error('It was read, or failed in another way.', { cause: error });
  }

  beforeAll(async () => {
    certificates = await mkdtemp(join(tmpdir(), 'kinds-'));
    await makeCertificates(certificates);
  });
  beforeEach(() => {
    lines = [];
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((each) => each.close()));
  });
  afterAll(async () => rm(certificates, { recursive: true, force: true }));

  describe.each(['aggregated', 'old'] as const)('told by %s discovery', (form) => {
    const discovery = form === 'old' ? { discovery: 'old' as const } : {};

    it('are read when they name images, and only then', async () => {
      const server = await start({ ...discovery, custom: [ROLLOUTS, WIDGETS] });
      server.put(...oneOfEach(), rollout('canary'), widget({ image: 'registry.test/widget:1' }));
      const references = referencesOf(await read([server]));
      expect(references).toContain('registry.test/canary:1');
      expect(references).not.toContain('registry.test/widget:1');
      expect(server.requests.some(({ path }) => path.includes('widgets'))).toBe(false);
    });

    it('are asked of the server by few requests', async () => {
      const server = await start({ ...discovery, custom: [ROLLOUTS, WIDGETS] });
      server.put(...oneOfEach());
      await read([server]);
      const asked = server.requests.map(({ path }) => path).filter((path) => !path.includes('?'));
      const groups = ['/api/v1', '/apis/apps/v1', '/apis/batch/v1', '/apis/argoproj.io/v1alpha1'];
      expect(new Set(asked)).toEqual(new Set(['/api', '/apis', ...(form === 'old' ? groups : [])]));
    });

    it('are read in the version that the server prefers', async () => {
      const versions = ['v1', 'v1alpha1'].map((version) => ({ ...ROLLOUTS, version }));
      const server = await start({ ...discovery, custom: versions });
      server.put(...oneOfEach(), rollout('canary'));
      expect(referencesOf(await read([server]))).toContain('registry.test/canary:1');
      expect(server.requests.filter(({ path }) => path.includes('rollouts')).map(({ path }) => path)).toEqual([
        '/apis/argoproj.io/v1/rollouts?limit=500',
      ]);
    });

    it('are read in an older version where the preferred one does not have them', async () => {
      const serves = SERVED.map((list) => list.replace('batch/v1/cronjobs', 'batch/v1beta1/cronjobs'));
      const server = await start({ ...discovery, serves });
      server.put(...oneOfEach());
      expect(referencesOf(await read([server]))).toContain('registry.test/cronjob:1');
    });

    it('stop the run when one of them is there and cannot be listed, and may be left out', async () => {
      const server = await start({ ...discovery, custom: [{ ...ROLLOUTS, verbs: ['create', 'get'] }] });
      server.put(...oneOfEach(), rollout('canary'));
      const error = await failureOf(read([server]));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toContain('"c0" has rollouts.argoproj.io, and no way to list them');
      expect(error.hint).toContain('kubernetes.exclude: [rollouts.argoproj.io]');
      expect((await read([server], { exclude: ['rollouts.argoproj.io'] })).sources[0]?.objects).toBe(8);
    });

    it('may be there without a list when nobody wants them', async () => {
      const server = await start({ ...discovery, custom: [{ ...WIDGETS, verbs: ['create', 'get'] }] });
      server.put(...oneOfEach());
      expect((await read([server])).sources[0]?.objects).toBe(8);
    });

    it('may differ from cluster to cluster', async () => {
      const one = await start({ ...discovery, custom: [ROLLOUTS] });
      const other = await start(discovery);
      one.put(...oneOfEach(), rollout('canary'));
      other.put(...oneOfEach());
      expect((await read([one, other])).sources.map(({ objects }) => objects)).toEqual([9, 8]);
    });

    it('stop the run when a group that may have one of them does not answer', async () => {
      const server = await start({ ...discovery, custom: [ROLLOUTS], stale: ['argoproj.io/v1beta1'] });
      server.put(...oneOfEach(), rollout('canary'));
      const error = await failureOf(read([server]));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toContain('argoproj.io');
      expect(error.message).toContain('"c0"');
      expect(error.hint).toContain('kubernetes.exclude');
    });

    it('do not stop the run for a group that has none of them', async () => {
      const server = await start({ ...discovery, stale: ['metrics.k8s.io/v1beta1'] });
      server.put(...oneOfEach());
      expect((await read([server])).sources[0]?.objects).toBe(8);
    });

    it('do not stop the run when all of the group that does not answer are left out', async () => {
      const server = await start({ ...discovery, stale: ['keda.sh/v1alpha1'] });
      server.put(...oneOfEach());
      expect((await failureOf(read([server]))).message).toContain('scaledjobs.keda.sh');
      expect((await read([server], { exclude: ['scaledjobs.keda.sh'] })).sources[0]?.objects).toBe(8);
    });

    it.each(SERVED.filter((list) => list !== 'batch/v1/cronjobs'))(
      'stop the run when a server does not know %s, which every cluster has',
      async (gone) => {
        const server = await start({ ...discovery, serves: SERVED.filter((list) => list !== gone) });
        const error = await failureOf(read([server]));
        expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
        expect(error.message).toContain('which every Kubernetes cluster has');
      },
    );

    it('may lack CronJobs', async () => {
      const server = await start({ ...discovery, serves: SERVED.filter((list) => list !== 'batch/v1/cronjobs') });
      server.put(pod('p', 'registry.test/p:1'));
      expect(referencesOf(await read([server]))).toEqual(['registry.test/p:1']);
    });
  });

  describe('that discovery does not tell', () => {
    it.each<[string, FaultAnswer, RegExp]>([
      ['/api', 'unauthorized', /401/],
      ['/apis', 'internal-error', /500/],
      ['/apis', 'unavailable', /503/],
      ['/apis', 'not-found', /404/],
      ['/apis', 'reset', /no answer/],
      ['/apis', 'hang', /no answer/],
      ['/apis', 'html', /not JSON/],
      ['/apis', 'truncated-json', /not JSON/],
      ['/apis', 'redirect', /302/],
    ])('stop the run when %s ends in %s', async (resource, answer, why) => {
      const server = await start();
      server.put(...oneOfEach());
      server.fail({ resource, answer });
      const error = await failureOf(read([server]));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toMatch(why);
      expect(error.message).toContain('in context "c0"');
      expect(server.requests.some(({ path }) => path.includes('pods'))).toBe(false);
    });

    it.each(['internal-error', 'unavailable', 'reset', 'too-many-requests'] as const)(
      'are asked for again after %s',
      async (answer) => {
        const server = await start();
        server.put(...oneOfEach());
        server.fail({ resource: '/apis', answer, times: 1 });
        expect((await read([server])).sources[0]?.objects).toBe(8);
      },
    );

    it('stop the run when the account may not ask, and print the right to add', async () => {
      const server = await start();
      server.forbid({ resource: '/apis' });
      const error = await failureOf(read([server]));
      expect(error.message).toContain('403');
      expect(error.hint).toMatch(/system:discovery.*nonResourceURLs/);
    });

    it('stop the run when a group of the old form is refused', async () => {
      const server = await start({ discovery: 'old', custom: [ROLLOUTS] });
      server.forbid({ resource: '/apis/argoproj.io/v1alpha1' });
      expect((await failureOf(read([server]))).message).toMatch(/rollouts.*argoproj|argoproj.*403/);
    });
  });

  describe('that the user leaves out', () => {
    it('are not asked for, and that is said', async () => {
      const server = await start({ custom: [ROLLOUTS] });
      server.put(...oneOfEach(), rollout('canary'));
      server.forbid({ resource: 'argoproj.io/rollouts' });
      server.forbid({ resource: 'secrets' });
      const usage = await read([server], { exclude: ['rollouts.argoproj.io', 'secrets'] });
      expect(usage.sources[0]?.objects).toBe(8);
      expect(server.requests.some(({ path }) => /rollouts|secrets/.test(path))).toBe(false);
      expect(lines.join('\n')).toMatch(/left out on purpose.*rollouts\.argoproj\.io, secrets/);
    });

    it('may be known and in no cluster', async () => {
      const server = await start();
      server.put(...oneOfEach());
      expect((await read([server], { exclude: ['workflows.argoproj.io'] })).sources[0]?.objects).toBe(8);
    });

    it('may be a kind that names no image anyway', async () => {
      const server = await start({ custom: [WIDGETS] });
      expect((await read([server], { exclude: ['widgets.apps.example.com'] })).complete).toBe(true);
    });

    it.each([
      ['rollout.argoproj.io', 'rollouts.argoproj.io'],
      ['workflows', 'workflows.argoproj.io'],
      ['pod', 'pods'],
    ])('are a usage error when they are misspelt: %s, with the name that was meant', async (name, meant) => {
      const server = await start({ custom: [ROLLOUTS] });
      const error = await failureOf(read([server], { exclude: [name] }));
      expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
      expect(error.message).toContain(`"${name}"; did you mean "${meant}"?`);
    });

    it('may be kinds that he adds himself, whose plural only the cluster knows', async () => {
      const server = await start({ custom: [WIDGETS] });
      server.put(...oneOfEach(), widget({ runner: 'registry.test/runner:1' }));
      const settings = { resources: [OWN_KIND], exclude: ['widgets.apps.example.com'] };
      expect((await read([server], settings)).sources[0]?.objects).toBe(8);
    });

    it("are left out of Helm's manifests, too", async () => {
      const server = await start();
      const manifest = JSON.stringify(rollout('in-helm'));
      server.put(helmSecret({ name: 'shop', manifest }));
      expect(referencesOf(await read([server]))).toEqual(['registry.test/in-helm:1']);
      expect(referencesOf(await read([server], { exclude: ['rollouts.argoproj.io'] }))).toEqual([]);
    });

    it("are Helm's Secrets and ConfigMaps when no revision counts", async () => {
      const server = await start();
      server.put(...oneOfEach());
      server.forbid({ resource: 'secrets' });
      server.forbid({ resource: 'configmaps' });
      expect((await read([server], { helmHistory: 0 })).sources[0]?.objects).toBe(8);
    });
  });

  describe('that the user adds', () => {
    it('are read by their paths, and by what looks like an image', async () => {
      const server = await start({ custom: [WIDGETS] });
      server.put(...oneOfEach(), widget({ runner: 'registry.test/runner:1', job: { image: 'registry.test/inner:1' } }));
      const usage = await read([server], { resources: [OWN_KIND] });
      expect(linesOf(usage)).toEqual(
        expect.arrayContaining([
          'registry.test/inner:1 < c0: shop/Widget/w',
          'registry.test/runner:1 < c0: shop/Widget/w',
        ]),
      );
    });

    it('may be in one of two clusters only', async () => {
      const one = await start({ custom: [WIDGETS] });
      const other = await start();
      one.put(widget({ runner: 'registry.test/runner:1' }));
      expect(referencesOf(await read([one, other], { resources: [OWN_KIND] }))).toEqual(['registry.test/runner:1']);
    });

    it('are a usage error in no cluster, with the name that was meant', async () => {
      const server = await start({ custom: [WIDGETS] });
      const error = await failureOf(read([server], { resources: [{ ...OWN_KIND, kind: 'Wigdet' }] }));
      expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
      expect(error.message).toContain('"Wigdet.apps.example.com"; did you mean "Widget.apps.example.com"?');
      expect(error.hint).toContain('optional: true');
    });

    it('may be in no cluster when they are optional', async () => {
      const server = await start();
      server.put(...oneOfEach());
      const resources = [{ ...OWN_KIND, isOptional: true }];
      expect((await read([server], { resources })).sources[0]?.objects).toBe(8);
    });

    it('are read in the version that is given, which must be there', async () => {
      const server = await start({ custom: [WIDGETS, { ...WIDGETS, version: 'v2' }] });
      server.put(widget({ runner: 'registry.test/runner:1' }));
      await read([server], { resources: [{ ...OWN_KIND, version: 'v2' }] });
      expect(server.requests.map(({ path }) => path)).toContain('/apis/apps.example.com/v2/widgets?limit=500');
      const error = await failureOf(read([server], { resources: [{ ...OWN_KIND, version: 'v3' }] }));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5 });
      expect(error.message).toContain('in version v1, v2, and not in version v3');
    });

    it.each([false, true])('are never unread for the version that is given (optional: %j)', async (isOptional) => {
      const one = await start({ custom: [{ ...ROLLOUTS, version: 'v1beta1' }] });
      const other = await start({ custom: [{ ...ROLLOUTS, version: 'v1' }] });
      for (const server of [one, other]) server.put({ ...rollout('canary'), status: { old: 'registry.test/old:1' } });
      const mine = { group: 'argoproj.io', kind: 'Rollout', version: 'v1beta1', paths: ['$.status.old'], isOptional };
      expect(linesOf(await read([one, other], { resources: [mine] }))).toEqual([
        'registry.test/canary:1 < c0: shop/Rollout/canary, c1: shop/Rollout/canary',
        'registry.test/old:1 < c0: shop/Rollout/canary, c1: shop/Rollout/canary',
      ]);
    });

    it('stop the run when they are forbidden, and print the rule to add', async () => {
      const server = await start({ custom: [WIDGETS] });
      server.forbid({ resource: 'apps.example.com/widgets' });
      const error = await failureOf(read([server], { resources: [OWN_KIND] }));
      expect(error.hint).toContain('{apiGroups: ["apps.example.com"], resources: ["widgets"], verbs: ["list"]}');
    });

    it('stop the run when something else than texts stands at a path', async () => {
      const server = await start({ custom: [WIDGETS] });
      server.put(widget({ runner: { name: 'registry.test/runner:1' } }));
      const error = await failureOf(read([server], { resources: [OWN_KIND] }));
      expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES' });
      expect(error.message).toContain('Widget shop/w in context "c0" has an unexpected form: the path $.spec.runner');
    });

    it('may name lists of texts, null and nothing', async () => {
      const server = await start({ custom: [WIDGETS] });
      server.put(widget({ runner: ['registry.test/a:1', 'registry.test/b:1'], other: null }));
      const resources = [{ ...OWN_KIND, paths: ['$.spec.runner', '$.spec.other', '$.spec.gone'] }];
      expect(referencesOf(await read([server], { resources }))).toEqual(['registry.test/a:1', 'registry.test/b:1']);
    });

    it('add paths to those that are known of a kind', async () => {
      const applications = { ...ROLLOUTS, resource: 'applications', kind: 'Application' };
      const server = await start({ custom: [applications] });
      server.put({
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name: 'a', namespace: 'shop' },
        status: { summary: { images: ['registry.test/live:1'] }, mine: 'registry.test/mine:1' },
      });
      const resources = [{ group: 'argoproj.io', kind: 'Application', paths: ['$.status.mine'], isOptional: false }];
      const references = referencesOf(await read([server], { resources }));
      expect(references).toEqual(['registry.test/live:1', 'registry.test/mine:1']);
      expect(server.requests.filter(({ path }) => path.includes('applications?'))).toHaveLength(1);
    });

    it('take nothing from what is known of a kind of the table', async () => {
      const server = await start({ custom: [ROLLOUTS] });
      const described = { ...templated('Deployment', 'web', 'registry.test/web:1') };
      const metadata = { ...described.metadata, annotations: { previous: 'registry.test/web:0' } };
      server.put({ ...described, metadata }, { ...rollout('canary'), status: { old: 'registry.test/canary:0' } });
      server.put(
        helmSecret({ name: 'shop', manifest: 'kind: Pod\nspec: {containers: [{image: "registry.test/helm:1"}]}' }),
      );
      const resources = [
        { group: 'apps', kind: 'Deployment', paths: ['$.metadata.annotations.previous'], isOptional: false },
        { group: 'argoproj.io', kind: 'Rollout', paths: ['$.status.old'], isOptional: false },
        { group: '', kind: 'Secret', paths: [], isOptional: false },
      ];
      expect(referencesOf(await read([server], { resources }))).toEqual(
        ['canary:0', 'canary:1', 'helm:1', 'web:0', 'web:1'].map((name) => `registry.test/${name}`),
      );
    });
  });

  describe('in the given namespaces', () => {
    it('are those that lie in one; the others are not read, and that is said', async () => {
      const server = await start({ custom: [SIDECARS, ROLLOUTS] });
      server.put(...oneOfEach(), sidecar(), rollout('canary'));
      expect(referencesOf(await read([server]))).toContain('registry.test/sidecar:1');
      const references = referencesOf(await read([server], { namespaces: ['shop'] }));
      expect(references).toContain('registry.test/canary:1');
      expect(references).not.toContain('registry.test/sidecar:1');
      expect(
        lines.filter((line) => line.includes('they lie in no namespace: sidecarsets.apps.kruise.io')),
      ).toHaveLength(1);
    });
  });

  it("are read of Helm's store by its label, in small pages", async () => {
    const server = await start();
    server.put(
      helmSecret({ name: 'shop', manifest: 'kind: Pod\nspec: {containers: [{image: "registry.test/helm:1"}]}' }),
    );
    server.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'other', namespace: 'shop' },
      data: { release: '?' },
    });
    const usage = await read([server]);
    expect(referencesOf(usage)).toEqual(['registry.test/helm:1']);
    expect(usage.sources[0]?.objects).toBe(1);
    const asked = server.requests.filter(({ path }) => /secrets|configmaps/.test(path)).map(({ path }) => path);
    expect(asked.sort()).toEqual(
      ['configmaps', 'secrets'].map((name) => `/api/v1/${name}?labelSelector=owner%3Dhelm&limit=50`),
    );
  });

  it('that are called alike in two groups do not mix', async () => {
    const kruise = { ...ROLLOUTS, group: 'apps.kruise.io', resource: 'statefulsets', kind: 'StatefulSet' };
    const server = await start({ custom: [kruise] });
    const image = 'registry.test/advanced:1';
    server.put(templated('StatefulSet', 'db', 'registry.test/plain:1'), {
      apiVersion: 'apps.kruise.io/v1alpha1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'shop' },
      spec: { template: { spec: { containers: [{ name: 'app', image }] } } },
    });
    const usage = await read([server]);
    expect(referencesOf(usage)).toEqual(['registry.test/advanced:1', 'registry.test/plain:1']);
    expect(usage.sources[0]?.objects).toBe(2);
  });
});
