// Files that hold what a cluster holds: custom kinds, Helm's store, image streams; and kinds that the user adds or leaves out.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUsage, type UsageSettings } from '../../../src/kubernetes/read-usage.ts';
import { silentLog } from '../../../src/log.ts';
import { helmConfigMap, helmSecret, renderedDeployment } from '../../builders/helm-release.ts';
import { kubernetesSettings } from '../../builders/kubernetes-settings.ts';
import { NOW } from '../../builders/snapshot.ts';
import { KIND_CASES } from '../kinds/kind-cases.ts';
import { DIGEST_A, linesOf, referencesOf, templated } from '../objects.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dumps-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function usageOf(objects: readonly object[], settings: Partial<UsageSettings> = {}) {
  for (const [at, object] of objects.entries())
    await writeFile(join(folder, `${String(at).padStart(3, '0')}.json`), JSON.stringify(object));
  return readUsage(kubernetesSettings({ manifests: [folder], ...settings }), {
    environment: {},
    log: silentLog,
    now: NOW,
  });
}

function versionOf(kind: string): { kind: string; apiVersion: string } {
  const dot = kind.indexOf('.');
  return dot === -1
    ? { kind, apiVersion: 'v1' }
    : { kind: kind.slice(0, dot), apiVersion: `${kind.slice(dot + 1)}/v1` };
}

function release(revision: number, status: string) {
  return helmSecret({
    name: 'shop',
    revision,
    status,
    manifest: renderedDeployment('web', `registry.test/web:${revision}`),
  });
}

const WORKFLOW = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'WorkflowTemplate',
  metadata: { name: 'w', namespace: 'shop' },
  spec: { arguments: { parameters: [{ name: 'image', value: 'registry.test/parameter:1' }] } },
};

describe('a dump of a cluster', () => {
  it.each(KIND_CASES.map(({ kind, object, images }) => [kind, object, images] as const))(
    'protects what an object of %s needs, as the cluster would',
    async (kind, object, images) => {
      const metadata = { name: 'x', namespace: 'shop' };
      const usage = await usageOf([{ ...versionOf(kind), metadata, ...object }]);
      const found = [...referencesOf(usage), ...usage.bareDigests.map(({ digest }) => String(digest))];
      expect(new Set(found)).toEqual(new Set(images));
    },
  );

  it("counts Helm's revisions together, whatever files they lie in", async () => {
    const revisions = [
      release(1, 'superseded'),
      release(2, 'superseded'),
      release(3, 'deployed'),
      release(4, 'failed'),
    ];
    const all = await usageOf(revisions);
    expect(referencesOf(all)).toEqual([1, 2, 3, 4].map((tag) => `registry.test/web:${tag}`));
    expect(linesOf(all)[0]).toMatch(/shop\/Helm release\/shop \(revision 1\)/);
    const some = await usageOf(revisions, { helmHistory: 1 });
    expect(referencesOf(some)).toEqual(['registry.test/web:3', 'registry.test/web:4']);
    expect(referencesOf(await usageOf(revisions, { helmHistory: 0 }))).toEqual([]);
  });

  it("reads Helm's ConfigMaps, and other Secrets as any object", async () => {
    const configMap = helmConfigMap({ name: 'old', manifest: renderedDeployment('old', 'registry.test/old:1') });
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { image: 'registry.test/in-secret:1' },
    };
    expect(referencesOf(await usageOf([configMap, secret]))).toEqual([
      'registry.test/in-secret:1',
      'registry.test/old:1',
    ]);
  });

  it('stops the run for a release that cannot be read, and shows nothing of it', async () => {
    const broken = { ...release(1, 'deployed'), data: { release: 'c2VjcmV0LXRleHQ=' } };
    const error: unknown = await usageOf([broken]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ exitCode: 5 });
    expect(String(error)).not.toContain('secret-text');
  });

  it('reads image streams with their history, and streams without one by what they are set to', async () => {
    const stream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app', namespace: 'shop', creationTimestamp: '2020-01-01T00:00:00Z' },
      status: {
        tags: [
          {
            tag: 'prod',
            items: [
              {
                created: '2020-01-01T00:00:00Z',
                image: DIGEST_A,
                dockerImageReference: `registry.test/app@${DIGEST_A}`,
              },
            ],
          },
        ],
      },
    };
    const planned = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: {},
      spec: { tags: [{ name: '1', from: { kind: 'DockerImage', name: 'registry.test/base:1' } }] },
    };
    expect(referencesOf(await usageOf([stream, planned]))).toEqual(
      expect.arrayContaining([`registry.test/app@${DIGEST_A}`, 'registry.test/base:1']),
    );
  });

  it('leaves out the kinds that the user leaves out, also in the manifests of Helm', async () => {
    const manifest = JSON.stringify({ ...WORKFLOW, spec: { image: 'registry.test/in-helm:1' } });
    const objects = [
      WORKFLOW,
      helmSecret({ name: 'ci', manifest }),
      templated('Deployment', 'web', 'registry.test/web:1'),
    ];
    expect(referencesOf(await usageOf(objects))).toEqual(
      ['in-helm:1', 'parameter:1', 'web:1'].map((name) => `registry.test/${name}`),
    );
    expect(referencesOf(await usageOf(objects, { exclude: ['workflowtemplates.argoproj.io'] }))).toEqual([
      'registry.test/web:1',
    ]);
  });

  it('leaves no kind of Kubernetes out because another group has one of that name', async () => {
    const { apiVersion: _apiVersion, ...set } = {
      apiVersion: '',
      ...templated('StatefulSet', 'db', 'registry.test/db:1'),
    };
    expect(referencesOf(await usageOf([set], { exclude: ['statefulsets.apps.kruise.io'] }))).toEqual([
      'registry.test/db:1',
    ]);
  });

  it('is read by the paths of the kinds that the user adds', async () => {
    const widget = {
      apiVersion: 'apps.example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
      spec: { runner: 'registry.test/runner:1' },
    };
    const resources = [{ group: 'apps.example.com', kind: 'Widget', paths: ['$.spec.runner'], isOptional: false }];
    expect(referencesOf(await usageOf([widget], { resources }))).toEqual(['registry.test/runner:1']);
    expect(referencesOf(await usageOf([widget]))).toEqual([]);
  });

  it("takes no text of a custom kind in Helm's manifests for one that must be an image", async () => {
    const manifest = JSON.stringify({ ...WORKFLOW, spec: { image: 'registry.test/app:$(tag)' } });
    const { unparsable } = await usageOf([helmSecret({ name: 'ci', manifest })]);
    expect(unparsable.map(({ text, isWeak }) => [text, isWeak])).toEqual([['registry.test/app:$(tag)', true]]);
  });
});
