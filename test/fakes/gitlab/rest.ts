// The fake GitLab's REST interface: which routes there are, who may use them, and what is refused. https://docs.gitlab.com/api/rest/

import type { Answer, FakeRequest } from '../github/exchange.ts';
import {
  credentialOf,
  type FakeToken,
  FORBIDDEN,
  LEVELS,
  type Level,
  levelIn,
  PROJECT_NOT_FOUND,
  refuse,
  refuseScope,
  refuseState,
  scopesOf,
  UNAUTHORIZED,
} from './access.ts';
import type { ImagesRecord } from './images.ts';
import type { Violation } from './limits.ts';
import { NOTE_ROUTES } from './note-routes.ts';
import { PROJECT_ROUTES } from './project-routes.ts';
import type { FakeProject } from './projects.ts';
import { REGISTRY_ROUTES } from './registry-routes.ts';
import type { JsonObject, Wire } from './wire.ts';

/** What the interface knows of the rest. */
export interface RestWorld {
  readonly wire: Wire;
  now(): number;
  token(text: string): FakeToken | undefined;
  /** By id or path. */
  findProject(id: string): FakeProject | undefined;
  jobProject(token: FakeToken): FakeProject | undefined;
  /** The repositories of images of a project, with their ids. */
  imagesOf(project: FakeProject): readonly { readonly id: number; readonly images: ImagesRecord }[];
  /** Deletes a tag in the real registry; false when it would not. */
  deleteTag(images: ImagesRecord, tag: string): Promise<boolean>;
  violate(violation: Violation): void;
}

/** A request that a route takes, from somebody who may. */
export interface Call {
  readonly world: RestWorld;
  readonly request: FakeRequest;
  readonly known: FakeToken | undefined;
  readonly project: FakeProject;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** The address that was asked, without its query: for links to other pages. */
  readonly address: string;
}

/** One route. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v4`; `:name` stands for one part, which may be escaped. */
  readonly path: string;
  /** Parameters of the query. */
  readonly query: readonly string[];
  /** Takes CI_JOB_TOKEN. https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access */
  readonly job: boolean;
  /** The least role in a private project. In one that everybody sees, who reads needs none. */
  readonly level: Level;
  /** Refuses who is nobody in particular with 401, before it looks for the project. */
  readonly authenticates?: boolean;
  /** Scopes of which a private token needs one; default `api` and, for GET, `read_api`. */
  readonly scopes?: readonly string[];
  handle(call: Call): Answer | Promise<Answer>;
}

/** All routes. */
export const ROUTES: readonly Route[] = [...PROJECT_ROUTES, ...NOTE_ROUTES, ...REGISTRY_ROUTES];
const PAGING = ['page', 'per_page', 'pagination', 'order_by', 'sort', 'page_token'];
const PREFIX = '/api/v4';

/** Answers requests below `/api/v4`. `origin` is the host's own address. */
export function createRest(world: RestWorld, origin: () => string): (request: FakeRequest) => Promise<Answer> {
  return async (request) => {
    const url = new URL(request.path, 'http://fake');
    const line = `${request.method} ${request.path}`;
    if (['private_token', 'job_token', 'access_token'].some((name) => url.searchParams.has(name)))
      world.violate({ kind: 'exposure', request: line });
    const found = findRoute(request.method, url.pathname);
    if (found === undefined) {
      world.violate({ kind: 'route', request: line });
      return { status: 404, json: { error: '404 Not Found' } };
    }
    const { route, parameters } = found;
    for (const name of url.searchParams.keys())
      if (![...PAGING, ...route.query].includes(name)) world.violate({ kind: 'parameter', request: line });
    const who = identify(world, request, route);
    if ('status' in who) return who;
    const body = parseBody(request);
    if (body === undefined) return refuse(400, '400 Bad request - invalid JSON');
    const call = {
      world,
      request,
      known: who.known,
      parameters,
      query: url.searchParams,
      body,
      address: origin() + url.pathname,
    };
    if (parameters['id'] === undefined) return await route.handle({ ...call, project: NO_PROJECT });
    const project = world.findProject(parameters['id']);
    const refused =
      project === undefined ? PROJECT_NOT_FOUND : refuseProject(world, { route, project, known: who.known });
    if (refused !== undefined || project === undefined) return refused ?? PROJECT_NOT_FOUND;
    return await route.handle({ ...call, project });
  };
}

/** For the few routes that have no project. */
const NO_PROJECT = undefined as unknown as FakeProject;

function findRoute(
  method: string,
  path: string,
): { readonly route: Route; readonly parameters: Readonly<Record<string, string>> } | undefined {
  const parts = path.slice(PREFIX.length).split('/');
  for (const route of ROUTES) {
    const wanted = route.path.split('/');
    if (route.method !== method || wanted.length !== parts.length) continue;
    if (!wanted.every((part, index) => part.startsWith(':') || part === parts[index])) continue;
    const named = wanted.flatMap((part, index): [string, string][] =>
      part.startsWith(':') ? [[part.slice(1), decodeURIComponent(parts[index] ?? '')]] : [],
    );
    return { route, parameters: Object.fromEntries(named) };
  }
  return undefined;
}

/** Who asks, or why nobody may. */
function identify(
  world: RestWorld,
  request: FakeRequest,
  route: Route,
): Answer | { readonly known: FakeToken | undefined } {
  const credential = credentialOf(request);
  const known = credential === undefined ? undefined : world.token(credential.text);
  // Where a job's token is not taken, it is as if there was none.
  const isIgnored = credential?.place === 'job-token' && !route.job;
  if (credential === undefined || isIgnored) return route.authenticates === true ? UNAUTHORIZED : { known: undefined };
  const isMisplaced = (known?.kind === 'job') !== (credential.place === 'job-token');
  if (known === undefined || isMisplaced || known.kind === 'deploy') return UNAUTHORIZED;
  if (known.kind === 'job') return (known.state ?? 'active') === 'active' ? { known } : UNAUTHORIZED;
  const dead = refuseState(known);
  if (dead !== undefined) return dead;
  const scopes = route.scopes ?? (route.method === 'GET' ? ['api', 'read_api'] : ['api']);
  return scopes.some((scope) => scopesOf(known).includes(scope)) ? { known } : refuseScope(scopes);
}

/** 404 for a project that one may not see, 403 for what one may not do there. */
function refuseProject(
  world: RestWorld,
  about: { readonly route: Route; readonly project: FakeProject; readonly known: FakeToken | undefined },
): Answer | undefined {
  const { route, project, known } = about;
  if (known?.kind === 'job') {
    const own = world.jobProject(known);
    const isRegistry = route.path.includes('/registry/');
    if (own !== project && isRegistry)
      return refuse(
        403,
        "403 Forbidden - This project's CI/CD job token cannot be used to authenticate with the container registry of a different project.",
      );
    if (own !== project && !project.jobTokenAllowlist.includes(own?.fullName ?? ''))
      return project.visibility === 'public' && route.method === 'GET' ? undefined : PROJECT_NOT_FOUND;
  }
  const level = levelIn(project, known);
  const isOpen = project.visibility === 'public' || (project.visibility === 'internal' && known !== undefined);
  if (level === LEVELS.none && !isOpen) return PROJECT_NOT_FOUND;
  if (level >= LEVELS[route.level]) return undefined;
  // Reading what a reporter reads is open to all where the project is.
  return isOpen && route.method === 'GET' && LEVELS[route.level] <= LEVELS.reporter ? undefined : FORBIDDEN;
}

/** Fields of a JSON or form body. */
function parseBody({ body, headers }: FakeRequest): JsonObject | undefined {
  if (body.byteLength === 0) return {};
  const text = body.toString('utf8');
  if (headers['content-type']?.includes('x-www-form-urlencoded') === true)
    return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}
