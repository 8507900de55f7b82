// A cluster behind real proxies on loopback.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesServer } from '../../fakes/kubernetes-server.ts';
import { requireProgram } from '../../support/real-parts.ts';
import {
  type ProxyOptions,
  startConnectProxy,
  startSocksProxy,
  type TunnelProxy,
} from '../../support/tunnel-proxies.ts';
import { type Access, openAccess, PODS, refusalOf } from './access.ts';

const USER = { token: 'tok-admin' };
/** A name that only the proxy knows; the server's certificate is for `localhost`. */
const HIDDEN = 'k.cluster.test:6443';
const HIDDEN_CLUSTER = { server: `https://${HIDDEN}`, 'tls-server-name': 'localhost' };

describe.runIf(requireProgram('openssl'))('a cluster behind a proxy', () => {
  let access: Access;
  let server: KubernetesServer;
  const proxies: TunnelProxy[] = [];

  beforeAll(async () => {
    access = await openAccess();
    server = await access.start();
  });
  beforeEach(() => server.heal());
  afterEach(async () => {
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  });
  afterAll(() => access.close());

  async function start(scheme: string, options: ProxyOptions = {}): Promise<TunnelProxy> {
    const names = { [HIDDEN]: server.port };
    const [key, cert] = await Promise.all(
      ['server.key', 'server.crt'].map((name) => readFile(join(access.folder, name))),
    );
    const tls = scheme === 'https' && key !== undefined && cert !== undefined ? { tls: { key, cert } } : {};
    const proxy = await (scheme.startsWith('socks') ? startSocksProxy : startConnectProxy)({
      names,
      ...tls,
      ...options,
    });
    proxies.push(proxy);
    return proxy;
  }

  describe.each(['http', 'https', 'socks5', 'socks5h'])('that speaks %s', (scheme) => {
    it('is asked through it, over kept connections, by proxy-url', async () => {
      const proxy = await start(scheme);
      const cluster = { 'proxy-url': `${scheme}://${proxy.host}` };
      expect(await access.ask(server, { user: USER, cluster }, 3)).toEqual([200, 200, 200]);
      expect(proxy.targets).toEqual([`127.0.0.1:${server.port}`]);
    });

    it('is looked up by name at the proxy, and still checked', async () => {
      const proxy = await start(scheme);
      const cluster = { ...HIDDEN_CLUSTER, 'proxy-url': `${scheme}://${proxy.host}` };
      expect(await access.ask(server, { user: USER, cluster })).toEqual([200]);
      expect(proxy.targets).toEqual([HIDDEN]);
      const unnamed = access.ask(server, { user: USER, cluster: { ...cluster, 'tls-server-name': undefined } });
      await expect(unnamed).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    });

    it('shows its client certificate to the server', async () => {
      const proxy = await start(scheme);
      const { certFile, keyFile } = server.clientCertificate;
      const user = { 'client-certificate': certFile, 'client-key': keyFile };
      expect(await access.ask(server, { user, cluster: { 'proxy-url': `${scheme}://${proxy.host}` } })).toEqual([200]);
      expect(server.requests[0]?.user).toBe('admin');
    });

    it('logs in at the proxy, with a password that never shows', async () => {
      const proxy = await start(scheme, { login: 'me:p@ss-word' });
      const ask = (password: string) =>
        access.ask(server, { user: USER, cluster: { 'proxy-url': `${scheme}://me:${password}@${proxy.host}` } });
      expect(await ask('p%40ss-word')).toEqual([200]);
      expect(access.secrets).toEqual(expect.arrayContaining(['p%40ss-word', 'p@ss-word']));
      const refused: unknown = await ask('s3cret').catch((error: unknown) => error);
      expect(String(refused)).toContain(`the proxy ${scheme}://${proxy.host}: `);
      expect(`${String(refused)} ${String((refused as Error).cause)}`).not.toContain('s3cret');
      await expect(
        access.ask(server, { user: USER, cluster: { 'proxy-url': `${scheme}://${proxy.host}` } }),
      ).rejects.toThrow(/407|none of our ways to log in/);
    });

    it('is not asked straight when the proxy is not there', async () => {
      const proxy = await start(scheme);
      await proxy.close();
      const asked = access.ask(server, { user: USER, cluster: { 'proxy-url': `${scheme}://${proxy.host}` } });
      await expect(asked).rejects.toThrow(/the proxy .*ECONNREFUSED/);
      expect(server.requests).toEqual([]);
    });

    it('gives a silent proxy up', async () => {
      const proxy = await start(scheme, { isSilent: true });
      const cluster = { 'proxy-url': `${scheme}://${proxy.host}` };
      await expect(access.ask(server, { user: USER, cluster, idleMs: 200 })).rejects.toThrow(
        /the proxy .* no answer within 0.2 seconds/,
      );
    });

    it('ends at once when the connection is closed', async () => {
      const proxy = await start(scheme, { isSilent: true });
      const connection = await access.connect(server, {
        user: USER,
        cluster: { 'proxy-url': `${scheme}://${proxy.host}` },
        idleMs: 30_000,
      });
      const asked = connection.get(PODS, AbortSignal.timeout(20_000));
      const started = performance.now();
      setTimeout(() => connection.close(), 50);
      await expect(asked).rejects.toThrow();
      expect(performance.now() - started).toBeLessThan(5000);
    });
  });

  it('checks an https proxy, also when the server is not checked', async () => {
    const proxy = await start('https');
    const cluster = { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true };
    const asked = access.ask(server, { user: USER, cluster: { ...cluster, 'proxy-url': `https://${proxy.host}` } });
    await expect(asked).rejects.toThrow(/the proxy .*certificate|verify/);
    expect(proxy.targets).toEqual([]);
  });

  it('is asked through HTTPS_PROXY, unless NO_PROXY names it', async () => {
    const proxy = await start('http');
    const environment = { HTTPS_PROXY: `http://me:ambient-word@${proxy.host}` };
    expect(await access.ask(server, { user: USER, cluster: HIDDEN_CLUSTER, environment })).toEqual([200]);
    expect([proxy.targets, proxy.logins]).toEqual([[HIDDEN], ['me:ambient-word']]);
    expect(access.secrets).toContain('ambient-word');
    const direct = access.ask(server, {
      user: USER,
      cluster: HIDDEN_CLUSTER,
      environment: { ...environment, NO_PROXY: '.cluster.test' },
    });
    await expect(direct).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });

  it('is asked through proxy-url before HTTPS_PROXY', async () => {
    const [named, ambient] = [await start('socks5'), await start('http')];
    const cluster = { ...HIDDEN_CLUSTER, 'proxy-url': `socks5://${named.host}` };
    const environment = { HTTPS_PROXY: `http://${ambient.host}`, NO_PROXY: '*' };
    expect(await access.ask(server, { user: USER, cluster, environment })).toEqual([200]);
    expect([named.targets, ambient.targets]).toEqual([[HIDDEN], []]);
  });

  it('is asked straight when it is on loopback, whatever HTTPS_PROXY says', async () => {
    const environment = { HTTPS_PROXY: 'http://127.0.0.1:1' };
    expect(await access.ask(server, { user: USER, environment })).toEqual([200]);
  });

  it.each([
    [{ 'proxy-url': 'ftp://me:s3cret@p.test' }, {}, /proxy-url is not the address/],
    [{ server: 'https://k.test' }, { HTTPS_PROXY: 'ftp://me:s3cret@p.test' }, /HTTPS_PROXY is not the address/],
  ])('is refused when the proxy is none that is known', async (cluster, environment, why) => {
    const error = await refusalOf(access.ask(server, { user: USER, cluster, environment }));
    expect(error.message).toMatch(why);
    expect(error.message).not.toContain('s3cret');
  });
});
