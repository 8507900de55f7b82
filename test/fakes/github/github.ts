// A stateful GitHub on loopback: REST and GraphQL interfaces on its published descriptions, real Git by smart HTTP, and a container
// registry like ghcr.io behind it. All of them look at the same repositories and package versions.
//
// How to use it:
//
//   const github = await startGithub();
//   const token = github.addToken({ kind: 'workflow' });               // or 'classic' with scopes; see FakeToken for missing rights
//   const sandbox = createGitSandbox();                                 // test/builders/git-repository.ts
//   const repository = github.addRepository('team/app', { directory: sandbox.bare('app.git') });
//   repository.addPullRequest({ number: 7, head: commits.get('b')! });  // makes refs/pull/7/head and …/merge as GitHub does
//   repository.addDeployment({ environment: 'production', commit: …, states: ['success'] });
//   const app = github.addPackage('team/app/base');                     // owner `team`, package `app/base`; private unless told otherwise
//   app.add(buildMultiArch('one'), { tags: ['v1'] });                   // test/builders/image.ts; children become versions too
//   app.lag = 3;                                                        // pushes show up in the list after 3 requests for it
//
//   … run the program with GITHUB_API_URL=github.apiUrl, GITHUB_SERVER_URL=github.serverUrl, repository `${github.registryHost}/team/app/base`
//
//   expect(app.digests()).toEqual([…]);                                 // what is left
//   expect(github.requestLog()).toEqual([…]);                           // `GET /repos/team/app 200`, no ports, no dates
//   expect(github.violations).toEqual([]);                              // never more than GitHub's points a minute, requests in flight
//   await github.close();
//
// Faults: `github.fault('DELETE /orgs/team', badGateway())` for the next such request, `github.onRequest = …` for everything else,
// `github.beforePage(app, 2, () => app.add(…))` for a list that moves while it is read, `github.quota(token).used = 990` for a quota
// that is nearly spent, `version.ghost = true` for a manifest that answers 404 though its version is listed, `version.downloads = 5001`.
//
// The owner of a package is an organisation unless `addOwner(login, 'User')` says otherwise. Nothing here is ever reached from outside:
// it listens on 127.0.0.1 only.

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createLimiter,
  type FakeToken,
  hasPermission,
  type LimitOptions,
  type Quota,
  type Violation,
} from './access.ts';
import {
  type Channel,
  type FakeRequest,
  type FakeServer,
  type Fate,
  formatRequest,
  readRequest,
  sendAnswer,
  startServer,
} from './exchange.ts';
import { parseGitPath, runGitBackend } from './git-backend.ts';
import { createGraphql } from './graphql.ts';
import { createPackage, type FakePackage, type PackageSeed } from './packages.ts';
import { createRegistry } from './registry.ts';
import { createRepository, type FakeRepository, type RepositorySeed } from './repositories.ts';
import { createRest } from './rest.ts';
import { createWire, type JsonObject } from './wire.ts';

/** How the fake is started. */
export interface GithubOptions extends LimitOptions {
  /** Milliseconds since 1970; default the machine's clock. Seeds have fixed times of their own, beginning with 2026-01-01. */
  readonly now?: () => number;
  /** How long every answer of the two interfaces takes; default 0. Makes requests in flight visible. */
  readonly latencyMs?: number;
}

/** A running GitHub. */
export interface FakeGithub {
  /** `http://127.0.0.1:PORT`: REST at the root, GraphQL at `/graphql`, as `https://api.github.com`. */
  readonly apiUrl: string;
  /** `http://127.0.0.1:PORT`, another one: Git, as `https://github.com`. */
  readonly serverUrl: string;
  /** The form of an Enterprise Server: `serverUrl` with `/api/v3`; its GraphQL is at `/api/graphql`. */
  readonly enterpriseApiUrl: string;
  /** `127.0.0.1:PORT`: the container registry, as `ghcr.io`. */
  readonly registryHost: string;
  /** Every request in order of arrival, also those that get no answer. */
  readonly requests: readonly FakeRequest[];
  /** What broke GitHub's limits; see {@link Violation}. */
  readonly violations: readonly Violation[];
  /** The most requests to the two interfaces that were in flight at once. */
  readonly peakInFlight: () => number;
  /** Sees every request before it is answered; what it returns is the answer. Set it anew to change it. */
  onRequest: (request: FakeRequest) => Fate | undefined | Promise<Fate | undefined>;
  /** Says of an account what it is; every account that is mentioned is an organisation until then. */
  addOwner(login: string, kind: 'User' | 'Organization'): void;
  /** Makes a token known; the text of it. Default: a workflow's with all rights. */
  addToken(token?: FakeToken): string;
  /** The token is known no more: 401. */
  revoke(token: string): void;
  /** `team/app`. */
  addRepository(fullName: string, seed?: RepositorySeed): FakeRepository;
  /** `team/app` or, nested, `team/app/base`: the owner, and the package's name. */
  addPackage(fullName: string, seed?: PackageSeed): FakePackage;
  /** @throws Error when there is none. */
  package(fullName: string): FakePackage;
  /** @throws Error when there is none. */
  repository(fullName: string): FakeRepository;
  /** The repository, and one of its pull requests, as REST and the events of webhooks describe them. */
  describe(
    fullName: string,
    number?: number,
  ): { readonly repository: JsonObject; readonly pullRequest: JsonObject | undefined };
  /** The hourly quota of a token: `github.quota(token).used = 999`. */
  quota(token: string, resource?: 'core' | 'graphql'): Quota;
  /** What becomes of the next `times` (1) requests whose `METHOD path?query` begins with, or matches, `match`. */
  fault(match: string | RegExp, fate: Fate, times?: number): void;
  /** Runs before a page of the package's list of versions is answered, once. Page 1 is also the request without a page. */
  beforePage(package_: FakePackage, page: number, act: () => void): void;
  /**
   * `GET /repos/team/app/branches?per_page=100&page=1 200`, in order of arrival. Requests that ran in parallel come in any order: `sorted`
   * for those. Default all channels.
   */
  requestLog(options?: { readonly channels?: readonly Channel[]; readonly sorted?: boolean }): readonly string[];
  /** Forgets the requests so far (and nothing else). */
  clearRequests(): void;
  close(): Promise<void>;
}

interface PlannedFault {
  readonly match: string | RegExp;
  readonly fate: Fate;
  left: number;
}

interface PageHook {
  readonly path: RegExp;
  readonly page: number;
  readonly act: () => void;
}

/** GitHub's forms of tokens. */
const PREFIXES = { classic: 'ghp_', workflow: 'ghs_', 'fine-grained': 'github_pat_' } as const;

/** Starts a GitHub without accounts, repositories, packages and tokens. */
export async function startGithub(options: GithubOptions = {}): Promise<FakeGithub> {
  const now = options.now ?? Date.now;
  const limiter = createLimiter(options, now);
  const owners = new Map<string, 'User' | 'Organization'>();
  const tokens = new Map<string, FakeToken>();
  const repositories = new Map<string, FakeRepository>();
  const packages = new Map<string, FakePackage>();
  const requests: FakeRequest[] = [];
  let faults: PlannedFault[] = [];
  let pageHooks: PageHook[] = [];
  let ids = 1000;
  let servers: readonly FakeServer[] = [];

  const world = {
    now,
    nextId: () => {
      ids += 1;
      return ids;
    },
  };
  const hostOf = (index: number) => servers[index]?.host ?? '';

  function addPackage(fullName: string, seed: PackageSeed = {}): FakePackage {
    const slash = fullName.indexOf('/');
    const owner = fullName.slice(0, slash);
    if (!owners.has(keyOf(owner))) owners.set(keyOf(owner), 'Organization');
    const package_ = createPackage(owner, fullName.slice(slash + 1), { ...seed, world });
    packages.set(keyOf(fullName), package_);
    return package_;
  }

  const find = {
    findRepository: (fullName: string) => repositories.get(keyOf(fullName)),
    findPackage: (fullName: string) => packages.get(keyOf(fullName)),
    token: (value: string) => tokens.get(value),
  };
  const graphql = createGraphql({ ...find, quota: (request) => limiter.quota(request.token ?? '', 'graphql') });
  const wire = createWire({ api: () => `http://${hostOf(0)}`, web: () => `http://${hostOf(1)}` });
  const rest = createRest({
    ...find,
    now,
    wire,
    ownerKind: (login) => owners.get(keyOf(login)),
    rateLimit: (request) =>
      limiter.counts ? describeQuotas(request, (token, resource) => limiter.quota(token, resource)) : undefined,
  });
  const registry = createRegistry({ ...find, host: () => hostOf(2), createPackage: addPackage });

  /** What the test has in mind for the request; hooks before pages run first. */
  async function fateOf(request: FakeRequest): Promise<Fate | undefined> {
    const url = new URL(request.path, 'http://fake');
    const page = Number(url.searchParams.get('page') ?? 1);
    const due = pageHooks.filter(
      (hook) => hook.page === page && request.method === 'GET' && hook.path.test(url.pathname),
    );
    pageHooks = pageHooks.filter((hook) => !due.includes(hook));
    for (const hook of due) hook.act();
    const own = await github.onRequest(request);
    if (own !== undefined) return own;
    const line = `${request.method} ${request.path}`;
    const fault = faults.find(({ match }) => (typeof match === 'string' ? line.startsWith(match) : match.test(line)));
    if (fault === undefined) return undefined;
    fault.left -= 1;
    faults = faults.filter(({ left }) => left > 0);
    return fault.fate;
  }

  async function answerInterface(request: FakeRequest, address: string): Promise<Fate> {
    const known = tokens.get(request.token ?? '');
    const limited = limiter.begin(request, known);
    if (options.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.latencyMs));
    const fate = limited ?? (await fateOf(request));
    if (fate === 'hang' || fate === 'drop') return fate;
    const answer =
      fate ?? (request.channel === 'graphql' ? await graphql(request, known) : rest(request, known, address));
    return { ...answer, headers: { ...limiter.headers(request, known), ...answer.headers } };
  }

  async function answerGit(request: FakeRequest): Promise<Fate> {
    const fate = await fateOf(request);
    if (fate !== undefined) return fate;
    const asked = parseGitPath(request.path);
    const repository = asked === undefined ? undefined : repositories.get(keyOf(asked.fullName));
    const known = tokens.get(request.token ?? '');
    const isOpen = repository?.visibility === 'public' && request.token === undefined && asked?.isWrite === false;
    const unauthorized = { status: 401, headers: { 'www-authenticate': 'Basic realm="GitHub"' }, body: '' };
    if (asked === undefined) return { status: 404, body: 'Not Found' };
    if (!isOpen && known === undefined) return unauthorized;
    const isBlind = known?.blind?.includes(asked.fullName) === true;
    const mayRead =
      isOpen ||
      hasPermission(known, 'contents', asked.isWrite ? 'write' : 'read') ||
      repository?.visibility === 'public';
    if (repository?.directory === undefined || isBlind || !mayRead)
      return { status: 404, body: 'Repository not found.' };
    return await runGitBackend(request, repository.directory);
  }

  async function exchange(message: IncomingMessage, response: ServerResponse, door: Door): Promise<void> {
    const request = await readRequest(message, door.channel, door.path);
    requests.push(request);
    try {
      await sendAnswer(response, request, await door.answer(request));
    } finally {
      if (door.channel === 'rest' || door.channel === 'graphql') limiter.end();
    }
  }

  function interfaceDoor(path: string, address: string): Door {
    const channel = path === '/graphql' ? 'graphql' : 'rest';
    return { channel, path, answer: (request) => answerInterface(request, address) };
  }

  servers = [
    await startServer((message, response) =>
      exchange(message, response, interfaceDoor(message.url ?? '/', github.apiUrl)),
    ),
    await startServer((message, response) => {
      const path = message.url ?? '/';
      if (path === '/api/graphql') return exchange(message, response, interfaceDoor('/graphql', ''));
      if (path.startsWith('/api/v3/'))
        return exchange(message, response, interfaceDoor(path.slice('/api/v3'.length), github.enterpriseApiUrl));
      return exchange(message, response, { channel: 'git', path, answer: answerGit });
    }),
    await startServer((message, response) =>
      exchange(message, response, {
        channel: 'registry',
        path: message.url ?? '/',
        answer: async (request) => (await fateOf(request)) ?? registry(request),
      }),
    ),
  ];

  const github: FakeGithub = {
    apiUrl: `http://${hostOf(0)}`,
    serverUrl: `http://${hostOf(1)}`,
    enterpriseApiUrl: `http://${hostOf(1)}/api/v3`,
    registryHost: hostOf(2),
    requests,
    violations: limiter.violations,
    peakInFlight: limiter.peakInFlight,
    onRequest: () => undefined,
    addOwner: (login, kind) => {
      owners.set(keyOf(login), kind);
    },
    addToken: (token = { kind: 'workflow' }) => {
      const text = `${PREFIXES[token.kind]}fake${String(tokens.size + 1).padStart(4, '0')}`;
      tokens.set(text, token);
      return text;
    },
    revoke: (token) => {
      tokens.delete(token);
    },
    addRepository: (fullName, seed = {}) => {
      const repository = createRepository(fullName, seed, world);
      if (!owners.has(keyOf(repository.owner))) owners.set(keyOf(repository.owner), 'Organization');
      repositories.set(keyOf(fullName), repository);
      return repository;
    },
    addPackage,
    package: (fullName) => {
      const found = packages.get(keyOf(fullName));
      if (found === undefined) throw new Error(`there is no package ${fullName}`);
      return found;
    },
    repository: (fullName) => {
      const found = repositories.get(keyOf(fullName));
      if (found === undefined) throw new Error(`there is no repository ${fullName}`);
      return found;
    },
    describe: (fullName, number) => {
      const repository = github.repository(fullName);
      const found = number === undefined ? undefined : repository.pullRequests.get(number);
      if (number !== undefined && found === undefined) throw new Error(`${fullName} has no pull request ${number}`);
      return {
        repository: wire.repository(repository),
        pullRequest: found === undefined ? undefined : wire.pullRequest(repository, found, 'full'),
      };
    },
    quota: (token, resource) => {
      const known = tokens.get(token);
      if (known !== undefined) limiter.introduce(token, known);
      return limiter.quota(token, resource);
    },
    fault: (match, fate, times = 1) => {
      faults.push({ match, fate, left: times });
    },
    beforePage: (package_, page, act) => {
      const name = encodeURIComponent(package_.name).replaceAll('.', '\\.');
      pageHooks.push({ path: new RegExp(`/packages/container/${name}/versions$`), page, act });
    },
    requestLog: ({ channels, sorted = false } = {}) => {
      const lines = requests.filter(({ channel }) => channels?.includes(channel) ?? true).map(formatRequest);
      return sorted ? lines.sort() : lines;
    },
    clearRequests: () => {
      requests.length = 0;
    },
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
  return github;
}

/** GitHub's names are the same in any case. */
function keyOf(name: string): string {
  return name.toLowerCase();
}

/** Where a request came in. */
interface Door {
  readonly channel: Channel;
  readonly path: string;
  answer(request: FakeRequest): Promise<Fate>;
}

function describeQuotas(
  request: FakeRequest,
  quota: (token: string, resource: 'core' | 'graphql') => Quota,
): {
  readonly [name: string]:
    | { readonly [name: string]: { readonly [name: string]: number } }
    | { readonly [name: string]: number };
} {
  const describe = (resource: 'core' | 'graphql') => {
    const { limit, used, resetAtMs } = quota(request.token ?? '', resource);
    return { limit, used, remaining: Math.max(0, limit - used), reset: Math.floor(resetAtMs / 1000) };
  };
  const core = describe('core');
  return {
    resources: { core, graphql: describe('graphql'), search: { ...core, limit: 30, used: 0, remaining: 30 } },
    rate: core,
  };
}
