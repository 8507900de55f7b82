// A container engine of this machine, docker or podman, with a store of the test's own where the engine lets it have one; and a base image
// made of this machine's own programs, so that no registry is asked.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** How a program ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a container is run. */
export interface RunOptions {
  /** What stands after the image's entrypoint. */
  readonly words: readonly string[];
  /** `FROM:TO:ro`. */
  readonly mounts?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly entrypoint?: string;
}

/** An engine that answers. */
export interface ContainerEngine {
  readonly program: 'docker' | 'podman';
  /** For other programs that start the engine: with it they find the same store. */
  readonly environment: NodeJS.ProcessEnv;
  /** Makes an image of a folder. @throws Error with the engine's words. */
  importImage(folder: string, name: string): void;
  /** Runs the image without a network, with a root that nobody can write to. */
  run(image: string, options: RunOptions): Ended;
  /** Starts the engine with these words. */
  start(...words: readonly string[]): Ended;
  remove(image: string): void;
  close(): void;
}

/** The first engine that answers and runs a container; undefined when there is none, which is said on standard error. */
export function openContainerEngine(): ContainerEngine | undefined {
  const engine = openDocker() ?? openPodman();
  if (engine === undefined)
    process.stderr.write(
      'WARNING: the tests that build and run the container image DO NOT RUN: neither docker nor podman can run a container here\n',
    );
  return engine;
}

function openDocker(): ContainerEngine | undefined {
  if (!succeeded(start('docker', ['info'], process.env))) return undefined;
  return tried(createEngine('docker', process.env, () => undefined));
}

function openPodman(): ContainerEngine | undefined {
  if (!succeeded(start('podman', ['--version'], process.env))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'podman-'));
  const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`;
  writeFileSync(join(folder, 'storage.conf'), storage);
  writeFileSync(
    join(folder, 'containers.conf'),
    // runc does without cgroups that crun wants; the engine's own limits may be more than this machine lets a container have.
    '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n' +
      '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n',
  );
  writeFileSync(join(folder, 'registries.conf'), 'unqualified-search-registries = []\n');
  // These would lead to somebody's service elsewhere.
  const { CONTAINER_HOST: _host, CONTAINER_CONNECTION: _connection, ...own } = process.env;
  const environment = {
    ...own,
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
  };
  return tried(createEngine('podman', environment, () => rmSync(folder, { recursive: true, force: true })));
}

/** The engine when it runs a container; else it is closed. */
function tried(engine: ContainerEngine): ContainerEngine | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tried-'));
  const image = 'localhost/registry-cleanup-tried:latest';
  try {
    makeRootFolder(folder, ['cat']);
    engine.importImage(folder, image);
    if (engine.run(image, { words: ['cat', '/dev/null'] }).exitCode === 0) return engine;
  } catch {
    // An engine that answers and can do nothing is none: the caller says so.
  } finally {
    engine.remove(image);
    rmSync(folder, { recursive: true });
  }
  engine.close();
  return undefined;
}

function createEngine(
  program: 'docker' | 'podman',
  environment: NodeJS.ProcessEnv,
  close: () => void,
): ContainerEngine {
  const engine = (words: readonly string[]) => start(program, words, environment);
  return {
    program,
    environment,
    importImage: (folder, name) => {
      const archive = `${folder}.tar`;
      const packed = start(
        'tar',
        ['--create', '--file', archive, '--directory', folder, '--owner=0', '--group=0', '.'],
        environment,
      );
      const imported = succeeded(packed) ? engine(['import', archive, name]) : packed;
      rmSync(archive, { force: true });
      if (!succeeded(imported)) throw new Error(`${program} import: ${imported.stderr}`);
    },
    run: (image, { words, mounts = [], variables = {}, entrypoint }) => {
      const flags = [
        ...mounts.flatMap((mount) => ['--volume', mount]),
        ...Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
      ];
      const common = ['run', '--rm', '--read-only', '--network', 'none', '--pull', 'never', ...flags];
      const { status, stdout, stderr } = engine([...common, image, ...words]);
      return { exitCode: status ?? 1, stdout, stderr };
    },
    start: (...words) => {
      const { status, stdout, stderr } = engine(words);
      return { exitCode: status ?? 1, stdout, stderr };
    },
    remove: (image) => void engine(['image', 'rm', '--force', image]),
    close,
  };
}

/** Programs that a container must have for the Dockerfile and for the command line, beside Node. */
const BASE_PROGRAMS = ['sh', 'env', 'ln', 'install', 'mkdir', 'cat', 'id', 'touch', 'git', 'git-upload-pack'] as const;

/** Fills a folder with what a base image needs: Node, git and a few programs of this machine, with their libraries. */
export function makeBaseFolder(folder: string): void {
  makeRootFolder(folder, BASE_PROGRAMS);
  copyProgram(folder, process.execPath, '/usr/local/bin/node');
}

function makeRootFolder(folder: string, programs: readonly string[]): void {
  for (const name of ['tmp', 'etc', 'root', 'proc', 'sys', 'dev', 'usr/local/bin', 'usr/bin'])
    mkdirSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'tmp'), 0o1777);
  writeFileSync(join(folder, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(folder, 'etc', 'group'), 'root:x:0:\n');
  for (const name of programs) {
    const path = start('sh', ['-c', 'command -v "$1"', 'sh', name], process.env).stdout.trim();
    if (path === '') throw new Error(`this machine has no ${name}`);
    copyProgram(folder, path, name === 'sh' ? '/bin/sh' : `/usr/bin/${name}`);
  }
}

/** Copies a program and the libraries that the loader would find for it, each under the name that it is looked for by. */
function copyProgram(folder: string, from: string, to: string): void {
  copyInto(folder, realpathSync(from), to);
  const { stdout } = start('ldd', [from], process.env);
  for (const [library] of stdout.matchAll(/\/\S+(?= \(0x)/g)) copyInto(folder, realpathSync(library), library);
}

function copyInto(folder: string, from: string, to: string): void {
  const target = join(folder, to);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(from, target);
  chmodSync(target, 0o755);
}

function start(program: string, words: readonly string[], environment: NodeJS.ProcessEnv): SpawnSyncReturns<string> {
  return spawnSync(program, words, { encoding: 'utf8', env: environment, maxBuffer: 64 * 1024 * 1024 });
}

function succeeded({ status, error }: SpawnSyncReturns<string>): boolean {
  return error === undefined && status === 0;
}
