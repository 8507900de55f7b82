// Where the container engine is, as --engine or DOCKER_HOST has it.

import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isLoopbackHost } from '../util/loopback-host.ts';
import { resolvePath } from './check-files.ts';
import { addMistake, addWrong, type Findings, readText } from './findings.ts';
import type { EngineAddress } from './host-settings.ts';
import { quote } from './mistake.ts';

const AMBIENT: EngineAddress = { kind: 'ambient' };
const DOCKER_SOCKET = '/var/run/docker.sock';
const PODMAN_SOCKET = '/run/podman/podman.sock';
/** https://www.iana.org/assignments/service-names-port-numbers/service-names-port-numbers.xhtml?search=docker */
const PORT = 2375;
const TLS_PORT = 2376;

/** The address; `ambient` when none was given. With mistakes among the findings the answer is not to be used. */
export function readEngine(findings: Findings): EngineAddress {
  const text = readText(findings, 'engine');
  if (text === undefined) return AMBIENT;
  if (text === 'docker') return { kind: 'unix', path: DOCKER_SOCKET };
  if (text === 'podman') return { kind: 'unix', path: findPodman(findings) };
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === 'unix' && isAbsolute(rest)) return { kind: 'unix', path: rest };
  if (scheme === 'tcp') return readTcp(findings, text);
  const expected =
    scheme === 'ssh' || scheme === 'npipe' || scheme === 'fd'
      ? `unix:// or tcp://: this goes to no engine by ${scheme}; run registry-cleanup on the machine itself`
      : 'unix:///PATH/OF/SOCKET, tcp://HOST:PORT, docker or podman';
  addWrong(findings, { name: 'engine', got: showAddress(text), expected });
  return AMBIENT;
}

/** Podman without root has its socket among the user's. https://docs.podman.io/en/stable/markdown/podman-system-service.1.html */
function findPodman({ environment }: Findings): string {
  const { XDG_RUNTIME_DIR: folder = '' } = environment;
  const own = join(folder, 'podman', 'podman.sock');
  return isAbsolute(folder) && existsSync(own) ? own : PODMAN_SOCKET;
}

/** With TLS as docker's own client decides it: https://docs.docker.com/reference/cli/docker/#environment-variables */
function readTcp(findings: Findings, text: string): EngineAddress {
  const { DOCKER_TLS_VERIFY: verify = '', DOCKER_CERT_PATH: path = '' } = findings.environment;
  const isTls = verify.trim() !== '';
  const url = parseUrl(text);
  if (url === undefined) {
    addWrong(findings, { name: 'engine', got: showAddress(text), expected: 'tcp://HOST:PORT and nothing behind it' });
    return AMBIENT;
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (isTls ? TLS_PORT : PORT) : Number(url.port);
  if (isTls) return { kind: 'tcp', host, port, certificates: resolvePath(findings, path.trim() || '~/.docker') };
  if (!isLoopbackHost(host)) {
    const why = `${quote(text)} is another machine, and without TLS whoever is on the way could command the engine`;
    addMistake(findings, 'engine', `${why}: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH`);
  }
  return { kind: 'tcp', host, port };
}

/** As it was given, but for what may be a password: all before an @, and what is asked of the address. */
function showAddress(text: string): string {
  const [place = ''] = text.replace(/^([^/]*\/\/)?.*@/s, '$1…@').split(/[?#]/);
  return quote(place);
}

/** Undefined for anything with a path, a password or no host. */
function parseUrl(text: string): URL | undefined {
  const address = text.replace('tcp://', 'http://');
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const isBare =
    url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  // The usual port of http is no port of an engine, and does not show any more.
  return isBare && url.hostname !== '' && !/:80\/?$/.test(text) ? url : undefined;
}
