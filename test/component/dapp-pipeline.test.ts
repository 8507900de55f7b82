// dapp's two jobs as docs/examples/gitlab/dapp.yml has them, run as one pipeline: first the registry, by a cluster and by what Git has, then
// the store of the build runners, by what is left. The registry, Git and podman are real.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { type FakeGitlab, startGitlab } from '../fakes/gitlab/gitlab.ts';
import { type KubernetesServer, startKubernetesServer, writeKubeConfig } from '../fakes/kubernetes-server.ts';
import { openPipelineProject, type PipelineProject, SOURCES } from '../support/gitlab-ci-local.ts';
import { type PodmanEngine, startPodmanEngine } from '../support/podman-engine.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';
import { root } from '../support/source-files.ts';

const hasAll = [
  requireDistribution() !== undefined,
  ...(['openssl', 'rsync', 'git', 'podman'] as const).map(requireProgram),
].every(Boolean);
const KUBE_TOKEN = 'kubernetes-token-0123456789';
/** What is pushed here is as young as the test, and nothing is to stay for that. */
const POLICY = 'cleanup: {keepImagesBuiltWithinLastNHours: 0}\ncache: {grace: 0s}\n';
const OLD = String(Date.parse('2024-03-01T10:00:00Z') / 1000);
const HOST_JOB = 'registry-host-cleanup: [build-1]';

describe.runIf(hasAll)("dapp's two jobs", () => {
  let project: PipelineProject;
  let sandbox: GitSandbox;
  let gitlab: FakeGitlab;
  let kubernetes: KubernetesServer;
  let podman: PodmanEngine;
  let jobToken: string;
  let repository: string;
  let clone: string;
  let kubeConfig: string;

  beforeAll(async () => {
    project = openPipelineProject();
    writeFileSync(join(project.folder, '.registry-cleanup.yml'), POLICY);
    sandbox = createGitSandbox();
    const origin = sandbox.bare('app.git');
    sandbox.add(origin, {
      commits: [{ name: '1', date: '2024-02-01T12:00:00Z', parents: [] }],
      branches: { main: '1' },
    });
    clone = sandbox.clone(origin, 'clone');
    gitlab = await startGitlab({ tagOnly: true });
    gitlab.addProject('group/app', { directory: origin });
    jobToken = gitlab.addToken({ kind: 'job', project: 'group/app' });
    repository = `${gitlab.registryHost}/group/app`;
    kubernetes = await startKubernetesServer({ tokens: { [KUBE_TOKEN]: 'cleanup' } });
    kubernetes.put({
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { containers: [{ name: 'web', image: `${repository}:runs` }] },
      status: { phase: 'Running' },
    });
    kubeConfig = join(sandbox.root, 'kubeconfig');
    await writeKubeConfig(kubeConfig, [{ name: 'production', server: kubernetes, user: { token: KUBE_TOKEN } }]);
    podman = await startPodmanEngine();
    configure();
    await fill();
  }, 180_000);

  afterAll(async () => {
    await podman.stop();
    await gitlab.close();
    await kubernetes.close();
    project.close();
    sandbox.remove();
  });

  /**
   * The example as it is, with the components of this checkout, one runner (both would have the same store here), and a clone:
   * gitlab-ci-local copies the files of the project alone.
   */
  function configure(): void {
    const text = readFileSync(join(root, 'docs/examples/gitlab/dapp.yml'), 'utf8');
    project.configure(
      text
        .replaceAll(/registry-cleanup\/registry-cleanup\/([\w-]+)@v[\d.]+/g, '$CI_PROJECT_PATH/$1@$CI_COMMIT_SHA')
        .replace('[build-1, build-2]', '[build-1]')
        .replace(
          'improper-git-commit: true',
          `improper-git-commit: true\n      cache-grace: "0"\n      git-dir: ${clone}`,
        ),
    );
  }

  interface Made {
    readonly from?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly names: readonly string[];
  }

  /** An image with a layer of its own. Names in the registry are pushed, too. */
  async function make({ from = 'scratch', labels, names }: Made): Promise<void> {
    const [name = ''] = names;
    const words = Object.entries({ dapp: 'app', ...labels }).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    await podman.build({
      dockerfile: `FROM ${from}\nCOPY data /${name.replaceAll(/\W/g, '-')}\n`,
      files: { data: name },
      words: ['--timestamp', OLD, ...words, ...names.flatMap((one) => ['--tag', one])],
    });
    for (const one of names.filter((text) => text.startsWith(repository)))
      await podman.podman('push', '--quiet', '--tls-verify=false', '--creds', `gitlab-ci-token:${jobToken}`, one);
  }

  const stage = (signature: string, more: Partial<Made> = {}): Promise<void> =>
    make({
      names: [`localhost/dimgstage-app:${signature}`, `${repository}:dimgstage-${signature}`],
      ...more,
      labels: { 'dapp-dimg': 'false', 'dapp-cache-version': '33', ...more.labels },
    });
  const final = (tag: string, from: string): Promise<void> =>
    make({
      from: `localhost/dimgstage-app:${from}`,
      labels: { 'dapp-dimg': 'true', 'dapp-tag-scheme': 'git_branch' },
      names: [`${repository}:${tag}`],
    });

  /** Finals of a branch that is there, of one that is gone, and of one that is gone and runs; each from a stage of its own. */
  async function fill(): Promise<void> {
    for (const [tag, signature] of [
      ['main', 'aaa'],
      ['feature-gone', 'bbb'],
      ['runs', 'ccc'],
    ] as const) {
      await stage(signature);
      await final(tag, signature);
    }
    const local = (name: string) => ({ names: [`localhost/dimgstage-app:${name}`] });
    await stage('old-version', { ...local('old-version'), labels: { 'dapp-cache-version': '32' } });
    const gone = { 'dapp-git-own-commit': 'f'.repeat(40), 'dapp-git-own-type': 'local' };
    await stage('lost-commit', { ...local('lost-commit'), labels: gone });
    await stage('held', local('held'));
    await podman.podman('create', '--name', 'build', 'localhost/dimgstage-app:held', '/nothing');
    await make({ labels: { dapp: 'other', 'dapp-dimg': 'false' }, names: ['localhost/dimgstage-other:eee'] });
  }

  const runPipeline = (more: Readonly<Record<string, string>> = {}) =>
    project.runPipeline({
      ...SOURCES.schedule,
      GITLAB_CI: 'true',
      CI_SERVER_URL: gitlab.serverUrl,
      CI_API_V4_URL: gitlab.apiUrl,
      CI_PROJECT_ID: String(gitlab.project('group/app').id),
      CI_REGISTRY: gitlab.registryHost,
      CI_REGISTRY_IMAGE: repository,
      CI_REGISTRY_USER: 'gitlab-ci-token',
      CI_REGISTRY_PASSWORD: jobToken,
      CI_JOB_TOKEN: jobToken,
      KUBECONFIG: kubeConfig,
      DOCKER_HOST: `unix://${podman.socket}`,
      ...more,
    });

  const tags = () => gitlab.registry.repository('group/app').tags();
  const local = async () => {
    const lines = await podman.podman('images', '--format', '{{.Repository}}:{{.Tag}}');
    return lines
      .split('\n')
      .map((line) => line.replace('localhost/', '').replace(`${repository}:`, 'REPO:'))
      .toSorted();
  };
  const TAGS = ['dimgstage-aaa', 'dimgstage-bbb', 'dimgstage-ccc', 'feature-gone', 'main', 'runs'];

  it('delete nothing where the registry’s fails: the runners’ is not even started', async () => {
    const before = await local();
    const { exitCode, output } = await runPipeline({ KUBECONFIG: '/nowhere/config' });
    expect(exitCode).not.toBe(0);
    expect(output).toContain('/nowhere/config');
    expect(output).not.toContain('dimgstage-app:old-version');
    expect(project.readLeft(HOST_JOB, 'registry-cleanup-report/host.json')).toBeUndefined();
    expect([tags(), await local()]).toEqual([TAGS, before]);
  });

  it('tell on a first day what would go, and delete nothing', async () => {
    const before = await local();
    const { exitCode, output } = await runPipeline({ REGISTRY_CLEANUP: 'plan' });
    expect([exitCode, output]).toEqual([0, expect.stringContaining('dimgstage-app:old-version') as string]);
    expect([tags(), await local()]).toEqual([TAGS, before]);
  });

  it('bring the registry in line with Git and the cluster, and then the store with the registry', async () => {
    const { exitCode, output } = await runPipeline();
    expect([exitCode, output]).toEqual([0, expect.stringContaining('feature-gone') as string]);
    expect(tags()).toEqual(['dimgstage-aaa', 'dimgstage-ccc', 'main', 'runs']);
    expect(await local()).toEqual([
      'REPO:dimgstage-aaa',
      'REPO:dimgstage-ccc',
      'REPO:main',
      'REPO:runs',
      'dimgstage-app:aaa',
      'dimgstage-app:ccc',
      'dimgstage-app:held',
      'dimgstage-other:eee',
    ]);
  });
});
