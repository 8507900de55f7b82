import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect as connectSocket, createServer as createSocketServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { explainFailure, isNotTls } from '../../src/http/explain-failure.ts';
import { parseRegistryHost } from '../../src/model/reference.ts';
import { candidateOrigins, chooseOrigin } from '../../src/registry/choose-origin.ts';
import type { Transport } from '../../src/registry/transport.ts';
import { isLoopbackHost } from '../../src/util/loopback-host.ts';
import { requireProgram } from '../support/real-parts.ts';
import { makeServerCertificate } from '../support/registry-server.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { ask, createRememberingLog, openTestTransport } from '../support/try-transport.ts';
import { containing, matching } from '../support/typed-matchers.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const PATH = '/v2/team/app/tags/list';

async function open(host: string, more: Parameters<typeof openTestTransport>[1] = {}): Promise<Transport> {
  const transport = await openTestTransport(host, more);
  closers.push(() => transport.close());
  return transport;
}

async function startPlain(): Promise<ScriptedServer> {
  const server = await startScriptedServer(() => ({ status: 200, body: '{}' }));
  closers.push(() => server.stop());
  return server;
}

/** A port on loopback that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server below HTTP; returns its host and port. */
async function startSocketServer(accept: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    accept(socket);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('which origins are tried', () => {
  it.each([
    ['docker.io', {}, ['https://registry-1.docker.io']],
    ['docker.io', { plainHttp: true }, ['https://registry-1.docker.io']],
    ['ghcr.io', {}, ['https://ghcr.io']],
    ['reg.example:5000', {}, ['https://reg.example:5000']],
    ['reg.example:5000', { plainHttp: true }, ['https://reg.example:5000', 'http://reg.example:5000']],
    ['localhost:5000', {}, ['https://localhost:5000', 'http://localhost:5000']],
    ['127.8.9.1', {}, ['https://127.8.9.1', 'http://127.8.9.1']],
    ['[::1]:5000', {}, ['https://[::1]:5000', 'http://[::1]:5000']],
    ['localhost:5000', { caFile: 'ca.crt' }, ['https://localhost:5000']],
    ['localhost.example:5000', {}, ['https://localhost.example:5000']],
    ['127.0.0.1.example', {}, ['https://127.0.0.1.example']],
    ['10.0.0.1:5000', {}, ['https://10.0.0.1:5000']],
  ])('%s with %j: %j', (host, settings, expected) => {
    expect(candidateOrigins(parseRegistryHost(host), { plainHttp: false, ...settings })).toEqual(expected);
  });

  it.each([
    ['LOCALHOST', true],
    ['[::1]', true],
    ['127.0.0.1', true],
    ['128.0.0.1', false],
    ['0.0.0.0', false],
    ['notlocalhost', false],
    ['localhost.evil.example', false],
  ])('%s is this machine: %s', (name, expected) => {
    expect(isLoopbackHost(name)).toBe(expected);
  });

  const failure = (code: string): Error => Object.assign(new Error('x'), { code });
  it.each([
    ['ERR_SSL_WRONG_VERSION_NUMBER', true],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', true],
    ['ECONNRESET', true],
    ['ECONNREFUSED', true],
    ['SELF_SIGNED_CERT_IN_CHAIN', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false],
    ['CERT_HAS_EXPIRED', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', false],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', false],
    ['ETIMEDOUT', false],
    ['UND_ERR_CONNECT_TIMEOUT', false],
    ['ENOTFOUND', false],
  ])('after %s plain http is tried: %s', async (code, expected) => {
    const error = explainFailure({ host: 'h', purpose: 'p' }, failure(code));
    expect(isNotTls(error)).toBe(expected);
    const tried: string[] = [];
    const result = chooseOrigin(['https://h', 'http://h'], async (origin) => {
      tried.push(origin);
      if (origin.startsWith('https')) throw error;
      return 1;
    });
    if (expected) expect(await result).toEqual({ origin: 'http://h', answer: 1 });
    else await expect(result).rejects.toBe(error);
    expect(tried).toHaveLength(expected ? 2 : 1);
  });
});

describe('failures to connect', () => {
  it.each([
    ['CERT_HAS_EXPIRED', { name: 'NetworkError', code: 'TLS', temporary: false, hint: containing('--ca-file') }],
    ['ERR_TLS_CERT_ALTNAME_INVALID', { code: 'TLS', hint: containing('--ca-file') }],
    ['EPROTO', { code: 'TLS' }],
    ['ENOTFOUND', { name: 'NetworkError', code: 'NETWORK', temporary: false }],
    ['EAI_AGAIN', { code: 'NETWORK', temporary: true }],
    ['ECONNREFUSED', { code: 'NETWORK', temporary: true }],
    ['UND_ERR_CONNECT_TIMEOUT', { code: 'TIMEOUT', temporary: true }],
    ['HPE_INVALID_CONSTANT', { name: 'ProtocolError', code: 'PROTOCOL', temporary: false }],
    ['UND_ERR_PRX_TLS', { code: 'NETWORK', hint: containing('HTTPS_PROXY') }],
    ['SOMETHING_NEW', { name: 'NetworkError', code: 'NETWORK', temporary: false }],
  ])('%s', (code, expected) => {
    const error = explainFailure(
      { host: 'reg.example', purpose: 'list tags' },
      Object.assign(new Error('x'), { code }),
    );
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(/^Cannot list tags: reg\.example: /);
  });

  it.each([
    ['localhost:5000', 'ECONNREFUSED', 'Is the registry running there, and is the port right?'],
    ['reg.exmaple', 'ENOTFOUND', 'Is reg.exmaple the right name, and known to this machine?'],
    ['registry-1.docker.io', 'ENOTFOUND', containing('app means docker.io/library/app')],
    ['registry-1.docker.io', 'UND_ERR_CONNECT_TIMEOUT', containing('app means docker.io/library/app')],
    ['registry-1.docker.io', 'ECONNRESET', undefined],
    ['localhost:5000', 'ECONNRESET', undefined],
  ])('%s, %s: the hint is %s', (host, code, hint) => {
    const error = explainFailure({ host, purpose: 'p' }, Object.assign(new Error('x'), { code }));
    expect(error.hint).toEqual(hint);
  });

  it('of several addresses are read from the first', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    const error = explainFailure({ host: 'h', purpose: 'p' }, new AggregateError([refused, refused]));
    expect(error.details['cause']).toBe('ECONNREFUSED');
  });

  it('nobody listens: NETWORK with the host', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    await expect(open(host)).rejects.toMatchObject({ name: 'NetworkError', code: 'NETWORK', details: { host } });
  });

  it('a host that does not exist: NETWORK, at once', async () => {
    await expect(open('registry.invalid')).rejects.toMatchObject({ name: 'NetworkError', code: 'NETWORK' });
  });

  it('a port that accepts and says nothing: TIMEOUT', async () => {
    const host = await startSocketServer((socket) => void socket.resume());
    const limits = { connectTimeoutMs: 200, retries: 0 };
    await expect(open(host, { limits })).rejects.toMatchObject({ name: 'NetworkError', code: 'TIMEOUT' });
  });

  it('a port that speaks another protocol: an error, not a crash', async () => {
    const host = await startSocketServer((socket) => {
      socket.once('data', () => socket.end('220 mail.example ESMTP\r\n'));
    });
    await expect(open(host)).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
  });
});

describe('plain http', () => {
  it('is used for loopback when the server does not speak TLS', async () => {
    const server = await startPlain();
    expect((await open(server.host)).origin).toBe(server.origin);
  });

  it('is used for localhost by name', async () => {
    const server = await startPlain();
    const transport = await open(server.host.replace('127.0.0.1', 'localhost'));
    expect((await ask(transport, PATH)).status).toBe(200);
  });
});

describe.runIf(requireProgram('openssl'))('TLS', () => {
  let folder = '';
  let caFile = '';
  let tls = { cert: '', key: '' };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tls-'));
    caFile = await makeServerCertificate(folder);
    tls = {
      cert: await readFile(join(folder, 'srv.crt'), 'utf8'),
      key: await readFile(join(folder, 'srv.key'), 'utf8'),
    };
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function startSecure(): Promise<ScriptedServer> {
    const server = await startScriptedServer(() => ({ status: 200, body: '{}' }), tls);
    closers.push(() => server.stop());
    return server;
  }

  it('works with the own authority', async () => {
    const server = await startSecure();
    const transport = await open(server.host, { settings: { caFile } });
    expect(transport.origin).toBe(server.origin);
    expect((await ask(transport, PATH)).status).toBe(200);
  });

  it('keeps connections after HEAD', async () => {
    const server = await startSecure();
    const transport = await open(server.host, { settings: { caFile } });
    for (let index = 0; index < 10; index += 1) await ask(transport, PATH, { method: 'HEAD' });
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it.each([{}, { plainHttp: true }])(
    'an unknown authority is TLS, and never leads to plain http: %j',
    async (settings) => {
      const server = await startSecure();
      await expect(open(server.host, { settings })).rejects.toMatchObject({
        name: 'NetworkError',
        code: 'TLS',
        hint: containing('--ca-file'),
      });
      expect(server.pings()).toBe(0);
    },
  );

  it('the wrong authority is TLS', async () => {
    const other = await mkdtemp(join(tmpdir(), 'tls-other-'));
    closers.push(() => rm(other, { recursive: true, force: true }));
    const wrong = await makeServerCertificate(other);
    const server = await startSecure();
    await expect(open(server.host, { settings: { caFile: wrong } })).rejects.toMatchObject({ code: 'TLS' });
  });

  it('checks no certificate where that is wanted', async () => {
    const server = await startSecure();
    await expect(open(server.host)).rejects.toMatchObject({ code: 'TLS' });
    const transport = await open(server.host, { settings: { skipTlsVerify: true } });
    expect(transport.origin).toBe(server.origin);
    expect((await ask(transport, PATH)).status).toBe(200);
  });

  it('a certificate for another name is TLS', async () => {
    const server = await startSecure();
    const host = server.host.replace('127.0.0.1', '127.0.0.2');
    const secondAddress = createSocketServer((socket) => {
      const upstream = connectSocket(Number(server.host.split(':')[1]), '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    }).listen(0, '127.0.0.2');
    await new Promise((resolve) => secondAddress.once('listening', resolve));
    closers.push(() => new Promise((resolve) => secondAddress.close(() => resolve())));
    const port = String((secondAddress.address() as AddressInfo).port);
    const refused = open(host.replace(/\d+$/, port), { settings: { caFile } });
    await expect(refused).rejects.toMatchObject({ code: 'TLS', details: { cause: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });

  it('an authority given for loopback rules plain http out', async () => {
    const server = await startPlain();
    await expect(open(server.host, { settings: { caFile } })).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'TLS',
    });
    expect(server.pings()).toBe(0);
  });

  it.each([
    ['a missing file', async () => join(folder, 'nowhere.pem')],
    ['a folder', async () => folder],
    ['a key', async () => join(folder, 'srv.key')],
    ['a file without PEM', async () => write('text.pem', 'hello')],
    [
      'a broken block',
      async () => write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    ],
  ])('%s in the place of authorities is a usage error', async (_name, make) => {
    await expect(open('127.0.0.1:1', { settings: { caFile: await make() } })).rejects.toMatchObject({
      name: 'UsageError',
      code: 'USAGE',
    });
  });

  async function write(name: string, text: string): Promise<string> {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  }

  it('goes through a proxy by CONNECT, and checks the certificate behind it', async () => {
    const server = await startSecure();
    const proxy = await startProxy(server.host);
    const environment = { HTTPS_PROXY: proxy.url };
    await expect(open('registry.test:8443', { environment, settings: { caFile } })).rejects.toMatchObject({
      code: 'TLS',
      details: { cause: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    expect(proxy.seen).toEqual(['CONNECT registry.test:8443']);
  });
});

interface Proxy {
  /** With a user name and a password in it. */
  readonly url: string;
  /** `GET http://…` and `CONNECT host:port`, oldest first. */
  readonly seen: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
}

/** A proxy that leads every request to the one server, whatever name was asked for. */
async function startProxy(target: string, status = 200): Promise<Proxy> {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const [hostname = '', port = ''] = target.split(':');
  const note = (request: IncomingMessage): void => {
    seen.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
  };
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    note(request);
    const { pathname } = new URL(request.url ?? '');
    const onward = httpRequest({ hostname, port, path: pathname, method: request.method ?? 'GET' }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    note(request);
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const upstream = connectSocket(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    return upstream;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://me:hush@127.0.0.1:${(server.address() as AddressInfo).port}`, seen, authorizations };
}

describe('proxies', () => {
  /** With `plainHttp`, https is tried first; the proxy leads it to a server without TLS, and http follows. */
  const settings = { plainHttp: true };

  it.each(['HTTP_PROXY', 'http_proxy'])('%s is used for a host that is not loopback', async (name) => {
    const server = await startPlain();
    const proxy = await startProxy(server.host);
    const log = createRememberingLog();
    const transport = await open('registry.test', { environment: { [name]: proxy.url }, settings, log });
    expect(transport.origin).toBe('http://registry.test');
    await ask(transport, PATH);
    expect(proxy.seen).toEqual([
      'CONNECT registry.test:443',
      'GET http://registry.test/v2/',
      `GET http://registry.test${PATH}`,
    ]);
    const basic = `Basic ${Buffer.from('me:hush').toString('base64')}`;
    expect(new Set(proxy.authorizations)).toEqual(new Set([basic]));
    expect(server.requests.map(({ url }) => url)).toEqual([PATH]);
    expect(log.secrets).toContain('hush');
  });

  it.each(['registry.test', '.test', '*', 'other.example, registry.test'])(
    'not where NO_PROXY says %j',
    async (none) => {
      const proxy = await startProxy((await startPlain()).host);
      const environment = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: none };
      await expect(open('registry.test', { environment, settings })).rejects.toMatchObject({
        code: 'NETWORK',
        details: { cause: matching(/^(ENOTFOUND|EAI_AGAIN)$/) },
      });
      expect(proxy.seen).toEqual([]);
    },
  );

  it('never for loopback, whatever NO_PROXY says', async () => {
    const server = await startPlain();
    const proxy = await startProxy(server.host);
    const environment = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: 'other.example' };
    for (const host of [server.host, server.host.replace('127.0.0.1', 'localhost')]) {
      expect((await ask(await open(host, { environment }), PATH)).status).toBe(200);
    }
    expect(proxy.seen).toEqual([]);
  });

  it.each(['HTTP_PROXY', 'HTTPS_PROXY'])('%s of the process itself is not looked at', async (name) => {
    const server = await startPlain();
    const own = await startProxy(server.host);
    const other = await startProxy(server.host);
    vi.stubEnv(name, other.url);
    const given = name === 'HTTP_PROXY' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
    await open('registry.test', { environment: { [given]: own.url }, settings }).catch(() => undefined);
    await expect(open('registry.invalid', { settings })).rejects.toMatchObject({ code: 'NETWORK' });
    expect(own.seen).toContain('CONNECT registry.test:443');
    expect(other.seen).toEqual([]);
  });

  it('a proxy that refuses is named as the proxy', async () => {
    const proxy = await startProxy('127.0.0.1:1', 407);
    const error: unknown = await open('registry.test', { environment: { HTTPS_PROXY: proxy.url } }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ code: 'NETWORK', hint: containing('HTTPS_PROXY') });
    expect(JSON.stringify(error) + String(error)).not.toContain('hush');
  });

  it.each(['socks5://127.0.0.1:1', 'http://', '::::'])('%j is a usage error that does not quote it', async (url) => {
    const environment = { HTTPS_PROXY: url.replace('//', '//me:hush@') };
    const error: unknown = await open('registry.test', { environment }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'UsageError', message: containing('HTTPS_PROXY') });
    expect(String(error)).not.toContain('hush');
  });
});
