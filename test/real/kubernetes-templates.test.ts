// templates/kubernetes and `rbac` on a real API server: it takes them as they are, and an account with exactly these rights can do its work.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { addToLayout, buildImage, makeLayout } from '../builders/image.ts';
import { runProcess } from '../cli/run-process.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { root } from '../support/source-files.ts';

const isComplete = [requireKubeApiserver(), requireProgram('openssl')].every(Boolean);
const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
const TEMPLATES = join(root, 'templates', 'kubernetes');
const ACCOUNT = 'system:serviceaccount:registry-cleanup:registry-cleanup';
const START_TIMEOUT_MS = 120_000;
const EFFECT_TIMEOUT_MS = 30_000;

describe.runIf(isComplete)('the rights on a real API server', { timeout: 60_000 }, () => {
  let server: KubeApiserver;
  let folder: string;
  let layout: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'templates-'));
    layout = join(folder, 'layout');
    await mkdir(layout);
    await makeLayout(layout);
    await addToLayout(layout, buildImage({ seed: 'a' }), ['a']);
    server = await startKubeApiserver();
    await server.create(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bank' } },
    );
    await server.putKinds({ group: 'apps.example.com', versions: ['v1'], kind: 'Widget', plural: 'widgets' });
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    const kinds = ['clusterroles', 'clusterrolebindings'];
    for (const kind of kinds) await server.kubectl('delete', kind, 'registry-cleanup', '--ignore-not-found');
    for (const kind of ['roles', 'rolebindings'])
      await server.kubectl('delete', kind, '-A', '--field-selector=metadata.name=registry-cleanup');
  });

  const run = (...words: readonly string[]) => runProcess({ file: START, words, directory: folder });

  /** `registry-cleanup rbac … | kubectl apply -f -` */
  async function grant(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run('rbac', ...words);
    if (code !== 0) throw new Error(stderr);
    const file = join(folder, 'rights.yaml');
    await writeFile(file, stdout);
    await server.kubectl('apply', '--validate=strict', '-f', file);
    return stdout;
  }

  const may = async (...words: readonly string[]) => {
    const answer = await server.kubectl('auth', 'can-i', ...words, `--as=${ACCOUNT}`).catch(String);
    return answer.includes('yes');
  };

  /** The server learns of new roles a moment later. */
  async function waitFor(...right: readonly string[]): Promise<void> {
    const deadline = Date.now() + EFFECT_TIMEOUT_MS;
    while (!(await may(...right))) {
      if (Date.now() > deadline) throw new Error(`the account may not ${right.join(' ')}`);
      await setTimeout(100);
    }
  }

  /** A kubeconfig of the account, as a person makes one. */
  async function accountConfig(): Promise<string> {
    const token = await server.kubectl('-n', 'registry-cleanup', 'create', 'token', 'registry-cleanup');
    const file = join(folder, 'account.kubeconfig');
    const name = 'account';
    await writeFile(
      file,
      JSON.stringify({
        clusters: [{ name, cluster: { server: server.url, 'certificate-authority': server.caFile } }],
        users: [{ name, user: { token: token.trim() } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
      }),
      { mode: 0o600 },
    );
    return file;
  }

  const plan = async (...words: readonly string[]) => {
    const repository = `oci-layout:${layout}=registry.example.com/team/app`;
    return run('plan', '--repository', repository, '--without-git', '--kube-config', await accountConfig(), ...words);
  };

  it('takes everything in templates/kubernetes, with strict validation', async () => {
    const said = await server.kubectl('apply', '--validate=strict', '-k', TEMPLATES);
    expect(said.trim().split('\n').toSorted()).toEqual([
      'clusterrole.rbac.authorization.k8s.io/registry-cleanup created',
      'clusterrolebinding.rbac.authorization.k8s.io/registry-cleanup created',
      expect.stringMatching(/^configmap\/registry-cleanup-policy-\w+ created$/),
      'cronjob.batch/registry-cleanup created',
      'cronjob.batch/registry-cleanup-verify created',
      'namespace/registry-cleanup created',
      'persistentvolumeclaim/registry-cleanup created',
      'serviceaccount/registry-cleanup created',
    ]);
    const jobs = z.object({ items: z.array(z.unknown()) });
    const stored = jobs.parse(
      JSON.parse(await server.kubectl('-n', 'registry-cleanup', 'get', 'cronjobs', '-o', 'json')),
    );
    expect(stored.items).toHaveLength(2);
  });

  it('takes the jobs also where only the strictest pods are admitted', async () => {
    await server.kubectl('apply', '-f', join(TEMPLATES, 'service-account.yaml'));
    await server.kubectl(
      'label',
      '--overwrite',
      'ns',
      'registry-cleanup',
      'pod-security.kubernetes.io/enforce=restricted',
    );
    for (const name of ['cron-job.yaml', 'verify-cron-job.yaml']) {
      await server.kubectl('apply', '-f', join(TEMPLATES, name));
      const job = name
        .replace('.yaml', '')
        .replace('cron-job', 'registry-cleanup')
        .replace('verify-registry-cleanup', 'registry-cleanup-verify');
      const made = await server.kubectl(
        '-n',
        'registry-cleanup',
        'create',
        'job',
        'try',
        `--from=cronjob/${job}`,
        '-o',
        'json',
      );
      const { spec } = z
        .object({ spec: z.object({ template: z.looseObject({ spec: z.unknown() }) }) })
        .parse(JSON.parse(made));
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'try', namespace: 'registry-cleanup' },
        spec: spec.template.spec,
      };
      expect(await server.send('POST', '/api/v1/namespaces/registry-cleanup/pods?dryRun=All', pod)).toMatchObject({
        status: 201,
      });
      await server.kubectl('-n', 'registry-cleanup', 'delete', 'job', 'try');
    }
  });

  it('lets the account list, and nothing else', async () => {
    await server.kubectl('apply', '-k', TEMPLATES);
    await waitFor('list', 'pods', '-A');
    const asked = [
      'list nodes',
      'list controllerrevisions.apps -A',
      'list secrets -A',
      'get secrets -A',
      'watch pods -A',
      'delete pods -A',
      'create pods -A',
      'list widgets.apps.example.com -A',
    ];
    const answers = await Promise.all(asked.map((words) => may(...words.split(' '))));
    expect(asked.filter((_, at) => answers[at])).toEqual([
      'list nodes',
      'list controllerrevisions.apps -A',
      'list secrets -A',
    ]);
  });

  it('is enough to plan with, in the whole cluster', async () => {
    await grant();
    await waitFor('list', 'pods', '-A');
    expect(await plan()).toMatchObject({ code: 0 });
  });

  it('is enough to plan with in one namespace, also an empty one, and the role file of that namespace is the same', async () => {
    await grant('--namespace', 'bank');
    await waitFor('list', 'pods', '-n', 'bank');
    expect(await plan('--namespace', 'bank')).toMatchObject({ code: 0 });
    await server.kubectl('apply', '--validate=strict', '-f', join(TEMPLATES, 'role.yaml'));
    await waitFor('list', 'pods', '-n', 'shop');
    expect(await plan('--namespace', 'bank', '--namespace', 'shop')).toMatchObject({ code: 0 });
    expect(await may('list', 'pods', '-A')).toBe(false);
    expect(await plan()).toMatchObject({ code: 5 });
  });

  it('names what a cluster has, with the plural of a kind that the policy file adds', async () => {
    const policy = join(folder, 'policy.yml');
    await writeFile(policy, 'kubernetes: {resources: [{group: apps.example.com, kind: Widget}]}\n');
    const printed = await grant('--kube-config', server.kubeConfig, '--config', policy);
    expect(printed).toContain('resources: [widgets]');
    expect(printed).not.toContain('argoproj.io');
    await waitFor('list', 'widgets.apps.example.com', '-A');
    expect(await plan('--config', policy)).toMatchObject({ code: 0 });
  });

  it('is printed by an account without any right: what kinds there are is no secret', async () => {
    await grant();
    await server.kubectl('delete', 'clusterrolebinding', 'registry-cleanup');
    const asked = await run('rbac', '--kube-config', await accountConfig());
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('resources: [pods') as string });
  });

  it('leaves nothing out that is needed: each single rule that is missing stops the run', async () => {
    const printed = await grant('--kube-config', server.kubeConfig);
    const Role = z.looseObject({ rules: z.array(z.looseObject({ resources: z.array(z.string()) })) });
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles/registry-cleanup';
    const { rules } = Role.parse(await server.must('GET', path));
    expect(printed.match(/resources:/g)).toHaveLength(rules.length);
    for (const without of rules.filter(({ resources }) => !resources.includes('nodes'))) {
      await server.must(
        'PATCH',
        path,
        { rules: rules.filter((rule) => rule !== without) },
        'application/merge-patch+json',
      );
      const deadline = Date.now() + EFFECT_TIMEOUT_MS;
      while ((await may('list', without.resources[0] ?? '', '-A')) && Date.now() < deadline) await setTimeout(100);
      expect([without.resources, (await plan()).code]).toEqual([without.resources, 5]);
    }
  });
});
