// The token endpoint of the fake GitLab, /jwt/auth: who gets which rights in its registry, and what the tokens say of protected tags.
// https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/services/auth/container_registry_authentication_service.rb

import { createSign, randomUUID } from 'node:crypto';
import type { Answer, FakeRequest } from '../github/exchange.ts';
import { basicUserOf, type FakeToken, isGoodLogin, LEVELS, levelIn, scopesOf, userOf } from './access.ts';
import type { FakeProject } from './projects.ts';

/** What a token says that its bearer may do with one repository. */
export interface Grant {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
  readonly meta?: {
    readonly project_path: string;
    readonly project_id: number;
    readonly root_namespace_id: number;
    /** RE2, matching anywhere; a list for each action that was granted and can be restricted. Absent without any rule. */
    readonly tag_deny_access_patterns?: { readonly [action: string]: readonly string[] };
    readonly tag_immutable_patterns?: readonly string[];
  };
}

/** A token that was handed out. */
export interface IssuedToken {
  readonly access: readonly Grant[];
  readonly expiresAtMs: number;
}

/** What the endpoint knows of the rest. */
export interface GrantWorld {
  now(): number;
  token(text: string): FakeToken | undefined;
  /** The project that a repository of images belongs to: the longest that its name begins with. */
  projectOf(path: string): FakeProject | undefined;
  /** The project that a job's token belongs to. */
  jobProject(token: FakeToken): FakeProject | undefined;
  /** Is told of every repository for which pushing was granted: GitLab lists it from then on. */
  pushGranted(path: string): void;
}

/** How the endpoint is set up. */
export interface GrantOptions {
  readonly keyPem: string;
  readonly certificatePem: string;
  /** Seconds that a token lives; GitLab's default is 5 minutes. */
  readonly ttlSeconds: number;
  /** `*`: as GitLab before 12.4, whose tokens know no `delete`. */
  readonly deleteAction: 'delete' | '*';
}

const REGISTRY_SCOPES: readonly string[] = ['api', 'read_api', 'read_registry', 'write_registry'];
export const SERVICE = 'container_registry';
export const ISSUER = 'gitlab-issuer';

/** The endpoint. `issued` grows by every token that it hands out. */
export interface GrantEndpoint {
  answer(request: FakeRequest): Answer;
  issued(token: string): IssuedToken | undefined;
  /** A token with all rights to one repository, as GitLab's own interface has it. */
  fullAccess(path: string): string;
}

/** Makes the endpoint. */
export function createGrantEndpoint(options: GrantOptions, world: GrantWorld): GrantEndpoint {
  const issued = new Map<string, IssuedToken>();

  function issue(access: readonly Grant[], subject: string): string {
    const expiresAtMs = world.now() + options.ttlSeconds * 1000;
    const text = sign(options, { access, subject });
    issued.set(text, { access, expiresAtMs });
    return text;
  }

  function answer(request: FakeRequest): Answer {
    const query = new URL(request.path, 'http://fake').searchParams;
    const hasCredentials = basicUserOf(request) !== undefined;
    const known = request.token === undefined ? undefined : world.token(request.token);
    if (hasCredentials && (known === undefined || !isGoodLogin(known, basicUserOf(request)))) return DENIED;
    if (query.get('service') !== SERVICE) return { status: 404, body: '' };
    if (
      known !== undefined &&
      known.kind !== 'job' &&
      !scopesOf(known).some((scope) => REGISTRY_SCOPES.includes(scope))
    )
      return deny(403, 'DENIED', 'access forbidden');
    const scopes = query
      .getAll('scope')
      .flatMap((text) => text.split(' '))
      .filter((text) => text !== '');
    const access = scopes.flatMap((scope) => grantScope(scope, known) ?? []);
    const pushes = access.filter(({ actions }) => actions.includes('push') || actions.includes('*'));
    if (pushes.some(({ name }) => isPushProtected(name, known)))
      return deny(403, 'DENIED', 'Pushing to protected repository path forbidden');
    for (const { name, actions } of pushes) if (actions.includes('push')) world.pushGranted(name);
    if (scopes.length === 0 && known === undefined) return deny(403, 'DENIED', 'access forbidden');
    return { status: 200, json: { token: issue(access, known === undefined ? '' : userOf(known)) } };
  }

  function grantScope(scope: string, known: FakeToken | undefined): Grant | undefined {
    const [type = '', name = '', wanted = ''] = scope.split(':');
    if (type !== 'repository') return undefined;
    const project = world.projectOf(name);
    if (project === undefined) return undefined;
    const actions = wanted.split(',').filter((action) => mayAct({ project, action, known }));
    if (actions.length === 0) return undefined;
    return { type, name, actions, meta: describeProject(project, actions, known) };
  }

  /** https://docs.gitlab.com/user/packages/container_registry/container_repository_protection_rules/ */
  function isPushProtected(name: string, known: FakeToken | undefined): boolean {
    const project = world.projectOf(name);
    if (project === undefined) return false;
    return project.pathRules.some(
      ({ path, push }) => matchesGlob(path, name) && levelIn(project, known) < LEVELS[push],
    );
  }

  function mayAct(wish: {
    readonly project: FakeProject;
    readonly action: string;
    readonly known: FakeToken | undefined;
  }): boolean {
    const { project, action, known } = wish;
    if (project.registryAccess === 'disabled') return false;
    const isOpen = project.visibility === 'public' && project.registryAccess === 'enabled';
    if (action === 'pull' && isOpen) return true;
    if (known === undefined) return false;
    if (action === 'delete' && options.deleteAction === '*') return false;
    const level = levelIn(project, known);
    // A job may push to and delete from its own project only, whatever the role; `*` it never gets.
    if (known.kind === 'job') {
      const isOwn = world.jobProject(known) === project;
      const isListed = project.jobTokenAllowlist.includes(world.jobProject(known)?.fullName ?? '');
      if (action === 'pull') return isOwn || (isListed && level >= LEVELS.reporter);
      return isOwn && (action === 'push' || action === 'delete');
    }
    const has = (...wanted: readonly string[]) => scopesOf(known).some((scope) => wanted.includes(scope));
    // https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/gitlab/auth.rb has what each scope stands for.
    if (action === 'pull') return level >= LEVELS.reporter && has('api', 'read_api', 'read_registry');
    if (action === 'push') return level >= LEVELS.developer && has('api', 'write_registry');
    // Deleting takes `admin_container_image`, a Maintainer's: no Developer, no deploy token, no `write_registry`.
    const isWhole = known.kind === 'private' && has('api') && level >= LEVELS.maintainer;
    return isWhole && ['delete', '*'].includes(action);
  }

  return {
    answer,
    issued: (text) => issued.get(text),
    fullAccess: (path) => issue([{ type: 'repository', name: path, actions: ['*'] }], ''),
  };
}

/** What a token tells of the project: which tags this very user may not touch, by action, and which nobody may. */
function describeProject(
  project: FakeProject,
  actions: readonly string[],
  known: FakeToken | undefined,
): NonNullable<Grant['meta']> {
  const restricted = (actions.includes('*') ? ['push', 'delete'] : actions).filter((action) => action !== 'pull');
  const roles = project.tagRules.filter(({ immutable }) => !immutable);
  const immutable = project.tagRules.filter((rule) => rule.immutable).map(({ pattern }) => pattern);
  const level = levelIn(project, known);
  const denied = restricted.map((action): [string, readonly string[]] => [
    action,
    roles.flatMap((rule) => {
      const least = action === 'delete' ? rule.delete : rule.push;
      return least !== undefined && level < LEVELS[least] ? [rule.pattern] : [];
    }),
  ]);
  // Deploy tokens and anonymous visitors are no users, and get no list.
  const isUser = known !== undefined && known.kind !== 'deploy';
  return {
    project_path: project.fullName.toLowerCase(),
    project_id: project.id,
    root_namespace_id: 1,
    ...(isUser && project.tagRules.length > 0 ? { tag_deny_access_patterns: Object.fromEntries(denied) } : {}),
    ...(immutable.length > 0 && restricted.length > 0 ? { tag_immutable_patterns: immutable } : {}),
  };
}

const DENIED: Answer = deny(
  401,
  'UNAUTHORIZED',
  'HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect.',
);

function deny(status: number, code: string, message: string): Answer {
  return { status, json: { errors: [{ code, message }] } };
}

/** `*` stands for anything. */
function matchesGlob(glob: string, name: string): boolean {
  const [first = '', ...rest] = glob.split('*');
  if (rest.length === 0) return glob === name;
  const last = rest.at(-1) ?? '';
  return name.startsWith(first) && name.endsWith(last) && name.length >= first.length + last.length;
}

/** The real registry looks at the real clock. */
function sign(options: GrantOptions, claims: { readonly access: readonly Grant[]; readonly subject: string }): string {
  const der = options.certificatePem.replaceAll(/-----[^-]+-----|\s/g, '');
  const seconds = Math.floor(Date.now() / 1000);
  const header = encode({ typ: 'JWT', alg: 'RS256', x5c: [der] });
  const payload = encode({
    iss: ISSUER,
    sub: claims.subject,
    aud: SERVICE,
    exp: seconds + options.ttlSeconds,
    nbf: seconds - 5,
    iat: seconds,
    jti: randomUUID(),
    access: claims.access,
    auth_type: 'gitlab_or_ldap',
  });
  const signature = createSign('RSA-SHA256').update(`${header}.${payload}`).sign(options.keyPem, 'base64url');
  return `${header}.${payload}.${signature}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
