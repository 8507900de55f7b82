// Container packages of GitHub: what its interface answers about the versions of one package. What that means, the registry adapter knows.
// https://docs.github.com/en/rest/packages/packages

import * as z from 'zod';
import { AuthError, ProtocolError, UsageError } from '../errors.ts';
import { type Digest, isDigest, isTag, type Tag } from '../model/reference.ts';
import { type Instant, parseRfc3339 } from '../model/time.ts';
import type { Github, GithubRequest, GithubResponse } from './github.ts';

/** One version of a container package: one manifest. */
export interface PackageVersion {
  readonly id: number;
  readonly digest: Digest;
  /** Sorted; empty for an untagged version. */
  readonly tags: readonly Tag[];
  /** When it was first pushed; pushing it again changes nothing. */
  readonly createdAt: Instant;
  /** When anything about it changed last: its tags, also a pull request's link. */
  readonly updatedAt: Instant;
}

/** A version that GitHub lists as deleted. */
export interface DeletedVersion extends Pick<PackageVersion, 'id' | 'digest'> {
  /** Undefined where GitHub does not say. */
  readonly deletedAt: Instant | undefined;
}

/** How GitHub answered a change. `message`: its own words, shortened; empty when it said nothing. */
export interface PackageAnswer {
  readonly status: number;
  readonly message: string;
}

/** One container package. Methods throw as `Github` does, and `ProtocolError` PROTOCOL for an answer of another shape. */
export interface Packages {
  /** `team/app`, for messages. */
  readonly place: string;
  /** All active versions, in GitHub's order. */
  listVersions(): Promise<readonly PackageVersion[]>;
  /** The first page of that list: up to 100. */
  listFirstVersions(): Promise<readonly PackageVersion[]>;
  /** All versions that GitHub lists as deleted; it restores those of the last 30 days. */
  listDeleted(): Promise<readonly DeletedVersion[]>;
  /** A version now; `absent` for 404, by which GitHub also hides what a token may not see. */
  getVersion(id: number): Promise<PackageVersion | 'absent'>;
  /** Whether this token is shown the package. */
  isShown(): Promise<boolean>;
  /** 204, 400, 404 or 422. `beyondBudget`: whatever share of the quota is used. */
  deleteVersion(id: number, how: { readonly beyondBudget: boolean }): Promise<PackageAnswer>;
  /** 204, 400, 404 or 422. `beyondBudget`: whatever share of the quota is used. */
  restoreVersion(id: number, how: { readonly beyondBudget: boolean }): Promise<PackageAnswer>;
}

/** As many as GitHub gives at most. */
export const VERSIONS_A_PAGE = 100;

const READ = 'packages: read (a classic token: read:packages)';
const DELETE =
  'packages: write and the Admin role for the package (a classic token: read:packages and delete:packages)';
const RESTORE =
  'packages: write and the Admin role for the package (a classic token: read:packages and write:packages)';

const REFUSABLE = [204, 400, 404, 422];

const instantSchema = z.string().transform((text, context) => {
  const at = parseRfc3339(text);
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: 'is no time' });
  return z.NEVER;
});

const digestSchema = z.string().refine(isDigest, 'is no digest');

/** Without its tags a version could only be taken for untagged, so they are not optional here. */
const versionSchema = z
  .object({
    id: z.int().positive(),
    name: digestSchema,
    created_at: instantSchema,
    updated_at: instantSchema,
    metadata: z.object({ container: z.object({ tags: z.array(z.string().refine(isTag, 'is no tag')) }) }),
  })
  .transform(
    ({ id, name, created_at, updated_at, metadata }): PackageVersion => ({
      id,
      digest: name,
      tags: [...new Set(metadata.container.tags)].sort(),
      createdAt: created_at,
      updatedAt: updated_at,
    }),
  );

const deletedSchema = z
  .object({ id: z.int().positive(), name: digestSchema, deleted_at: instantSchema.nullish() })
  .transform(({ id, name, deleted_at }): DeletedVersion => ({ id, digest: name, deletedAt: deleted_at ?? undefined }));

const ownerSchema = z.object({ type: z.string() });
const messageSchema = z.object({ message: z.string() });

/** The owner's part of a route, and what fills it. */
interface Owner {
  readonly prefix: '/orgs/{org}' | '/users/{username}';
  readonly parameters: { readonly [name: string]: string };
}

/**
 * The container package behind a repository's path: `team/app` is the package `app` of `team`, `team/app/base` its package `app/base`. Sends
 * nothing yet; the first request asks whether the owner is an organisation, once.
 * @throws UsageError USAGE for a path without an owner.
 */
export function openPackages(github: Github, path: string): Packages {
  const slash = path.indexOf('/');
  if (slash === -1) {
    throw new UsageError(`The repository ${JSON.stringify(path)} names no package of GitHub's.`, {
      code: 'USAGE',
      hint: 'Name the owner and the package: ghcr.io/OWNER/PACKAGE.',
    });
  }
  const package_ = { login: path.slice(0, slash), name: path.slice(slash + 1), place: path };
  let owner: Promise<Owner> | undefined;
  const findOwner = (): Promise<Owner> => {
    owner ??= readOwner(github, package_.login).catch((error: unknown) => {
      owner = undefined;
      throw error;
    });
    return owner;
  };
  const requestOf = async ({ path: rest = '', parameters = {} }: PartialRoute) => {
    const { prefix, parameters: filled } = await findOwner();
    return {
      route: `${prefix}/packages/{package_type}/{package_name}${rest}`,
      parameters: { ...filled, package_type: 'container', package_name: package_.name, ...parameters },
    };
  };
  return createPackages(github, package_.place, requestOf);
}

/** What comes after the package's name. */
interface PartialRoute {
  readonly path?: string;
  readonly parameters?: { readonly [name: string]: string | number };
}

type RequestOf = (part: PartialRoute) => Promise<Required<Pick<GithubRequest, 'route' | 'parameters'>>>;

function createPackages(github: Github, place: string, requestOf: RequestOf): Packages {
  const send = async (part: PartialRoute, rest: Omit<GithubRequest, 'route' | 'parameters'>): Promise<GithubResponse> =>
    github.request({ ...(await requestOf(part)), ...rest });
  const versions = '/versions';
  const version = (id: number): PartialRoute => ({
    path: `${versions}/{package_version_id}`,
    parameters: { package_version_id: id },
  });
  const change = async (
    part: PartialRoute,
    rest: Pick<GithubRequest, 'method' | 'purpose' | 'permission' | 'repeatable' | 'beyondBudget'>,
  ) => {
    const { status, data } = await send(part, { ...rest, expect: REFUSABLE });
    return { status, message: wordsOf(data) };
  };
  const listing = `list the versions of ${place}`;
  return {
    place,
    listVersions: async () => {
      const request = await requestOf({ path: versions, parameters: { state: 'active' } });
      // The newest come first.
      const rest = { newItems: 'start', purpose: listing, permission: READ } as const;
      return decodeAll(versionSchema, await github.list({ ...request, ...rest }), listing);
    },
    listFirstVersions: async () => {
      const part = { path: versions, parameters: { state: 'active', per_page: VERSIONS_A_PAGE, page: 1 } };
      const { data } = await send(part, { method: 'GET', expect: [200], purpose: listing, permission: READ });
      if (!Array.isArray(data)) throw malformed(listing, 'it is no list');
      return decodeAll(versionSchema, data, listing);
    },
    listDeleted: async () => {
      const purpose = `list the deleted versions of ${place}`;
      const request = await requestOf({ path: versions, parameters: { state: 'deleted' } });
      return decodeAll(deletedSchema, await github.list({ ...request, purpose, permission: READ }), purpose);
    },
    getVersion: async (id) => {
      const purpose = `read the version ${id} of ${place}`;
      const response = await send(version(id), { method: 'GET', expect: [200, 404], purpose, permission: READ });
      if (response.status === 404) return 'absent';
      const decoded = decode(versionSchema, response.data, purpose);
      if (decoded.id !== id) throw malformed(purpose, `it is about the version ${decoded.id}`);
      return decoded;
    },
    isShown: async () => {
      const purpose = `read the package ${place}`;
      return (await send({}, { method: 'GET', expect: [200, 404], purpose, permission: READ })).status === 200;
    },
    deleteVersion: (id, { beyondBudget }) => {
      const purpose = `delete the version ${id} of ${place}`;
      return change(version(id), { method: 'DELETE', beyondBudget, purpose, permission: DELETE });
    },
    restoreVersion: (id, { beyondBudget }) => {
      const { path = '', parameters = {} } = version(id);
      const purpose = `restore the version ${id} of ${place}`;
      const rest = { method: 'POST', repeatable: true, beyondBudget, purpose, permission: RESTORE } as const;
      return change({ path: `${path}/restore`, parameters }, rest);
    },
  };
}

/** A workflow's token may not ask who it is (`GET /user`), so the owner's public page tells which routes are right. */
async function readOwner(github: Github, login: string): Promise<Owner> {
  const purpose = `find out who ${login} is`;
  const response = await github.request({
    method: 'GET',
    route: '/users/{username}',
    parameters: { username: login },
    expect: [200, 404],
    purpose,
    permission: 'metadata: read',
  });
  if (response.status === 404) {
    throw new AuthError(`GitHub knows no user or organisation ${login}, or hides it from this token.`, {
      code: 'REPOSITORY_UNKNOWN',
      hint: 'Check the name of the repository: ghcr.io/OWNER/PACKAGE.',
    });
  }
  const { type } = decode(ownerSchema, response.data, purpose);
  if (type === 'Organization') return { prefix: '/orgs/{org}', parameters: { org: login } };
  if (type === 'User') return { prefix: '/users/{username}', parameters: { username: login } };
  throw malformed(purpose, `${JSON.stringify(type.slice(0, 50))} is neither a user nor an organisation`);
}

function decodeAll<T>(schema: z.ZodType<T>, items: readonly unknown[], purpose: string): readonly T[] {
  return items.map((item) => decode(schema, item, purpose));
}

function decode<T>(schema: z.ZodType<T>, data: unknown, purpose: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(purpose, issue === undefined ? 'unknown' : `${issue.path.join('.') || 'it'}: ${issue.message}`);
}

function malformed(purpose: string, why: string): ProtocolError {
  return new ProtocolError(`GitHub's answer to "${purpose}" is not understood (${why}).`, { code: 'PROTOCOL' });
}

/** On one line, without what would act on a terminal. */
function wordsOf(data: unknown): string {
  const parsed = messageSchema.safeParse(data);
  return parsed.success ? parsed.data.message.replace(/\p{Cc}+/gu, ' ').slice(0, 300) : '';
}
