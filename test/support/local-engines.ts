// The real engines as one, for what is to be alike with all of them: images of a known size, containers, and the command line on them.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessResult, runProcess } from '../cli/run-process.ts';
import { startDockerEngine } from './docker-engine.ts';
import { startPodmanEngine } from './podman-engine.ts';
import { requireDockerEngine, requireProgram } from './real-parts.ts';

const START = new URL('../cli/start-cli.ts', import.meta.url).pathname;

/** One engine with a store of its own. */
export interface LocalEngine {
  readonly socket: string;
  /** With it other programs find the engine. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs the engine's client; what it prints, trimmed. */
  client(...words: readonly string[]): Promise<string>;
  /** Makes an image of one layer with so many megabytes that nothing else has, with further `LABEL` instructions. Its id. */
  add(name: string, megabytes?: number, changes?: readonly string[]): Promise<string>;
  /** Names of all images without `:latest` and podman's `localhost/`, sorted; `<none>` for one without. */
  names(): Promise<readonly string[]>;
  /** Runs `registry-cleanup host` as a process that has nothing of this environment. Its cache is the engine's own. */
  host(...words: readonly string[]): Promise<ProcessResult>;
  /** Nothing is left in it, and nothing is remembered of it. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** The engines that can run here. */
export function listLocalEngines(): readonly ('podman' | 'docker')[] {
  const docker = requireDockerEngine('docker-20.10') !== undefined;
  return [...(requireProgram('podman') ? ['podman' as const] : []), ...(docker ? ['docker' as const] : [])];
}

/** How an engine is started. */
export interface LocalEngineOptions {
  /** Where its images lie, which the caller removes. */
  readonly store?: string;
  /** Podman that remembers nothing itself: a test may then say since when images are there. */
  readonly isForgetful?: boolean;
}

/** Starts one. */
export async function startLocalEngine(
  kind: 'podman' | 'docker',
  options: LocalEngineOptions = {},
): Promise<LocalEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'local-engine-'));
  const engine = await start(kind, options);
  const { client } = engine;
  const home = join(folder, 'home');
  await mkdir(home);
  return {
    ...engine,
    add: async (name, megabytes = 10, changes = []) => {
      await writeFile(join(folder, 'data'), randomBytes(megabytes * 1024 * 1024));
      execFileSync('tar', ['--create', '--file', 'layer.tar', 'data'], { cwd: folder });
      const words = ['CMD ["/data"]', ...changes].flatMap((change) => ['--change', change]);
      const id = await client('import', ...words, join(folder, 'layer.tar'), name);
      return id.split('\n').at(-1) ?? '';
    },
    names: async () => {
      const lines = await client('images', '--format', '{{.Repository}}:{{.Tag}}');
      const names = lines.split('\n').filter((line) => line !== '');
      return names.map((name) => name.replace(/^localhost\//, '').replace(/:latest$/, '')).sort();
    },
    host: (...words) =>
      runProcess({ file: START, words: ['host', '--engine', `unix://${engine.socket}`, ...words], directory: home }),
    empty: async () => {
      await rm(home, { recursive: true });
      await mkdir(home);
      const list = async (...words: readonly string[]) =>
        (await client(...words)).split('\n').filter((line) => line !== '');
      const containers = await list('ps', '--all', '--quiet');
      if (containers.length > 0) await client('rm', '--force', ...containers);
      const images = new Set(await list('images', '--all', '--quiet'));
      if (images.size > 0) await client('rmi', '--force', ...images);
    },
    stop: async () => {
      await engine.stop();
      await rm(folder, { recursive: true });
    },
  };
}

type Started = Pick<LocalEngine, 'socket' | 'environment' | 'client' | 'stop'>;

async function start(kind: 'podman' | 'docker', { store, isForgetful }: LocalEngineOptions): Promise<Started> {
  if (kind === 'podman') {
    const podman = await startPodmanEngine({
      ...(store === undefined ? {} : { graphRoot: store }),
      ...(isForgetful === true ? { events: 'none' } : {}),
    });
    return { ...podman, client: (...words) => podman.podman(...words), stop: () => podman.stop() };
  }
  const docker = await startDockerEngine('docker-20.10', store === undefined ? {} : { dataRoot: store });
  return { ...docker, client: (...words) => docker.docker(...words), stop: () => docker.stop() };
}
