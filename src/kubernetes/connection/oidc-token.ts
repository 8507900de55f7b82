// The oidc auth-provider: an id-token while it is good, then new ones by the refresh token. The kubeconfig is never rewritten.
// https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens

import type * as http from 'node:http';
import * as z from 'zod';
import { describeCause } from '../../errors.ts';
import { isLoopbackHost } from '../../util/loopback-host.ts';
import { requestJson } from './request-json.ts';

/** A token with the time at which it is no longer good. */
export interface IdToken {
  readonly token: string;
  readonly expiresAtMs: number;
  /** Gets the next one. Absent: the kubeconfig's own still does. */
  readonly refreshToken?: string;
}

/** The `config` of the provider, checked. */
export type OidcConfig = z.infer<typeof configSchema>;

/** What getting a token needs. */
export interface OidcTools {
  /** A pool of connections to this address; the caller ends it. */
  readonly openAgent: (url: URL) => Promise<http.Agent>;
  /** Registers a secret. */
  readonly secret: (value: string) => void;
  readonly warn: (message: string) => void;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/** A token that lives no longer than this is as good as over: the request takes time, and clocks differ. */
const MARGIN_MS = 10_000;

const ROTATED =
  'the issuer of an oidc auth-provider gave another refresh-token. This run goes on with it, and the kubeconfig is not rewritten: log ' +
  'in again when a later run is refused, or use an exec plugin such as kubelogin, which keeps its tokens';

const text = z.string().nullish();
const configSchema = z.looseObject({
  'idp-issuer-url': text,
  'client-id': text,
  'client-secret': text,
  'id-token': text,
  'refresh-token': text,
  'idp-certificate-authority': text,
  'idp-certificate-authority-data': text,
});
const discoverySchema = z.object({
  issuer: z.string(),
  token_endpoint: z.string(),
  token_endpoint_auth_methods_supported: z.array(z.string()).nullish(),
});
const tokenSchema = z.object({ id_token: z.string().min(1), refresh_token: text });
const refusalSchema = z.object({ error: z.string().regex(/^[a-z_]{1,50}$/) });
const claimsSchema = z.object({ exp: z.number() });

/** @throws Error, without any value, for a config that is none. */
export function parseOidcConfig(config: unknown): OidcConfig {
  const parsed = configSchema.safeParse(config ?? {});
  if (parsed.success) return parsed.data;
  throw new Error(`the config of its auth-provider is wrong at ${parsed.error.issues[0]?.path.map(String).join('.')}`);
}

/**
 * A token that is good now: the config's own, the first time; after that always a new one. `before`: what was got last, of which the
 * refresh token goes on.
 * @throws Error, without secrets, when there is none to be had.
 */
export async function getIdToken(
  config: OidcConfig,
  before: Pick<IdToken, 'refreshToken'> | undefined,
  tools: OidcTools,
): Promise<IdToken> {
  const own = before === undefined ? decodeIdToken(config['id-token'] ?? '') : undefined;
  if (own !== undefined && own.expiresAtMs - MARGIN_MS > tools.nowMs()) return own;
  const refreshToken = before?.refreshToken ?? config['refresh-token'];
  if (!refreshToken)
    throw new Error(
      `its id-token ${before === undefined ? 'is over' : 'is over or refused'}, and there is no refresh-token`,
    );
  const answer = await refresh(config, refreshToken, tools);
  const next = answer.refresh_token || refreshToken;
  for (const secret of [answer.id_token, next]) tools.secret(secret);
  // An issuer may take back the old one with its first use, and whoever reads the kubeconfig next then has to log in again.
  if (next !== refreshToken && before?.refreshToken === undefined) tools.warn(ROTATED);
  const fresh = decodeIdToken(answer.id_token);
  if (fresh === undefined) throw new Error('its issuer gave an id_token that is no JWT with a time of expiry');
  if (fresh.expiresAtMs <= tools.nowMs()) throw new Error('its issuer gave an id_token that is over already');
  return { ...fresh, refreshToken: next };
}

async function refresh(
  config: OidcConfig,
  refreshToken: string,
  tools: OidcTools,
): Promise<z.infer<typeof tokenSchema>> {
  const { 'idp-issuer-url': issuer, 'client-id': clientId } = config;
  if (!issuer || !clientId) throw new Error('its auth-provider has no idp-issuer-url or no client-id');
  const discovered = await discover(issuer, tools);
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const { status, value } = await ask(secureUrl(discovered.token_endpoint, 'the token_endpoint of its issuer'), tools, {
    form,
    headers: identify(config, discovered.token_endpoint_auth_methods_supported, form),
  });
  const answer = tokenSchema.safeParse(value);
  if (status === 200 && answer.success) return answer.data;
  const refusal = refusalSchema.safeParse(value);
  const why = refusal.success ? ` (${refusal.data.error})` : '';
  throw new Error(
    status === 200 ? 'its issuer gave no id_token' : `its issuer answered ${status} to the refresh-token${why}`,
  );
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationResponse */
async function discover(issuer: string, tools: OidcTools): Promise<z.infer<typeof discoverySchema>> {
  const base = issuer.replace(/\/+$/, '');
  const { status, value } = await ask(
    secureUrl(`${base}/.well-known/openid-configuration`, 'its idp-issuer-url'),
    tools,
  );
  const found = discoverySchema.safeParse(value);
  if (status !== 200 || !found.success)
    throw new Error(`its issuer answered ${status}, and not with its configuration`);
  if (found.data.issuer.replace(/\/+$/, '') !== base)
    throw new Error('what answers at idp-issuer-url is another issuer');
  return found.data;
}

/** Basic unless the issuer takes the secret in the form only; a client without secret just says its name. */
function identify(
  config: OidcConfig,
  methods: readonly string[] | null | undefined,
  form: URLSearchParams,
): Readonly<Record<string, string>> {
  const { 'client-id': id = '', 'client-secret': secret } = config;
  const isBasic = methods?.includes('client_secret_basic') ?? true;
  if (secret && isBasic) {
    const login = [id ?? '', secret].map((part) => encodeURIComponent(part)).join(':');
    return { Authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  }
  form.set('client_id', id ?? '');
  if (secret) form.set('client_secret', secret);
  return {};
}

async function ask(
  url: URL,
  tools: OidcTools,
  more: { readonly form?: URLSearchParams; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly status: number; readonly value: unknown }> {
  const agent = await tools.openAgent(url);
  try {
    return await requestJson({ url, agent, signal: tools.signal, ...more });
  } catch (error) {
    throw new Error(`no answer from its issuer ${url.host} (${describeCause(error).slice(0, 300)})`, { cause: error });
  } finally {
    agent.destroy();
  }
}

/** Tokens go over TLS, or stay on this machine. */
function secureUrl(address: string, what: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))) return url;
  throw new Error(`${what} is no https address`);
}

/** Undefined for what is no JWT with `exp`. Whether its signature holds is the server's question. */
function decodeIdToken(token: string): IdToken | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const claims = claimsSchema.safeParse(payload);
    return claims.success ? { token, expiresAtMs: claims.data.exp * 1000 } : undefined;
  } catch {
    // Not JSON, so no JWT: the refresh token is asked next.
    return undefined;
  }
}
