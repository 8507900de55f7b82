// Connections of one run and their logins: what one of them has got is good for the others, until it is not.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CredentialMemory, createCredentialMemory } from '../../../src/kubernetes/connection/credential-memory.ts';
import type { KubernetesServer } from '../../fakes/kubernetes-server.ts';
import { makeNotingPlugin } from '../../support/credential-plugin.ts';
import { makeIdToken, type OidcIssuer, startIssuer } from '../../support/oidc-issuer.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { type Access, type Asking, openAccess, refusalOf } from './access.ts';

const HOUR_MS = 3_600_000;

describe.runIf(requireProgram('openssl'))('connections of one run', () => {
  let access: Access;
  let server: KubernetesServer;
  let logins: CredentialMemory;
  /** Of the server; changed by tests. */
  const tokens: Record<string, string> = {};
  const issuers: OidcIssuer[] = [];
  let plugins = 0;

  beforeAll(async () => {
    access = await openAccess();
    server = await access.start({ tokens });
  });
  beforeEach(() => {
    logins = createCredentialMemory();
    for (const token of Object.keys(tokens)) delete tokens[token];
    tokens['tok-1'] = 'admin';
  });
  afterEach(async () => {
    server.heal();
    await Promise.all(issuers.splice(0).map((issuer) => issuer.close()));
  });
  afterAll(() => access.close());

  const plugin = (status: object, delayMs = 0) =>
    makeNotingPlugin({ folder: access.folder, name: `plugin-${++plugins}`, delayMs }, status);
  const ask = (asking: Asking, times = 1) => access.ask(server, { logins, ...asking }, times);

  /** An issuer whose tokens the server takes, and the entry of somebody who logs in there. */
  async function startKnownIssuer(ttlSeconds = 3600) {
    const [key, cert] = await Promise.all(
      ['server.key', 'server.crt'].map((name) => readFile(join(access.folder, name))),
    );
    if (key === undefined || cert === undefined) throw new Error('There are no certificates.');
    const issuer = await startIssuer({
      tls: { key, cert },
      refreshToken: 'refresh',
      clientId: 'kubernetes',
      ttlSeconds,
      onToken: (token) => {
        tokens[token] = 'admin';
      },
    });
    issuers.push(issuer);
    const config = {
      'idp-issuer-url': issuer.url,
      'idp-certificate-authority': server.caFile,
      'client-id': 'kubernetes',
      'refresh-token': 'refresh',
    };
    return {
      issuer,
      userWith: (more: object = {}) => ({ 'auth-provider': { name: 'oidc', config: { ...config, ...more } } }),
    };
  }

  describe('with a plugin', () => {
    it('start it once, one after the other and side by side', async () => {
      const { exec, runs } = await plugin({ token: 'tok-1' }, 50);
      expect(await Promise.all([ask({ user: { exec } }), ask({ user: { exec } })])).toEqual([[200], [200]]);
      expect(await ask({ user: { exec } })).toEqual([200]);
      expect(await runs()).toBe(1);
    });

    it('start it again when its credentials have expired in between, and not before', async () => {
      let now = Date.now();
      const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
      const { exec, runs, answer } = await plugin({ token: 'tok-1', expirationTimestamp: at(100) });
      const asking = { user: { exec }, nowMs: () => now };
      await ask(asking);
      now += 80_000;
      await ask(asking);
      expect(await runs()).toBe(1);
      now += 10_000;
      answer({ token: 'tok-1', expirationTimestamp: at(100) });
      expect([await ask(asking), await ask(asking)]).toEqual([[200], [200]]);
      expect(await runs()).toBe(2);
    });

    it('start it again after a 401, once for all of them', async () => {
      const { exec, runs, answer } = await plugin({ token: 'tok-1' });
      const [one, other] = await Promise.all([1, 2].map(() => access.connect(server, { logins, user: { exec } })));
      delete tokens['tok-1'];
      tokens['tok-2'] = 'admin';
      answer({ token: 'tok-2' });
      const get = async (connection = one) => (await connection?.get('/api', AbortSignal.timeout(9000)))?.status;
      expect(await Promise.all([get(one), get(other)])).toEqual([200, 200]);
      expect(await ask({ user: { exec } })).toEqual([200]);
      expect(await runs()).toBe(2);
    });

    it('share its client certificate', async () => {
      const { certFile, keyFile } = server.clientCertificate;
      const [clientCertificateData, clientKeyData] = await Promise.all(
        [certFile, keyFile].map((p) => readFile(p, 'utf8')),
      );
      const { exec, runs } = await plugin({ clientCertificateData, clientKeyData });
      expect([await ask({ user: { exec } }), await ask({ user: { exec } })]).toEqual([[200], [200]]);
      expect(await runs()).toBe(1);
    });

    it.each([
      ['for each cluster that it is told of', true, 2],
      ['once for clusters that it is not told of', false, 1],
    ])('start it %s', async (_, provideClusterInfo, times) => {
      const { exec, runs } = await plugin({ token: 'tok-1' });
      const user = { exec: { ...exec, provideClusterInfo } };
      await ask({ user });
      await ask({ user, cluster: { 'tls-server-name': 'localhost' } });
      expect(await runs()).toBe(times);
    });

    it.each([
      ['arguments', { args: ['other'] }],
      ['variables', { env: [{ name: 'PROFILE', value: 'other' }] }],
      ['version', { apiVersion: 'client.authentication.k8s.io/v1beta1' }],
    ])('start it for other %s', async (what, change) => {
      const { exec, runs } = await plugin({ token: 'tok-1' });
      const others = 'args' in change ? { args: [...exec.args, ...change.args] } : change;
      await ask({ user: { exec } });
      // This plugin answers in one version only, and is asked all the same.
      if (what === 'version') await refusalOf(ask({ user: { exec: { ...exec, ...others } } }));
      else await ask({ user: { exec: { ...exec, ...others } } });
      expect(await runs()).toBe(2);
    });

    it('do not lose it when the one that started it is closed', async () => {
      const { exec, runs } = await plugin({ token: 'tok-1' }, 300);
      const closing = new AbortController();
      const closed = access.connect(server, { logins, user: { exec }, signal: closing.signal });
      const open = ask({ user: { exec } });
      const reason = new Error('closed');
      setTimeout(() => closing.abort(reason), 100);
      await expect(closed).rejects.toBe(reason);
      expect(await open).toEqual([200]);
      expect(await runs()).toBe(1);
    });

    it('each tell for themselves that it fails, and it is tried again later', async () => {
      const { exec, runs, answer } = await plugin({}, 50);
      const errors = await Promise.all([1, 2].map(() => refusalOf(access.connect(server, { logins, user: { exec } }))));
      for (const { message } of errors) expect(message).toContain('gave no credentials');
      answer({ token: 'tok-1' });
      expect(await ask({ user: { exec } })).toEqual([200]);
      expect(await runs()).toBe(2);
    });
  });

  describe('with an issuer whose refresh tokens are good once', () => {
    it('ask it once, also for other clusters and other names', async () => {
      const { issuer, userWith } = await startKnownIssuer();
      const user = userWith();
      expect(await Promise.all([ask({ user }), ask({ user, cluster: { 'tls-server-name': 'localhost' } })])).toEqual([
        [200],
        [200],
      ]);
      expect(await ask({ user })).toEqual([200]);
      expect(issuer.tokens).toHaveLength(1);
    });

    it('go on with the refresh token that came last, when the token is over, and warn once', async () => {
      const { issuer, userWith } = await startKnownIssuer(60);
      access.warnings.length = 0;
      let now = Date.now();
      for (let round = 0; round < 3; round++) {
        expect(await ask({ user: userWith(), nowMs: () => now })).toEqual([200]);
        // The issuer's own clock stands: what it gives then ends 5 seconds later.
        now += round === 0 ? 55_000 : 0;
      }
      expect(issuer.tokens.length).toBeGreaterThan(2);
      expect(access.warnings).toHaveLength(1);
    });

    it('get another token after a 401, and never again the one of the kubeconfig', async () => {
      const { issuer, userWith } = await startKnownIssuer();
      const user = userWith({ 'id-token': makeIdToken(Date.now() + HOUR_MS) });
      expect([await ask({ user }), await ask({ user })]).toEqual([[200], [200]]);
      expect(issuer.tokens).toHaveLength(1);
      expect(server.requests.map(({ user: name }) => name)).toEqual([undefined, 'admin', 'admin']);
      for (const token of issuer.tokens) delete tokens[token];
      expect([await ask({ user }), await ask({ user })]).toEqual([[200], [200]]);
      expect(issuer.tokens).toHaveLength(2);
    });

    it('without a memory are refused the second time, which is why there is one', async () => {
      const { userWith } = await startKnownIssuer();
      expect(await access.ask(server, { user: userWith() })).toEqual([200]);
      expect((await refusalOf(access.ask(server, { user: userWith() }))).message).toContain('invalid_grant');
    });
  });
});
