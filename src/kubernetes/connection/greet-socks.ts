// The client's side of SOCKS 5: https://www.rfc-editor.org/rfc/rfc1928, with passwords as in rfc1929.

import { isIP, type Socket } from 'node:net';

/** What is asked of the proxy. */
export interface SocksTarget {
  /** A name is looked up by the proxy. */
  readonly host: string;
  readonly port: number;
  readonly login: { readonly user: string; readonly password: string } | undefined;
}

const VERSION = 5;
const NO_LOGIN = 0;
const PASSWORD = 2;
const MAX_TEXT_BYTES = 255;

const REFUSALS: Readonly<Record<number, string>> = {
  1: 'general failure',
  2: 'not allowed by its rules',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'too many hops',
  7: 'command not supported',
  8: 'address type not supported',
};

/** Goes through the greeting on a fresh connection; then it leads to the target. @throws Error when the proxy refuses or breaks off. */
export async function greetSocks(socket: Socket, { host, port, login }: SocksTarget): Promise<void> {
  const methods = login === undefined ? [NO_LOGIN] : [NO_LOGIN, PASSWORD];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await readBytes(socket, 2);
  if (version !== VERSION) throw new Error('it does not speak SOCKS 5');
  if (method === PASSWORD && login !== undefined) await sendLogin(socket, login);
  else if (method !== NO_LOGIN) throw new Error('it takes none of our ways to log in');
  const portBytes = Buffer.alloc(2);
  portBytes.writeUInt16BE(port);
  socket.write(Buffer.concat([Buffer.from([VERSION, 1, 0]), encodeHost(host), portBytes]));
  const [, reply = -1, , kind] = await readBytes(socket, 4);
  if (reply !== 0) throw new Error(`it refused the connection (${REFUSALS[reply] ?? reply})`);
  // The address that it uses itself, which nobody needs.
  const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await readBytes(socket, 1))[0] ?? 0);
  await readBytes(socket, length + 2);
}

async function sendLogin(socket: Socket, login: NonNullable<SocksTarget['login']>): Promise<void> {
  socket.write(Buffer.concat([Buffer.from([1]), sized(login.user), sized(login.password)]));
  const [, status] = await readBytes(socket, 2);
  if (status !== 0) throw new Error('it does not accept the user name and password');
}

function encodeHost(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from([1, ...host.split('.').map(Number)]);
  // An IPv6 address goes as text: proxies take it as they take a name.
  return Buffer.concat([Buffer.from([3]), sized(host)]);
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > MAX_TEXT_BYTES) throw new Error('a name or password is too long for SOCKS 5');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Exactly so many bytes; what comes after them stays in the socket. */
function readBytes(socket: Socket, length: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const settle = (): void => {
    socket.off('readable', tryRead).off('error', onError).off('end', onEnd).off('close', onEnd);
  };
  const onError = (error: Error): void => {
    settle();
    reject(error);
  };
  const onEnd = (): void => onError(new Error('it broke off'));
  const tryRead = (): void => {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes === null) return;
    settle();
    resolve(bytes);
  };
  socket.on('readable', tryRead).on('error', onError).on('end', onEnd).on('close', onEnd);
  tryRead();
  return promise;
}
