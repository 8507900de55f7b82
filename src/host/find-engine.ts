// Finds the engine that is meant: as it was named, by DOCKER_HOST, by docker's context, or by the sockets that engines have.

import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { EngineAddress } from '../config/host-settings.ts';
import { UsageError } from '../errors.ts';
import { isLoopbackHost } from '../util/loopback-host.ts';
import { readContext } from './docker-context.ts';
import { type EngineCertificates, type EnginePlace, formatPlace } from './engine-place.ts';
import type { EngineSurroundings } from './port.ts';

type Environment = EngineSurroundings['environment'];

/** The ports that docker's client takes when none is named: https://docs.docker.com/reference/cli/dockerd/#daemon-socket-option */
const PORT = 2375;
const TLS_PORT = 2376;

/**
 * The place of the engine. Of an ambient one: DOCKER_HOST, else docker's context, else the first socket that is there, Docker's before
 * Podman's.
 * @throws UsageError USAGE for an address that cannot be used, certificates that are not there, and when nothing leads to an engine.
 */
export async function findEngine(address: EngineAddress, environment: Environment): Promise<EnginePlace> {
  if (address.kind === 'unix') return address;
  if (address.kind === 'tcp') return await securePlace(address);
  const named = environment['DOCKER_HOST'] ?? '';
  if (named !== '') return await securePlace(parseHost(named, 'DOCKER_HOST', folderOfCertificates(environment)));
  const context = await readContext(environment);
  if (context !== undefined) return await securePlace(parseHost(context.host, context.title, context.certificates));
  return await findSocket(environment);
}

type Address = Exclude<EngineAddress, { readonly kind: 'ambient' }>;

function parseHost(text: string, from: string, certificates: string | undefined): Address {
  const [, scheme = '', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(text) ?? [];
  if (scheme === 'unix' && isAbsolute(rest)) return { kind: 'unix', path: rest };
  const url = scheme === 'tcp' || scheme === '' ? parseUrl(`http://${rest}`) : undefined;
  if (url === undefined) throw badHost(from, scheme);
  const port = url.port === '' ? (certificates === undefined ? PORT : TLS_PORT) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { kind: 'tcp', host, port, ...(certificates === undefined ? {} : { certificates }) };
}

/** Undefined for anything with a path, a password or no host. */
function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.username === '' && url.password === '' && url.pathname === '/' && url.search === '' && url.hash === ''
    ? url
    : undefined;
}

// The text is not shown: it may hold a password.
function badHost(from: string, scheme: string): UsageError {
  const isElsewhere = scheme === 'ssh' || scheme === 'npipe' || scheme === 'fd';
  const problem = isElsewhere ? `is an address by ${scheme}, which is not supported` : 'is no address of an engine';
  return new UsageError(`${from} ${problem}.`, {
    code: 'USAGE',
    hint: isElsewhere
      ? 'Run registry-cleanup on the machine of the engine, and name its socket with --engine.'
      : 'It has the form unix:///PATH or tcp://HOST:PORT. Or name the engine with --engine.',
  });
}

function folderOfCertificates(environment: Environment): string | undefined {
  const { DOCKER_CERT_PATH: path = '', DOCKER_TLS_VERIFY: verify = '' } = environment;
  if (path !== '') return path;
  return verify === '' ? undefined : (environment['DOCKER_CONFIG'] ?? join(homeOf(environment), '.docker'));
}

async function securePlace(address: Address): Promise<EnginePlace> {
  if (address.kind === 'unix') return address;
  const { certificates, ...place } = address;
  if (certificates !== undefined) return { ...place, tls: await readCertificates(certificates) };
  if (isLoopbackHost(place.host)) return place;
  throw new UsageError(
    `The engine at ${formatPlace(place)} is on another machine, and there are no certificates for it.`,
    {
      code: 'USAGE',
      hint: 'Who reaches an engine without TLS can do anything on its machine. Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH.',
    },
  );
}

async function readCertificates(folder: string): Promise<EngineCertificates> {
  const read = async (name: string) => {
    const path = join(folder, name);
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      throw new UsageError(`The certificates for the engine cannot be read: ${path}.`, {
        code: 'USAGE',
        hint: 'The folder holds ca.pem, cert.pem and key.pem, and this user may read them.',
        cause,
      });
    }
  };
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  return { ca, cert, key };
}

/** https://docs.docker.com/engine/security/rootless and https://docs.podman.io/en/stable/markdown/podman-system-service.1.html */
async function findSocket(environment: Environment): Promise<EnginePlace> {
  const own = environment['XDG_RUNTIME_DIR'] ?? '';
  const paths = [
    '/var/run/docker.sock',
    ...(isAbsolute(own) ? [join(own, 'docker.sock'), join(own, 'podman', 'podman.sock')] : []),
    '/run/podman/podman.sock',
  ];
  for (const path of paths) if (await isSocket(path)) return { kind: 'unix', path };
  throw new UsageError('There is no container engine here: neither DOCKER_HOST nor a socket leads to one.', {
    code: 'USAGE',
    hint: `Looked for ${paths.join(', ')}. Start the engine (podman: systemctl start podman.socket), or name it with --engine.`,
  });
}

/** A socket that only others may look at is still the one that is meant; opening it then says so. */
async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch {
    return false;
  }
}

function homeOf(environment: Environment): string {
  return environment['HOME'] ?? homedir();
}
