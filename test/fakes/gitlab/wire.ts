// What the fake GitLab's REST answers look like. Each shape has the link of its page in GitLab's documentation.

import type { GitCommit, GitRef } from './git-facts.ts';
import type { ImagesRecord } from './images.ts';
import type {
  FakeDeployment,
  FakeEnvironment,
  FakeMergeRequest,
  FakeNote,
  FakeProject,
  FakeRelease,
  TagRule,
} from './projects.ts';
import { isoTime } from './projects.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Makes answers with the addresses of one fake, which are asked for late, because the servers get their ports late. */
export interface Wire {
  /** https://docs.gitlab.com/api/projects/#get-a-single-project */
  project(project: FakeProject): JsonObject;
  /** https://docs.gitlab.com/api/branches/ */
  branch(project: FakeProject, ref: GitRef): JsonObject;
  /** https://docs.gitlab.com/api/tags/ */
  tag(project: FakeProject, ref: GitRef): JsonObject;
  /** https://docs.gitlab.com/api/commits/#get-a-single-commit */
  commit(project: FakeProject, commit: GitCommit): JsonObject;
  /** https://docs.gitlab.com/api/merge_requests/ */
  mergeRequest(project: FakeProject, request: FakeMergeRequest, form: 'listed' | 'single'): JsonObject;
  /** https://docs.gitlab.com/api/releases/ */
  release(project: FakeProject, release: FakeRelease, commit: GitCommit | undefined): JsonObject;
  /** https://docs.gitlab.com/api/environments/ */
  environment(project: FakeProject, environment: FakeEnvironment, form: 'listed' | 'single'): JsonObject;
  /** https://docs.gitlab.com/api/deployments/ */
  deployment(project: FakeProject, deployment: FakeDeployment): JsonObject;
  /** https://docs.gitlab.com/api/notes/#merge-requests */
  note(project: FakeProject, note: FakeNote): JsonObject;
  /** https://docs.gitlab.com/api/container_registry/ */
  images(project: FakeProject, images: ImagesRecord, id: number): JsonObject;
  imageTag(images: ImagesRecord, tag: string): JsonObject;
  imageTagDetails(images: ImagesRecord, tag: string, createdAt: string | null): JsonObject;
  /** https://docs.gitlab.com/api/container_registry_protection_tag_rules/ */
  tagRule(project: FakeProject, rule: TagRule): JsonObject;
  /** https://docs.gitlab.com/api/users/ */
  user(username: string): JsonObject;
}

/** Makes a {@link Wire}. `projectId` finds the id of a fork; undefined for one that is gone. */
export function createWire(world: {
  readonly web: () => string;
  readonly registryHost: () => string;
  readonly projectId: (fullName: string) => number | undefined;
}): Wire {
  const { web } = world;

  function userJson(username: string): JsonObject {
    return {
      id: idOf(username),
      username,
      name: username,
      state: 'active',
      locked: false,
      avatar_url: null,
      web_url: `${web()}/${username}`,
    };
  }

  function shortCommit(commit: GitCommit): JsonObject {
    return {
      id: commit.id,
      short_id: commit.id.slice(0, 8),
      created_at: commit.committedAt,
      parent_ids: [...commit.parents],
      title: commit.title,
      message: commit.message,
      author_name: commit.authorName,
      author_email: commit.authorEmail,
      authored_date: commit.authoredAt,
      committer_name: commit.committerName,
      committer_email: commit.committerEmail,
      committed_date: commit.committedAt,
      trailers: {},
      extended_trailers: {},
    };
  }

  function commitJson(project: FakeProject, commit: GitCommit): JsonObject {
    return { ...shortCommit(commit), web_url: `${web()}/${project.fullName}/-/commit/${commit.id}` };
  }

  function deploymentJson(project: FakeProject, deployment: FakeDeployment): JsonObject {
    const environment = project.environments.find(({ name }) => name === deployment.environment);
    return {
      id: deployment.id,
      iid: deployment.iid,
      ref: deployment.ref,
      sha: deployment.commit,
      created_at: deployment.createdAt,
      updated_at: deployment.updatedAt,
      user: userJson('ann'),
      environment:
        environment === undefined
          ? null
          : { id: environment.id, name: environment.name, slug: slugOf(environment.name), external_url: null },
      deployable: null,
      status: deployment.status,
    };
  }

  function imageTagJson(images: ImagesRecord, tag: string): JsonObject {
    return { name: tag, path: `${images.path}:${tag}`, location: `${world.registryHost()}/${images.path}:${tag}` };
  }

  return {
    project: (project) => ({
      id: project.id,
      description: null,
      name: project.name,
      name_with_namespace: project.fullName.replaceAll('/', ' / '),
      path: project.name,
      path_with_namespace: project.fullName,
      created_at: '2026-01-01T00:00:00.000Z',
      default_branch: project.defaultBranch,
      visibility: project.visibility,
      http_url_to_repo: `${web()}/${project.fullName}.git`,
      web_url: `${web()}/${project.fullName}`,
      namespace: { id: idOf(project.namespace), kind: 'group', full_path: project.namespace },
      container_registry_image_prefix: `${world.registryHost()}/${project.fullName.toLowerCase()}`,
      container_registry_access_level: project.registryAccess,
      container_registry_enabled: project.registryAccess !== 'disabled',
      empty_repo: project.defaultBranch === null,
      archived: false,
    }),
    branch: (project, ref) => {
      const name = ref.name.replace('refs/heads/', '');
      return {
        name,
        commit: commitJson(project, ref.commit),
        merged: false,
        protected: name === project.defaultBranch,
        developers_can_push: false,
        developers_can_merge: false,
        can_push: true,
        default: name === project.defaultBranch,
        web_url: `${web()}/${project.fullName}/-/tree/${name}`,
      };
    },
    tag: (project, ref) => {
      const name = ref.name.replace('refs/tags/', '');
      const release = project.releases.find(({ tag }) => tag === name);
      return {
        name,
        message: ref.tag?.message ?? null,
        target: ref.target,
        commit: commitJson(project, ref.commit),
        release: release === undefined ? null : { tag_name: name, description: release.name },
        protected: false,
        created_at: ref.tag?.createdAt ?? null,
      };
    },
    commit: (project, commit) => ({
      ...commitJson(project, commit),
      stats: { additions: 1, deletions: 0, total: 1 },
      status: null,
      project_id: project.id,
      last_pipeline: null,
    }),
    mergeRequest: (project, request, form) => ({
      id: request.id,
      iid: request.iid,
      project_id: project.id,
      title: request.title,
      description: '',
      state: request.state,
      created_at: request.createdAt,
      updated_at: request.updatedAt,
      merged_at: request.state === 'merged' ? request.updatedAt : null,
      closed_at: request.state === 'closed' ? request.updatedAt : null,
      target_branch: request.target,
      source_branch: request.branch,
      author: userJson('ann'),
      source_project_id: sourceId(project, request),
      target_project_id: project.id,
      draft: request.draft,
      merge_status: request.mergeRef === null ? 'cannot_be_merged' : 'can_be_merged',
      detailed_merge_status: request.mergeRef === null ? 'conflict' : 'mergeable',
      has_conflicts: request.mergeRef === null,
      sha: request.head,
      merge_commit_sha: request.mergeCommit,
      squash_commit_sha: request.squashCommit,
      user_notes_count: project.notes.filter(({ iid, system }) => iid === request.iid && !system).length,
      web_url: `${web()}/${project.fullName}/-/merge_requests/${request.iid}`,
      references: { short: `!${request.iid}`, relative: `!${request.iid}`, full: `${project.fullName}!${request.iid}` },
      ...(form === 'single' ? { diff_refs: { base_sha: null, head_sha: request.head, start_sha: null } } : {}),
    }),
    release: (project, release, commit) => ({
      tag_name: release.tag,
      name: release.name,
      description: '',
      created_at: release.createdAt,
      released_at: release.releasedAt,
      upcoming_release: Date.parse(release.releasedAt) > Date.now(),
      author: userJson('ann'),
      ...(commit === undefined ? {} : { commit: shortCommit(commit) }),
      commit_path: `/${project.fullName}/-/commit/${release.commit ?? ''}`,
      tag_path: `/${project.fullName}/-/tags/${release.tag}`,
      assets: { count: 0, sources: [], links: [] },
      evidences: [],
      _links: { self: `${web()}/${project.fullName}/-/releases/${release.tag}` },
    }),
    environment: (project, environment, form) => {
      const deployments = project.deployments.filter((one) => one.environment === environment.name);
      const last = deployments.filter((one) => one.status === 'success').at(-1);
      const changes = [environment.createdAt, ...deployments.map((one) => one.updatedAt)];
      return {
        id: environment.id,
        name: environment.name,
        slug: slugOf(environment.name),
        external_url: null,
        state: environment.state,
        tier: environment.tier,
        created_at: environment.createdAt,
        updated_at: environment.updatedAt ?? changes.toSorted().at(-1) ?? null,
        auto_stop_at: null,
        // The list does not have it.
        ...(form === 'single' ? { last_deployment: last === undefined ? null : deploymentJson(project, last) } : {}),
      };
    },
    deployment: deploymentJson,
    note: (project, note) => ({
      id: note.id,
      type: null,
      body: note.body,
      author: userJson(note.author),
      created_at: note.createdAt,
      updated_at: note.updatedAt,
      system: note.system,
      noteable_id: project.mergeRequests.get(note.iid)?.id ?? 0,
      noteable_type: 'MergeRequest',
      project_id: project.id,
      resolvable: false,
      confidential: false,
      internal: false,
      noteable_iid: note.iid,
    }),
    images: (project, images, id) => ({
      id,
      name: images.path.slice(project.fullName.length + 1),
      path: images.path,
      project_id: project.id,
      location: `${world.registryHost()}/${images.path}`,
      created_at: isoTime(images.createdAtMs),
      cleanup_policy_started_at: null,
      status: null,
    }),
    imageTag: imageTagJson,
    imageTagDetails: (images, tag, createdAt) => {
      const manifest = images.manifest(images.digestOf(tag)!);
      const revision = manifest?.configDigest?.replace('sha256:', '') ?? '';
      return {
        ...imageTagJson(images, tag),
        revision,
        short_revision: revision.slice(0, 9),
        digest: manifest?.digest ?? null,
        created_at: createdAt,
        total_size: manifest?.sizeBytes ?? null,
      };
    },
    tagRule: (project, rule) => ({
      id: rule.id,
      project_id: project.id,
      tag_name_pattern: rule.pattern,
      minimum_access_level_for_push: rule.push ?? null,
      minimum_access_level_for_delete: rule.delete ?? null,
    }),
    user: (username) => ({
      ...userJson(username),
      created_at: '2026-01-01T00:00:00.000Z',
      bot: false,
      email: `${username}@example.com`,
    }),
  };

  function sourceId(project: FakeProject, request: FakeMergeRequest): number | null {
    if (request.fork === null) return null;
    return request.fork === project.fullName ? project.id : (world.projectId(request.fork) ?? idOf(request.fork));
  }
}

/** What GitLab makes of a name for addresses. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 24);
}

function idOf(name: string): number {
  return 100_000 + (Array.from(name).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 800_003, 7) % 800_000);
}
