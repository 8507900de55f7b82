// Kubernetes' own API server with its etcd as processes on loopback, with their own folder, authority, users and rights.
// The caller asks `requireKubeApiserver()` and `requireProgram('openssl')` first. One server a test file: a start takes seconds.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import * as z from 'zod';
import { makeCertificates } from '../fakes/kubernetes-server.ts';
import { type KubeClient, makeKubeClient } from './kube-client.ts';
import { findKubernetesParts } from './real-parts.ts';

/** A running API server. */
export interface KubeApiserver extends KubeClient {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** PEM file of the authority that signed the server's and the clients' certificates. */
  readonly caFile: string;
  /** Of user `admin` in group `system:masters`, who may do everything. */
  readonly adminToken: string;
  /** PEM files of a certificate of the same user. */
  readonly clientCertificate: { readonly certFile: string; readonly keyFile: string };
  /** A kubeconfig file of the admin with the context `real`. */
  readonly kubeConfig: string;
  /** PEM file of the key that signs the tokens of service accounts. */
  readonly accountKeyFile: string;
  /** Runs kubectl as admin. Returns what it prints. @throws Error with its standard error when it fails. */
  kubectl(...words: readonly string[]): Promise<string>;
  /**
   * Compacts etcd and waits until tokens of this list (a path; it must hold two objects) are answered with 410, at most half a minute.
   */
  expireLists(list: string): Promise<void>;
  /** Ends the processes and removes the folder. Safe to call twice. */
  stop(): Promise<void>;
}

/** Issuer of service account tokens. */
export const TOKEN_ISSUER = 'https://kubernetes.default.svc.cluster.local';

const ADMIN_TOKEN = 'tok-admin';
const START_TIMEOUT_MS = 90_000;
/** Between the choice of a free port and its use somebody else may take it. */
const ATTEMPTS = 3;
const run = promisify(execFile);

/** What runs, or ran. */
interface Processes {
  readonly folder: string;
  readonly children: ChildProcess[];
}

/** Starts etcd and an API server and waits until it says that it is ready. */
export async function startKubeApiserver(): Promise<KubeApiserver> {
  const failures: unknown[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await startOnce();
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `the API server did not start: ${String(failures.at(-1))}`);
}

async function startOnce(): Promise<KubeApiserver> {
  const programs = findKubernetesParts();
  const folder = await mkdtemp(join(tmpdir(), 'kube-apiserver-'));
  const processes: Processes = { folder, children: [] };
  const watchdog = startWatchdog(folder);
  const stop = async () => {
    await stopAll(processes);
    await watchdog.dismiss();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await makeCertificates(folder);
    await run('openssl', 'genrsa -out account.key 2048'.split(' '), { cwd: folder });
    await writeFile(join(folder, 'tokens.csv'), `${ADMIN_TOKEN},admin,1,system:masters\n`);
    const [client, peer, port] = await findFreePorts(3);
    const etcd = startEtcd(processes, { program: programs.etcd, client, peer });
    watchdog.watch(etcd.pid);
    const server = startServer(processes, { program: programs.apiserver, etcd: client, port });
    watchdog.watch(server.pid);
    const url = `https://127.0.0.1:${port}`;
    const agent = new Agent({ connect: { ca: await readFile(join(folder, 'ca.crt')) }, connections: 32 });
    await waitUntilReady(processes, { agent, url });
    const kubeConfig = await writeAdminConfig(folder, url);
    const admin = makeKubeClient({ url, agent, token: ADMIN_TOKEN });
    return {
      ...admin,
      url,
      port,
      caFile: join(folder, 'ca.crt'),
      adminToken: ADMIN_TOKEN,
      clientCertificate: { certFile: join(folder, 'client.crt'), keyFile: join(folder, 'client.key') },
      kubeConfig,
      accountKeyFile: join(folder, 'account.key'),
      kubectl: (...words) => runKubectl(programs.kubectl, folder, words),
      expireLists: (list) => expireLists(admin, { etcd: client, list }),
      stop: async () => {
        await agent.destroy();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface EtcdPlace {
  readonly program: string;
  readonly client: number;
  readonly peer: number;
}

function startEtcd(processes: Processes, { program, client, peer }: EtcdPlace): ChildProcess {
  const urls = { client: `http://127.0.0.1:${client}`, peer: `http://127.0.0.1:${peer}` };
  return start(processes, program, [
    `--data-dir=${join(processes.folder, 'etcd')}`,
    `--listen-client-urls=${urls.client}`,
    `--advertise-client-urls=${urls.client}`,
    `--listen-peer-urls=${urls.peer}`,
    `--initial-advertise-peer-urls=${urls.peer}`,
    `--initial-cluster=default=${urls.peer}`,
    // What it holds is worth nothing after the test.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]);
}

interface ServerPlace {
  readonly program: string;
  readonly etcd: number;
  readonly port: number;
}

function startServer(processes: Processes, { program, etcd, port }: ServerPlace): ChildProcess {
  const at = (name: string) => join(processes.folder, name);
  return start(processes, program, [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    // Only `expireLists` compacts, so that no list expires by chance. With 0 the caches would not look for compactions either.
    '--etcd-compaction-interval=24h',
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${processes.folder}`,
    `--tls-cert-file=${at('server.crt')}`,
    `--tls-private-key-file=${at('server.key')}`,
    `--client-ca-file=${at('ca.crt')}`,
    `--token-auth-file=${at('tokens.csv')}`,
    '--authorization-mode=RBAC',
    `--service-account-issuer=${TOKEN_ISSUER}`,
    `--service-account-signing-key-file=${at('account.key')}`,
    `--service-account-key-file=${at('account.key')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    // No controller makes the account `default` that it wants in each namespace.
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    '--profiling=false',
    // What a kubelet says about image volumes; else the server drops it.
    '--feature-gates=ImageVolumeWithDigest=true',
    // --max-requests-inflight stays as it is: with 0 requests of all but admins hang for a minute, and answer 504.
  ]);
}

/** Its output goes into a file: a full pipe would stop it. */
function start({ folder, children }: Processes, program: string, words: readonly string[]): ChildProcess {
  // Nothing of the caller's environment: ETCD_* variables would change the configuration.
  const child = spawn(program, words, { env: { HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, `${children.length === 0 ? 'etcd' : 'kube-apiserver'}.log`));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  child.once('close', () => log.end());
  child.once('error', (error) => log.write(`${error.message}\n`));
  children.push(child);
  return child;
}

async function waitUntilReady(
  processes: Processes,
  { agent, url }: { readonly agent: Agent; readonly url: string },
): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  for (;;) {
    const said = await request(`${url}/readyz`, { dispatcher: agent, headers }).then(
      async ({ statusCode, body }) => ({ statusCode, text: await body.text() }),
      (error: unknown) => ({ statusCode: 0, text: String(error) }),
    );
    if (said.statusCode === 200) return;
    if (processes.children.some(hasEnded) || Date.now() > deadline)
      throw new Error(`not ready: ${said.text.slice(-500)}\n${await lastLines(processes.folder)}`);
    await setTimeout(100);
  }
}

async function lastLines(folder: string): Promise<string> {
  const logs = ['etcd.log', 'kube-apiserver.log'].map(async (name) => {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    return `${name}: ${text.slice(-1500)}`;
  });
  return (await Promise.all(logs)).join('\n');
}

async function findFreePorts(count: 3): Promise<[number, number, number]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(async (server) => {
      await once(server, 'listening');
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [first = 0, second = 0, third = 0] = ports;
  return [first, second, third];
}

async function writeAdminConfig(folder: string, url: string): Promise<string> {
  const file = join(folder, 'admin.kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'real',
    clusters: [{ name: 'real', cluster: { server: url, 'certificate-authority': join(folder, 'ca.crt') } }],
    users: [{ name: 'admin', user: { token: ADMIN_TOKEN } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }],
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

async function runKubectl(program: string, folder: string, words: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [`--kubeconfig=${join(folder, 'admin.kubeconfig')}`, ...words], {
    // kubectl keeps what it discovered under HOME.
    env: { HOME: folder, PATH: process.env['PATH'] ?? '' },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  return stdout;
}

const revisionSchema = z.object({ header: z.object({ revision: z.string() }) });
const pageSchema = z.object({ metadata: z.object({ continue: z.string().min(1) }) });

/**
 * What the API server does every five minutes, by etcd's JSON gateway: it notes the revision under a key that all API servers watch, then
 * compacts. They forget the snapshots in their caches up to 15 seconds later.
 */
async function expireLists(client: KubeClient, { etcd, list }: { etcd: number; list: string }): Promise<void> {
  const { continue: token } = pageSchema.parse(await client.must('GET', `${list}?limit=1`)).metadata;
  const note = async (revision: string) => {
    const said = await askEtcd(etcd, 'put', { key: base64('compact_rev_key'), value: base64(revision) });
    return revisionSchema.parse(said).header.revision;
  };
  const revision = await note('0');
  await note(revision);
  await askEtcd(etcd, 'compaction', { revision, physical: true });
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const { status } = await client.send('GET', `${list}?limit=1&continue=${token}`);
    if (status === 410) return;
    if (status !== 200 || Date.now() > deadline) throw new Error(`the list ${list} does not expire (${status})`);
    await setTimeout(200);
  }
}

/** https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
async function askEtcd(port: number, path: string, body: object): Promise<unknown> {
  const answer = await request(`http://127.0.0.1:${port}/v3/kv/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`etcd answered ${answer.statusCode} to ${path}: ${text}`);
  return JSON.parse(text);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

interface Watchdog {
  watch(pid: number | undefined): void;
  dismiss(): Promise<void>;
}

/** A shell that outlives us: when our end of its input closes with no word, it ends the processes and removes the folder. */
function startWatchdog(folder: string): Watchdog {
  const script =
    'while read -r word; do [ "$word" = done ] && exit 0; pids="$pids $word"; done; kill -9 $pids; sleep 1; rm -rf "$0"';
  const child = spawn('sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  // It may have been ended already.
  child.stdin.on('error', () => undefined);
  return {
    watch: (pid) => void (pid === undefined || child.stdin.write(`${pid}\n`)),
    dismiss: async () => {
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      child.stdin.end('done\n');
      await ended;
    },
  };
}

async function stopAll({ children }: Processes): Promise<void> {
  for (const child of children.toReversed()) {
    if (hasEnded(child)) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** Or never began. */
function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}
