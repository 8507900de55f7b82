// CNCF docker-registry, or distribution v3, as a process on loopback, with its own folder, certificates, users and token server.
// The caller asks `requireProgram('docker-registry')` (and 'openssl', 'htpasswd' where used) first.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startTokenServer, type TokenRequest, type TokenServer } from './token-server.ts';

/** Which kind of registry to start. Without any: plain HTTP, open to all, deletes allowed. */
export interface RegistryServerOptions {
  /** Serve https with a certificate of an own authority (`caFile`). */
  readonly tls?: boolean;
  /** Ask for Basic credentials. */
  readonly htpasswd?: boolean;
  /** Ask for Bearer tokens: everybody may pull, `username` may do everything. */
  readonly tokenAuth?: boolean;
  /** What tokens carry as lifetime. The registry itself allows 60 s more. Default 300. */
  readonly tokenTtlSeconds?: number;
  /** The registry's read-only mode: writes and deletes are 405. */
  readonly readOnly?: boolean;
  /** Default true. False: a delete is 405 UNSUPPORTED. */
  readonly deleteEnabled?: boolean;
  /** Default true. False: it looks into its storage for every blob, as after a restart. */
  readonly remembersBlobs?: boolean;
  /** The program to start, default `docker-registry` on PATH; {@link requireDistribution} tells another. */
  readonly program?: string;
  /** Ask for Bearer tokens of somebody else's making. */
  readonly tokenIssuer?: TokenIssuer;
}

/** Who makes tokens that a registry takes. */
export interface TokenIssuer {
  /** Where a client gets them: `http://127.0.0.1:PORT/jwt/auth`. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM file of the certificate whose key signs them. */
  readonly certificateFile: string;
}

/** A running registry. */
export interface RegistryServer {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`. */
  readonly origin: string;
  /** With `tls`: the authority's certificate as a PEM file, `ca.crt`, alone in its folder (for skopeo's `--cert-dir`). */
  readonly caFile?: string;
  /** With `htpasswd` or `tokenAuth`. */
  readonly username?: string;
  readonly password?: string;
  /** With `tokenAuth`: a refresh token that the token server takes in place of the password. */
  readonly identityToken?: string;
  /** The storage folder (`<rootDirectory>/docker/registry/v2/…`). */
  readonly rootDirectory: string;
  readonly pid: number;
  /** What the token server was asked so far, oldest first; grows. Empty without `tokenAuth`. */
  readonly tokenRequests: readonly TokenRequest[];
  /** Every request that the registry has answered so far, from its own access log: `DELETE /v2/team/app/manifests/sha256:… 202`. */
  accessLog(): Promise<readonly string[]>;
  /** `docker-registry garbage-collect` on the storage, without `--delete-untagged`. */
  collectGarbage(): Promise<void>;
  /** Ends the process and removes the folder. Safe to call twice. */
  stop(): Promise<void>;
}

interface Secrets {
  readonly username: string;
  readonly password: string;
  readonly identityToken: string;
}

const SERVICE = 'parts-registry';
const ISSUER = 'parts-auth';
const START_TIMEOUT_MS = 20_000;
const run = promisify(execFile);

/** Starts a registry and waits until it answers. */
export async function startRegistry(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const rootDirectory = join(folder, 'data');
  await mkdir(rootDirectory);
  const secrets: Secrets = {
    username: 'alice',
    password: `pw-${randomBytes(12).toString('hex')}`,
    identityToken: `idt-${randomBytes(12).toString('hex')}`,
  };
  const caFile = options.tls === true ? await makeServerCertificate(folder) : undefined;
  if (options.htpasswd === true) await writeUsers(folder, secrets);
  const tokenServer = options.tokenAuth === true ? await makeTokenServer(folder, options, secrets) : undefined;
  const config = join(folder, 'config.json');
  const own = { service: SERVICE, issuer: ISSUER, certificateFile: join(folder, 'token.crt') };
  const issuer = options.tokenIssuer ?? (tokenServer === undefined ? undefined : { realm: tokenServer.realm, ...own });
  await writeFile(config, JSON.stringify(configOf(folder, options, issuer)));
  const program = options.program ?? 'docker-registry';
  const child = spawn(program, ['serve', config], {
    // Nothing of the caller's environment: REGISTRY_* variables would change the configuration.
    env: { PATH: process.env['PATH'] ?? '', GOGC: '400' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const access = watchAccess(child);
  const port = await waitForPort(child);
  const host = `127.0.0.1:${port}`;
  const hasUser = options.htpasswd === true || options.tokenAuth === true;
  return {
    host,
    origin: `${options.tls === true ? 'https' : 'http'}://${host}`,
    ...(caFile === undefined ? {} : { caFile }),
    ...(hasUser ? { username: secrets.username, password: secrets.password } : {}),
    ...(tokenServer === undefined ? {} : { identityToken: secrets.identityToken }),
    rootDirectory,
    pid: child.pid ?? 0,
    tokenRequests: tokenServer?.requests ?? [],
    accessLog: () => access(port, caFile),
    collectGarbage: async () => void (await run(program, ['garbage-collect', config])),
    stop: () => stopAll(child, tokenServer, folder),
  };
}

/**
 * Makes an authority and a certificate for localhost and 127.0.0.1 in `folder`: `srv.crt`, `srv.key`, and `ca/ca.crt`.
 * Returns the path of the last.
 */
export async function makeServerCertificate(folder: string): Promise<string> {
  await mkdir(join(folder, 'ca'), { recursive: true });
  await writeFile(join(folder, 'srv.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  const authority = '-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign';
  await openssl(folder, `req -x509 ${newKey} -days 30 -subj /CN=test-CA ${authority} -keyout ca.key -out ca/ca.crt`);
  await openssl(folder, `req ${newKey} -subj /CN=localhost -keyout srv.key -out srv.csr`);
  const signing = '-CA ca/ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile srv.ext';
  await openssl(folder, `x509 -req -in srv.csr ${signing} -out srv.crt`);
  return join(folder, 'ca', 'ca.crt');
}

/** Runs openssl in `folder`; the words of its command line are separated by single blanks. */
async function openssl(folder: string, commandLine: string): Promise<void> {
  await run('openssl', commandLine.split(' '), { cwd: folder });
}

function configOf(folder: string, options: RegistryServerOptions, issuer: TokenIssuer | undefined): object {
  const auth = {
    ...(options.htpasswd === true ? { htpasswd: { realm: 'parts', path: join(folder, 'htpasswd') } } : {}),
    ...(issuer === undefined ? {} : { token: describeIssuer(issuer) }),
  };
  const tls = { certificate: join(folder, 'srv.crt'), key: join(folder, 'srv.key') };
  return {
    version: '0.1',
    // Level info because the line that tells the port is of that level.
    log: { level: 'info', formatter: 'json', accesslog: { disabled: false } },
    storage: {
      ...(options.remembersBlobs === false ? {} : { cache: { blobdescriptor: 'inmemory' } }),
      filesystem: { rootdirectory: join(folder, 'data'), maxthreads: 100 },
      delete: { enabled: options.deleteEnabled ?? true },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: options.readOnly ?? false } },
    },
    http: { addr: '127.0.0.1:0', secret: 'test', ...(options.tls === true ? { tls } : {}) },
    ...(Object.keys(auth).length === 0 ? {} : { auth }),
  };
}

function describeIssuer({ realm, service, issuer, certificateFile }: TokenIssuer): object {
  return { realm, service, issuer, rootcertbundle: certificateFile };
}

/** What tokens are signed with. */
export interface TokenKey {
  readonly keyPem: string;
  readonly certificatePem: string;
}

/** Makes a key and its certificate for signing tokens in `folder`: `token.key` and `token.crt`. */
export async function makeTokenKey(folder: string): Promise<TokenKey> {
  const subject = '-subj /CN=token-issuer';
  await openssl(folder, `req -x509 -newkey rsa:2048 -nodes -days 30 ${subject} -keyout token.key -out token.crt`);
  return {
    keyPem: await readFile(join(folder, 'token.key'), 'utf8'),
    certificatePem: await readFile(join(folder, 'token.crt'), 'utf8'),
  };
}

async function writeUsers(folder: string, secrets: Secrets): Promise<void> {
  const { stdout } = await run('htpasswd', ['-Bbn', '-C', '4', secrets.username, secrets.password]);
  await writeFile(join(folder, 'htpasswd'), stdout);
}

async function makeTokenServer(folder: string, options: RegistryServerOptions, secrets: Secrets): Promise<TokenServer> {
  return startTokenServer({
    service: SERVICE,
    issuer: ISSUER,
    ...(await makeTokenKey(folder)),
    ttlSeconds: options.tokenTtlSeconds ?? 300,
    ...secrets,
  });
}

/** The port that the registry says it listens on; its output is read on for as long as it lives, or it would block. */
function waitForPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const timer = globalThis.setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`docker-registry did not start in ${START_TIMEOUT_MS} ms: ${seen}`));
    }, START_TIMEOUT_MS);
    const read = (chunk: Buffer): void => {
      seen = (seen + chunk.toString()).slice(-8000);
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(seen)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`docker-registry ended with ${code}: ${seen}`));
    });
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  });
}

const ACCESS = /"([A-Z]+ \/v2\/\S*) HTTP\/[\d.]+" (\d{3})/g;

/** Reads the access log. It may lag behind, so a request of our own goes after the others and is waited for. */
function watchAccess(child: ChildProcess): (port: number, caFile: string | undefined) => Promise<readonly string[]> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return async (port, caFile) => {
    const mark = `mark-${randomBytes(6).toString('hex')}`;
    const options = { host: '127.0.0.1', port, path: `/v2/?${mark}` };
    const request = caFile === undefined ? http.get(options) : https.get({ ...options, ca: await readFile(caFile) });
    request.once('response', (response: http.IncomingMessage) => response.resume());
    await once(request, 'response');
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!text.includes(mark)) {
      if (Date.now() > deadline) throw new Error('the registry writes no access log');
      await setTimeout(10);
    }
    return [...text.matchAll(ACCESS)]
      .map(([, line, status]) => `${line} ${status}`)
      .filter((line) => !line.includes('?mark-'));
  };
}

async function stopAll(child: ChildProcess, tokenServer: TokenServer | undefined, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await tokenServer?.stop();
  await rm(folder, { recursive: true, force: true });
}
