// The workflows that users copy, run by act on this machine: the real bundle, started as a runner starts it, against the fake GitHub as
// an Enterprise Server (act speaks https to it), real Git and a Kubernetes API. Only the steps of other people's actions are stand-ins.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { buildImage } from '../builders/image.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import { type KubernetesServer, kubeConfigText, startKubernetesServer } from '../fakes/kubernetes-server.ts';
import { requireAct, requireProgram } from '../support/real-parts.ts';
import { makeServerCertificate } from '../support/registry-server.ts';
import { root } from '../support/source-files.ts';

const act = requireAct();
const isComplete = act !== undefined && (['openssl', 'git'] as const).map(requireProgram).every(Boolean);
const KUBE_TOKEN = 'kubernetes-token-0123456789';
const OLD = '2024-03-01T10:00:00Z';
/** act starts a job within seconds; a loaded machine may need many times that. */
const TIMEOUT_MS = 180_000;

const POLICY = `cleanup:
  keepPolicies:
    - references: {branch: main}
      imagesPerReference: {last: 2}
guards: {maxDeleteShare: 1}
`;

/** Other people's actions, by the reference that the examples pin. */
const UPLOAD = 'actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f';
const DOWNLOAD = 'actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c';

describe.runIf(isComplete)('the workflows, run by act', () => {
  let folder: string;
  let sandbox: GitSandbox;
  let kubernetes: KubernetesServer;
  let github: FakeGithub;
  let front: Front;
  let caFile: string;
  let token: string;
  let commits: ReadonlyMap<string, string>;
  let origin: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'act-'));
    await mkdir(join(folder, 'tls'));
    caFile = await makeServerCertificate(join(folder, 'tls'));
    sandbox = createGitSandbox();
    origin = sandbox.bare('app.git');
    commits = sandbox.add(origin, {
      commits: ['1', '2', '3', '4'].map((name, at, all) => ({
        name,
        date: `2024-02-0${name}T12:00:00Z`,
        parents: all.slice(Math.max(0, at - 1), at),
      })),
      branches: { main: '4' },
    });
    kubernetes = await startKubernetesServer({ tokens: { [KUBE_TOKEN]: 'cleanup' } });
    kubernetes.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { containers: [{ name: 'app', image: 'elsewhere.example.com/x:1' }] },
    });
    await makeStandIns(folder);
    // As a checkout of the action has it; act copies all that lies there.
    for (const name of ['action.yml', 'dist'])
      await cp(join(root, name), join(folder, 'ours', name), { recursive: true });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await kubernetes.close();
    sandbox.remove();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    github = await startGithub();
    token = github.addToken();
    github.addRepository('team/app', { directory: origin });
    const app = github.addPackage('team/app', { repository: 'team/app' });
    for (const [name, revision] of commits) {
      const labels = { 'org.opencontainers.image.revision': revision };
      app.add(buildImage({ seed: name, labels, created: OLD }), { tags: [`main-${name}`] });
    }
    front = await startFront(github.serverUrl, join(folder, 'tls'));
    await rm(join(folder, 'artifacts'), { recursive: true, force: true });
    return async () => {
      await front.close();
      await github.close();
    };
  });

  /** Runs one workflow as the event would, in a new checkout; the other files of the checkout are the repository's. */
  async function runWorkflow(
    name: string,
    event: string,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const workspace = await mkdtemp(join(folder, 'workspace-'));
    const workflows = join(workspace, '.github', 'workflows');
    await mkdir(workflows, { recursive: true });
    for (const path of [`docs/examples/github/${name}.yml`, '.github/workflows/cleanup.yml']) {
      await writeFile(join(workflows, path.split('/').at(-1) ?? ''), adapt(await readFile(join(root, path), 'utf8')));
    }
    await writeFile(join(workspace, '.registry-cleanup.yml'), POLICY);
    sandbox.git(workspace, 'init', '--quiet', '--initial-branch=main');
    sandbox.git(workspace, 'remote', 'add', 'origin', `https://${front.host}/team/app.git`);
    sandbox.git(workspace, 'add', '.');
    sandbox.git(workspace, 'commit', '--quiet', '-m', 'workflows');
    const authority = (await readFile(kubernetes.caFile)).toString('base64');
    const cluster = { 'certificate-authority': undefined, 'certificate-authority-data': authority };
    const config = kubeConfigText([{ name: 'production', server: kubernetes, user: { token: KUBE_TOKEN }, cluster }]);
    const words = [
      event,
      ['--workflows', join(workflows, `${name}.yml`)],
      ['--platform', 'ubuntu-24.04=-self-hosted'],
      ['--github-instance', front.host],
      ['--local-repository', `registry-cleanup/registry-cleanup@v0=${join(folder, 'ours')}`],
      ['--local-repository', `${UPLOAD}=${join(folder, 'upload')}`],
      ['--local-repository', `${DOWNLOAD}=${join(folder, 'download')}`],
      ['--env', `ARTIFACTS=${join(folder, 'artifacts')}`],
      ['--env', `NODE_EXTRA_CA_CERTS=${caFile}`],
      ['--env', `GIT_SSL_CAINFO=${caFile}`],
      ['--secret-file', join(workspace, '.secrets')],
      ['--action-offline-mode', '--pull=false'],
    ].flat();
    await writeFile(
      join(workspace, '.secrets'),
      `GITHUB_TOKEN=${token}\nKUBE_CONFIG_BASE64=${Buffer.from(config).toString('base64')}\n`,
    );
    return await runAct(words, { workspace, home: await mkdtemp(join(folder, 'home-')) });
  }

  /** The registry is not ghcr.io here, and the reusable workflow is the one of this checkout; nothing else differs. */
  function adapt(workflow: string): string {
    return workflow
      .replaceAll('ghcr.io/', `${github.registryHost}/`)
      .replaceAll(/^ {10}repository: .*$/gm, '$&\n          provider: github')
      .replace('registry-cleanup/registry-cleanup/.github/workflows/cleanup.yml@v0', './.github/workflows/cleanup.yml');
  }

  const left = (): readonly string[] => [...github.package('team/app').tags().keys()].sort();

  it(
    'run the scheduled one: applied, and the journal kept',
    async () => {
      const { code, output } = await runWorkflow('scheduled-apply', 'schedule');
      expect(code, output).toBe(0);
      expect(left()).toEqual(['main-3', 'main-4']);
      const journal = await readFile(
        join(folder, 'artifacts', 'registry-cleanup-journal', 'registry-cleanup-journal.jsonl'),
        'utf8',
      );
      expect(journal.trim().split('\n')).toHaveLength(4);
      expect(output).not.toContain(token);
    },
    TIMEOUT_MS,
  );

  it(
    'run the manual one: a dry run unless the box is cleared',
    async () => {
      const { code, output } = await runWorkflow('manual-run', 'workflow_dispatch');
      expect(code, output).toBe(0);
      expect(left()).toHaveLength(4);
      expect(github.requestLog().filter((line) => /^(?:DELETE|PUT|PATCH) /.test(line))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'run plan, approval and apply of that very plan file',
    async () => {
      const { code, output } = await runWorkflow('plan-approve-apply', 'workflow_dispatch');
      expect(code, output).toBe(0);
      expect(await readdir(join(folder, 'artifacts', 'registry-cleanup-plan'))).toEqual(['plan.json']);
      expect(left()).toEqual(['main-3', 'main-4']);
    },
    TIMEOUT_MS,
  );

  it(
    'run the reusable one',
    async () => {
      const { code, output } = await runWorkflow('reusable', 'workflow_dispatch');
      expect(code, output).toBe(0);
      expect(left()).toHaveLength(4);
      const [name = ''] = await readdir(join(folder, 'artifacts'));
      expect((await readdir(join(folder, 'artifacts', name))).sort()).toEqual([
        'registry-cleanup-plan.json',
        'registry-cleanup-report.json',
      ]);
    },
    TIMEOUT_MS,
  );
});

interface Front {
  /** `localhost:PORT`. */
  readonly host: string;
  close(): Promise<void>;
}

/** https in front of the fake, as act gives every server that address. */
async function startFront(target: string, folder: string): Promise<Front> {
  const tls = { cert: await readFile(join(folder, 'srv.crt')), key: await readFile(join(folder, 'srv.key')) };
  const { port } = new URL(target);
  const server = https.createServer(tls, (request, response) => {
    const { method, url: path, headers } = request;
    const upstream = http.request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    host: `localhost:${address.port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Artifacts go to a folder. Composite, because act takes their inputs as GitHub does. */
async function makeStandIns(folder: string): Promise<void> {
  const inputs = ['name', 'path', 'if-no-files-found', 'retention-days', 'run-id', 'github-token'];
  const write = async (name: string, script: string): Promise<void> => {
    await mkdir(join(folder, name), { recursive: true });
    const action = {
      name,
      inputs: Object.fromEntries(inputs.map((input) => [input, { description: input }])),
      runs: {
        using: 'composite',
        steps: [
          { shell: 'bash', run: script, env: { NAME: expression('inputs.name'), FILES: expression('inputs.path') } },
        ],
      },
    };
    await writeFile(join(folder, name, 'action.yml'), JSON.stringify(action));
  };
  await write(
    'upload',
    'set -eu; mkdir -p "$ARTIFACTS/$NAME"; printf "%s\\n" "$FILES" | while read -r file; do if [ -e "$file" ]; then cp "$file" "$ARTIFACTS/$NAME/"; fi; done',
  );
  await write('download', 'set -eu; cp "$ARTIFACTS/$NAME"/* .');
}

function expression(text: string): string {
  return ['$', '{{ ', text, ' }}'].join('');
}

async function runAct(
  words: readonly string[],
  { workspace, home }: { readonly workspace: string; readonly home: string },
): Promise<{ readonly code: number | null; readonly output: string }> {
  // `node` of this project first: the runner would have Node 24.
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(':');
  const environment = { PATH: path, HOME: home, XDG_CACHE_HOME: join(home, '.cache') };
  const child = spawn(act ?? 'act', [...words], {
    cwd: workspace,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [stdout, stderr, code] = await Promise.all([readAll(child.stdout), readAll(child.stderr), ended]);
  return { code, output: stdout + stderr };
}
