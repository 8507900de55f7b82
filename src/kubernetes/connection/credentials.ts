// Who we are to a server: what the user entry says, read anew whenever it may have changed.

import { readFile } from 'node:fs/promises';
import type { KubeUser } from '../kubeconfig/kube-entries.ts';
import type { KubeContext } from '../kubeconfig/load-kube-contexts.ts';
import { runExecPlugin } from './exec-plugin.ts';
import { type OidcTools, openOidc, parseOidcConfig } from './oidc-token.ts';
import { secretsOf } from './secrets-of.ts';
import { type ClientCertificate, readClientCertificate, type ServerTrust } from './server-trust.ts';

/** What is shown to the server. */
export interface Credentials {
  /** The header of that name. */
  readonly authorization?: string;
  readonly certificate?: ClientCertificate;
  /** Milliseconds since 1970 from which on they must be got again. Absent: never. */
  readonly staleAtMs?: number;
}

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
}

/** A plugin that waits for somebody to type is given up after this. */
const PLUGIN_MS = 60_000;
/** As kubectl has it: the account of a pod is renewed long before the old token ends. */
const TOKEN_FILE_MS = 60_000;
/** Credentials that last no longer than this are got again: the request takes time, and clocks differ. */
const MARGIN_MS = 10_000;

/** The header that a user entry leads to, and what else comes with it. */
type Proof = (why: 'needed' | 'refused') => Promise<Credentials>;

/** The source for a context that {@link checkEntries} has let pass. Starts nothing yet. @throws Error for an unusable provider config. */
export function openCredentials(context: KubeContext, tools: CredentialTools): CredentialSource {
  const { user } = context;
  const proof = chooseProof(context, tools);
  return {
    canChange: Boolean(user.tokenFile || user.exec || user['auth-provider'] || user['client-certificate']),
    async get(why) {
      const certificate = await readClientCertificate(user);
      const proved = await proof(why);
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
  if (user.exec) return () => fromPlugin(context, user.exec, tools);
  if (user['auth-provider']) return fromIssuer(user['auth-provider'].config, tools);
  return () => Promise.resolve({});
}

async function fromTokenFile(path: string, tools: CredentialTools): Promise<Credentials> {
  const token = (await readFile(path, 'utf8')).trim();
  if (token === '') throw new Error(`${path} is empty`);
  return { authorization: bearer(token, tools), staleAtMs: tools.nowMs() + TOKEN_FILE_MS };
}

async function fromPlugin(
  { cluster, user }: KubeContext,
  exec: KubeUser['exec'],
  tools: CredentialTools,
): Promise<Credentials> {
  if (!exec) return {};
  const { environment, trust, signal } = tools;
  const { token, certificate, expiresAtMs } = await runExecPlugin({
    exec,
    cluster,
    trust,
    environment,
    signal,
    secrets: secretsOf({ cluster, user }),
    nowMs: tools.nowMs(),
    timeoutMs: PLUGIN_MS,
  });
  return {
    ...(token === undefined ? {} : { authorization: bearer(token, tools) }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(expiresAtMs === undefined ? {} : { staleAtMs: expiresAtMs - MARGIN_MS }),
  };
}

function fromIssuer(config: unknown, tools: CredentialTools): Proof {
  const getToken = openOidc(parseOidcConfig(config), tools);
  return async (why) => {
    const { token, expiresAtMs } = await getToken(why);
    return { authorization: bearer(token, tools), staleAtMs: expiresAtMs - MARGIN_MS };
  };
}

function bearer(text: string, tools: CredentialTools): string {
  const token = text.trim();
  tools.secret(token);
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('its token holds a character that no token has');
  return `Bearer ${token}`;
}
