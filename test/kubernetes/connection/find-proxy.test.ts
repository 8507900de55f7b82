import { describe, expect, it } from 'vitest';
import { describeProxy, findEnvironmentProxy, parseProxy } from '../../../src/kubernetes/connection/find-proxy.ts';

const PROXY = { HTTPS_PROXY: 'http://proxy.test:3128' };

function find(url: string, environment: Record<string, string>): string | undefined {
  return findEnvironmentProxy(new URL(url), environment)?.href;
}

describe('the proxy of the environment', () => {
  it.each([
    [
      'HTTPS_PROXY for https',
      'https://k.test:6443',
      { ...PROXY, HTTP_PROXY: 'http://other' },
      'http://proxy.test:3128/',
    ],
    ['HTTP_PROXY for http', 'http://k.test', { ...PROXY, HTTP_PROXY: 'http://other.test' }, 'http://other.test/'],
    ['the lower-case name', 'https://k.test', { https_proxy: 'https://p.test' }, 'https://p.test/'],
    [
      'the upper-case name first',
      'https://k.test',
      { https_proxy: 'http://a.test', HTTPS_PROXY: 'http://b.test' },
      'http://b.test/',
    ],
    ['an http one when no protocol is said', 'https://k.test', { HTTPS_PROXY: 'p.test:8080' }, 'http://p.test:8080/'],
    ['a socks5 one', 'https://k.test', { HTTPS_PROXY: 'socks5://p.test' }, 'socks5://p.test'],
    ['none when the variable is empty', 'https://k.test', { HTTPS_PROXY: '' }, undefined],
    ['none for https when only HTTP_PROXY is set', 'https://k.test', { HTTP_PROXY: 'http://p.test' }, undefined],
  ])('is %s', (_, url, environment, expected) => {
    expect(find(url, environment as Record<string, string>)).toBe(expected);
  });

  it.each(['https://localhost:6443', 'https://127.0.0.1', 'https://127.8.9.10:1', 'https://[::1]:6443'])(
    'is never asked for loopback: %s',
    (url) => {
      expect(find(url, PROXY)).toBeUndefined();
    },
  );

  it.each([
    ['*', 'https://k.test', true],
    ['k.test', 'https://k.test:6443', true],
    ['k.test', 'https://a.k.test', true],
    ['k.test', 'https://ak.test', false],
    ['.k.test', 'https://a.k.test', true],
    ['.k.test', 'https://k.test', false],
    ['*.k.test', 'https://a.k.test', true],
    ['*.k.test', 'https://k.test', false],
    ['K.TEST', 'https://k.test', true],
    ['k.test:6443', 'https://k.test:6443', true],
    ['k.test:6443', 'https://k.test:443', false],
    ['k.test:443', 'https://k.test', true],
    [' a.test , k.test ', 'https://k.test', true],
    [',,', 'https://k.test', false],
    ['10.0.0.1', 'https://10.0.0.1:6443', true],
    ['10.0.0.1:6443', 'https://10.0.0.1:6443', true],
    ['10.0.0.1:1', 'https://10.0.0.1:6443', false],
    ['0.0.0.1', 'https://10.0.0.1', false],
    ['10.0.0.0/8', 'https://10.200.0.1:6443', true],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.0.0.0/8', 'https://k.test', false],
    ['10.0.0.0/33', 'https://10.0.0.1', false],
    ['no/8', 'https://10.0.0.1', false],
    ['fd00::/8', 'https://[fd12::1]:6443', true],
    ['fd00::/8', 'https://[fe80::1]', false],
    ['fd12::1', 'https://[fd12:0::1]', true],
    ['[fd12::1]:6443', 'https://[fd12::1]:6443', true],
    ['[fd12::1]:1', 'https://[fd12::1]:6443', false],
  ])('with NO_PROXY %s for %s: left out %s', (list, url, isLeftOut) => {
    expect(find(url, { ...PROXY, NO_PROXY: list }) === undefined).toBe(isLeftOut);
    expect(find(url, { ...PROXY, no_proxy: list }) === undefined).toBe(isLeftOut);
  });

  it.each(['ftp://p.test', 'http://', 'http://u:s3cret@'])('is refused when it is no address: %s', (address) => {
    expect(() => find('https://k.test', { HTTPS_PROXY: address })).toThrow(/variable HTTPS_PROXY is not the address/);
  });
});

describe('a proxy', () => {
  it('is shown without user and password', () => {
    expect(describeProxy(parseProxy('socks5://me:s3cret@p.test:1080', 'proxy-url'))).toBe('socks5://p.test:1080');
  });

  it.each(['', 'p.test:3128', 'ftp://u:s3cret@p.test', 'socks4://p.test'])(
    'is not %j, which is never shown',
    (text) => {
      expect(() => parseProxy(text, 'proxy-url')).toThrow(
        'proxy-url is not the address of an http, https or socks5 proxy',
      );
    },
  );
});
