// The fake GitHub's GraphQL interface: GitHub's published schema with resolvers for what we ask. https://docs.github.com/en/graphql

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  buildSchema,
  execute,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql';
import { type FakeToken, hasPermission, hasScope, loginOf, type Permission, type Quota, refuse } from './access.ts';
import type { Answer, FakeRequest } from './exchange.ts';
import { type FakeDeployment, type FakeRef, type FakeRepository, isoTime } from './repositories.ts';

/** What the interface knows of the rest. */
export interface GraphqlWorld {
  findRepository(fullName: string): FakeRepository | undefined;
  quota(request: FakeRequest): Quota;
}

interface ConnectionArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** GitHub's ceiling. https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit */
const MAX_PAGE = 100;

let loaded: GraphQLSchema | undefined;

/** Some 1.2 MB of schema, read when the first query comes. */
function loadSchema(): GraphQLSchema {
  // Beside the main file, and not among what the package lets others import.
  const file = fileURLToPath(new URL('schema.graphql', import.meta.resolve('@octokit/graphql-schema')));
  loaded ??= buildSchema(readFileSync(file, 'utf8'), { assumeValid: true, noLocation: true });
  return loaded;
}

/** Answers a query: 200 with `errors` for nearly everything that is wrong with it, as GitHub does. */
export function createGraphql(
  world: GraphqlWorld,
): (request: FakeRequest, known: FakeToken | undefined) => Promise<Answer> {
  return async (request, known) => {
    if (request.token === undefined) return refuse(401, 'This endpoint requires you to be authenticated.', '/graphql');
    if (known === undefined) return refuse(401, 'Bad credentials', '/graphql');
    const body = JSON.parse(request.body.toString('utf8')) as {
      readonly query?: string;
      readonly variables?: Record<string, unknown>;
    };
    if (typeof body.query !== 'string')
      return refuse(400, 'A query attribute must be specified and must be a string.', '/graphql');
    try {
      const document = parse(body.query);
      request.fields = document.definitions
        .flatMap((definition) =>
          definition.kind === Kind.OPERATION_DEFINITION ? nameFields(definition.selectionSet) : [],
        )
        .join(' ');
      const problems = validate(loadSchema(), document);
      if (problems.length > 0) return { status: 200, json: { errors: problems.map(describeError) } };
      const result = await execute({
        schema: loadSchema(),
        document,
        rootValue: rootFor({ world, known, request }),
        variableValues: body.variables ?? {},
      });
      const { data, errors } = result;
      return { status: 200, json: { data, ...(errors === undefined ? {} : { errors: errors.map(describeError) }) } };
    } catch (error) {
      if (error instanceof GraphQLError) return { status: 200, json: { errors: [describeError(error)] } };
      throw error;
    }
  };
}

interface Visit {
  readonly world: GraphqlWorld;
  readonly known: FakeToken;
  readonly request: FakeRequest;
}

function rootFor({ world, known, request }: Visit): object {
  return {
    rateLimit: () => {
      const { limit, used, resetAtMs } = world.quota(request);
      return { cost: 1, nodeCount: 1, limit, used, remaining: limit - used, resetAt: isoTime(resetAtMs) };
    },
    viewer: () => ({ id: `U_${loginOf(known)}`, login: loginOf(known) }),
    repository: ({ owner, name }: { readonly owner: string; readonly name: string }) => {
      const fullName = `${owner}/${name}`;
      const repository = world.findRepository(fullName);
      const isHidden =
        known.blind?.includes(fullName) === true || (known.kind === 'classic' && !hasScope(known, 'repo'));
      if (repository === undefined || (isHidden && repository.visibility === 'private'))
        throw failure('NOT_FOUND', `Could not resolve to a Repository with the name '${fullName}'.`);
      return describeRepository(repository, known);
    },
  };
}

function describeRepository(repository: FakeRepository, known: FakeToken): object {
  const objects = createObjectLoader(repository);

  function need(permission: Permission): void {
    const isOpen = repository.visibility === 'public' || hasPermission(known, permission, 'read');
    if (!isOpen) throw failure('FORBIDDEN', 'Resource not accessible by integration');
  }

  return {
    id: `R_${repository.id}`,
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: repository.fullName,
    isPrivate: repository.visibility === 'private',
    visibility: repository.visibility.toUpperCase(),
    defaultBranchRef: () => {
      const found = repository.ref(`refs/heads/${repository.defaultBranch}`);
      return found === undefined ? null : describeRef(found, objects);
    },
    deployments: (
      given: ConnectionArguments & {
        readonly environments?: readonly string[] | null;
        readonly orderBy: { readonly direction: 'ASC' | 'DESC' };
      },
    ) => {
      need('deployments');
      const found = repository.deployments.filter(
        ({ environment }) => given.environments?.includes(environment) ?? true,
      );
      const ordered = found.toSorted((a, b) =>
        a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id - b.id,
      );
      if (given.orderBy.direction === 'DESC') ordered.reverse();
      return connect('deployments', ordered, given, (deployment) =>
        describeDeployment(repository, deployment, objects),
      );
    },
    object: ({ expression, oid }: { readonly expression?: string | null; readonly oid?: string | null }) => {
      need('contents');
      return objects.load(expression ?? oid ?? '');
    },
    refs: (given: ConnectionArguments & { readonly refPrefix: string; readonly orderBy?: unknown }) => {
      need('contents');
      return connect('refs', repository.refs(given.refPrefix), given, (ref) =>
        describeRef(ref, objects, given.refPrefix),
      );
    },
  };
}

function describeRef(ref: FakeRef, objects: ObjectLoader, prefix = ref.name.replace(/[^/]*$/, '')): object {
  return {
    id: `REF_${ref.name}`,
    name: ref.name.slice(prefix.length),
    prefix,
    target: () => objects.load(ref.sha),
  };
}

/** Success shows as `ACTIVE`; no status at all as `PENDING`. https://docs.github.com/en/graphql/reference/enums#deploymentstate */
function stateOf({ states }: FakeDeployment): string {
  const last = states.at(-1);
  if (last === undefined) return 'PENDING';
  return last === 'success' ? 'ACTIVE' : last.toUpperCase();
}

function describeDeployment(repository: FakeRepository, deployment: FakeDeployment, objects: ObjectLoader): object {
  const statuses = deployment.states.map((state, index) => ({
    id: `DES_${deployment.id}_${index}`,
    state: state.toUpperCase(),
    createdAt: deployment.createdAt,
    updatedAt: deployment.createdAt,
    environment: deployment.environment,
  }));
  const ref = repository
    .refs()
    .find(({ name }) => name === `refs/heads/${deployment.ref}` || name === `refs/tags/${deployment.ref}`);
  return {
    id: `DE_${deployment.id}`,
    databaseId: deployment.id,
    commitOid: deployment.commit,
    commit: () => objects.load(deployment.commit),
    createdAt: deployment.createdAt,
    updatedAt: deployment.createdAt,
    environment: deployment.environment,
    latestEnvironment: deployment.environment,
    originalEnvironment: deployment.environment,
    state: stateOf(deployment),
    latestStatus: statuses.at(-1) ?? null,
    statuses: (given: ConnectionArguments) => connect('statuses', statuses.toReversed(), given, (status) => status),
    ref: ref === undefined ? null : describeRef(ref, objects),
    task: 'deploy',
    payload: null,
    description: null,
    creator: null,
  };
}

interface ObjectLoader {
  load(expression: string): Promise<object | null>;
}

const TYPENAMES: Readonly<Record<string, string>> = { commit: 'Commit', tree: 'Tree', blob: 'Blob', tag: 'Tag' };

/** Objects that a query asks for one by one are read from git together: a batch of a hundred must not start git a hundred times. */
function createObjectLoader(repository: FakeRepository): ObjectLoader {
  let wanted: string[] = [];
  let reading: Promise<ReturnType<FakeRepository['readObjects']>> | undefined;

  async function read(): Promise<ReturnType<FakeRepository['readObjects']>> {
    await Promise.resolve();
    const expressions = wanted;
    wanted = [];
    reading = undefined;
    return repository.readObjects(expressions);
  }

  const loader: ObjectLoader = {
    load: async (expression) => {
      wanted.push(expression);
      reading ??= read();
      const found = (await reading).get(expression);
      if (found === undefined) return null;
      return {
        __typename: TYPENAMES[found.type],
        id: `O_${found.id}`,
        oid: found.id,
        abbreviatedOid: found.id.slice(0, 7),
        parents: (given: ConnectionArguments) => connect('parents', found.parents, given, (id) => loader.load(id)),
        target: () => (found.target === undefined ? null : loader.load(found.target)),
      };
    },
  };
  return loader;
}

/** https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api */
function connect<T>(
  name: string,
  items: readonly T[],
  given: ConnectionArguments,
  describe: (item: T) => unknown,
): object {
  const { first, last, after, before } = given;
  const count = first ?? last;
  if (count === undefined || count === null)
    throw failure(
      'MISSING_PAGINATION_BOUNDARIES',
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
    );
  if (count > MAX_PAGE)
    throw failure(
      'EXCESSIVE_PAGINATION',
      `Requesting ${count} records on the \`${name}\` connection exceeds the \`first\` limit of 100 records.`,
    );
  const begin = after === undefined || after === null ? 0 : positionOf(after) + 1;
  const end = before === undefined || before === null ? items.length : positionOf(before);
  const from = first === undefined || first === null ? Math.max(begin, end - count) : begin;
  const to = first === undefined || first === null ? end : Math.min(end, from + first);
  const nodes = items.slice(from, to).map(describe);
  return {
    totalCount: items.length,
    nodes,
    edges: nodes.map((node, index) => ({ cursor: cursorAt(from + index), node })),
    pageInfo: {
      hasNextPage: to < items.length,
      hasPreviousPage: from > 0,
      startCursor: nodes.length === 0 ? null : cursorAt(from),
      endCursor: nodes.length === 0 ? null : cursorAt(to - 1),
    },
  };
}

function cursorAt(position: number): string {
  return Buffer.from(`cursor:${position}`).toString('base64');
}

function positionOf(cursor: string): number {
  return Number(Buffer.from(cursor, 'base64').toString('utf8').slice('cursor:'.length));
}

function failure(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

/** GitHub's errors have their `type` at the top. */
function describeError(error: GraphQLError): object {
  const { type } = error.extensions;
  return {
    ...(type === undefined ? {} : { type }),
    path: error.path,
    locations: error.locations,
    message: error.message,
  };
}

/** `repository.deployments`: two levels, without repetitions. */
function nameFields(selectionSet: SelectionSetNode): string[] {
  const names = selectionSet.selections.flatMap((selection) => {
    if (selection.kind !== Kind.FIELD) return [];
    const inner = selection.selectionSet?.selections ?? [];
    const below = inner.flatMap((field) =>
      field.kind === Kind.FIELD ? [`${selection.name.value}.${field.name.value}`] : [],
    );
    return below.length === 0 || selection.name.value === 'rateLimit' ? [selection.name.value] : below;
  });
  return [...new Set(names)];
}
