// A real podman that serves its Docker-compatible API on a socket of its own, with a store of its own. Nothing of the system's store is
// touched, and no network. The caller asks `requireProgram('podman')` first. One a test file.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const START_TIMEOUT_MS = 60_000;

/** How podman is started. */
export interface PodmanEngineOptions {
  /** Where the store goes instead of a folder of its own: a small file system, say. The caller removes it. */
  readonly graphRoot?: string;
  /** `file` when absent; `none`: podman remembers no events. */
  readonly events?: 'file' | 'none';
  /** The store of another engine, whose images this one shows and cannot delete. */
  readonly furtherStore?: string;
}

/** What an image is built of. */
export interface PodmanBuildOptions {
  readonly dockerfile: string;
  /** By name, beside the Dockerfile. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Further words of `podman build`. */
  readonly words?: readonly string[];
}

/** A running service of podman's. */
export interface PodmanEngine {
  readonly kind: 'podman';
  /** The path of its socket. */
  readonly socket: string;
  readonly graphRoot: string;
  /** With it `podman` finds this store; other programs find the service by DOCKER_HOST. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs `podman` on the store. Returns what it prints, trimmed. @throws Error with its standard error when it fails. */
  readonly podman: (...words: readonly string[]) => Promise<string>;
  /** Builds an image without a network and without containers (`RUN` does not work). Returns its id, `sha256:…`. */
  readonly build: (options: PodmanBuildOptions) => Promise<string>;
  /** Ends the service and what it started, and removes the folder. Safe to call twice. */
  readonly stop: () => Promise<void>;
}

/** Starts the service and waits until it answers. */
export async function startPodmanEngine(options: PodmanEngineOptions = {}): Promise<PodmanEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'podman-'));
  const graphRoot = options.graphRoot ?? join(folder, 'graph');
  await writeConfiguration(folder, { graphRoot, events: options.events ?? 'file', furtherStore: options.furtherStore });
  const environment = describeEnvironment(folder);
  const service = spawn('podman', ['system', 'service', '--time=0', `unix://${folder}/podman.sock`], {
    env: environment,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const watchdog = startWatchdog(folder, service.pid);
  const podman = async (...words: readonly string[]) =>
    (
      await run('podman', [...words], { env: environment, maxBuffer: 64 * 1024 * 1024, timeout: 120_000 })
    ).stdout.trim();
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopService({ folder, service, podman }).then(() => watchdog.dismiss()));
  try {
    await waitUntilReady(folder, service);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kind: 'podman',
    socket: join(folder, 'podman.sock'),
    graphRoot,
    environment,
    podman,
    build: async ({ dockerfile, files = {}, words = [] }) => {
      const context = await mkdtemp(join(folder, 'context-'));
      await writeFile(join(context, 'Dockerfile'), dockerfile);
      for (const [name, content] of Object.entries(files)) await writeFile(join(context, name), content);
      const idFile = join(context, 'built-id');
      await podman('build', '--isolation', 'chroot', '--pull-never', '--iidfile', idFile, ...words, context);
      return (await readFile(idFile, 'utf8')).trim();
    },
    stop,
  };
}

interface StoreOptions {
  readonly graphRoot: string;
  readonly events: 'file' | 'none';
  readonly furtherStore: string | undefined;
}

async function writeConfiguration(folder: string, { graphRoot, events, furtherStore }: StoreOptions): Promise<void> {
  const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${graphRoot}"\nrunroot = "${folder}/run"\n`;
  const further = furtherStore === undefined ? '' : `[storage.options]\nadditionalimagestores = ["${furtherStore}"]\n`;
  await writeFile(join(folder, 'storage.conf'), storage + further);
  await writeFile(
    join(folder, 'containers.conf'),
    // runc does without cgroups that crun wants; the engine's own limits may be more than this machine lets a container have.
    `[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "${events}"\nruntime = "runc"\ntmp_dir = "${folder}/tmp"\n` +
      '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\nnetns = "none"\n',
  );
  await writeFile(
    join(folder, 'registries.conf'),
    'unqualified-search-registries = []\n[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n',
  );
  // Everything may be pulled: the tests' registries sign nothing.
  await writeFile(join(folder, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
}

function describeEnvironment(folder: string): NodeJS.ProcessEnv {
  // These would lead to somebody's service elsewhere.
  const { CONTAINER_HOST: _host, CONTAINER_CONNECTION: _connection, ...own } = process.env;
  return {
    ...own,
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
    DOCKER_HOST: `unix://${folder}/podman.sock`,
  };
}

async function waitUntilReady(folder: string, service: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(join(folder, 'podman.sock')))) {
    if (hasEnded(service) || Date.now() > deadline) throw new Error('the service of podman does not answer');
    await setTimeout(50);
  }
}

/** Whether `GET /_ping` is answered with 200. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.end('GET /_ping HTTP/1.0\r\n\r\n'));
    let text = '';
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(/^HTTP\/1\.\d 200/.test(text)));
  });
}

interface Running {
  readonly folder: string;
  readonly service: ChildProcess;
  readonly podman: (...words: readonly string[]) => Promise<string>;
}

async function stopService({ folder, service, podman }: Running): Promise<void> {
  // Containers run on without the service: their monitors would outlive us.
  await podman('rm', '--all', '--force', '--time', '0').catch(() => undefined);
  if (!hasEnded(service)) {
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    const timer = globalThis.setTimeout(() => service.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** A shell that outlives us: when our end of its input closes with no word, it ends the service and removes the folder. */
function startWatchdog(folder: string, pid: number | undefined): { dismiss(): Promise<void> } {
  const script = `read -r word && exit 0; kill ${pid ?? ''}; sleep 2; kill -9 ${pid ?? ''}; rm -rf "$0"`;
  const child = spawn('sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  // It may have been ended already.
  child.stdin.on('error', () => undefined);
  return {
    dismiss: async () => {
      if (hasEnded(child)) return;
      child.ref();
      const ended = once(child, 'exit');
      child.stdin.end('done\n');
      await ended;
    },
  };
}

/** Or never began. */
function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}
