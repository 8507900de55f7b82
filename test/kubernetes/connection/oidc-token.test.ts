// The oidc provider against a small issuer on loopback: valid tokens are used, expired ones are refreshed, nothing is written.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadKubeContexts } from '../../../src/kubernetes/kubeconfig/load-kube-contexts.ts';
import { type KubernetesServer, kubeConfigText } from '../../fakes/kubernetes-server.ts';
import { type IssuerOptions, makeIdToken, type OidcIssuer, startIssuer } from '../../support/oidc-issuer.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { startConnectProxy } from '../../support/tunnel-proxies.ts';
import { type Access, openAccess, PODS, refusalOf, textOf } from './access.ts';

const HOUR_MS = 3_600_000;

describe.runIf(requireProgram('openssl'))('the auth-provider oidc', () => {
  let access: Access;
  let server: KubernetesServer;
  /** Changed by tests. */
  const known: Record<string, string> = {};
  const issuers: OidcIssuer[] = [];

  beforeAll(async () => {
    access = await openAccess();
    server = await access.start({ tokens: known });
  });
  afterEach(async () => {
    server.heal();
    for (const token of Object.keys(known)) delete known[token];
    await Promise.all(issuers.splice(0).map((issuer) => issuer.close()));
  });
  afterAll(() => access.close());

  async function start(options: Partial<IssuerOptions> = {}): Promise<OidcIssuer> {
    const [key, cert] = await Promise.all(
      ['server.key', 'server.crt'].map((name) => readFile(join(access.folder, name))),
    );
    if (key === undefined || cert === undefined) throw new Error('There are no certificates.');
    const usual = {
      tls: { key, cert },
      refreshToken: 's3cret-refresh',
      clientId: 'kubernetes',
      clientSecret: 's3cret&',
    };
    const issuer = await startIssuer({ ...usual, ...options });
    issuers.push(issuer);
    return issuer;
  }

  function userOf(issuer: Pick<OidcIssuer, 'url'>, config: object = {}) {
    return {
      'auth-provider': {
        name: 'oidc',
        config: {
          'idp-issuer-url': issuer.url,
          'idp-certificate-authority': server.caFile,
          'client-id': 'kubernetes',
          'client-secret': 's3cret&',
          'refresh-token': 's3cret-refresh',
          ...config,
        },
      },
    };
  }

  /** The server knows every token of the issuer. */
  function trust(issuer: OidcIssuer): void {
    for (const token of issuer.tokens) known[token] = 'admin';
  }

  it('shows an id-token that is valid, and asks no issuer', async () => {
    const token = makeIdToken(Date.now() + HOUR_MS);
    known[token] = 'admin';
    const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': token } } };
    expect(await access.ask(server, { user }, 2)).toEqual([200, 200]);
    expect(access.secrets).toContain(token);
  });

  it.each([
    ['has expired', { 'id-token': makeIdToken(Date.now() - 1) }],
    ['is about to expire', { 'id-token': makeIdToken(Date.now() + 5000) }],
    ['is missing', {}],
    ['is no token', { 'id-token': 'garbage' }],
  ])('gets a new one by the refresh token when it %s', async (_, config) => {
    const issuer = await start();
    const connection = await access.connect(server, { user: userOf(issuer, config) });
    trust(issuer);
    expect((await connection.get(PODS, AbortSignal.timeout(9000))).status).toBe(200);
    expect(issuer.requests).toEqual(['GET /.well-known/openid-configuration', 'POST /token basic']);
    expect(access.secrets).toEqual(
      expect.arrayContaining([issuer.tokens[0], 's3cret-refresh', 's3cret-refresh-2', 's3cret&']),
    );
  });

  it('goes on with the refresh token that came last, in the same run', async () => {
    const issuer = await start({ ttlSeconds: 60 });
    let nowMs = Date.now();
    const connection = await access.connect(server, { user: userOf(issuer), nowMs: () => nowMs });
    nowMs += 55_000;
    await connection.get(PODS, AbortSignal.timeout(9000));
    expect(server.requests[0]?.headers['authorization']).toBe(`Bearer ${issuer.tokens[1]}`);
  });

  it('gets another token when the server refuses a valid one, once', async () => {
    const issuer = await start();
    const user = userOf(issuer, { 'id-token': makeIdToken(Date.now() + HOUR_MS) });
    expect(await access.ask(server, { user })).toEqual([401]);
    expect(issuer.tokens).toHaveLength(1);
    expect(server.requests).toHaveLength(2);
  });

  it('never rewrites the kubeconfig', async () => {
    const issuer = await start();
    const text = kubeConfigText([{ name: 'prod', server, user: userOf(issuer) }]);
    const path = await access.file('config', text);
    const [context] = await loadKubeContexts({ kind: 'files', paths: [path] }, [], { environment: {} });
    await access.connect(server, { user: context?.user ?? {} });
    expect(issuer.tokens).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(access.warnings.at(-1)).toMatch(
      /^context "prod": .*another refresh-token\. This run goes on with it, and the kubeconfig is not rewritten/,
    );
  });

  it.each([
    ['in the form, where the issuer takes it only there', { authMethods: ['client_secret_post'] }, {}, 'form'],
    ['in the header, where it takes both', { authMethods: ['client_secret_post', 'client_secret_basic'] }, {}, 'basic'],
    ['without a secret, by its name', { clientSecret: '' }, { 'client-secret': '' }, 'form'],
  ])('says who the client is %s', async (_, options, config, way) => {
    const issuer = await start(options);
    await access.connect(server, { user: userOf(issuer, config) });
    expect(issuer.requests[1]).toBe(`POST /token ${way}`);
  });

  it('checks the issuer against the authority in its config, as data too', async () => {
    const issuer = await start();
    const data = (await readFile(server.caFile)).toString('base64');
    const config = { 'idp-certificate-authority': '/nowhere', 'idp-certificate-authority-data': data };
    await access.connect(server, { user: userOf(issuer, config) });
    const error = await refusalOf(
      access.connect(server, { user: userOf(issuer, { 'idp-certificate-authority': undefined }) }),
    );
    expect(error.message).toMatch(/no answer from its issuer 127\.0\.0\.1:\d+ \(.*certificate/);
    expect(issuer.tokens).toHaveLength(1);
  });

  it('asks the issuer through the proxy of the environment, and not through proxy-url', async () => {
    const issuer = await start({
      configuration: { issuer: 'https://localhost.test', token_endpoint: 'https://localhost.test/token' },
    });
    const proxy = await startConnectProxy({ names: { 'localhost.test:443': Number(new URL(issuer.url).port) } });
    try {
      const error = await refusalOf(
        access.connect(server, {
          user: userOf({ url: 'https://localhost.test' }),
          cluster: { 'proxy-url': 'socks5://127.0.0.1:1' },
          environment: { HTTPS_PROXY: `http://${proxy.host}` },
        }),
      );
      // The certificate of the issuer is for another name, which shows that it was reached.
      expect(error.message).toMatch(/altnames/);
      expect(proxy.targets).toEqual(['localhost.test:443']);
    } finally {
      await proxy.close();
    }
  });

  it.each<[string, Partial<IssuerOptions>, object, RegExp]>([
    ['has no refresh token and no valid one', {}, { 'refresh-token': '' }, /id-token is over, and there is no refresh/],
    ['has no issuer', {}, { 'idp-issuer-url': '' }, /no idp-issuer-url or no client-id/],
    ['has no client', {}, { 'client-id': '' }, /no idp-issuer-url or no client-id/],
    [
      'has an issuer without TLS',
      {},
      { 'idp-issuer-url': 'http://idp.test' },
      /its idp-issuer-url is no https address/,
    ],
    ['has an issuer that is no address', {}, { 'idp-issuer-url': 's3cret' }, /its idp-issuer-url is no https address/],
    ['has an issuer that is not there', {}, { 'idp-issuer-url': 'https://127.0.0.1:1' }, /no answer from its issuer/],
    ['has a config that is none', {}, { 'client-id': 7 }, /config of its auth-provider is wrong at client-id/],
    [
      'has another client secret',
      {},
      { 'client-secret': 's3cret-wrong' },
      /401 to the refresh-token \(invalid_client\)/,
    ],
    [
      'has a refresh token that was used',
      {},
      { 'refresh-token': 's3cret-old' },
      /400 to the refresh-token \(invalid_grant\)/,
    ],
    ['meets another issuer', { configuration: { issuer: 'https://other.test' } }, {}, /is another issuer/],
    ['meets no issuer', { configuration: { token_endpoint: 7 } }, {}, /not with its configuration/],
    [
      'meets an issuer that wants the token without TLS',
      { configuration: { token_endpoint: 'http://idp.test/token' } },
      {},
      /token_endpoint of its issuer is no https address/,
    ],
    ['gets no id_token', { answer: { status: 200, body: '{"access_token":"s3cret"}' } }, {}, /gave no id_token/],
    ['gets no JSON', { answer: { status: 200, body: 's3cret' } }, {}, /gave no id_token/],
    ['gets an id_token that is none', { answer: { status: 200, body: '{"id_token":"s3cret"}' } }, {}, /is no JWT/],
    [
      'gets one that is over',
      { answer: { status: 200, body: JSON.stringify({ id_token: makeIdToken(0) }) } },
      {},
      /over already/,
    ],
    ['is sent away', { answer: { status: 302, body: '' } }, {}, /answered 302 to the refresh-token/],
    [
      'gets a page of an error',
      { answer: { status: 500, body: '{"error":"s3cret token"}' } },
      {},
      /answered 500 [^(]*\./,
    ],
  ])('stops the run when it %s, and no secret shows', async (_, options, config, why) => {
    const issuer = await start(options);
    const error = await refusalOf(access.connect(server, { user: userOf(issuer, config) }));
    expect(error).toMatchObject({ code: 'EVIDENCE_KUBERNETES', exitCode: 5, temporary: false });
    expect(error.message).toMatch(why);
    expect(textOf(error)).not.toContain('s3cret');
    expect(server.requests).toEqual([]);
  });
});
