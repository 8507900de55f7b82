// The bundle as the runner starts it, against a real registry with users and a certificate, a real Git origin, manifests and a
// Kubernetes API on https.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGitSandbox, type GitSandbox, hashFolder } from '../builders/git-repository.ts';
import { type BuiltManifest, buildImage, buildIndex, pushImage } from '../builders/image.ts';
import { type KubernetesServer, kubeConfigText, startKubernetesServer } from '../fakes/kubernetes-server.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, type RegistryServerOptions, startRegistry } from '../support/registry-server.ts';
import { type ActionResult, readActionFile, runAction } from '../support/run-bundle.ts';

const isComplete = (['docker-registry', 'openssl', 'htpasswd', 'git'] as const).map(requireProgram).every(Boolean);
const TOKEN = 'kubernetes-token-0123456789';
const OLD = '2024-03-01T10:00:00Z';

/** What the world below leads to: tags that stay, tags that go. */
const STAY = ['by-digest', 'deployed', 'in-manifests', 'main-3', 'main-4', 'pinned', 'unlinked', 'v1.0.0'];
const GO = ['main-1', 'main-2', 'multi-2'];

const POLICY = `cleanup:
  keepPolicies:
    - references: {tag: /v.*/}
    - references: {branch: main}
      imagesPerReference: {last: 2}
pins:
  tags: [pinned]
`;

describe.runIf(isComplete)('the action', () => {
  let folder: string;
  let sandbox: GitSandbox;
  let clone: string;
  let kubernetes: KubernetesServer;
  let images: ReadonlyMap<string, BuiltManifest>;
  let source: RegistryServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'action-e2e-'));
    sandbox = createGitSandbox();
    const origin = sandbox.bare('origin.git');
    const names = ['1', '2', '3', '4'];
    const commits = sandbox.add(origin, {
      commits: names.map((name, at) => ({
        name,
        date: `2024-02-0${name}T12:00:00Z`,
        parents: names.slice(Math.max(0, at - 1), at),
      })),
      branches: { main: '4' },
      tags: { 'v1.0.0': '1' },
    });
    // As actions/checkout does it by default: one commit.
    clone = sandbox.clone(origin, 'clone', '--depth=1');
    images = buildImages(commits);
    source = await startRegistry();
    for (const [tag, manifest] of images) await pushImage(source.origin, 'team/app', { manifest, tags: [tag] });
    kubernetes = await startKubernetesServer({ tokens: { [TOKEN]: 'cleanup' } });
    await writeFile(join(folder, 'policy.yml'), POLICY);
  });

  afterAll(async () => {
    await source.stop();
    await kubernetes.close();
    sandbox.remove();
    await rm(folder, { recursive: true });
  });

  /** A registry of this kind that holds the images, the cluster that uses some of them, and the inputs that name both. */
  async function makePlace(options: RegistryServerOptions) {
    const registry = await startRegistry(options);
    await cp(source.rootDirectory, registry.rootDirectory, { recursive: true });
    const repository = `${registry.host}/team/app`;
    kubernetes.put(...makeObjects(repository, images));
    const manifests = await mkdtemp(join(folder, 'manifests-'));
    await writeFile(
      join(manifests, 'web.yaml'),
      `kind: Deployment\napiVersion: apps/v1\nmetadata: {name: m}\nspec: {template: {spec: {containers: [{name: c, image: '${repository}:in-manifests'}]}}}\n`,
    );
    const authority = (await readFile(kubernetes.caFile)).toString('base64');
    const cluster = { 'certificate-authority': undefined, 'certificate-authority-data': authority };
    const config = kubeConfigText([{ name: 'production', server: kubernetes, user: { token: TOKEN }, cluster }]);
    const kubeConfig = Buffer.from(config).toString('base64');
    const inputs = {
      repository,
      config: join(folder, 'policy.yml'),
      'git-dir': clone,
      'kube-config-base64': kubeConfig,
      'kube-manifests': manifests,
      ...(registry.caFile === undefined ? {} : { 'ca-file': registry.caFile }),
      ...(registry.username === undefined ? {} : { username: registry.username, password: registry.password ?? '' }),
    };
    const basic = Buffer.from(`${registry.username}:${registry.password}`).toString('base64');
    const secrets = [TOKEN, kubeConfig, ...(registry.password === undefined ? [] : [registry.password, basic])];
    return { registry, inputs, secrets, storage: () => hashFolder(join(registry.rootDirectory, 'docker')) };
  }

  type Place = Awaited<ReturnType<typeof makePlace>>;

  describe.each([
    ['with users and a certificate', { tls: true, htpasswd: true }],
    ['open to all on loopback', {}],
  ] as const)('on a registry %s', (_title, options) => {
    let place: Place;

    beforeAll(async () => {
      place = await makePlace(options);
    });

    afterAll(() => place.registry.stop());

    beforeEach(() => kubernetes.heal());

    it('plans: outputs, summary, files, nothing deleted, and no secret anywhere', async () => {
      const before = place.storage();
      const run = await runAction(folder, { ...place.inputs, 'log-level': 'debug' });
      expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
      expect(run.stdout).not.toContain('::error');
      expect(Object.keys(run.outputs).sort()).toEqual(Object.keys((await readActionFile()).outputs).sort());
      expect(run.outputs).toMatchObject({ 'kept-count': '10', 'deleted-count': '5', 'untagged-count': '0' });
      expect(run.outputs).toMatchObject({ 'failed-count': '0' });
      expect(Number(run.outputs['reclaimable-bytes'])).toBeGreaterThan(0);
      for (const name of ['plan-file', 'report-file']) expect(run.outputs[name]).toContain(`${run.temporary}/`);
      expect(tagsOf(await readJson(run, 'plan-file'), 'keep')).toEqual(STAY);
      expect(tagsOf(await readJson(run, 'plan-file'), 'delete')).toEqual(GO);
      expect(await readJson(run, 'report-file')).toMatchObject({ command: 'plan', result: { kind: 'planned' } });
      expect(run.summary).toMatch(/^## /);
      for (const tag of GO) expect(run.summary).toContain(tag);
      for (const secret of [place.inputs['kube-config-base64'], TOKEN, place.registry.password ?? TOKEN]) {
        expect(run.stdout.split('\n')).toContain(`::add-mask::${secret}`);
      }
      expect(place.storage()).toBe(before);
      expect(new Set(kubernetes.requests.map(({ user }) => user))).toEqual(new Set(['cleanup']));
      await expectNoSecrets(run, place.secrets);
    });

    it('applies the plan file of an earlier step, and leaves nothing for the next', async () => {
      const planned = await runAction(folder, place.inputs);
      const applied = await runAction(folder, {
        ...place.inputs,
        command: 'apply',
        'plan-file': planned.outputs['plan-file'] ?? '',
        'log-level': 'debug',
      });
      expect({ code: applied.code, stderr: applied.stderr }).toEqual({ code: 0, stderr: '' });
      expect(applied.outputs).toMatchObject({ 'kept-count': '10', 'deleted-count': '5', 'failed-count': '0' });
      expect(applied.outputs['plan-file']).toBe(planned.outputs['plan-file']);
      const journal = await readFile(join(applied.folder, 'workspace', 'registry-cleanup-journal.jsonl'), 'utf8');
      expect(journal.trim().split('\n')).toHaveLength(10);
      expect(await readJson(applied, 'report-file')).toMatchObject({ result: { kind: 'applied' } });
      await expectNoSecrets(applied, place.secrets);
      const again = await runAction(folder, { ...place.inputs, command: 'apply' });
      expect({ code: again.code, outputs: again.outputs }).toMatchObject({
        code: 0,
        outputs: { 'kept-count': '10', 'deleted-count': '0', 'failed-count': '0' },
      });
    });
  });

  describe('on a registry that is not to be changed', () => {
    let place: Place;

    beforeAll(async () => {
      place = await makePlace({ readOnly: true, tls: true, htpasswd: true });
    });

    afterAll(() => place.registry.stop());

    beforeEach(() => kubernetes.heal());

    it('is refused by a guard: 6, with a plan to look at, and no delete is tried', async () => {
      const run = await runAction(folder, { ...place.inputs, command: 'apply', 'max-delete-share': '0.1' });
      expect(run.code).toBe(6);
      expect(run.stdout).toMatch(/^::error::a guard refused the plan; nothing was deleted%0A/m);
      expect(run.outputs).toMatchObject({ 'deleted-count': '0', 'failed-count': '0' });
      expect(tagsOf(await readJson(run, 'plan-file'), 'delete')).toEqual(GO);
      expect(await readJson(run, 'report-file')).toMatchObject({ result: { kind: 'refused' } });
      expect(run.summary).toContain('5 of 15 manifests would go');
      expect(await readdir(join(run.folder, 'workspace'))).toEqual([]);
      await expectNoSecrets(run, place.secrets);
    });

    it('fails when the registry refuses the deletes: 1, and the report says which', async () => {
      const before = place.storage();
      const run = await runAction(folder, { ...place.inputs, command: 'apply', 'log-level': 'debug' });
      expect(run.code).toBe(1);
      expect(run.stdout).toMatch(/^::error::\d of the steps failed/m);
      expect(run.outputs).toMatchObject({ 'deleted-count': '0', 'kept-count': '15', 'reclaimable-bytes': '0' });
      expect(Number(run.outputs['failed-count'])).toBeGreaterThan(0);
      expect(JSON.stringify(await readJson(run, 'report-file'))).toContain('must not be read-only');
      expect(place.storage()).toBe(before);
      await expectNoSecrets(run, place.secrets);
    });

    it('is stopped by a wrong password: 3, with summary, outputs and report all the same', async () => {
      const password = 'wrong-password-0123';
      const run = await runAction(folder, { ...place.inputs, password, 'log-level': 'debug' });
      expect(run.code).toBe(3);
      expect(run.stdout.match(/^::error::.*$/gm)).toHaveLength(1);
      expect(run.stdout).toContain('AUTH (exit 3)');
      expect(run.summary).toContain('did not accept');
      expect(Object.keys(run.outputs).sort()).toEqual(Object.keys((await readActionFile()).outputs).sort());
      expect(run.outputs).toMatchObject({ 'kept-count': '0', 'deleted-count': '0' });
      expect(await readJson(run, 'report-file')).toMatchObject({
        result: { kind: 'stopped', error: { code: 'AUTH' } },
      });
      await expectNoSecrets(run, [...place.secrets, password, Buffer.from(`alice:${password}`).toString('base64')]);
    });

    it('is stopped when the cluster is not readable: 5', async () => {
      kubernetes.forbid({ resource: 'apps/deployments' });
      const run = await runAction(folder, { ...place.inputs, command: 'apply', 'log-level': 'debug' });
      expect(run.code).toBe(5);
      expect(run.summary).toContain('deployments');
      await expectNoSecrets(run, place.secrets);
    });

    it('wants a word about Kubernetes: 2 for none, also when the secret is empty', async () => {
      const { 'kube-config-base64': _config, 'kube-manifests': _manifests, ...inputs } = place.inputs;
      const run = await runAction(folder, { ...inputs, 'kube-config-base64': '' }, { KUBECONFIG: '/etc/hostname' });
      expect(run.code).toBe(2);
      expect(run.stdout).toContain('::error::Kubernetes: no cluster to ask');
      expect(run.summary).toContain('no cluster to ask');
      await expectNoSecrets(run, place.secrets);
    });
  });
});

function buildImages(commits: ReadonlyMap<string, string>): ReadonlyMap<string, BuiltManifest> {
  const labelled = (seed: string, commit: string): BuiltManifest => {
    const labels = { 'org.opencontainers.image.revision': commits.get(commit) ?? '' };
    return buildImage({ seed, created: OLD, labels });
  };
  const at = (tag: string, commit: string): [string, BuiltManifest] => [tag, labelled(tag, commit)];
  const multi = (tag: string, commit: string): [string, BuiltManifest] => [
    tag,
    buildIndex(
      ['amd64', 'arm64'].map((architecture) => ({
        manifest: labelled(`${tag} ${architecture}`, commit),
        platform: { os: 'linux', architecture },
      })),
    ),
  ];
  return new Map([
    at('main-1', '2'),
    at('main-2', '2'),
    at('main-3', '3'),
    at('main-4', '4'),
    at('deployed', '2'),
    at('by-digest', '2'),
    at('in-manifests', '2'),
    at('pinned', '2'),
    multi('v1.0.0', '1'),
    multi('multi-2', '2'),
    ['unlinked', buildImage({ seed: 'unlinked', created: OLD })],
  ]);
}

function makeObjects(repository: string, images: ReadonlyMap<string, BuiltManifest>) {
  const container = { name: 'c', image: `${repository}:deployed` };
  const digest = images.get('by-digest')?.digest ?? '';
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: { template: { spec: { containers: [container] } } },
    },
    {
      kind: 'Pod',
      metadata: { name: 'web-1', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: `${repository}:moved` }] },
      status: { containerStatuses: [{ name: 'c', image: `${repository}:moved`, imageID: `${repository}@${digest}` }] },
    },
  ];
}

async function readJson(run: ActionResult, output: string): Promise<unknown> {
  return JSON.parse(await readFile(run.outputs[output] ?? '', 'utf8'));
}

/** Tags of the plan's only repository with this decision, sorted. */
function tagsOf(plan: unknown, decision: string): readonly string[] {
  const { repositories } = plan as {
    repositories: { decisions: { decision: string; tags: string[] }[] }[];
  };
  const decisions = repositories.flatMap((repository) => repository.decisions);
  return decisions
    .filter((one) => one.decision === decision)
    .flatMap(({ tags }) => tags)
    .sort();
}

/** Everything that a run leaves behind, but the lines that tell the runner what to mask. */
async function expectNoSecrets(run: ActionResult, secrets: readonly string[]): Promise<void> {
  const entries = await readdir(run.folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const all = [run.stdout.replaceAll(/^::add-mask::.*$/gm, ''), run.stderr, ...texts].join('\n');
  expect(all.length).toBeGreaterThan(500);
  expect(secrets.length).toBeGreaterThan(0);
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
}
