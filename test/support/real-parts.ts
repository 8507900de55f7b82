// Which real programs the tests can use here. A missing one never goes unnoticed.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs that `npm run real-parts` installs. */
export type RealProgram =
  | 'docker-registry'
  | 'skopeo'
  | 'htpasswd'
  | 'openssl'
  | 'git'
  | 'wrk'
  | 'cmark-gfm'
  | 'rsync'
  | 'podman';

/** Parts that are no package of the system. */
type BuiltPart = 'prism' | 'act' | 'kube-apiserver' | 'distribution' | DockerPart;

/** Docker's engine in the generations that the tests know. */
export type DockerPart = 'docker-20.10' | 'docker-26';

/** Tests share a process, and one warning a program is enough. */
const warned = new Set<RealProgram | BuiltPart | 'mount'>();

/**
 * Whether a real program is on PATH. When it is missing, says so on standard error, once a process.
 *
 * @throws Error naming `npm run real-parts` when it is missing and the environment says REAL_PARTS=required.
 */
export function requireProgram(name: RealProgram): boolean {
  if (findOnPath(name) !== undefined) return true;
  reportMissing(name);
  return false;
}

/**
 * Stoplight's Prism, to be started with `process.execPath`; undefined when it is missing, which is then said or thrown as by
 * {@link requireProgram}. It is no program on PATH: `scripts/real-parts.sh` keeps it in a folder of its own.
 */
export function requirePrism(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = join(findCache(environment), 'prism-5.16.0');
  // The last thing that is written: half an installation is none.
  if (existsSync(join(folder, 'complete')))
    return join(folder, 'node_modules', '@stoplight', 'prism-cli', 'dist', 'index.js');
  reportMissing('prism');
  return undefined;
}

/** act, to be started as it is; undefined when it is missing, which is then said or thrown as by {@link requireProgram}. */
export function requireAct(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const program = join(findCache(environment), 'act-0.2.89', 'act');
  if (isExecutableFile(program)) return program;
  reportMissing('act');
  return undefined;
}

/** Programs of one release of Kubernetes, to be started as they are. */
export interface KubernetesParts {
  readonly apiserver: string;
  /** kube-controller-manager. */
  readonly controllers: string;
  readonly etcd: string;
  readonly kubectl: string;
}

/** Whether Kubernetes' own API server is there with all that belongs to it; says so or throws as {@link requireProgram} when not. */
export function requireKubeApiserver(environment: NodeJS.ProcessEnv = process.env): boolean {
  if (Object.values(findKubernetesParts(environment)).every(isExecutableFile)) return true;
  reportMissing('kube-apiserver');
  return false;
}

/** Where the programs are that {@link requireKubeApiserver} asks for, whether they are there or not. */
export function findKubernetesParts(environment: NodeJS.ProcessEnv = process.env): KubernetesParts {
  const folder = join(findCache(environment), `kubernetes-${readPinnedVersion('kube-apiserver', 'k8s.io/kubernetes')}`);
  return {
    apiserver: join(folder, 'kube-apiserver'),
    controllers: join(folder, 'kube-controller-manager'),
    etcd: join(folder, 'etcd'),
    kubectl: join(folder, 'kubectl'),
  };
}

/**
 * CNCF distribution v3, to be started as it is; undefined when it is missing, which is then said or thrown as by {@link requireProgram}.
 */
export function requireDistribution(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const version = readPinnedVersion('distribution', 'github.com/distribution/distribution/v3');
  const program = join(findCache(environment), `distribution-${version}`, 'registry');
  if (isExecutableFile(program)) return program;
  reportMissing('distribution');
  return undefined;
}

/**
 * The folder with the programs of a Docker engine (`usr/bin`, `usr/sbin`). Undefined when it is missing, which is said or thrown as by
 * {@link requireProgram}; or when this machine would not let it run, which is said, also where parts are required: no script can install rights.
 */
export function requireDockerEngine(
  part: DockerPart,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const folder = join(findCache(environment), part);
  if (!existsSync(join(folder, 'complete'))) reportMissing(part);
  else if (hasRightsOfEngines()) return folder;
  else warnOnce(part, 'it wants root, mounts and control groups, which this machine does not give');
  return undefined;
}

/** Whether this process may mount a file system; where not, that is said, also where parts are required. */
export function requireMount(): boolean {
  if (mayMount()) return true;
  warnOnce('mount', 'this process may not mount a file system: it is not root, or its machine forbids it');
  return false;
}

function hasRightsOfEngines(): boolean {
  return mayMount() && (existsSync('/sys/fs/cgroup/memory') || existsSync('/sys/fs/cgroup/cgroup.controllers'));
}

let mounts: boolean | undefined;

function mayMount(): boolean {
  // In namespaces of their own nothing is left of it.
  mounts ??=
    process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  return mounts;
}

/** The version of a module in the go.mod of a folder of test/real, without its `v`. */
function readPinnedVersion(folder: string, module: string): string {
  const text = readFileSync(new URL(`../real/${folder}/go.mod`, import.meta.url), 'utf8');
  const line = text.split('\n').find((words) => words.trim().startsWith(`${module} v`));
  const version = /\sv([\d.]+)\b/.exec(line ?? '')?.[1];
  if (version === undefined) throw new Error(`test/real/${folder}/go.mod does not name a version of ${module}`);
  return version;
}

/** Where `scripts/real-parts.sh` keeps what is no package of the system. */
function findCache(environment: NodeJS.ProcessEnv): string {
  const cache = environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return environment['REAL_PARTS_DIR'] ?? join(cache, 'registry-cleanup-parts');
}

function reportMissing(name: RealProgram | BuiltPart): void {
  const message = `${name} is not installed; \`npm run real-parts\` installs it`;
  if (process.env['REAL_PARTS'] === 'required') throw new Error(message);
  warnOnce(name, message);
}

function warnOnce(name: RealProgram | BuiltPart | 'mount', message: string): void {
  if (!warned.has(name)) process.stderr.write(`WARNING: tests that need ${name} DO NOT RUN: ${message}\n`);
  warned.add(name);
}

// An empty PATH entry would mean the working directory, and is not searched.
function findOnPath(name: string, path: string = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutableFile);
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
