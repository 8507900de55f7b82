// Which proxy leads to an address, as kubectl finds it: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config

import { BlockList, isIP } from 'node:net';
import { isLoopbackHost } from '../../util/loopback-host.ts';

/** Variables of the environment; the upper-case name goes before the lower-case one, as kubectl has it. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

const PROTOCOLS = new Set(['http:', 'https:', 'socks5:', 'socks5h:']);
const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY give for an address; undefined for none. Loopback never has one.
 * @throws Error, without the address, when a variable holds none.
 */
export function findEnvironmentProxy(url: URL, environment: ProxyEnvironment): URL | undefined {
  const read = (name: string): string => environment[name] || environment[name.toLowerCase()] || '';
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = read(name);
  if (proxy === '' || isLoopbackHost(url.hostname) || isWithoutProxy(url, read('NO_PROXY'))) return undefined;
  return parseProxy(proxy.includes('://') ? proxy : `http://${proxy}`, `the environment variable ${name}`);
}

/** @throws Error, without the address, which may hold a password, when it is none of an http, https or socks5 proxy. */
export function parseProxy(text: string, place: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !PROTOCOLS.has(url.protocol) || url.hostname === '')
    throw new Error(`${place} is not the address of an http, https or socks5 proxy`);
  return url;
}

/** The proxy for messages, without user and password. */
export function describeProxy(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`;
}

/**
 * Entries are separated by commas: `*`, an address, a range as 10.0.0.0/8, a domain with everything below it (`a.test`), or only what
 * is below it (`.a.test`, `*.a.test`); each but the range may end in `:port`.
 */
function isWithoutProxy(url: URL, list: string): boolean {
  const host = url.hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  const port = url.port || PORTS[url.protocol] || '';
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || (entry.includes('/') ? isInRange(host, entry) : isNamed(host, port, entry)));
}

function isInRange(host: string, range: string): boolean {
  const [address = '', bits = ''] = range.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}

function isNamed(host: string, port: string, entry: string): boolean {
  const [, bracketed, plain = entry, wanted] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain;
  if (wanted !== undefined && wanted !== port) return false;
  if (isIP(name) !== 0) return isIP(host) === isIP(name) && isInRange(host, `${name}/${isIP(name) === 4 ? 32 : 128}`);
  if (name.startsWith('*.')) return host.endsWith(name.slice(1));
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}
