// Whatever keeps a real API server from being read in full stops the run; what has nothing to do with it does not.

import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EvidenceError, UsageError } from '../../src/errors.ts';
import { formatImageReference } from '../../src/model/reference.ts';
import type { Usage } from '../../src/model/usage.ts';
import { addAccount, type KubeAccount } from '../support/kube-accounts.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import type { CustomKind, KubeObject } from '../support/kube-client.ts';
import { startKubeGate } from '../support/kube-gate.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { podSpecOf } from './objects/core-objects.ts';
import { contextOf, failureOf, readRealUsage } from './read-real-cluster.ts';

const READ_ALL = [{ apiGroups: ['*'], resources: ['*'], verbs: ['list'] }];
const WIDGET: CustomKind = { group: 'widgets.example.com', versions: ['v2', 'v1'], kind: 'Widget', plural: 'widgetry' };
/** A short patience: what is tried here does not get better. */
const QUICK = { retries: 1, retryDelayMs: 10 };
/** More than one page of some lists, and cheap. */
const PAGE_SIZE = 40;

const listSchema = z.object({
  metadata: z.object({ continue: z.string().optional(), remainingItemCount: z.number().optional() }),
});

function pod(name: string, namespace = 'shop'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: podSpecOf(`registry.test/${name}:1`),
  };
}

function podImagesOf(usage: Usage): readonly string[] {
  return usage.uses
    .filter(({ workloads }) => workloads.some(({ kind }) => kind === 'Pod'))
    .map(({ reference }) => formatImageReference(reference))
    .toSorted();
}

describe.runIf(requireKubeApiserver() && requireProgram('openssl'))('a real API server', () => {
  let server: KubeApiserver;
  let reader: KubeAccount;
  const pods = Array.from({ length: 100 }, (_, index) => pod(`pod-${String(index).padStart(3, '0')}`));
  const images = pods.map(({ metadata }) => `registry.test/${metadata.name}:1`);

  beforeAll(async () => {
    server = await startKubeApiserver();
    reader = await addAccount(server, { name: 'reader', rules: READ_ALL });
    await server.putKinds(WIDGET);
    await server.create(...pods, {
      apiVersion: 'widgets.example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w', namespace: 'shop' },
      spec: { parts: [{ container: 'registry.test/widget:1' }, { container: 'registry.test/widget:2' }] },
    });
  });
  afterAll(async () => server.stop());

  it('is read by an account that may only list', async () => {
    const usage = await readRealUsage(server, { contexts: [contextOf(server, { token: reader.token })] });
    expect(podImagesOf(usage)).toEqual(images);
  });

  describe('that cannot be asked', () => {
    it('stops the run: an expired token', async () => {
      const contexts = [contextOf(server, { token: reader.expiredToken })];
      const error = await failureOf(readRealUsage(server, { contexts, limits: QUICK }));
      expect(error).toBeInstanceOf(EvidenceError);
      expect(error.message).toMatch(/401.*Unauthorized/);
      expect(error.hint).toMatch(/^Renew the credentials in the kubeconfig/);
    });

    it('stops the run: a token of nobody, and none at all', async () => {
      const wrong = await failureOf(readRealUsage(server, { contexts: [contextOf(server, { token: 'x' })] }));
      expect(wrong.message).toMatch(/401/);
      // The server knows who has no credentials as system:anonymous, who may see nothing.
      const nobody = await failureOf(readRealUsage(server, { contexts: [{ name: 'real', server }] }));
      expect(nobody.message).toMatch(/403.*system:anonymous/);
    });

    it('stops the run: a second context where nobody answers', async () => {
      const gone = contextOf({ ...server, url: 'https://127.0.0.1:1' }, { name: 'gone' });
      const error = await failureOf(readRealUsage(server, { contexts: [contextOf(server), gone], limits: QUICK }));
      expect(error).toBeInstanceOf(EvidenceError);
      expect(error.message).toMatch(/context "gone": there is no answer/);
      expect(error.details).toMatchObject({ context: 'gone' });
    });

    it('stops the run: an authority that did not sign its certificate', async () => {
      const other = { ...contextOf(server), cluster: { 'certificate-authority': server.clientCertificate.certFile } };
      const error = await failureOf(readRealUsage(server, { contexts: [other], limits: QUICK }));
      expect(error.hint).toMatch(/^The kubeconfig's certificate-authority must be/);
    });
  });

  describe('whose etcd is compacted in the middle of a list (410)', () => {
    it('is read anew, and whole: as it is then, and nothing twice', async () => {
      let pages = 0;
      const gate = await startKubeGate(server, async (path) => {
        if (!path.startsWith('/api/v1/pods?')) return;
        pages++;
        if (pages !== 2) return;
        await server.remove(pods[0] ?? pod('none'));
        await server.create(pod('zz-new'));
        await server.expireLists('/api/v1/pods');
      });
      try {
        const contexts = [contextOf({ ...server, ...gate })];
        const limits = { pageSize: PAGE_SIZE, idleMs: 90_000 };
        const usage = await readRealUsage(server, { contexts, limits });
        const seen = gate.answers.filter((line) => line.includes(' /api/v1/pods?'));
        expect(seen.map((line) => line.slice(0, 3))).toEqual(['200', '410', '200', '200', '200']);
        expect(podImagesOf(usage)).toEqual([...images.slice(1), 'registry.test/zz-new:1']);
        expect(usage.sources[0]?.pods).toBe(pods.length);
      } finally {
        await gate.stop();
        await server.remove(pod('zz-new'));
        await server.create(pods[0] ?? pod('none'));
      }
    });
  });

  describe('whose pods come and go in the middle of a list', () => {
    const gone = pods.slice(60, 95);
    const come = Array.from({ length: 3 }, (_, index) => pod(`zz-come-${index}`));

    it('announces on every page what is to come, of the moment when the list began, and is read once', async () => {
      let pages = 0;
      const gate = await startKubeGate(server, async (path) => {
        if (!path.startsWith('/api/v1/pods?') || ++pages !== 2) return;
        for (const one of gone) await server.remove(one);
        await server.create(...come);
      });
      try {
        const contexts = [contextOf({ ...server, ...gate })];
        const usage = await readRealUsage(server, { contexts, limits: { pageSize: PAGE_SIZE } });
        const seen = gate.answers.filter((line) => line.includes(' /api/v1/pods?'));
        expect(seen.map((line) => line.slice(0, 3))).toEqual(['200', '200', '200']);
        expect(podImagesOf(usage)).toEqual(images);
        expect(await announcements('/api/v1/pods', 20)).toEqual([48, 28, 8, undefined]);
      } finally {
        await gate.stop();
        for (const one of come) await server.remove(one);
        await server.create(...gone);
      }
    });

    it('announces nothing when it is asked for some by their label', async () => {
      expect(await announcements('/api/v1/pods', 40, '&labelSelector=!nobody')).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });

    /** What each page of a list says about the pages after it. */
    async function announcements(path: string, limit: number, query = ''): Promise<(number | undefined)[]> {
      const said: (number | undefined)[] = [];
      for (let token: string | undefined = ''; token !== undefined; ) {
        const answer = await server.must('GET', `${path}?limit=${limit}&continue=${encodeURIComponent(token)}${query}`);
        const { metadata } = listSchema.parse(answer);
        said.push(metadata.remainingItemCount);
        token = metadata.continue;
      }
      return said;
    }
  });

  describe('with a part that is down (an APIService without its server)', () => {
    it('is read when nothing that names images is in that part', async () => {
      await breakGroup('metrics.k8s.io', 'v1beta1');
      expect(podImagesOf(await readRealUsage(server))).toEqual(images);
    });

    it('stops the run when a kind that is read could be in that part, until it is left out on purpose', async () => {
      await breakGroup('apps.openshift.io', 'v1');
      const error = await failureOf(readRealUsage(server, { limits: QUICK }));
      expect(error).toBeInstanceOf(EvidenceError);
      expect(error.message).toMatch(/^Whether the cluster has deploymentconfigs\.apps\.openshift\.io is not known\./);
      expect(error.hint).toMatch(/kubectl get apiservices/);
      const usage = await readRealUsage(server, { settings: { exclude: ['deploymentconfigs.apps.openshift.io'] } });
      expect(podImagesOf(usage)).toEqual(images);
      await mendGroup('apps.openshift.io', 'v1');
      expect(podImagesOf(await readRealUsage(server))).toEqual(images);
    });
  });

  describe('with a kind that the policy file adds', () => {
    const widget = {
      group: 'widgets.example.com',
      kind: 'Widget',
      paths: ['$.spec.parts[*].container'],
      isOptional: false,
    };

    it('reads it, by the plural and the version that only the server knows', async () => {
      const usage = await readRealUsage(server, { settings: { resources: [widget] } });
      const found = usage.uses.filter(({ workloads }) => workloads.some(({ kind }) => kind === 'Widget'));
      expect(found.map(({ reference }) => formatImageReference(reference))).toEqual([
        'registry.test/widget:1',
        'registry.test/widget:2',
      ]);
      const without = await readRealUsage(server);
      expect(without.uses).toHaveLength(usage.uses.length - 2);
    });

    it('stops the run when the account may not list it, and names the rule', async () => {
      const account = await addAccount(server, {
        name: 'without-widgets',
        rules: ['', 'apps', 'batch'].map((group) => ({ apiGroups: [group], resources: ['*'], verbs: ['list'] })),
      });
      const contexts = [contextOf(server, account)];
      const error = await failureOf(readRealUsage(server, { contexts, settings: { resources: [widget] } }));
      expect(error.hint).toContain('{apiGroups: ["widgets.example.com"], resources: ["widgetry"], verbs: ["list"]}');
      await expect(readRealUsage(server, { contexts })).resolves.toMatchObject({ complete: true });
    });

    it('refuses a kind that it does not have, unless no cluster need have it', async () => {
      const resource = { ...widget, kind: 'Wigdet' };
      const error = await failureOf(readRealUsage(server, { settings: { resources: [resource] } }));
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toMatch(/no cluster has "Wigdet\.widgets\.example\.com"; did you mean "Widget/);
      const optional = { ...resource, isOptional: true };
      await expect(readRealUsage(server, { settings: { resources: [optional] } })).resolves.toMatchObject({
        complete: true,
      });
    });

    it.each([true, false])('stops for a version that it does not have, optional or not: %s', async (isOptional) => {
      const resource = { ...widget, version: 'v3', isOptional };
      const error = await failureOf(readRealUsage(server, { settings: { resources: [resource] } }));
      expect(error).toBeInstanceOf(EvidenceError);
      expect(error.message).toContain('v3');
    });
  });

  /** Says that a group is served by something that is not there, and waits until discovery says so too. */
  async function breakGroup(group: string, version: string): Promise<void> {
    const service = { name: 'nobody', namespace: 'shop', port: 443 };
    await server.create({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: { group, version, service, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true },
    });
    await waitForDiscovery((text) => text.includes(`"${group}"`));
  }

  async function mendGroup(group: string, version: string): Promise<void> {
    await server.must('DELETE', `/apis/apiregistration.k8s.io/v1/apiservices/${version}.${group}`);
    await waitForDiscovery((text) => !text.includes(`"${group}"`));
  }

  async function waitForDiscovery(isThere: (text: string) => boolean): Promise<void> {
    const deadline = Date.now() + 30_000;
    // kubectl's own question, which has the aggregated form.
    while (!isThere(await server.discover())) {
      if (Date.now() > deadline) throw new Error('discovery does not come to know it');
      await setTimeout(100);
    }
  }
});
