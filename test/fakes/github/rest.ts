// The fake GitHub's REST interface: one handler for each operation of the description. https://docs.github.com/en/rest

import { type FakeToken, hasPermission, hasScope, loginOf, type Permission, refuse } from './access.ts';
import { type DescribedRequest, description } from './description.ts';
import type { Answer, FakeRequest } from './exchange.ts';
import type { FakePackage, ListedVersion, Refusal } from './packages.ts';
import type { FakeRepository } from './repositories.ts';
import { isoTime } from './repositories.ts';
import type { Json, JsonObject, Wire } from './wire.ts';

/** What the interface knows of the rest. */
export interface RestWorld {
  readonly wire: Wire;
  now(): number;
  ownerKind(login: string): 'User' | 'Organization' | undefined;
  findRepository(fullName: string): FakeRepository | undefined;
  findPackage(fullName: string): FakePackage | undefined;
  /** What `GET /rate_limit` says of the token; undefined when nothing is counted. */
  rateLimit(request: FakeRequest): Json | undefined;
}

/** A request that the description knows, from somebody who is known. */
interface Call {
  readonly request: FakeRequest;
  /** Undefined: without a token, who sees what is public. */
  readonly known: FakeToken | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** The address that was asked, for links to other pages. */
  readonly address: string;
}

type Handler = (call: Call) => Answer;

const NOT_FOUND = refuse(404, 'Not Found');
const NOT_FOR_INTEGRATIONS = refuse(403, 'Resource not accessible by integration');

/**
 * Answers a REST request: 401 for a token nobody knows, 404 for what the description does not have, 422 for what breaks it (400 for a
 * body that is no JSON). `address` is the interface's own, with the path prefix of an Enterprise Server.
 */
export function createRest(
  world: RestWorld,
): (request: FakeRequest, known: FakeToken | undefined, address: string) => Answer {
  const handlers: Readonly<Record<string, Handler>> = {
    ...repositoryHandlers(world),
    ...accountHandlers(world),
    ...packageHandlers(world),
  };
  const unanswered = description.operations.filter(({ id }) => !(id in handlers));
  if (unanswered.length > 0) throw new Error(`no handler for ${unanswered.map(({ id }) => id).join(', ')}`);

  return (request, known, address) => {
    if (request.token !== undefined && known === undefined) return refuse(401, 'Bad credentials');
    const described: DescribedRequest = {
      method: request.method,
      path: request.path,
      headers: request.headers,
      ...(request.body.byteLength === 0 ? {} : { body: request.body.toString('utf8') }),
    };
    const operation = description.match(described);
    const handler = operation === undefined ? undefined : handlers[operation.id];
    if (operation === undefined || handler === undefined) return NOT_FOUND;
    const body = parseBody(request.body);
    if (body === undefined) return refuse(400, 'Problems parsing JSON');
    const problems = description.checkRequest(described, operation.id);
    if (problems.length > 0) return refuse(422, `Validation Failed: ${problems.join('; ')}`);
    const url = new URL(request.path, 'http://fake');
    const answer = handler({
      request,
      known,
      parameters: operation.parameters,
      query: url.searchParams,
      body,
      address: `${address}${url.pathname}`,
    });
    // What the tests stand on must be what GitHub says, so the fake breaks loudly when it is not.
    const lies = answer.status < 300 ? description.checkAnswer(operation.id, answer.status, answer.json) : [];
    if (lies.length > 0) throw new Error(`${operation.id} breaks GitHub's description: ${lies.join('; ')}`);
    return answer;
  };
}

function accountHandlers(world: RestWorld): Readonly<Record<string, Handler>> {
  const { wire } = world;
  return {
    'users/get-by-username': ({ parameters: { username = '' } }) => {
      const kind = world.ownerKind(username);
      return kind === undefined ? NOT_FOUND : ok(wire.account(username, kind));
    },
    'orgs/get': ({ parameters: { org = '' } }) =>
      world.ownerKind(org) === 'Organization' ? ok(wire.organization(org)) : NOT_FOUND,
    'users/get-authenticated': ({ known }) => {
      if (known === undefined) return refuse(401, 'Requires authentication');
      return known.kind === 'workflow' ? NOT_FOR_INTEGRATIONS : ok(wire.account(loginOf(known), 'User'));
    },
    'rate-limit/get': ({ request }) => {
      const counted = world.rateLimit(request);
      return counted === undefined ? refuse(404, 'Rate limiting is not enabled.') : ok(counted);
    },
  };
}

function repositoryHandlers(world: RestWorld): Readonly<Record<string, Handler>> {
  const { wire } = world;

  /** A handler for who may see the repository and has the right. */
  function of(
    need: { readonly permission: Permission; readonly level: 'read' | 'write' },
    handle: (repository: FakeRepository, call: Call) => Answer,
  ): Handler {
    return (call) => {
      const { owner = '', repo = '' } = call.parameters;
      const repository = world.findRepository(`${owner}/${repo}`);
      if (repository === undefined || !maySee(repository, call.known)) return NOT_FOUND;
      const isFree = repository.visibility === 'public' && need.level === 'read';
      if (isFree) return handle(repository, call);
      if (call.known?.kind === 'classic' && !hasScope(call.known, 'repo')) return NOT_FOUND;
      // A comment on a pull request may be written with either of both rights.
      const permissions: readonly Permission[] =
        need.permission === 'issues' ? ['issues', 'pull-requests'] : [need.permission];
      if (!permissions.some((permission) => hasPermission(call.known, permission, need.level)))
        return NOT_FOR_INTEGRATIONS;
      return handle(repository, call);
    };
  }

  const read = (permission: Permission) => ({ permission, level: 'read' }) as const;
  const write = (permission: Permission) => ({ permission, level: 'write' }) as const;

  return {
    'repos/get': of(read('contents'), (repository) => ok(wire.repository(repository))),
    'repos/list-branches': of(read('contents'), (repository, call) =>
      page(call, repository.refs('refs/heads/'), (ref) => wire.branch(repository, ref)),
    ),
    'git/list-matching-refs': of(read('contents'), (repository, call) =>
      page(
        { ...call, query: withoutPages(call.query) },
        repository.refs(`refs/${call.parameters['ref'] ?? ''}`),
        (ref) => wire.ref(repository, ref),
      ),
    ),
    'git/get-ref': of(read('contents'), (repository, { parameters: { ref = '' } }) => {
      const found = repository.ref(`refs/${ref}`);
      return found === undefined ? NOT_FOUND : ok(wire.ref(repository, found));
    }),
    'repos/get-content': of(read('contents'), (repository, { parameters: { path = '' }, query }) => {
      const bytes = repository.file(query.get('ref') ?? repository.defaultBranch, path);
      return bytes === undefined ? NOT_FOUND : ok(wire.file(repository, path, bytes));
    }),
    'pulls/list': of(read('pull-requests'), (repository, call) => {
      const state = call.query.get('state') ?? 'open';
      const found = [...repository.pullRequests.values()].filter((one) => state === 'all' || one.state === state);
      return page(
        call,
        found.sort((a, b) => b.number - a.number),
        (one) => wire.pullRequest(repository, one, 'simple'),
      );
    }),
    'pulls/get': of(read('pull-requests'), (repository, { parameters }) => {
      const found = repository.pullRequests.get(Number(parameters['pull_number']));
      return found === undefined ? NOT_FOUND : ok(wire.pullRequest(repository, found, 'full'));
    }),
    'repos/list-releases': of(read('contents'), (repository, call) => {
      // Drafts are for those who may push. https://docs.github.com/en/rest/releases/releases#list-releases
      const seesDrafts = hasPermission(call.known, 'contents', 'write');
      const found = repository.releases.filter(({ draft }) => !draft || seesDrafts).toReversed();
      return page(call, found, (release) => wire.release(repository, release));
    }),
    'repos/list-deployments': of(read('deployments'), (repository, call) => {
      const { query } = call;
      const found = repository.deployments.filter(
        ({ environment, ref, commit }) =>
          (query.get('environment') ?? environment) === environment &&
          (query.get('ref') ?? ref) === ref &&
          (query.get('sha') ?? commit) === commit,
      );
      return page(call, found.toReversed(), (deployment) => wire.deployment(repository, deployment));
    }),
    'repos/list-deployment-statuses': of(read('deployments'), (repository, call) => {
      const found = repository.deployments.find(({ id }) => id === Number(call.parameters['deployment_id']));
      if (found === undefined) return NOT_FOUND;
      const indexes = found.states.map((_, index) => index).reverse();
      return page(call, indexes, (index) => wire.deploymentStatus(repository, found, index));
    }),
    'repos/get-all-environments': of(read('actions'), (repository, call) => {
      const names = [...new Set(repository.deployments.map(({ environment }) => environment))].sort();
      const { items, headers } = cut(call, names);
      return { status: 200, headers, json: { ...wire.environments(repository, items), total_count: names.length } };
    }),
    ...commentHandlers(world, {
      read: (handle) => of(read('issues'), handle),
      write: (handle) => of(write('issues'), handle),
    }),
  };
}

type OfRepository = (handle: (repository: FakeRepository, call: Call) => Answer) => Handler;

/** GitHub refuses longer bodies with 422. */
const MAX_COMMENT = 65_536;

function commentHandlers(
  world: RestWorld,
  of: { readonly read: OfRepository; readonly write: OfRepository },
): Readonly<Record<string, Handler>> {
  const { wire } = world;
  const find = (repository: FakeRepository, { parameters }: Call) =>
    repository.comments.find(({ id }) => id === Number(parameters['comment_id']));

  /** The text of the request, or why GitHub takes none. */
  function textOf({ body }: Call): string | Answer {
    const text = typeof body['body'] === 'string' ? body['body'] : '';
    if (text.trim() === '') return refuse(422, 'Validation Failed: body cannot be blank');
    return Array.from(text).length > MAX_COMMENT
      ? refuse(422, `Validation Failed: body is too long (maximum is ${MAX_COMMENT} characters)`)
      : text;
  }

  return {
    'issues/list-comments': of.read((repository, call) => {
      const issue = Number(call.parameters['issue_number']);
      const found = repository.comments.filter((comment) => comment.issue === issue);
      return page(call, found, (comment) => wire.comment(repository, comment));
    }),
    'issues/get-comment': of.read((repository, call) => {
      const found = find(repository, call);
      return found === undefined ? NOT_FOUND : ok(wire.comment(repository, found));
    }),
    'issues/create-comment': of.write((repository, call) => {
      const issue = Number(call.parameters['issue_number']);
      if (!repository.pullRequests.has(issue)) return NOT_FOUND;
      const body = textOf(call);
      if (typeof body !== 'string') return body;
      return {
        status: 201,
        json: wire.comment(repository, repository.addComment({ issue, author: loginOf(call.known), body })),
      };
    }),
    'issues/update-comment': of.write((repository, call) => {
      const found = find(repository, call);
      if (found === undefined) return NOT_FOUND;
      const body = textOf(call);
      if (typeof body !== 'string') return body;
      Object.assign(found, { body, updatedAt: isoTime(world.now()) });
      return ok(wire.comment(repository, found));
    }),
    'issues/delete-comment': of.write((repository, call) => {
      const found = find(repository, call);
      if (found === undefined) return NOT_FOUND;
      repository.comments.splice(repository.comments.indexOf(found), 1);
      return { status: 204 };
    }),
  };
}

/** The three families: of organisations, of users, and of the user whose token it is. */
const FAMILIES = [
  { suffix: 'organization', short: 'org', list: 'org', parameter: 'org' },
  { suffix: 'user', short: 'user', list: 'user', parameter: 'username' },
  { suffix: 'authenticated-user', short: 'authenticated-user', list: 'authenticated-user', parameter: undefined },
] as const;

function packageHandlers(world: RestWorld): Readonly<Record<string, Handler>> {
  return Object.fromEntries(FAMILIES.flatMap((family) => Object.entries(familyHandlers(world, family))));
}

function familyHandlers(world: RestWorld, family: (typeof FAMILIES)[number]): Readonly<Record<string, Handler>> {
  const { wire } = world;

  /** A handler for who may read the package. https://docs.github.com/en/rest/packages/packages */
  function of(
    what: string,
    handle: (package_: FakePackage, call: Call & { readonly base: string }) => Answer,
  ): Handler {
    return (call) => {
      const { known, parameters } = call;
      if (known === undefined) return refuse(401, 'Requires authentication');
      if (family.parameter === undefined && known.kind === 'workflow') return NOT_FOR_INTEGRATIONS;
      const owner = family.parameter === undefined ? loginOf(known) : (parameters[family.parameter] ?? '');
      const isOrganization = world.ownerKind(owner) === 'Organization';
      if (known.kind === 'fine-grained') return refuse(403, 'Resource not accessible by personal access token');
      if (known.kind === 'classic' && !hasScope(known, 'read:packages'))
        return refuse(403, `You need at least read:packages scope to ${what}.`, '/packages/packages');
      const name = parameters['package_name'] ?? '';
      const package_ = world.findPackage(`${owner}/${name}`);
      const isBlind = known.blind?.includes(`${owner}/${name}`) === true || !hasPermission(known, 'packages', 'read');
      const isWrongKind = parameters['package_type'] !== 'container' || isOrganization !== (family.parameter === 'org');
      if (package_ === undefined || isBlind || isWrongKind)
        return refuse(404, 'Package not found.', '/packages/packages');
      const base =
        family.parameter === undefined ? '/user' : `/${family.parameter === 'org' ? 'orgs' : 'users'}/${owner}`;
      return handle(package_, { ...call, base });
    };
  }

  /** Deleting needs more than reading, and who lacks it is told that there is nothing. */
  function change(scopes: readonly string[], act: (package_: FakePackage, id: number) => Refusal | undefined): Handler {
    return of('change a package version', (package_, { known, parameters }) => {
      const may =
        known !== undefined &&
        known.mayDelete !== false &&
        (known.kind === 'workflow'
          ? hasPermission(known, 'packages', 'write')
          : scopes.every((scope) => hasScope(known, scope)));
      const refusal = may ? act(package_, Number(parameters['package_version_id'])) : NO_VERSION;
      return refusal === undefined ? { status: 204 } : refuse(refusal.status, refusal.message, '/packages/packages');
    });
  }

  const { suffix, short, list } = family;
  return {
    [`packages/get-package-for-${suffix}`]: of('get a package', (package_, { base }) =>
      ok(wire.package(package_, base)),
    ),
    [`packages/get-all-package-versions-for-package-owned-by-${list}`]: of(
      `get a package's versions`,
      (package_, call) => {
        const state = call.query.get('state') === 'deleted' ? 'deleted' : 'active';
        return page(call, package_.listForRequest(state), (listed) => wire.version(package_, listed, call.base));
      },
    ),
    [`packages/get-package-version-for-${suffix}`]: of('get a package version', (package_, { parameters, base }) => {
      const version = package_.findById(Number(parameters['package_version_id']));
      if (version === undefined || version.deletedAtMs !== undefined)
        return refuse(404, 'Package not found.', '/packages/packages');
      const listed: ListedVersion = { version, tags: version.tags, updatedAtMs: version.updatedAtMs };
      return ok(wire.version(package_, listed, base));
    }),
    [`packages/delete-package-version-for-${short}`]: change(['delete:packages'], (package_, id) =>
      package_.remove(id),
    ),
    [`packages/restore-package-version-for-${short}`]: change(['write:packages'], (package_, id) =>
      package_.restore(id),
    ),
  };
}

const NO_VERSION: Refusal = { status: 404, message: 'Package not found.' };

function maySee(repository: FakeRepository, known: FakeToken | undefined): boolean {
  if (known?.blind?.includes(repository.fullName) === true) return false;
  return repository.visibility === 'public' || known !== undefined;
}

function ok(json: Json): Answer {
  return { status: 200, json };
}

/** One page as JSON, with the links to the others. https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function page<T>(call: Call, items: readonly T[], describe: (item: T) => Json): Answer {
  const { items: shown, headers } = cut(call, items);
  return { status: 200, headers, json: shown.map(describe) };
}

const ALL = 'all';

/** Matching refs come all at once: the operation has no pages. */
function withoutPages(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams({ ...Object.fromEntries(query), [ALL]: 'true' });
}

function cut<T>(
  call: Call,
  items: readonly T[],
): { readonly items: readonly T[]; readonly headers: Readonly<Record<string, string>> } {
  if (call.query.has(ALL)) return { items, headers: {} };
  // More than 100 is taken as 100, without a word.
  const size = Math.min(Math.max(Number(call.query.get('per_page') ?? 30), 1), 100);
  const number = Math.max(Number(call.query.get('page') ?? 1), 1);
  const last = Math.max(Math.ceil(items.length / size), 1);
  const to = (target: number, rel: string) => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(target));
    return `<${call.address}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [to(number - 1, 'prev')] : []),
    ...(number < last ? [to(number + 1, 'next'), to(last, 'last')] : []),
    ...(number > 1 ? [to(1, 'first')] : []),
  ];
  return {
    items: items.slice((number - 1) * size, number * size),
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  };
}

/** An absent body is an empty one; undefined for what is no JSON object. */
function parseBody(bytes: Buffer): JsonObject | undefined {
  if (bytes.byteLength === 0) return {};
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
