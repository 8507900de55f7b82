// A deployment rolls on while images pile up: a real registry, a real API server with real controllers, and real Git. What a rollback
// needs stays, the rest goes, and what went can be brought back.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { type BuiltManifest, buildIndex } from '../builders/image.ts';
import { type ProcessResult, runProcess } from '../cli/run-process.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import { type KubeControllers, runPods, startKubeControllers, waitUntil } from '../support/kube-controllers.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { type Hands, makeHands } from './hands.ts';
import { buildAppImage } from './real-world.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));

const hasPrograms = (['docker-registry', 'skopeo', 'openssl', 'git'] as const).every(requireProgram);
const hasAll = requireKubeApiserver() && hasPrograms;

/** In the order in which they were built. `a` to `d` are rolled out one after the other; of the rest, only `head` is in Git's policy. */
const NAMES = ['unused', 'a', 'b', 'c', 'd', 'late', 'behind', 'head'] as const;
type Name = (typeof NAMES)[number];

const POLICY = `
cleanup:
  keepPolicies:
    - references: {branch: main}
      imagesPerReference: {last: 1}
`;

const replicaSets = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
      spec: z.object({
        replicas: z.number(),
        template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
      }),
    }),
  ),
});

describe.runIf(hasAll)('a deployment that rolls on', () => {
  let registry: RegistryServer;
  let cluster: KubeApiserver;
  let controllers: KubeControllers;
  let sandbox: GitSandbox;
  let folder: string;
  let hands: Hands;
  let images: ReadonlyMap<Name, BuiltManifest>;
  let journal: string;
  let gone: readonly Name[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollback-'));
    sandbox = createGitSandbox();
    [registry, cluster] = await Promise.all([startRegistry(), startKubeApiserver()]);
    controllers = startKubeControllers(cluster);
    hands = await makeHands(registry, { folder, name: 'team/app' });
    images = buildImages(makeHistory(sandbox));
    for (const [name, image] of images) await hands.push(image, name);
    await writeFile(join(folder, 'policy.yml'), POLICY);
    journal = join(folder, 'journal.jsonl');
    for (const name of ['a', 'b', 'c', 'd'] as const) await rollOut(name);
  });
  afterAll(async () => {
    await controllers.stop();
    await Promise.all([registry.stop(), cluster.stop()]);
    sandbox.remove();
    await rm(folder, { recursive: true });
  });

  const image = (name: Name): string => `${hands.repository}:${name}`;
  const digestOf = (name: Name): string => images.get(name)?.digest ?? '';

  /** Two former revisions are kept, so that the fourth makes the controller forget the first. */
  async function rollOut(name: Name): Promise<void> {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        replicas: 2,
        revisionHistoryLimit: 2,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: image(name) }] },
        },
      },
    };
    if (name === 'a') await cluster.create(deployment);
    else await cluster.kubectl('set', 'image', '--namespace=shop', 'deployment/web', `main=${image(name)}`);
    await settle(name);
  }

  /** Plays the kubelet until the deployment is done and forgets what its limit lets it forget. */
  async function settle(name: Name): Promise<void> {
    await waitUntil(`the roll-out of ${name}`, async () => {
      await runPods(cluster, { namespace: 'shop', idOf: () => `${hands.repository}@${digestOf(name)}` });
      const sets = await listReplicaSets();
      const [current] = sets.filter(({ replicas }) => replicas > 0);
      return current?.image === image(name) && sets.length <= 3 && (await isAvailable());
    });
  }

  async function isAvailable(): Promise<boolean> {
    const status = await cluster.must('GET', '/apis/apps/v1/namespaces/shop/deployments/web');
    const parsed = z
      .object({
        metadata: z.object({ generation: z.number() }),
        status: z.object({ observedGeneration: z.number().optional(), availableReplicas: z.number().optional() }),
      })
      .parse(status);
    return parsed.status.availableReplicas === 2 && parsed.status.observedGeneration === parsed.metadata.generation;
  }

  async function listReplicaSets(): Promise<readonly { image: string; replicas: number; revision: string }[]> {
    const { items } = replicaSets.parse(await cluster.must('GET', '/apis/apps/v1/namespaces/shop/replicasets'));
    return items.map(({ metadata, spec }) => ({
      image: spec.template.spec.containers[0]?.image ?? '',
      replicas: spec.replicas,
      revision: metadata.annotations['deployment.kubernetes.io/revision'] ?? '',
    }));
  }

  function cleanUp(command: string, ...more: readonly string[]): Promise<ProcessResult> {
    const decides = ['plan', 'apply'].includes(command);
    const words = [
      ...(command === 'restore' ? [] : ['--repository', hands.repository, '--kube-config', cluster.kubeConfig]),
      ...(decides ? ['--git-dir', join(sandbox.root, 'clone'), '--config', join(folder, 'policy.yml')] : []),
      ...(command === 'verify' ? ['--config', join(folder, 'policy.yml')] : []),
      ...(['apply', 'restore'].includes(command) ? ['--journal', journal] : []),
    ];
    return runProcess({ file: START, words: [command, ...words, ...more], directory: folder });
  }

  async function missing(): Promise<readonly Name[]> {
    const is = await Promise.all(NAMES.map((name) => hands.has(`@${digestOf(name)}`)));
    return NAMES.filter((_, at) => is[at] === false);
  }

  it('keeps what a rollback needs, and says so', async () => {
    const planned = await cleanUp('plan', '--plan-file', join(folder, 'plan.json'), '--format', 'json');
    expect(planned).toMatchObject({ code: 0 });
    expect(await missing()).toEqual([]);
    const why = new Map(NAMES.map((name) => [name, reasonsOf(planned.stdout, digestOf(name))]));
    expect(why.get('d')).toContain('used by real: shop/Deployment/web');
    expect(why.get('b')).toContain('used by real: shop/ReplicaSet/web-');
    expect(why.get('c')).toContain('used by real: shop/ReplicaSet/web-');
    expect(why.get('head')).toContain('branch main');
    expect(why.get('a')).toMatch(/^delete/);
    expect(why.get('late')).toMatch(/^delete/);
  });

  it('saves an image that a pod came to use between plan and apply, and deletes the rest', async () => {
    await cluster.kubectl('run', 'late', '--namespace=shop', `--image=${image('late')}`);
    const applied = await cleanUp('apply', '--plan-file', join(folder, 'plan.json'));
    expect(applied, applied.stdout + applied.stderr).toMatchObject({ code: 0 });
    expect(applied.stdout).toContain('late');
    gone = await missing();
    expect(gone).toEqual(['unused', 'a', 'behind']);
    for (const name of NAMES.filter((one) => !gone.includes(one))) await hands.pullWhole(`:${name}`);
  });

  it('has everything that a rollback can go to', async () => {
    const targets = (await listReplicaSets()).map(({ revision }) => revision);
    expect(targets).toHaveLength(3);
    for (const revision of targets) {
      await cluster.kubectl('rollout', 'undo', '--namespace=shop', 'deployment/web', `--to-revision=${revision}`);
      const spec = await cluster.kubectl(
        'get',
        'deployment',
        'web',
        '--namespace=shop',
        '--output=jsonpath={.spec.template.spec.containers[0].image}',
      );
      const name = NAMES.find((one) => spec === image(one));
      if (name === undefined) throw new Error(`the deployment has ${spec}`);
      await hands.pullWhole(`:${name}`);
      await settle(name);
    }
  });

  it('is verified, and an image that somebody else deletes is found missing, with who needs it', async () => {
    const before = await cleanUp('verify');
    expect(before, before.stdout + before.stderr).toMatchObject({ code: 0 });
    await hands.erase(`@${images.get('c')?.children[0]?.digest}`);
    const after = await cleanUp('verify');
    expect(after).toMatchObject({ code: 1 });
    expect(after.stdout).toContain(image('c'));
    expect(after.stdout).toMatch(/shop\/(?:ReplicaSet|Deployment)\/web/);
    await hands.push(images.get('c') ?? buildIndex([]), 'c');
    expect(await cleanUp('verify')).toMatchObject({ code: 0 });
  });

  it('brings back whole what it deleted, from the bytes in its journal', async () => {
    const lines = (await readFile(journal, 'utf8')).trim().split('\n');
    expect(lines.length).toBeGreaterThan(gone.length);
    const restored = await cleanUp('restore');
    expect(restored, restored.stdout + restored.stderr).toMatchObject({ code: 0 });
    expect(await missing()).toEqual([]);
    for (const name of gone) {
      await hands.pullWhole(`@${digestOf(name)}`);
      await hands.pullWhole(`:${name}`);
    }
  });
});

function makeHistory(sandbox: GitSandbox): ReadonlyMap<Name, string> {
  const origin = sandbox.bare('origin');
  const ids = sandbox.add(origin, {
    commits: NAMES.map((name, at) => ({
      name,
      date: `2026-0${at + 1}-01T10:00:00Z`,
      ...(at === 0 ? {} : { parents: [NAMES[at - 1] ?? ''] }),
    })),
    branches: { main: 'head' },
  });
  sandbox.clone(origin, 'clone');
  return new Map(NAMES.map((name) => [name, ids.get(name) ?? '']));
}

/** Two platforms each. */
function buildImages(commits: ReadonlyMap<Name, string>): ReadonlyMap<Name, BuiltManifest> {
  return new Map(
    NAMES.map((name) => {
      const platforms = ['amd64', 'arm64'].map((architecture) => ({
        manifest: buildAppImage(`${name} ${architecture}`, commits.get(name) ?? ''),
        platform: { os: 'linux', architecture },
      }));
      return [name, buildIndex(platforms)];
    }),
  );
}

const planSchema = z.object({
  plan: z.object({
    repositories: z.array(
      z.object({
        decisions: z.array(
          z.object({ digest: z.string(), decision: z.string(), reasons: z.array(z.object({ text: z.string() })) }),
        ),
      }),
    ),
  }),
});

/** `keep: used by …; …` of a node in a report. */
function reasonsOf(report: string, digest: string): string {
  const { plan } = planSchema.parse(JSON.parse(report));
  const found = plan.repositories.flatMap(({ decisions }) => decisions).find((decision) => decision.digest === digest);
  return `${found?.decision}: ${found?.reasons.map(({ text }) => text).join('; ')}`;
}
