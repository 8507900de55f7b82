// What the tests of connections share: a folder with certificates and servers, and one question to a context.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EvidenceError } from '../../../src/errors.ts';
import { type ClusterConnection, connectCluster } from '../../../src/kubernetes/connection/connect-cluster.ts';
import type { CredentialMemory } from '../../../src/kubernetes/connection/credential-memory.ts';
import type { KubeContext } from '../../../src/kubernetes/kubeconfig/load-kube-contexts.ts';
import { silentLog } from '../../../src/log.ts';
import {
  type KubernetesServer,
  type KubernetesServerOptions,
  makeCertificates,
  startKubernetesServer,
} from '../../fakes/kubernetes-server.ts';

/** The path that everybody may ask for. */
export const PODS = '/api/v1/pods';

/** What a context is asked with. */
export interface Asking {
  readonly user?: KubeContext['user'];
  /** Further keys of the cluster entry, or others in place of the usual ones. */
  readonly cluster?: Partial<KubeContext['cluster']>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly nowMs?: () => number;
  readonly idleMs?: number;
  readonly logins?: CredentialMemory;
  readonly signal?: AbortSignal;
}

/** A folder with an authority, servers that use it, and the secrets that were registered. */
export interface Access {
  readonly folder: string;
  readonly certificates: string;
  readonly secrets: string[];
  readonly warnings: string[];
  start(options?: KubernetesServerOptions): Promise<KubernetesServer>;
  /** A connection that {@link Access.close} closes. */
  connect(server: Pick<KubernetesServer, 'url' | 'caFile'>, asking?: Asking): Promise<ClusterConnection>;
  /** The statuses of so many GETs of the pods, one after the other. */
  ask(server: Pick<KubernetesServer, 'url' | 'caFile'>, asking?: Asking, times?: number): Promise<readonly number[]>;
  /** Writes a file into the folder and gives its path back. */
  file(name: string, text: string): Promise<string>;
  close(): Promise<void>;
}

/** Makes the folder and its certificates. */
export async function openAccess(): Promise<Access> {
  const folder = await mkdtemp(join(tmpdir(), 'access-'));
  await makeCertificates(folder);
  const ends: (() => unknown)[] = [];
  const secrets: string[] = [];
  const warnings: string[] = [];
  const access: Access = {
    folder,
    certificates: folder,
    secrets,
    warnings,
    async start(options = {}) {
      const server = await startKubernetesServer({ certificates: folder, ...options });
      ends.push(() => server.close());
      return server;
    },
    async connect(server, { user = {}, cluster = {}, environment = {}, idleMs = 5000, ...others } = {}) {
      const log = {
        ...silentLog,
        secret: (value: string) => secrets.push(value),
        warn: (line: string) => warnings.push(line),
      };
      const entry = { server: server.url, 'certificate-authority': server.caFile, ...cluster };
      const connection = await connectCluster(
        { name: 'prod', cluster: entry, user },
        { log, environment, idleMs, ...others },
      );
      ends.push(() => connection.close());
      return connection;
    },
    async ask(server, asking = {}, times = 1) {
      const connection = await access.connect(server, asking);
      const statuses: number[] = [];
      for (let i = 0; i < times; i++) statuses.push((await connection.get(PODS, AbortSignal.timeout(20_000))).status);
      connection.close();
      return statuses;
    },
    async file(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    async close() {
      for (const end of ends.reverse()) await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return access;
}

/** The evidence error that something ended with; anything else fails the test. */
export async function refusalOf(work: Promise<unknown>): Promise<EvidenceError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EvidenceError) return error;
  throw new Error('It was done, or failed in another way.', { cause: error });
}

/** Everything that an error can show. */
export function textOf({ message, hint, details, cause }: EvidenceError): string {
  return JSON.stringify([message, hint, details, String(cause)]);
}
