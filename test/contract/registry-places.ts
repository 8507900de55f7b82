// The places that the contract suite is run against: layouts, the fake registry with its habits, and the real registry.

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/log.ts';
import { parseRegistryHost, parseRepository } from '../../src/model/reference.ts';
import { type Instant, instantFromMs } from '../../src/model/time.ts';
import { createOciRegistry } from '../../src/registry/oci.ts';
import { openOciLayout } from '../../src/registry/oci-layout.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { openTransport } from '../../src/registry/open-transport.ts';
import type { Registry } from '../../src/registry/port.ts';
import type { RegistryRequest } from '../../src/registry/transport.ts';
import { addToLayout, eraseManifest, layoutBlobPath, makeLayout, pushImage } from '../builders/image.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakePackage } from '../fakes/github/packages.ts';
import { type FakeGitlab, startGitlab } from '../fakes/gitlab/gitlab.ts';
import type { RegistryOptions } from '../fakes/gitlab/registry.ts';
import { type RegistryQuirks, startFakeRegistry } from '../fakes/registry-server.ts';
import { startRegistry } from '../support/registry-server.ts';
import type { ContractPlace, ContractRepository } from './registry-contract.ts';

/** What `now` is in every adapter under test. */
export const NOW = instantFromMs(Date.UTC(2026, 10, 21));

/** Each repository is a layout directory of its own. */
export function layoutPlace(): ContractPlace {
  let root = '';
  let count = 0;
  return {
    name: 'OCI layout',
    takesAnyManifest: true,
    start: async () => {
      root = await mkdtemp(join(tmpdir(), 'layout-contract-'));
    },
    openRepository: async () => {
      count += 1;
      const directory = join(root, `layout-${count}`);
      await makeLayout(directory);
      const repository = parseRepository('registry.example.com/team/app');
      return {
        registry: await openOciLayout({ directory, repository, now: NOW, log: silentLog, wantsProvenance: true }),
        put: (manifest, ...tags) => addToLayout(directory, manifest, tags),
        erase: (digest) => rm(layoutBlobPath(directory, digest)),
        changes: () => hashDirectory(directory),
      };
    },
    stop: () => rm(root, { recursive: true, force: true }),
  };
}

/** The fake registry with these habits. */
export function fakePlace(name: string, quirks: RegistryQuirks): ContractPlace {
  return serverPlace({ name: `fake registry ${name}`, takesAnyManifest: true, start: () => startFakeRegistry(quirks) });
}

/** CNCF docker-registry. It takes only types that it knows. */
export function realPlace(): ContractPlace {
  return serverPlace({ name: 'CNCF docker-registry', takesAnyManifest: false, start: () => startRegistry() });
}

/** How a repository on a server is opened. */
export interface ServerRegistryOptions {
  /** Sees every request before it is sent. */
  readonly onRequest?: (request: RegistryRequest) => void;
  /** Default false. */
  readonly wantsProvenance?: boolean;
  /** Default false. */
  readonly wantsCacheTimes?: boolean;
  /** Default {@link NOW}. */
  readonly now?: Instant;
}

/** An adapter for a repository on a server, over the real transport. */
export async function openServerRegistry(
  server: { readonly host: string },
  name: string,
  { onRequest = () => undefined, ...wants }: ServerRegistryOptions = {},
): Promise<Registry> {
  const repository = parseRepository(`${server.host}/${name}`);
  const transport = await openTransport({
    host: repository.host,
    repository: repository.name,
    settings: { plainHttp: false },
    environment: {},
    log: silentLog,
    limits: { retries: 1, retryDelayMs: 10 },
  });
  const watched = {
    ...transport,
    request: (request: RegistryRequest) => {
      onRequest(request);
      return transport.request(request);
    },
  };
  return createOciRegistry({ repository, transport: watched, now: NOW, log: silentLog, ...wants });
}

/** A container registry on the fake GitHub; each repository is a package of one organisation. */
export function ghcrPlace(): ContractPlace {
  let github: FakeGithub | undefined;
  let count = 0;
  return {
    name: 'GitHub Container Registry',
    takesAnyManifest: true,
    start: async () => {
      github = await startGithub();
    },
    openRepository: async () => {
      if (github === undefined) throw new Error('The fake was not started.');
      const { apiUrl, registryHost } = github;
      const fake = github;
      count += 1;
      const name = `team/contract/repository-${count}`;
      let package_: FakePackage | undefined;
      const ofPackage = (): FakePackage => {
        package_ ??= fake.addPackage(name);
        return package_;
      };
      const registry = await openRegistry(
        { kind: 'registry', repository: parseRepository(`${registryHost}/${name}`), provider: 'github' },
        {
          settings: { plainHttp: false, github: { apiUrl, token: fake.addToken(), budgetShare: 1 } },
          environment: {},
          now: NOW,
          log: silentLog,
          wantsProvenance: true,
        },
      );
      return {
        registry,
        put: (manifest, ...tags) => Promise.resolve(void ofPackage().add(manifest, { tags })),
        erase: (digest) => Promise.resolve(ofPackage().erase(digest)),
        changes: () =>
          Promise.resolve(
            fake
              .requestLog()
              .filter((line) => !/^(?:GET|HEAD) /.test(line))
              .join('\n'),
          ),
      };
    },
    stop: async () => github?.close(),
  };
}

/** A project on the fake GitLab; each repository is an image below it. What is erased answers as if it were not there. */
export function gitlabPlace(name: string, options: RegistryOptions): ContractPlace {
  let gitlab: FakeGitlab | undefined;
  let count = 0;
  const erased = new Set<string>();
  return {
    name: `GitLab container registry ${name}`,
    takesAnyManifest: false,
    start: async () => {
      gitlab = await startGitlab(options);
      gitlab.addProject('team/contract');
      gitlab.onRequest = ({ channel, path }) =>
        channel === 'registry' && erased.has(path.slice(path.lastIndexOf('/') + 1)) ? MANIFEST_UNKNOWN : undefined;
    },
    openRepository: async () => {
      if (gitlab === undefined) throw new Error('The fake was not started.');
      const fake = gitlab;
      count += 1;
      const path = `team/contract/repository-${count}`;
      erased.clear();
      fake.clearRequests();
      const registry = await openGitlab(fake, path, fake.addToken());
      return {
        registry,
        put: (manifest, ...tags) => Promise.resolve(fake.registry.repository(path).push(manifest, { tags })),
        erase: (digest) => Promise.resolve(void erased.add(digest)),
        changes: () =>
          Promise.resolve(
            fake
              .requestLog()
              .filter((line) => !/^(?:GET|HEAD) /.test(line))
              .join('\n'),
          ),
      };
    },
    stop: async () => gitlab?.close(),
  };
}

const MANIFEST_UNKNOWN = { status: 404, json: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] } };

/** The adapter for images on the fake GitLab, with one token for everything. */
export function openGitlab(
  gitlab: FakeGitlab,
  path: string,
  token: string,
  options: { readonly cacheDirectory?: string; readonly kind?: 'private' | 'job'; readonly deleteToken?: string } = {},
): Promise<Registry> {
  const { kind = 'private', deleteToken, cacheDirectory } = options;
  const login = (password: string) => ({
    username: kind === 'job' ? 'gitlab-ci-token' : 'token',
    password,
    from: 'a test',
  });
  return openRegistry(
    { kind: 'registry', repository: parseRepository(`${gitlab.registryHost}/${path}`), provider: 'gitlab' },
    {
      settings: {
        plainHttp: false,
        gitlab: {
          host: parseRegistryHost(gitlab.registryHost),
          login: login(token),
          ...(deleteToken === undefined ? {} : { deleteLogin: login(deleteToken) }),
          api: {
            apiUrl: gitlab.apiUrl,
            token: { kind, value: token },
            ...(deleteToken === undefined ? {} : { deleteToken: { kind: 'private', value: deleteToken } }),
          },
        },
      },
      environment: {},
      now: NOW,
      log: silentLog,
      wantsProvenance: true,
      ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
    },
  );
}

interface ServerPlace {
  readonly name: string;
  readonly takesAnyManifest: boolean;
  start(): Promise<{ readonly host: string; readonly origin: string; stop(): Promise<void> }>;
}

function serverPlace(place: ServerPlace): ContractPlace {
  let server: Awaited<ReturnType<ServerPlace['start']>> | undefined;
  let count = 0;
  return {
    ...place,
    start: async () => {
      server = await place.start();
    },
    openRepository: async (): Promise<ContractRepository> => {
      if (server === undefined) throw new Error('The server was not started.');
      const { origin } = server;
      count += 1;
      const name = `contract/repository-${count}`;
      const writes: string[] = [];
      const registry = await openServerRegistry(server, name, {
        wantsProvenance: true,
        onRequest: ({ method, path }) => {
          if (method !== 'GET' && method !== 'HEAD') writes.push(`${method} ${path}`);
        },
      });
      return {
        registry,
        put: (manifest, ...tags) => pushImage(origin, name, { manifest, tags }),
        erase: (digest) => eraseManifest(origin, name, digest),
        changes: () => Promise.resolve(writes.join('\n')),
      };
    },
    stop: async () => server?.stop(),
  };
}

async function hashDirectory(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file).update(await readFile(file));
  return hash.digest('hex');
}
