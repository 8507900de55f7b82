// The rights that `rbac` prints and the templates have are enough on a real API server, and none of them is too many.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { EvidenceError } from '../../src/errors.ts';
import { addToLayout, buildImage, makeLayout } from '../builders/image.ts';
import { type ProcessResult, runProcess } from '../cli/run-process.ts';
import { writeKubeConfig } from '../fakes/kubernetes-server.ts';
import { addAccount, type RbacRule } from '../support/kube-accounts.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { root } from '../support/source-files.ts';
import { CORE_OBJECTS, NAMESPACE, podSpecOf } from './objects/core-objects.ts';
import { CUSTOM_KINDS, CUSTOM_OBJECTS } from './objects/custom-objects.ts';
import { contextOf, failureOf, type RealRead, readRealUsage } from './read-real-cluster.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
const TEMPLATES = join(root, 'templates', 'kubernetes');

const ruleSchema = z.object({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
});
const listSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
      rules: z.array(ruleSchema).optional(),
    }),
  ),
});
const jobSchema = z.object({
  spec: z.object({
    jobTemplate: z.object({ spec: z.object({ template: z.object({ spec: z.record(z.string(), z.unknown()) }) }) }),
  }),
});

/** The rules that a hint says to grant. */
function rulesIn(hint: string | undefined): readonly RbacRule[] {
  return [...(hint ?? '').matchAll(/\{apiGroups: .*?verbs: \[.*?\]\}/g)].map(([text]) => ruleSchema.parse(parse(text)));
}

/** The rules one resource each, as hints have them. */
function single({ apiGroups, resources, verbs }: RbacRule): readonly RbacRule[] {
  return resources.map((resource) => ({ apiGroups, resources: [resource], verbs }));
}

const isOptional = ({ resources }: RbacRule) => resources.includes('nodes');

describe.runIf(requireKubeApiserver() && requireProgram('openssl'))('rights on a real API server', () => {
  let server: KubeApiserver;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rights-'));
    server = await startKubeApiserver();
    await server.putKinds(...CUSTOM_KINDS);
    await server.create(...[...CORE_OBJECTS, ...CUSTOM_OBJECTS].map(({ object }) => object));
    await server.must('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'empty' },
    });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const cli = (...words: readonly string[]): Promise<ProcessResult> =>
    runProcess({ file: START, words, directory: folder });

  /** The rules of the one role of a kind that `rbac` prints. */
  async function rulesFrom(kind: 'ClusterRole' | 'Role', ...words: readonly string[]): Promise<readonly RbacRule[]> {
    const { stdout } = await cli('rbac', '--format=json', ...words);
    const [role, ...others] = listSchema.parse(JSON.parse(stdout)).items.filter((item) => item.kind === kind);
    expect(others).toEqual([]);
    return role?.rules ?? [];
  }

  const readAs = (token: string, read: RealRead = {}) =>
    readRealUsage(server, { ...read, contexts: [contextOf(server, { token })] });

  /** The words of a run on a small repository, with somebody's rights. */
  async function wordsFor(token: string): Promise<readonly string[]> {
    const config = await writeKubeConfig(join(folder, 'account.config'), [contextOf(server, { token })]);
    const layout = await mkdtemp(join(folder, 'layout-'));
    await makeLayout(layout);
    await addToLayout(layout, buildImage({ seed: 'web' }), ['1']);
    return [`--repository=oci-layout:${layout}=registry.test/web`, `--kube-config=${config}`];
  }

  describe('of the whole cluster', () => {
    it('are what a run needs: with any one rule less it stops and names that rule', async () => {
      const rules = await rulesFrom('ClusterRole');
      expect(rules.filter(isOptional)).toHaveLength(1);
      const account = await addAccount(server, { name: 'printed', rules });
      const all = await readRealUsage(server);
      expect(await readAs(account.token)).toEqual(all);
      for (const rule of rules) {
        await account.setRules(rules.filter((other) => other !== rule));
        if (isOptional(rule)) expect(await readAs(account.token)).toEqual(all);
        else {
          const error = await failureOf(readAs(account.token));
          expect(error).toBeInstanceOf(EvidenceError);
          expect(rulesIn(error.hint), String(error)).toEqual(expect.arrayContaining([...single(rule)]));
          expect(rulesIn(error.hint)).toHaveLength(rule.resources.length);
        }
      }
    });

    it('are made whole by exactly the rule that a stopped run prints', async () => {
      const rules = (await rulesFrom('ClusterRole')).flatMap(single);
      const lacking = rules.filter(({ resources: [resource = ''] }) => !['deployments', 'rollouts'].includes(resource));
      const account = await addAccount(server, { name: 'lacking', rules: lacking });
      const error = await failureOf(readAs(account.token));
      expect(error.message).toMatch(/Cannot list the deployments in context "real".*403/);
      const hinted = rulesIn(error.hint);
      expect(hinted).toHaveLength(2);
      const stopped = await cli('plan', ...(await wordsFor(account.token)), '--without-git');
      expect(stopped.code).toBe(5);
      for (const resource of ['apps"], resources: ["deployments', 'argoproj.io"], resources: ["rollouts'])
        expect(stopped.stderr).toContain(`- {apiGroups: ["${resource}"], verbs: ["list"]}`);
      await account.setRules([...lacking, ...hinted]);
      expect(await readAs(account.token)).toEqual(await readRealUsage(server));
    });

    it('can be less for a run that leaves a kind out', async () => {
      const config = join(folder, 'exclude.yml');
      await writeFile(config, 'kubernetes: {exclude: [rollouts.argoproj.io, secrets]}\n');
      const rules = await rulesFrom('ClusterRole', `--config=${config}`);
      const account = await addAccount(server, { name: 'less', rules });
      await failureOf(readAs(account.token));
      const usage = await readAs(account.token, { settings: { exclude: ['rollouts.argoproj.io', 'secrets'] } });
      expect(usage.complete).toBe(true);
    });

    it('are asked of the cluster itself for kinds that the policy file adds', async () => {
      await server.putKinds({ group: 'widgets.example.com', versions: ['v1'], kind: 'Widget', plural: 'widgetry' });
      const config = join(folder, 'add.yml');
      await writeFile(config, 'kubernetes: {resources: [{group: widgets.example.com, kind: Widget}]}\n');
      const rules = await rulesFrom('ClusterRole', `--config=${config}`, `--kube-config=${server.kubeConfig}`);
      expect(rules.flatMap(single)).toContainEqual({
        apiGroups: ['widgets.example.com'],
        resources: ['widgetry'],
        verbs: ['list'],
      });
    });
  });

  describe('of one namespace', () => {
    it('are what a run with --namespace needs, and not enough for one without', async () => {
      const rules = await rulesFrom('Role', `--namespace=${NAMESPACE}`);
      const account = await addAccount(server, { name: 'printed-here', rules, namespace: NAMESPACE });
      const settings = { namespaces: [NAMESPACE] };
      expect(await readAs(account.token, { settings })).toEqual(await readRealUsage(server, { settings }));
      const error = await failureOf(readAs(account.token));
      expect(error.hint).toMatch(/ClusterRole/);
      for (const rule of rules.filter(({ verbs }) => verbs.includes('list'))) {
        await account.setRules(rules.filter((other) => other !== rule));
        const missing = await failureOf(readAs(account.token, { settings }));
        expect(rulesIn(missing.hint), String(missing)).toEqual(expect.arrayContaining([...single(rule)]));
      }
    });

    it('tell an empty namespace from a misspelt one', async () => {
      const rules = await rulesFrom('Role', '--namespace=empty');
      const account = await addAccount(server, { name: 'empty-here', rules, namespace: 'empty' });
      const settings = { namespaces: ['empty'] };
      expect(await readAs(account.token, { settings })).toMatchObject({ complete: true, uses: [] });
      await account.setRules(rules.filter(({ resources }) => !resources.includes('namespaces')));
      const error = await failureOf(readAs(account.token, { settings }));
      expect(error.hint).toContain('{apiGroups: [""], resources: ["namespaces"], verbs: ["get"]}');
      const misspelt = await failureOf(readRealUsage(server, { settings: { namespaces: ['emtpy'] } }));
      expect(misspelt).toMatchObject({ name: 'UsageError' });
    });
  });

  describe('as templates and as `rbac` prints them', () => {
    it('are taken by a real cluster, strictly, and run as hardened pods', async () => {
      await server.must('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'registry-cleanup', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      });
      const apply = ['apply', '--server-side', '--validate=strict', '--warnings-as-errors', '--force-conflicts'];
      await server.kubectl(...apply, '--dry-run=server', '--kustomize', TEMPLATES);
      const said = await server.kubectl(...apply, '--kustomize', TEMPLATES);
      for (const name of ['clusterrole.rbac.authorization.k8s.io', 'serviceaccount', 'persistentvolumeclaim'])
        expect(said).toContain(`${name}/registry-cleanup serverside-applied\n`);
      await server.kubectl(...apply, '--filename', join(TEMPLATES, 'role.yaml'));
      for (const name of ['registry-cleanup', 'registry-cleanup-verify']) {
        const path = `/apis/batch/v1/namespaces/registry-cleanup/cronjobs/${name}`;
        const { spec } = jobSchema.parse(await server.must('GET', path)).spec.jobTemplate.spec.template;
        const metadata = { name, namespace: 'registry-cleanup' };
        await server.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
      }
      // The label is in force.
      const careless = { name: 'careless', namespace: 'registry-cleanup' };
      await expect(
        server.create({ apiVersion: 'v1', kind: 'Pod', metadata: careless, spec: podSpecOf('registry.test/x:1') }),
      ).rejects.toThrow(/violates PodSecurity/);
    });

    it('let plan and verify run, by the account that they make', async () => {
      const { stdout } = await cli('rbac');
      const file = join(folder, 'rbac.yaml');
      await writeFile(file, stdout);
      await server.kubectl('apply', '--server-side', '--validate=strict', '--warnings-as-errors', '--filename', file);
      const token = await server.kubectl('create', 'token', 'registry-cleanup', '--namespace=registry-cleanup');
      const words = await wordsFor(token.trim());
      const planned = await cli('plan', ...words, '--without-git');
      expect(planned, planned.stderr).toMatchObject({ code: 0 });
      const verified = await cli('verify', ...words);
      expect(verified, verified.stderr).toMatchObject({ code: 0 });
    });
  });
});
