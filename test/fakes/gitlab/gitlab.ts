// A stateful GitLab on loopback: its REST interface, real Git by smart HTTP, the token endpoint of its registry, and the registry: CNCF
// distribution v3 behind a front with what GitLab's own has beyond it. All of them look at the same projects and images.
//
// How to use it (`requireDistribution()` and `requireProgram('openssl')` of test/support/real-parts.ts first):
//
//   const gitlab = await startGitlab();
//   const token = gitlab.addToken({ kind: 'job', project: 'group/app' });   // CI_JOB_TOKEN; 'private' with scopes and level, 'deploy'
//   const sandbox = createGitSandbox();                                     // test/builders/git-repository.ts
//   const project = gitlab.addProject('group/app', { directory: sandbox.bare('app.git') });
//   project.addMergeRequest({ iid: 7, head: commits.get('b')! });           // makes refs/merge-requests/7/head and …/merge
//   project.addDeployment({ environment: 'production', commit: … });
//   project.protectTags('^v', { delete: 'owner' });                         // RE2, matching anywhere
//   const images = gitlab.registry.repository('group/app');                 // made when it is not there
//   images.push(buildMultiArch('one'), { tags: ['v1'], createdAt: '2026-01-01T00:00:00Z' });   // test/builders/image.ts
//
//   … run the program with CI_API_V4_URL=gitlab.apiUrl, CI_SERVER_URL=gitlab.serverUrl, CI_REGISTRY=gitlab.registryHost
//
//   expect(images.tags()).toEqual([…]);  expect(images.digests()).toEqual([…]);   // what is left
//   expect(gitlab.requestLog()).toEqual([…]);                               // `GET /api/v4/projects/group%2Fapp 200`: no ports, no dates
//   expect(gitlab.violations).toEqual([]);                                  // unknown routes and parameters, limits, deletes by digest
//   await gitlab.close();
//
// Faults: `gitlab.fault('DELETE /v2/group/app', badGateway())` for the next such request, `gitlab.onRequest = …` for everything else, as a
// tag that moves between two requests (`images.moveTag`). Older and smaller GitLabs: see the options. Nothing here is ever reached from
// outside: it listens on 127.0.0.1 only.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dispatcher, request as send } from 'undici';
import { requireDistribution } from '../../support/real-parts.ts';
import { makeTokenKey, startRegistry, type TokenKey } from '../../support/registry-server.ts';
import {
  type Channel,
  type FakeRequest,
  type FakeServer,
  type Fate,
  formatRequest,
  readRequest,
  sendAnswer,
  startServer,
} from '../github/exchange.ts';
import type { FakeToken } from './access.ts';
import { answerGit } from './git-door.ts';
import { createGrantEndpoint, ISSUER, SERVICE } from './grants.ts';
import { createImages, type FakeImages, type ImagesRecord } from './images.ts';
import { createLimiter, type LimitOptions, type Violation } from './limits.ts';
import { createProject, type FakeProject, type ProjectSeed } from './projects.ts';
import { createRegistryFront, type RegistryOptions } from './registry.ts';
import { createRest } from './rest.ts';
import { createWire } from './wire.ts';

/** How the fake is started. */
export interface GitlabOptions extends RegistryOptions {
  /** Milliseconds since 1970; default the machine's clock. Seeds have fixed times of their own, beginning with 2026-01-01. */
  readonly now?: () => number;
  /** How long every answer of REST takes; default 0. */
  readonly latencyMs?: number;
  /** Watches how often each token asks; see {@link Violation}. Default: nobody counts. */
  readonly limits?: LimitOptions;
  /** True: a delete by digest is a violation. */
  readonly tagOnly?: boolean;
  /** Seconds that a token for the registry lives, to the second. GitLab.com: 900, self-managed 300. Default 300. */
  readonly tokenTtlSeconds?: number;
}

/** The registry of the fake. */
export interface FakeRegistry {
  /** Images by path: that of a project, or below. Made when it is not there. */
  repository(path: string): FakeImages;
  /** Paths of all repositories. */
  paths(): readonly string[];
  /** Repositories that GitLab made because somebody asked for a token to push there, though nothing was pushed. */
  begun(): readonly string[];
}

/** A running GitLab. */
export interface FakeGitlab {
  /** `http://127.0.0.1:PORT/api/v4`, as CI_API_V4_URL. */
  readonly apiUrl: string;
  /** `http://127.0.0.1:PORT`, as CI_SERVER_URL; Git and /jwt/auth are there. */
  readonly serverUrl: string;
  /** `127.0.0.1:PORT`, another one: as CI_REGISTRY. */
  readonly registryHost: string;
  readonly registry: FakeRegistry;
  /** Every request in order of arrival, also those that get no answer. */
  readonly requests: readonly FakeRequest[];
  readonly violations: readonly Violation[];
  /** The most requests to REST that were in flight at once. */
  readonly peakInFlight: () => number;
  /** Sees every request before it is answered; what it returns is the answer. Set it anew to change it. */
  onRequest: (request: FakeRequest) => Fate | undefined | Promise<Fate | undefined>;
  /** Makes a token known; the text of it. Default: a personal one with the scope `api` of a maintainer. */
  addToken(token?: FakeToken): string;
  /** Changes what a token is, as when it expires in the middle. @throws Error for an unknown one. */
  changeToken(text: string, change: Partial<FakeToken>): void;
  /** `group/app`, or nested: `group/sub/app`. */
  addProject(fullName: string, seed?: ProjectSeed): FakeProject;
  /** @throws Error when there is none. */
  project(fullName: string): FakeProject;
  /** What becomes of the next `times` (1) requests whose `METHOD path?query` begins with, or matches, `match`. */
  fault(match: string | RegExp, fate: Fate, times?: number): void;
  /**
   * `GET /api/v4/projects/group%2Fapp/releases?page=1 200`, in order of arrival; dates in addresses are `<date>`. Requests that ran in
   * parallel come in any order: `sorted` for those. Default all channels.
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

/** GitLab's forms of tokens. https://docs.gitlab.com/security/tokens/#token-prefixes */
const PREFIXES = { private: 'glpat-', job: 'glcbt-', deploy: 'gldt-' } as const;
const DATE = /\d{4}-\d{2}-\d{2}T[\d:.%A-Z]+/g;

let tokenKey: Promise<TokenKey> | undefined;

/** The key that tokens are signed with: one for all fakes of a process, for making one takes as long as everything else. */
function findTokenKey(): Promise<TokenKey> {
  tokenKey ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gitlab-key-'));
    try {
      return await makeTokenKey(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  })();
  return tokenKey;
}

/** Starts a GitLab without projects, images and tokens. @throws Error naming `npm run real-parts` when distribution is missing. */
export async function startGitlab(options: GitlabOptions = {}): Promise<FakeGitlab> {
  const program = requireDistribution();
  if (program === undefined) throw new Error('The fake GitLab needs distribution: `npm run real-parts` builds it.');
  const now = options.now ?? Date.now;
  const tokens = new Map<string, FakeToken>();
  const projects = new Map<string, FakeProject>();
  const imagesByPath = new Map<string, { readonly id: number; readonly images: ImagesRecord }>();
  const begun = new Set<string>();
  const requests: FakeRequest[] = [];
  const violations: Violation[] = [];
  let faults: PlannedFault[] = [];
  let ids = 0;
  let inFlight = 0;
  let peak = 0;

  const violate = (violation: Violation) => void violations.push(violation);
  const nextId = () => {
    ids += 1;
    return ids;
  };
  const limiter = createLimiter(options.limits, { now, violate });
  const folder = await mkdtemp(join(tmpdir(), 'gitlab-'));
  const key = await findTokenKey();
  await writeFile(join(folder, 'token.crt'), key.certificatePem);

  const find = {
    token: (text: string) => tokens.get(text),
    findProject: (id: string) =>
      /^\d+$/.test(id) ? [...projects.values()].find((one) => one.id === Number(id)) : projects.get(id.toLowerCase()),
    jobProject: ({ project }: FakeToken) =>
      project === undefined ? [...projects.values()][0] : projects.get(project.toLowerCase()),
  };

  /** The project whose path a repository's begins with. */
  function projectOf(path: string): FakeProject | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = projects.get(path.slice(0, end).toLowerCase());
      if (found !== undefined) return found;
    }
    return undefined;
  }

  const grants = createGrantEndpoint(
    { ...key, ttlSeconds: options.tokenTtlSeconds ?? 300, deleteAction: options.deleteAction ?? 'delete' },
    { now, ...find, projectOf, pushGranted: (path) => begun.add(path) },
  );

  function createRepository(path: string): ImagesRecord {
    const root = join(upstream.rootDirectory, 'docker', 'registry', 'v2');
    const images = createImages(path, root, now);
    imagesByPath.set(path, { id: nextId(), images });
    return images;
  }

  const web: FakeServer = await startServer((message, response) => {
    const path = message.url ?? '/';
    const channel = path.startsWith('/api/') ? 'rest' : path.startsWith('/jwt/auth') ? 'auth' : 'git';
    return exchange(message, response, channel);
  });
  const upstream = await startRegistry({
    program,
    // The front changes the storage behind its back.
    remembersBlobs: false,
    tokenIssuer: {
      realm: `http://${web.host}/jwt/auth`,
      service: SERVICE,
      issuer: ISSUER,
      certificateFile: join(folder, 'token.crt'),
    },
  });
  const front: FakeServer = await startServer((message, response) => exchange(message, response, 'registry'));

  const answerRegistry = createRegistryFront(options, {
    origin: () => `http://${front.host}`,
    upstream: () => upstream.origin,
    realm: () => `http://${web.host}/jwt/auth`,
    now,
    grants,
    images: (path) => imagesByPath.get(path)?.images,
    createImages: createRepository,
    digestDeleted: (request) => {
      if (options.tagOnly === true) violate({ kind: 'digest', request: `${request.method} ${request.path}` });
    },
  });
  const answerRest = createRest(
    {
      ...find,
      now,
      violate,
      wire: createWire({
        web: () => `http://${web.host}`,
        registryHost: () => front.host,
        projectId: (fullName) => projects.get(fullName.toLowerCase())?.id,
      }),
      imagesOf: (project) => [...imagesByPath.values()].filter(({ images }) => projectOf(images.path) === project),
      deleteTag,
    },
    () => `http://${web.host}`,
  );

  /** As GitLab's own interface does it, with a token for everything. */
  async function deleteTag(images: ImagesRecord, tag: string): Promise<boolean> {
    const { statusCode, body } = await send(`${upstream.origin}/v2/${images.path}/manifests/${tag}`, {
      method: 'DELETE' satisfies Dispatcher.HttpMethod,
      headers: { authorization: `Bearer ${grants.fullAccess(images.path)}` },
    });
    await body.dump();
    if (statusCode === 202) images.recordTagDelete(tag);
    return statusCode === 202;
  }

  /** What the test has in mind for the request. */
  async function fateOf(request: FakeRequest): Promise<Fate | undefined> {
    const own = await gitlab.onRequest(request);
    if (own !== undefined) return own;
    const line = `${request.method} ${request.path}`;
    const fault = faults.find(({ match }) => (typeof match === 'string' ? line.startsWith(match) : match.test(line)));
    if (fault === undefined) return undefined;
    fault.left -= 1;
    faults = faults.filter(({ left }) => left > 0);
    return fault.fate;
  }

  async function decide(request: FakeRequest): Promise<Fate> {
    if (request.channel === 'registry') return (await fateOf(request)) ?? (await answerRegistry(request));
    if (request.channel === 'auth') return (await fateOf(request)) ?? grants.answer(request);
    if (request.channel === 'git') return (await fateOf(request)) ?? (await answerGit(request, find));
    const limited = limiter.begin(request);
    if (options.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.latencyMs));
    const fate = limited ?? (await fateOf(request)) ?? (await answerRest(request));
    if (fate === 'hang' || fate === 'drop') return fate;
    return { ...fate, headers: { ...limiter.headers(request), ...fate.headers } };
  }

  async function exchange(
    message: Parameters<Parameters<typeof startServer>[0]>[0],
    response: Parameters<Parameters<typeof startServer>[0]>[1],
    channel: Channel,
  ): Promise<void> {
    const request = await readRequest(message, channel, message.url ?? '/');
    requests.push(request);
    inFlight += channel === 'rest' ? 1 : 0;
    peak = Math.max(peak, inFlight);
    try {
      await sendAnswer(response, request, await decide(request));
    } finally {
      inFlight -= channel === 'rest' ? 1 : 0;
    }
  }

  const gitlab: FakeGitlab = {
    apiUrl: `http://${web.host}/api/v4`,
    serverUrl: `http://${web.host}`,
    registryHost: front.host,
    registry: {
      repository: (path) => imagesByPath.get(path)?.images ?? createRepository(path),
      paths: () => [...imagesByPath.keys()].sort(),
      begun: () => [...begun].filter((path) => !imagesByPath.has(path)).sort(),
    },
    requests,
    violations,
    peakInFlight: () => peak,
    onRequest: () => undefined,
    addToken: (token = { kind: 'private' }) => {
      const text = `${PREFIXES[token.kind]}fake${String(tokens.size + 1).padStart(4, '0')}`;
      tokens.set(text, token);
      return text;
    },
    changeToken: (text, change) => {
      const known = tokens.get(text);
      if (known === undefined) throw new Error('there is no such token');
      tokens.set(text, { ...known, ...change });
    },
    addProject: (fullName, seed = {}) => {
      const project = createProject(fullName, seed, { nextId, now });
      projects.set(fullName.toLowerCase(), project);
      return project;
    },
    project: (fullName) => {
      const found = projects.get(fullName.toLowerCase());
      if (found === undefined) throw new Error(`there is no project ${fullName}`);
      return found;
    },
    fault: (match, fate, times = 1) => {
      faults.push({ match, fate, left: times });
    },
    requestLog: ({ channels, sorted = false } = {}) => {
      const seen = requests.filter(({ channel }) => channels?.includes(channel) ?? true);
      const lines = seen.map((request) => formatRequest(request).replaceAll(DATE, '<date>'));
      return sorted ? lines.sort() : lines;
    },
    clearRequests: () => {
      requests.length = 0;
    },
    close: async () => {
      await Promise.all([web.close(), front.close(), upstream.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return gitlab;
}
