// Asks the fake GitLab plainly, without a client of ours: for its own tests.

import { TYPES } from '../../builders/image.ts';
import type { FakeGitlab } from './gitlab.ts';

/** What came back. */
export interface PlainAnswer {
  readonly status: number;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
  header(name: string): string | null;
}

/** Sends one request to an address. */
export async function ask(url: string, init: RequestInit = {}): Promise<PlainAnswer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return {
    status: response.status,
    body: isJson ? (JSON.parse(text) as unknown) : text,
    header: (name) => response.headers.get(name),
  };
}

/** Asks for a token for the registry. `user` defaults to what the kind of token takes. */
export async function askForToken(
  gitlab: FakeGitlab,
  wish: { readonly token?: string; readonly user?: string; readonly scope: string },
): Promise<PlainAnswer> {
  const query = new URLSearchParams({ service: 'container_registry', scope: wish.scope });
  const own = { glcbt: 'gitlab-ci-token', gldt: 'gitlab+deploy-token-1' }[wish.token?.split('-')[0] ?? ''];
  const user = wish.user ?? own ?? 'any';
  const basic = `Basic ${Buffer.from(`${user}:${wish.token ?? ''}`).toString('base64')}`;
  const headers = wish.token === undefined ? {} : { authorization: basic };
  return await ask(`${gitlab.serverUrl}/jwt/auth?${query.toString()}`, { headers });
}

/** The `access` of a token that was handed out. */
export function accessIn(answer: PlainAnswer): readonly {
  readonly name: string;
  readonly actions: readonly string[];
  readonly meta?: Readonly<Record<string, unknown>>;
}[] {
  const { token } = answer.body as { readonly token: string };
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
    readonly access: [];
  };
  return claims.access;
}

/** Asks the registry with a token for this repository and these actions. */
export async function askRegistry(
  gitlab: FakeGitlab,
  request: {
    readonly method?: string;
    readonly path: string;
    readonly token: string;
    readonly name?: string;
    readonly actions?: string;
  },
): Promise<PlainAnswer> {
  const { method = 'GET', path, token, name = 'group/app', actions = 'pull,push,delete' } = request;
  const granted = await askForToken(gitlab, { token, scope: `repository:${name}:${actions}` });
  const { token: bearer = '' } = granted.body as { readonly token?: string };
  const headers = { authorization: `Bearer ${bearer}`, accept: `${TYPES.image}, ${TYPES.index}, */*` };
  return await ask(`http://${gitlab.registryHost}${path}`, { method, headers });
}
