// Who we are to a server: what the user entry says, read anew whenever it may have changed; what is got by it, once for a run.

import { readFile } from 'node:fs/promises';
import type { KubeExec } from '../kubeconfig/kube-entries.ts';
import type { KubeContext } from '../kubeconfig/load-kube-contexts.ts';
import type { CredentialMemory, Credentials } from './credential-memory.ts';
import { execKey, type PluginRun, runExecPlugin } from './exec-plugin.ts';
import { getIdToken, type OidcConfig, type OidcTools, parseOidcConfig } from './oidc-token.ts';
import { secretsOf } from './secrets-of.ts';
import { readClientCertificate, type ServerTrust } from './server-trust.ts';

/** Where credentials come from. */
export interface CredentialSource {
  /** Whether getting them again can give others. */
  readonly canChange: boolean;
  /** `refused`: the server did not accept the last ones. @throws Error, without secrets, when they cannot be had. */
  get(why: 'needed' | 'refused'): Promise<Credentials>;
}

/** What getting credentials needs. */
export interface CredentialTools extends OidcTools {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly trust: ServerTrust;
  /** What connections of this run have got before. */
  readonly logins: CredentialMemory;
}

/** A plugin that waits for somebody to type is given up after this. */
const PLUGIN_MS = 60_000;
/** As kubectl has it: the account of a pod is renewed long before the old token ends. */
const TOKEN_FILE_MS = 60_000;
/** Credentials that last no longer than this are got again: the request takes time, and clocks differ. */
const MARGIN_MS = 10_000;

/** The header that a user entry leads to, and what else comes with it. `refused`: what it led to before, and is not accepted. */
type Proof = (refused: Credentials | undefined) => Promise<Credentials>;

/** The source for a context that {@link checkEntries} has let pass. Starts nothing yet. @throws Error for an unusable provider config. */
export function openCredentials(context: KubeContext, tools: CredentialTools): CredentialSource {
  const { user } = context;
  const proof = chooseProof(context, tools);
  let last: Credentials | undefined;
  return {
    canChange: Boolean(user.tokenFile || user.exec || user['auth-provider'] || user['client-certificate']),
    async get(why) {
      const certificate = await readClientCertificate(user);
      const proved = await proof(why === 'refused' ? last : undefined);
      last = proved;
      if (certificate !== undefined) tools.secret(certificate.key);
      if (proved.certificate !== undefined) tools.secret(proved.certificate.key);
      return { ...(certificate === undefined ? {} : { certificate }), ...proved };
    },
  };
}

/** A token or password of the entry itself goes before a plugin's, as kubectl has it. */
function chooseProof(context: KubeContext, tools: CredentialTools): Proof {
  const { user } = context;
  const { tokenFile } = user;
  if (tokenFile) return () => fromTokenFile(tokenFile, tools);
  if (user.token) {
    const authorization = bearer(user.token, tools);
    return () => Promise.resolve({ authorization });
  }
  if (user.username) {
    const login = Buffer.from(`${user.username}:${user.password ?? ''}`, 'utf8').toString('base64');
    tools.secret(login);
    return () => Promise.resolve({ authorization: `Basic ${login}` });
  }
  if (user.exec) return fromPlugin({ ...context, exec: user.exec }, tools);
  if (user['auth-provider']) return fromIssuer(user['auth-provider'].config, tools);
  return () => Promise.resolve({});
}

async function fromTokenFile(path: string, tools: CredentialTools): Promise<Credentials> {
  const token = (await readFile(path, 'utf8')).trim();
  if (token === '') throw new Error(`${path} is empty`);
  return { authorization: bearer(token, tools), staleAtMs: tools.nowMs() + TOKEN_FILE_MS };
}

function fromPlugin({ cluster, user, exec }: KubeContext & { readonly exec: KubeExec }, tools: CredentialTools): Proof {
  const { environment, trust, logins, nowMs } = tools;
  const run = { exec, cluster, trust, environment };
  const obtain = async (_before: unknown, signal: AbortSignal): Promise<Credentials> => {
    const secrets = secretsOf({ cluster, user });
    return askPlugin({ ...run, signal, secrets, nowMs: nowMs(), timeoutMs: PLUGIN_MS }, tools);
  };
  return (refused) => logins.get({ key: execKey(run), refused, nowMs, signal: tools.signal, obtain });
}

async function askPlugin(run: PluginRun, tools: CredentialTools): Promise<Credentials> {
  const { token, certificate, expiresAtMs } = await runExecPlugin(run);
  return {
    ...(token === undefined ? {} : { authorization: bearer(token, tools) }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(expiresAtMs === undefined ? {} : { staleAtMs: expiresAtMs - MARGIN_MS }),
  };
}

/** One login is good for all clusters of an issuer, and its refresh token often for one use only: the memory knows it by its config alone. */
function fromIssuer(given: unknown, tools: CredentialTools): Proof {
  const config = parseOidcConfig(given);
  const { logins, nowMs } = tools;
  const obtain = (before: Credentials | undefined, signal: AbortSignal): Promise<Credentials> =>
    askIssuer(config, before, { ...tools, signal });
  const key = JSON.stringify(['oidc', config]);
  return (refused) => logins.get({ key, refused, nowMs, signal: tools.signal, obtain });
}

async function askIssuer(
  config: OidcConfig,
  before: Credentials | undefined,
  tools: CredentialTools,
): Promise<Credentials> {
  const { token, expiresAtMs, refreshToken } = await getIdToken(config, before, tools);
  return {
    authorization: bearer(token, tools),
    staleAtMs: expiresAtMs - MARGIN_MS,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}

function bearer(text: string, tools: CredentialTools): string {
  const token = text.trim();
  tools.secret(token);
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('its token holds a character that no token has');
  return `Bearer ${token}`;
}
