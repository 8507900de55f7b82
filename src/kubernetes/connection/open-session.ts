// Credentials and connections of one context, kept good for as long as a run goes on.

import { describeCause, EvidenceError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { KubeContext } from '../kubeconfig/load-kube-contexts.ts';
import { checkEntries } from './check-entries.ts';
import { type CredentialMemory, type Credentials, createCredentialMemory } from './credential-memory.ts';
import { type CredentialSource, openCredentials } from './credentials.ts';
import { describeProxy, findEnvironmentProxy, parseProxy } from './find-proxy.ts';
import type { HttpAccess } from './http-get.ts';
import { impersonationHeaders } from './impersonation.ts';
import { openAgent } from './open-agent.ts';
import { proxySecrets, secretsOf } from './secrets-of.ts';
import { createServerContext, readServerTrust, type ServerTrust } from './server-trust.ts';

/** What a session needs besides its context. */
export interface SessionOptions {
  readonly log: Log;
  /** Longest silence on a connection, in milliseconds. */
  readonly idleMs: number;
  /** Its proxies, and what a credential plugin is started with. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the run has got before. Default: a memory that no other connection knows. */
  readonly logins?: CredentialMemory | undefined;
  /** Gives getting ready up, with its reason. Default: never. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970; for tests. Default: the system's clock. */
  readonly nowMs?: () => number;
}

/** A context that requests can be sent to. */
export interface ClusterSession {
  /**
   * Sends a request with credentials that are good now. After a 401 they are got again, once for all requests under way, and the
   * request is sent once more; `drop` is told of the answer that is not used. What `send` throws is passed on.
   * @throws EvidenceError EVIDENCE_KUBERNETES when credentials cannot be had any more.
   */
  run<Answer extends { readonly status: number }>(
    send: (access: HttpAccess) => Promise<Answer>,
    drop?: (answer: Answer) => void,
  ): Promise<Answer>;
  /** Ends its connections, and a plugin that is still running. */
  close(): void;
}

/** What requests are sent with until it is replaced. */
interface Ready {
  readonly access: HttpAccess;
  readonly credentials: Credentials;
}

/**
 * Checks the entries, gets the first credentials (a plugin or an issuer may be asked), and asks the server nothing yet. Tokens,
 * passwords and keys are registered as secrets.
 * @throws the reason of the signal.
 * @throws EvidenceError EVIDENCE_KUBERNETES when the context cannot be asked as it says, or credentials cannot be had.
 */
export async function openSession(context: KubeContext, options: SessionOptions): Promise<ClusterSession> {
  const { name, cluster, user } = context;
  const abort = new AbortController();
  const signal = options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal]);
  for (const secret of secretsOf(context)) options.log.secret(secret);
  const prepare = async (): Promise<{
    trust: ServerTrust;
    source: CredentialSource;
    headers: HttpAccess['headers'];
  }> => {
    checkEntries({ name, cluster, user });
    const trust = await readServerTrust(cluster);
    return {
      trust,
      source: sourceFor(context, trust, { options, signal }),
      headers: impersonationHeaders(user),
    };
  };
  const { trust, source, headers } = await asEvidence({ name, signal }, prepare());
  const agents = new Set<HttpAccess['agent']>();

  async function makeReady(why: 'needed' | 'refused', before?: Ready): Promise<Ready> {
    const credentials = await source.get(why);
    const { authorization } = credentials;
    const isSame = before !== undefined && hasSameCertificate(before.credentials, credentials);
    const agent = isSame ? before.access.agent : agentFor(context, { trust, credentials, options });
    agents.add(agent);
    const all = { ...headers, ...(authorization === undefined ? {} : { Authorization: authorization }) };
    return { credentials, access: { agent, headers: all, idleMs: options.idleMs } };
  }

  let ready = await asEvidence({ name, signal }, makeReady('needed'));
  let renewing: Promise<Ready> | undefined;

  /** Requests under way at once share one renewal; who comes late takes its result. */
  async function renew(used: Ready, why: 'needed' | 'refused'): Promise<Ready> {
    if (ready !== used) return ready;
    renewing ??= asEvidence({ name, signal }, makeReady(why, used)).finally(() => {
      renewing = undefined;
    });
    ready = await renewing;
    return ready;
  }

  const nowMs = options.nowMs ?? Date.now;
  return {
    async run(send, drop) {
      const staleAtMs = ready.credentials.staleAtMs ?? Number.POSITIVE_INFINITY;
      const used = staleAtMs <= nowMs() ? await renew(ready, 'needed') : ready;
      const answer = await send(used.access);
      if (answer.status !== 401 || !source.canChange) return answer;
      drop?.(answer);
      return send((await renew(used, 'refused')).access);
    },
    close() {
      abort.abort();
      for (const agent of agents) agent.destroy();
    },
  };
}

interface SourceTools {
  readonly options: SessionOptions;
  readonly signal: AbortSignal;
}

function sourceFor(context: KubeContext, trust: ServerTrust, { options, signal }: SourceTools): CredentialSource {
  const { environment, log } = options;
  const config = context.user['auth-provider']?.config ?? {};
  return openCredentials(context, {
    environment,
    trust,
    signal,
    logins: options.logins ?? createCredentialMemory(),
    secret: (value) => log.secret(value),
    warn: (message) => log.warn(`context ${JSON.stringify(context.name)}: ${message}`),
    nowMs: options.nowMs ?? Date.now,
    openAgent: async (url) => {
      const issuerTrust = await readServerTrust({
        server: url.href,
        'certificate-authority': textOf(config['idp-certificate-authority']),
        'certificate-authority-data': textOf(config['idp-certificate-authority-data']),
      });
      return agentFor(
        { name: context.name, cluster: { server: url.href }, user: {} },
        { trust: issuerTrust, credentials: {}, options },
      );
    },
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

interface AgentParts {
  readonly trust: ServerTrust;
  readonly credentials: Credentials;
  readonly options: SessionOptions;
}

function agentFor({ cluster }: KubeContext, { trust, credentials, options }: AgentParts): HttpAccess['agent'] {
  const url = new URL(cluster.server);
  const proxy = cluster['proxy-url']
    ? parseProxy(cluster['proxy-url'], 'proxy-url')
    : findEnvironmentProxy(url, options.environment);
  if (proxy !== undefined) {
    for (const secret of proxySecrets(proxy.href)) options.log.secret(secret);
    options.log.debug(`${url.host} is asked through the proxy ${describeProxy(proxy)}`);
  }
  return openAgent({
    url,
    secureContext: createServerContext(trust, credentials.certificate),
    isChecked: trust.isChecked,
    timeoutMs: options.idleMs,
    ...(proxy === undefined ? {} : { proxy }),
    ...(trust.authorities === undefined ? {} : { authorities: trust.authorities }),
    ...(trust.name === undefined ? {} : { name: trust.name }),
  });
}

function hasSameCertificate(a: Credentials, b: Credentials): boolean {
  return a.certificate?.cert === b.certificate?.cert && a.certificate?.key === b.certificate?.key;
}

interface Getting {
  /** Of the context. */
  readonly name: string;
  readonly signal: AbortSignal;
}

async function asEvidence<T>({ name: context, signal }: Getting, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal.throwIfAborted();
    throw new EvidenceError(
      `Cannot get ready to read context ${JSON.stringify(context)}: ${describeCause(error).slice(0, 1000)}.`,
      {
        code: 'EVIDENCE_KUBERNETES',
        hint: 'Correct the kubeconfig, or leave the context out on purpose: name the others with --kube-context.',
        details: { context },
        cause: error,
      },
    );
  }
}
