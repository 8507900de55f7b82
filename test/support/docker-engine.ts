// A real Docker engine as a process with a store, a socket and a configuration of its own: nothing of the system is touched, and no network.
// The caller asks `requireDockerEngine(part)` first. One engine a test file: it starts within a second, and takes 120 MB.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type DockerPart, requireDockerEngine } from './real-parts.ts';

const run = promisify(execFile);
const START_TIMEOUT_MS = 60_000;

/** How an engine is started. */
export interface DockerEngineOptions {
  /** Images lie in containerd's store, where they are called by their manifest's digest. From `docker-26` on. */
  readonly containerdStore?: boolean;
  /** Where the store goes instead of a folder of its own: a small file system, say. The caller removes it. */
  readonly dataRoot?: string;
}

/** What an image is built of. */
export interface BuildOptions {
  readonly dockerfile: string;
  /** By name, beside the Dockerfile. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Further words of `docker build`: `--tag`, `--label`, `--build-arg`. */
  readonly words?: readonly string[];
  /** `DOCKER_BUILDKIT` and the like. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A running engine. */
export interface DockerEngine {
  readonly kind: 'docker';
  /** The path of its socket. */
  readonly socket: string;
  readonly dataRoot: string;
  /** With it `docker` and other programs find this engine: PATH, DOCKER_HOST, DOCKER_CONFIG. */
  readonly environment: NodeJS.ProcessEnv;
  /** A static busybox: with it an image `FROM scratch` can do something. */
  readonly busybox: string;
  /** Runs `docker`. Returns what it prints, trimmed. @throws Error with its standard error when it fails. */
  readonly docker: (...words: readonly string[]) => Promise<string>;
  /** Builds an image without a network. Returns its id. */
  readonly build: (options: BuildOptions) => Promise<string>;
  /** Ends the engine, unmounts what it left and removes the folder. Safe to call twice. */
  readonly stop: () => Promise<void>;
}

/** Starts an engine and waits until it answers. */
export async function startDockerEngine(part: DockerPart, options: DockerEngineOptions = {}): Promise<DockerEngine> {
  const programs = requireDockerEngine(part);
  // Newer runcs want a newer libc.
  const runtime = requireDockerEngine('docker-20.10');
  if (programs === undefined || runtime === undefined)
    throw new Error(`${part} is not here: ask requireDockerEngine first`);
  const folder = await mkdtemp(join(tmpdir(), 'dockerd-'));
  const { DOCKER_CONTEXT: _context, DOCKER_TLS_VERIFY: _tls, DOCKER_CERT_PATH: _certificates, ...own } = process.env;
  const environment = {
    ...own,
    PATH: [join(programs, 'usr/sbin'), join(programs, 'usr/bin'), join(runtime, 'usr/sbin'), own['PATH'] ?? ''].join(
      ':',
    ),
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    DOCKER_CONFIG: join(folder, 'client'),
  };
  await preparePlugins(programs, environment.DOCKER_CONFIG);
  const dataRoot = options.dataRoot ?? join(folder, 'data');
  const daemon = await startDaemon(folder, {
    dataRoot,
    environment,
    containerdStore: options.containerdStore === true,
  });
  const watchdog = startWatchdog(folder, daemon.pid);
  let stopping: Promise<void> | undefined;
  const stop = () =>
    (stopping ??= killContainers(environment)
      .then(() => stopDaemon(folder, daemon))
      .then(() => watchdog.dismiss()));
  try {
    await waitUntilReady(folder, daemon);
  } catch (error) {
    await stop();
    throw error;
  }
  const start = (words: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
    run('docker', [...words], { env: { ...environment, ...variables }, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 });
  const docker = async (...words: readonly string[]) => (await start(words)).stdout.trim();
  return {
    kind: 'docker',
    socket: join(folder, 'docker.sock'),
    dataRoot,
    environment,
    busybox: join(runtime, 'bin/busybox'),
    docker,
    build: async (build) => {
      const context = await mkdtemp(join(folder, 'context-'));
      await writeContext(context, { ...build, busybox: join(runtime, 'bin/busybox') });
      const idFile = join(folder, 'built-id');
      const words = ['build', '--network', 'none', '--iidfile', idFile, ...(build.words ?? []), context];
      await start(words, build.variables);
      return (await readFile(idFile, 'utf8')).trim();
    },
    stop,
  };
}

async function writeContext(context: string, build: BuildOptions & { readonly busybox: string }): Promise<void> {
  await writeFile(join(context, 'Dockerfile'), build.dockerfile);
  if (build.dockerfile.includes('busybox')) await cp(build.busybox, join(context, 'busybox'));
  for (const [name, content] of Object.entries(build.files ?? {})) await writeFile(join(context, name), content);
}

async function preparePlugins(programs: string, config: string): Promise<void> {
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await writeFile(join(config, 'config.json'), '{}');
  const buildx = join(programs, 'usr/libexec/docker/cli-plugins/docker-buildx');
  if (existsSync(buildx)) await symlink(buildx, join(config, 'cli-plugins/docker-buildx'));
}

interface DaemonPlace {
  readonly dataRoot: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly containerdStore: boolean;
}

async function startDaemon(
  folder: string,
  { dataRoot, environment, containerdStore }: DaemonPlace,
): Promise<ChildProcess> {
  const features = containerdStore ? { 'containerd-snapshotter': true } : {};
  await writeFile(join(folder, 'daemon.json'), JSON.stringify({ features }));
  const log = openSync(join(folder, 'log'), 'w');
  const { DOCKER_HOST: _host, DOCKER_CONFIG: _config, ...rest } = environment;
  const daemon = spawn(
    'dockerd',
    [
      `--data-root=${dataRoot}`,
      `--exec-root=${folder}/exec`,
      `--pidfile=${folder}/pid`,
      `--config-file=${folder}/daemon.json`,
      `--host=unix://${folder}/docker.sock`,
      // No network of the machine's is touched.
      '--bridge=none',
      '--iptables=false',
      '--ip6tables=false',
      '--ip-forward=false',
      '--ip-masq=false',
      `--storage-driver=${containerdStore ? 'overlayfs' : 'overlay2'}`,
      '--exec-opt=native.cgroupdriver=cgroupfs',
    ],
    { env: rest, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  return daemon;
}

async function waitUntilReady(folder: string, daemon: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(join(folder, 'docker.sock')))) {
    if (hasEnded(daemon) || Date.now() > deadline) {
      const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
      throw new Error(`dockerd does not answer: ${log.slice(-2000)}`);
    }
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

/** What is left mounted below a folder when the engine has ended: the namespace of networks, and layers of what ran when it was killed. */
const UNMOUNT = 'grep -o " $0/[^ ]*" /proc/self/mounts | sort -r | while read -r mount; do umount -l "$mount"; done';

/** The engine would give each ten seconds to end. */
async function killContainers(environment: NodeJS.ProcessEnv): Promise<void> {
  const script = 'running=$(docker ps --quiet) && [ -n "$running" ] && docker kill $running';
  await run('sh', ['-c', script], { env: environment, timeout: 20_000 }).catch(() => undefined);
}

async function stopDaemon(folder: string, daemon: ChildProcess): Promise<void> {
  if (!hasEnded(daemon)) {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    // It waits ten seconds for containers that do not listen.
    const timer = globalThis.setTimeout(() => daemon.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(timer);
  }
  await run('sh', ['-c', UNMOUNT, folder]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** A shell that outlives us: when our end of its input closes with no word, it ends the engine and removes the folder. */
function startWatchdog(folder: string, pid: number | undefined): { dismiss(): Promise<void> } {
  const script = `read -r word && exit 0; kill ${pid ?? ''}; sleep 12; kill -9 ${pid ?? ''}; ${UNMOUNT}; rm -rf "$0"`;
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
