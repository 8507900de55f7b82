// A connection to one context's API server. The only place that knows @kubernetes/client-node: it parses nothing here, it
// turns a user entry into credentials. What it would ignore without a word is refused.

import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { describeCause, EvidenceError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { KubeContext } from '../kubeconfig/load-kube-contexts.ts';
import type { KubeUser } from '../kubeconfig/parse-kube-config.ts';
import { type HttpAccess, type HttpAnswer, httpGet } from './http-get.ts';

/** A context that can be asked. */
export interface ClusterConnection {
  readonly context: string;
  /** GETs a path on the server, with whatever status it answers. @throws Error when there is no answer. */
  get(path: string, signal: AbortSignal): Promise<HttpAnswer>;
  /** Closes its idle connections. */
  close(): void;
}

/** What a connection needs besides its context. */
export interface ConnectOptions {
  readonly log: Log;
  /** Longest silence on a connection, in milliseconds. */
  readonly idleMs: number;
  /** Its proxies, and what a credential plugin is started with. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Keys of a cluster or user entry that are obeyed here, or that change nothing that is read. */
const KNOWN_CLUSTER_KEYS = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'proxy-url',
  'disable-compression',
  'extensions',
]);
const KNOWN_USER_KEYS = new Set([
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'token',
  'tokenFile',
  'username',
  'password',
  'as',
  'exec',
  'auth-provider',
  'extensions',
]);
/** Connections to one server; as many as lists may run at once. */
const MAX_SOCKETS = 16;
/** A credential plugin that waits for somebody to type is given up after this. */
const CREDENTIALS_MS = 60_000;

/**
 * Prepares credentials and connections of a context; sends nothing yet (a credential plugin may). Tokens, passwords and keys are
 * registered as secrets.
 * @throws EvidenceError EVIDENCE_KUBERNETES when the context needs something unsupported or its credentials cannot be had.
 */
export async function connectCluster(context: KubeContext, options: ConnectOptions): Promise<ClusterConnection> {
  refuseUnsupported(context);
  const request = await withCredentials(context, options.log);
  const agent = agentFor(context, request);
  const access: HttpAccess = {
    agent,
    headers: headersOf(request),
    idleMs: options.idleMs,
    ...(typeof request.auth === 'string' ? { auth: request.auth } : {}),
  };
  const server = context.cluster.server.replace(/\/+$/, '');
  return {
    context: context.name,
    get: (path, signal) => httpGet(new URL(server + path), access, signal),
    close: () => agent.destroy(),
  };
}

function refuseUnsupported({ name, cluster, user }: KubeContext): void {
  const unknown = [...unknownKeys(cluster, KNOWN_CLUSTER_KEYS), ...unknownKeys(user, KNOWN_USER_KEYS)];
  if (unknown.length > 0) throw noCredentials(name, `${unknown.join(', ')} is not supported`);
  if (user.exec?.provideClusterInfo === true) throw noCredentials(name, 'exec.provideClusterInfo is not supported');
  const hasCertificate = Boolean(user['client-certificate'] || user['client-certificate-data']);
  const hasKey = Boolean(user['client-key'] || user['client-key-data']);
  if (hasCertificate !== hasKey) throw noCredentials(name, 'a client certificate and its key must come together');
}

function unknownKeys(entry: object, known: ReadonlySet<string>): string[] {
  return Object.entries(entry)
    .filter(([key, value]) => !known.has(key) && value !== null && value !== undefined)
    .map(([key]) => key);
}

async function withCredentials(context: KubeContext, log: Log): Promise<https.RequestOptions> {
  // Said outright: otherwise NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would decide.
  const request: https.RequestOptions = { rejectUnauthorized: true };
  try {
    const { user } = context;
    for (const secret of [user.token, user.password, user['client-key-data']]) if (secret) log.secret(secret);
    const token = user.tokenFile ? readFileSync(user.tokenFile, 'utf8').trim() : user.token;
    if (user.tokenFile && token === '') throw new Error(`${user.tokenFile} is empty`);
    if (token) log.secret(token);
    const config = await kubeConfigFor(context, token ?? undefined);
    await withinDeadline(config.applyToHTTPSOptions(request));
  } catch (error) {
    // V8 quotes the text that is no JSON, and here that may be a token.
    if (error instanceof SyntaxError) throw noCredentials(context.name, 'its credential plugin does not print JSON');
    throw noCredentials(context.name, describeCause(error), error);
  }
  const headers = headersOf(request);
  const authorization = headers['Authorization'];
  if (authorization !== undefined) log.secret(authorization.replace(/^Bearer /, ''));
  const wantsPlugin = Boolean(context.user.exec ?? context.user['auth-provider']);
  if (wantsPlugin && authorization === undefined && request.cert === undefined)
    throw noCredentials(context.name, 'its credential plugin gave no credentials');
  return request;
}

/** A configuration of exactly this context, with kubectl's precedence: data before file, token file before token. */
async function kubeConfigFor(context: KubeContext, token: string | undefined): Promise<KubeConfig> {
  // Destructured, so that the bundler can leave out the thousands of API classes.
  const { KubeConfig: Configuration } = await import('@kubernetes/client-node');
  const { cluster, user } = context;
  const config = new Configuration();
  config.loadFromOptions({
    clusters: [
      {
        name: context.name,
        server: cluster.server,
        skipTLSVerify: cluster['insecure-skip-tls-verify'] === true,
        ...fileOrData('ca', cluster['certificate-authority'], cluster['certificate-authority-data']),
        tlsServerName: cluster['tls-server-name'] || undefined,
        proxyUrl: cluster['proxy-url'] || undefined,
      },
    ],
    users: [{ name: context.name, ...credentialsOf(user), token }],
    contexts: [{ name: context.name, cluster: context.name, user: context.name }],
    currentContext: context.name,
  });
  return config;
}

function credentialsOf(user: KubeUser): object {
  return {
    ...fileOrData('cert', user['client-certificate'], user['client-certificate-data']),
    ...fileOrData('key', user['client-key'], user['client-key-data']),
    ...(user.username ? { username: user.username, password: user.password ?? '' } : {}),
    ...(user.as ? { impersonateUser: user.as } : {}),
    ...(user.exec ? { exec: user.exec } : {}),
    ...(user['auth-provider'] ? { authProvider: user['auth-provider'] } : {}),
  };
}

function fileOrData(
  what: 'ca' | 'cert' | 'key',
  file: string | null | undefined,
  data: string | null | undefined,
): object {
  if (data) return { [`${what}Data`]: data };
  return file ? { [`${what}File`]: file } : {};
}

/** The client's own agent opens a connection for every request; only its proxy agents are kept. */
function agentFor(context: KubeContext, request: https.RequestOptions): http.Agent {
  if (context.cluster['proxy-url'] && request.agent instanceof http.Agent) return request.agent;
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = request;
  const kept = { keepAlive: true, maxSockets: MAX_SOCKETS };
  // The client has refused plain HTTP already unless the kubeconfig says insecure-skip-tls-verify.
  if (context.cluster.server.startsWith('http:')) return new http.Agent(kept);
  return new https.Agent({ ...kept, ca, cert, key, passphrase, servername, rejectUnauthorized });
}

function headersOf(request: https.RequestOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers ?? {}).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

async function withinDeadline(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('its credential plugin took too long')), CREDENTIALS_MS);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function noCredentials(context: string, why: string, cause?: unknown): EvidenceError {
  return new EvidenceError(`Cannot get ready to read context ${JSON.stringify(context)}: ${why.slice(0, 500)}.`, {
    code: 'EVIDENCE_KUBERNETES',
    hint: 'Correct the kubeconfig, or leave the context out on purpose: name the others with --kube-context.',
    details: { context },
    cause,
  });
}
