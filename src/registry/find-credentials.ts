// Finds the credentials for one repository where docker and podman keep them. Reads; never writes.
// https://docs.docker.com/reference/cli/docker/login/ and https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeCause, UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RegistryHost, RepositoryName } from '../model/reference.ts';
import type { Credentials } from './credentials.ts';
import { bestKey, serverOfHost } from './match-auth-key.ts';
import { type AuthFile, credentialsOfEntry, parseAuthFile } from './parse-auth-file.ts';
import { askCredentialHelper } from './run-credential-helper.ts';

/** Whose credentials, and where to look. */
export interface CredentialsRequest {
  readonly host: RegistryHost;
  readonly repository: RepositoryName;
  /** Given on purpose: outrank everything else. Empty texts count as missing. */
  readonly username?: string;
  readonly password?: string;
  /** Where they were given, for messages; `--username` unless told. */
  readonly credentialsFrom?: string;
  /** The folder of a `config.json` that was named: before every other place. */
  readonly dockerConfig?: string;
  /** HOME, DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, DOCKER_AUTH_CONFIG, and PATH for helpers. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

interface Place {
  /** For messages: a path, or `DOCKER_AUTH_CONFIG`. */
  readonly name: string;
  readonly read: () => Promise<string | undefined>;
}

/**
 * The first credentials of: the given user name and password; the folder that was named; `$REGISTRY_AUTH_FILE`; `$DOCKER_CONFIG/config.json` or
 * `~/.docker/config.json`; `$XDG_RUNTIME_DIR/containers/auth.json`; `~/.config/containers/auth.json`; the JSON in
 * `$DOCKER_AUTH_CONFIG`. Within each: `credHelpers` for the host, then `credsStore`, then `auths`. A missing file and a
 * helper that has nothing for the host are passed over; anonymous when nothing is found. Secrets are registered with the log.
 * @throws UsageError USAGE for a lone user name or password, an unreadable or malformed file; AuthError AUTH when a helper fails.
 */
export async function findCredentials(request: CredentialsRequest): Promise<Credentials> {
  const given = givenCredentials(request);
  if (given !== undefined) return registerSecrets(given, request.log);
  for (const place of placesOf(request)) {
    const text = await place.read();
    if (text === undefined) continue;
    const found = await findIn(parseAuthFile(text, place.name), place.name, request);
    if (found === undefined) continue;
    request.log.debug(`Using credentials for ${request.host} from ${found.source}`);
    return registerSecrets(found, request.log);
  }
  return { kind: 'anonymous' };
}

type Found = Exclude<Credentials, { readonly kind: 'anonymous' }>;

function givenCredentials(request: CredentialsRequest): Found | undefined {
  const { username = '', password = '', credentialsFrom: source = '--username' } = request;
  if (username === '' && password === '') return undefined;
  if (username !== '' && password !== '') return { kind: 'password', username, password, source };
  const missing = username === '' ? 'user name' : 'password';
  throw new UsageError(`The registry credentials have no ${missing}.`, {
    code: 'USAGE',
    hint: 'Give --username and --password-stdin together, or none of them.',
  });
}

async function findIn(file: AuthFile, name: string, request: CredentialsRequest): Promise<Found | undefined> {
  const { host, repository, environment } = request;
  const helperKey = bestKey(Object.keys(file.credHelpers), host, repository);
  const own = helperKey === undefined ? undefined : file.credHelpers[helperKey];
  for (const helper of [own, file.credsStore]) {
    if (helper === undefined || helper === '') continue;
    const found = await askCredentialHelper(helper, { server: serverOfHost(host), file: name, environment });
    if (found !== 'none') return found;
  }
  // A key without secrets in it (Docker Desktop leaves such behind) must not hide a shorter one that has them.
  const usable = Object.entries(file.auths).flatMap(([key, entry]) => {
    const isOurs = bestKey([key], host, repository) !== undefined;
    const credentials = isOurs ? credentialsOfEntry(entry, { key, file: name }) : undefined;
    return credentials === undefined ? [] : [[key, credentials] as const];
  });
  const key = bestKey(
    usable.map(([name]) => name),
    host,
    repository,
  );
  return usable.find(([name]) => name === key)?.[1];
}

function placesOf({ environment, dockerConfig }: CredentialsRequest): readonly Place[] {
  const get = (name: string): string | undefined => (environment[name] === '' ? undefined : environment[name]);
  const home = get('HOME') ?? get('USERPROFILE');
  const dockerFolder = get('DOCKER_CONFIG') ?? (home === undefined ? undefined : join(home, '.docker'));
  const runtimeFolder = get('XDG_RUNTIME_DIR');
  const paths = [
    dockerConfig === undefined ? undefined : join(dockerConfig, 'config.json'),
    get('REGISTRY_AUTH_FILE'),
    dockerFolder === undefined ? undefined : join(dockerFolder, 'config.json'),
    runtimeFolder === undefined ? undefined : join(runtimeFolder, 'containers', 'auth.json'),
    home === undefined ? undefined : join(home, '.config', 'containers', 'auth.json'),
  ];
  const files = paths
    .filter((path) => path !== undefined)
    .map((path) => ({ name: path, read: () => readIfThere(path) }));
  const inline = { name: 'DOCKER_AUTH_CONFIG', read: async () => get('DOCKER_AUTH_CONFIG') };
  return [...files, inline];
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UsageError(`The credentials file ${JSON.stringify(path)} cannot be read: ${describeCause(cause)}`, {
      code: 'USAGE',
      cause,
    });
  }
}

function registerSecrets(credentials: Found, log: Log): Found {
  log.secret(credentials.kind === 'password' ? credentials.password : credentials.token);
  return credentials;
}
