// Small real proxies on loopback that open tunnels: HTTP and HTTPS by CONNECT, SOCKS 5. They write down where to, and who asked.

import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How a proxy differs from the usual one. */
export interface ProxyOptions {
  /** `user:password`; others are refused. Default: everybody may. */
  readonly login?: string;
  /** Certificate and key of an https proxy, PEM. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** `name:port` to the port on 127.0.0.1 that is meant: names that only the proxy knows. */
  readonly names?: Readonly<Record<string, number>>;
  /** It takes connections and says nothing. */
  readonly isSilent?: boolean;
}

/** A running proxy. */
export interface TunnelProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** `host:port` of every tunnel asked for; grows. */
  readonly targets: readonly string[];
  /** `user:password` of each, empty for none; grows. */
  readonly logins: readonly string[];
  close(): Promise<void>;
}

/** A proxy that obeys CONNECT, over TLS when it has a certificate. */
export async function startConnectProxy(options: ProxyOptions = {}): Promise<TunnelProxy> {
  const server = options.tls === undefined ? http.createServer() : https.createServer(options.tls);
  const { proxy, note, sockets } = await listen(server);
  server.on('connect', (request: http.IncomingMessage, socket: Duplex) => {
    const encoded = /^Basic (.+)$/.exec(request.headers['proxy-authorization'] ?? '')?.[1] ?? '';
    const login = Buffer.from(encoded, 'base64').toString();
    note(request.url ?? '', login);
    if (options.isSilent === true) return;
    if (options.login !== undefined && login !== options.login) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    lead(socket, request.url ?? '', { options, sockets, onOpen: () => socket.write('HTTP/1.1 200 OK\r\n\r\n') });
  });
  return proxy;
}

/** A proxy that speaks SOCKS 5. */
export async function startSocksProxy(options: ProxyOptions = {}): Promise<TunnelProxy> {
  const server = createServer();
  const { proxy, note, sockets } = await listen(server);
  server.on('connection', (socket: Socket) => {
    void (async () => {
      if (options.isSilent === true) return;
      const take = takerOf(socket);
      const [, count = 0] = await take(2);
      const methods = [...(await take(count))];
      const login = options.login === undefined ? '' : await checkLogin(socket, take, methods);
      if (options.login !== undefined && login !== options.login) {
        socket.end(Buffer.from([1, 1]));
        return;
      }
      socket.write(Buffer.from(options.login === undefined ? [5, 0] : [1, 0]));
      const [, , , kind] = await take(4);
      const host = kind === 1 ? [...(await take(4))].join('.') : (await take((await take(1))[0] ?? 0)).toString();
      const target = `${host}:${(await take(2)).readUInt16BE()}`;
      note(target, login);
      // A name as its own address, to see that an answer of any form is understood.
      const reply = Buffer.from([5, 0, 0, 3, 3, 97, 98, 99, 0, 0]);
      lead(socket, target, { options, sockets, onOpen: () => socket.write(reply) });
    })();
  });
  return proxy;
}

type Take = (length: number) => Promise<Buffer>;

async function checkLogin(socket: Socket, take: Take, methods: readonly number[]): Promise<string> {
  if (!methods.includes(2)) {
    socket.end(Buffer.from([5, 255]));
    return '';
  }
  socket.write(Buffer.from([5, 2]));
  await take(1);
  const user = await take((await take(1))[0] ?? 0);
  const password = await take((await take(1))[0] ?? 0);
  return `${user.toString()}:${password.toString()}`;
}

function takerOf(socket: Socket): Take {
  return async (length) => {
    for (;;) {
      const bytes = socket.read(length) as Buffer | null;
      if (bytes !== null) return bytes;
      await once(socket, 'readable');
    }
  };
}

interface Lead {
  readonly options: ProxyOptions;
  readonly sockets: Set<Duplex>;
  readonly onOpen: () => void;
}

function lead(socket: Duplex, target: string, { options, sockets, onOpen }: Lead): void {
  const [host, port] = target.split(':');
  const known = options.names?.[target];
  const upstream = connect(known ?? Number(port), known === undefined ? host : '127.0.0.1', () => {
    onOpen();
    upstream.pipe(socket).pipe(upstream);
  });
  sockets.add(upstream);
  socket.on('error', () => upstream.destroy());
  upstream.on('error', () => socket.destroy());
}

async function listen(server: Server) {
  const targets: string[] = [];
  const logins: string[] = [];
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TunnelProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    logins,
    async close() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  const note = (target: string, login: string): void => {
    targets.push(target);
    logins.push(login);
  };
  return { proxy, note, sockets };
}
