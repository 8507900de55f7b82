// What the fake GitHub's REST answers look like: the examples of GitHub's own description, with the facts of the fake in their places.

import { description } from './description.ts';
import type { FakePackage, FakeVersion, ListedVersion } from './packages.ts';
import {
  type DeploymentState,
  type FakeComment,
  type FakeDeployment,
  type FakePullRequest,
  type FakeRef,
  type FakeRelease,
  type FakeRepository,
  isoTime,
} from './repositories.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Makes answers with the addresses of one fake. `apiUrl` without a slash at the end. */
export interface Wire {
  repository(repository: FakeRepository): JsonObject;
  branch(repository: FakeRepository, ref: FakeRef): JsonObject;
  ref(repository: FakeRepository, ref: FakeRef): JsonObject;
  pullRequest(repository: FakeRepository, pullRequest: FakePullRequest, form: 'full' | 'simple'): JsonObject;
  release(repository: FakeRepository, release: FakeRelease): JsonObject;
  deployment(repository: FakeRepository, deployment: FakeDeployment): JsonObject;
  deploymentStatus(repository: FakeRepository, deployment: FakeDeployment, index: number): JsonObject;
  environments(repository: FakeRepository, names: readonly string[]): JsonObject;
  comment(repository: FakeRepository, comment: FakeComment): JsonObject;
  file(repository: FakeRepository, path: string, bytes: Buffer): JsonObject;
  account(login: string, kind: 'User' | 'Organization'): JsonObject;
  organization(login: string): JsonObject;
  /** `base` is `/orgs/team`, `/users/ann` or `/user`. */
  package(package_: FakePackage, base: string): JsonObject;
  version(package_: FakePackage, listed: ListedVersion, base: string): JsonObject;
}

/** Makes a {@link Wire}. The addresses are asked for late, because the servers get their ports late. */
export function createWire(urls: { readonly api: () => string; readonly web: () => string }): Wire {
  /** An example of the description (of a list its first item), with our addresses and names for GitHub's octocat and its repository. */
  function example(name: string, repository?: FakeRepository): JsonObject {
    const text = JSON.stringify(description.example(name))
      .replaceAll('https://api.github.com', urls.api())
      .replaceAll('https://github.com', urls.web());
    const ours =
      repository === undefined ? text : text.replaceAll(/octocat\/(?:Hello-World|example)/g, repository.fullName);
    const parsed = JSON.parse(ours) as Json;
    return asObject(isList(parsed) ? parsed[0]! : parsed);
  }

  function user(login: string, type: 'User' | 'Organization' = 'User'): JsonObject {
    const { api } = urls;
    return {
      ...asObject(example('release-items')['author']!),
      login,
      id: idOf(login),
      url: `${api()}/users/${encodeURIComponent(login)}`,
      html_url: `${urls.web()}/${encodeURIComponent(login)}`,
      type,
    };
  }

  function repositoryJson(repository: FakeRepository): JsonObject {
    const whole = example('full-repository-default-response', repository);
    // Parent, source, template and organization of the example are other repositories and accounts.
    const {
      parent: _parent,
      source: _source,
      template_repository: _template,
      organization: _organization,
      ...rest
    } = whole;
    return {
      ...rest,
      ...identity(repository),
      language: null,
      default_branch: repository.defaultBranch,
      visibility: repository.visibility,
      fork: false,
    };
  }

  function identity(repository: FakeRepository): JsonObject {
    return {
      id: repository.id,
      name: repository.name,
      full_name: repository.fullName,
      private: repository.visibility === 'private',
      owner: user(repository.owner),
      url: `${urls.api()}/repos/${repository.fullName}`,
      html_url: `${urls.web()}/${repository.fullName}`,
      clone_url: `${urls.web()}/${repository.fullName}.git`,
    };
  }

  function side(
    given: JsonObject,
    facts: {
      readonly ref: string;
      readonly sha: string;
      readonly fullName: string | null;
      readonly repository: FakeRepository;
    },
  ): JsonObject {
    const { ref, sha, fullName } = facts;
    if (fullName === null) return { label: null, ref, sha, user: null, repo: null };
    const [owner = '', name = ''] = fullName.split('/');
    const repo = {
      ...asObject(given['repo']!),
      id: facts.repository.fullName === fullName ? facts.repository.id : idOf(fullName),
      fork: facts.repository.fullName !== fullName,
      name,
      full_name: fullName,
      url: `${urls.api()}/repos/${fullName}`,
      html_url: `${urls.web()}/${fullName}`,
      owner: user(owner),
    };
    return { label: `${owner}:${ref}`, ref, sha, user: user(owner), repo };
  }

  return {
    repository: repositoryJson,
    branch: (repository, ref) => ({
      name: ref.name.replace('refs/heads/', ''),
      commit: { sha: ref.sha, url: `${urls.api()}/repos/${repository.fullName}/commits/${ref.sha}` },
      protected: false,
    }),
    ref: (repository, ref) => ({
      ref: ref.name,
      node_id: nodeId('REF', repository.id),
      url: `${urls.api()}/repos/${repository.fullName}/git/${ref.name}`,
      object: {
        type: ref.type,
        sha: ref.sha,
        url: `${urls.api()}/repos/${repository.fullName}/git/${ref.type}s/${ref.sha}`,
      },
    }),
    pullRequest: (repository, pullRequest, form) => {
      const given =
        form === 'full' ? example('pull-request', repository) : example('pull-request-simple-items', repository);
      return {
        ...given,
        id: pullRequest.id,
        number: pullRequest.number,
        state: pullRequest.state,
        title: pullRequest.title,
        url: `${urls.api()}/repos/${repository.fullName}/pulls/${pullRequest.number}`,
        html_url: `${urls.web()}/${repository.fullName}/pull/${pullRequest.number}`,
        updated_at: pullRequest.updatedAt,
        closed_at: pullRequest.state === 'open' ? null : pullRequest.updatedAt,
        merged_at: null,
        requested_teams: [],
        merge_commit_sha: pullRequest.mergeCommit,
        head: side(asObject(given['head']!), {
          ref: pullRequest.branch,
          sha: pullRequest.head,
          fullName: pullRequest.fork,
          repository,
        }),
        base: side(asObject(given['base']!), {
          ref: pullRequest.base,
          sha: repository.ref(`refs/heads/${pullRequest.base}`)?.sha ?? '',
          fullName: repository.fullName,
          repository,
        }),
        ...(form === 'full' ? { mergeable: pullRequest.mergeCommit !== null, merged: false } : {}),
      };
    },
    release: (repository, release) => ({
      ...example('release-items', repository),
      id: release.id,
      tag_name: release.tag,
      name: release.name,
      target_commitish: release.target,
      draft: release.draft,
      prerelease: release.prerelease,
      created_at: release.createdAt,
      published_at: release.publishedAt,
      assets: [],
    }),
    deployment: (repository, deployment) => ({
      ...example('deployment-items', repository),
      id: deployment.id,
      sha: deployment.commit,
      ref: deployment.ref,
      environment: deployment.environment,
      original_environment: deployment.environment,
      created_at: deployment.createdAt,
      updated_at: deployment.createdAt,
      statuses_url: `${urls.api()}/repos/${repository.fullName}/deployments/${deployment.id}/statuses`,
    }),
    deploymentStatus: (repository, deployment, index) => ({
      ...example('deployment-status-items', repository),
      id: deployment.id * 100 + index,
      state: restState(deployment.states[index]!),
      environment: deployment.environment,
      created_at: deployment.createdAt,
      updated_at: deployment.createdAt,
    }),
    environments: (repository, names) => ({
      total_count: names.length,
      environments: names.map((name, index) => ({
        id: repository.id * 1000 + index,
        node_id: nodeId('EN', index),
        name,
        url: `${urls.api()}/repos/${repository.fullName}/environments/${encodeURIComponent(name)}`,
        html_url: `${urls.web()}/${repository.fullName}/deployments/activity_log?environments_filter=${encodeURIComponent(name)}`,
        created_at: '2026-01-01T00:00:00Z',
        updated_at: '2026-01-01T00:00:00Z',
      })),
    }),
    comment: (repository, comment) => ({
      id: comment.id,
      node_id: nodeId('IC', comment.id),
      url: `${urls.api()}/repos/${repository.fullName}/issues/comments/${comment.id}`,
      html_url: `${urls.web()}/${repository.fullName}/issues/${comment.issue}#issuecomment-${comment.id}`,
      issue_url: `${urls.api()}/repos/${repository.fullName}/issues/${comment.issue}`,
      body: comment.body,
      user: user(comment.author),
      created_at: comment.createdAt,
      updated_at: comment.updatedAt,
      author_association: comment.author.endsWith('[bot]') ? 'NONE' : 'COLLABORATOR',
    }),
    file: (repository, path, bytes) => ({
      ...example('content-file-response-if-content-is-a-file', repository),
      name: path.split('/').at(-1) ?? '',
      path,
      size: bytes.byteLength,
      // GitHub breaks base64 into lines.
      content: bytes.toString('base64').replaceAll(/.{60}/g, '$&\n'),
    }),
    account: (login, kind) => ({
      ...example('public-user-response-with-git-hub-plan-information'),
      ...user(login, kind),
      user_view_type: 'public',
    }),
    organization: (login) => ({
      ...example('organization-full'),
      login,
      id: idOf(login),
      type: 'Organization',
      archived_at: null,
    }),
    package: (package_, base) => ({
      id: package_.id,
      name: package_.name,
      package_type: 'container',
      owner: user(package_.owner),
      version_count: package_.versions().length,
      visibility: package_.visibility,
      url: `${urls.api()}${base}/packages/container/${encodeURIComponent(package_.name)}`,
      html_url: `${urls.web()}/${base.slice(1)}/packages/container/package/${encodeURIComponent(package_.name)}`,
      created_at: isoTime(package_.createdAtMs),
      updated_at: isoTime(package_.versions()[0]?.updatedAtMs ?? package_.createdAtMs),
    }),
    version: (package_, { version, tags, updatedAtMs }, base) => ({
      id: version.id,
      name: version.digest,
      url: `${urls.api()}${base}/packages/container/${encodeURIComponent(package_.name)}/versions/${version.id}`,
      package_html_url: `${urls.web()}/${base.slice(1)}/packages/container/package/${encodeURIComponent(package_.name)}`,
      created_at: isoTime(version.createdAtMs),
      updated_at: isoTime(updatedAtMs),
      html_url: `${urls.web()}/${base.slice(1)}/packages/container/${encodeURIComponent(package_.name)}/${version.id}`,
      ...deletedAt(version),
      metadata: { package_type: 'container', container: { tags: [...tags] } },
    }),
  };
}

function deletedAt(version: FakeVersion): JsonObject {
  return version.deletedAtMs === undefined ? {} : { deleted_at: isoTime(version.deletedAtMs) };
}

/** REST knows no `waiting`: there it is `pending`... */
function restState(state: DeploymentState): string {
  return state === 'waiting' ? 'pending' : state;
}

function idOf(login: string): number {
  return Array.from(login).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7);
}

function nodeId(kind: string, id: number): string {
  return Buffer.from(`${kind}:${id}`).toString('base64url');
}

function asObject(value: Json): JsonObject {
  if (value === null || typeof value !== 'object' || isList(value)) throw new Error('an example is no object');
  return value;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
