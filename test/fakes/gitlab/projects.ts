// Projects of the fake GitLab: refs and commits straight from a real bare repository, and what GitLab keeps beside it.

import type { Level } from './access.ts';
import { type GitRef, readRefs, writeMergeRequestRefs } from './git-facts.ts';

/** How a project is made. */
export interface ProjectSeed {
  /** A bare repository of test/builders/git-repository.ts, which is served and whose refs the API tells as they are at that moment. */
  readonly directory?: string;
  /** Default `main`. Null: the repository is empty. */
  readonly defaultBranch?: string | null;
  /** Default private. */
  readonly visibility?: 'public' | 'internal' | 'private';
  /** Default `enabled`. https://docs.gitlab.com/api/container_registry/#change-the-visibility-of-the-container-registry */
  readonly registryAccess?: 'enabled' | 'private' | 'disabled';
  /** Projects whose jobs may use their tokens here, beside this one. */
  readonly jobTokenAllowlist?: readonly string[];
}

/** https://docs.gitlab.com/api/merge_requests/ */
export interface MergeRequestSeed {
  readonly iid: number;
  /** Commit id of the head; must be in the bare repository, where it gets `refs/merge-requests/N/head`. */
  readonly head: string;
  /** Default `feature-N`. */
  readonly branch?: string;
  /** Default the default branch. */
  readonly target?: string;
  /** Default `opened`. */
  readonly state?: 'opened' | 'closed' | 'locked' | 'merged';
  /** Path of the fork it comes from; default this project. Null: the fork was deleted. */
  readonly fork?: string | null;
  /** False: GitLab has made no `refs/merge-requests/N/merge`, as for a conflict. Default true. */
  readonly merges?: boolean;
  /** Of a merged one. */
  readonly mergeCommit?: string;
  readonly squashCommit?: string;
  readonly title?: string;
  readonly draft?: boolean;
  readonly updatedAt?: string;
}

export interface FakeMergeRequest {
  readonly id: number;
  readonly iid: number;
  readonly head: string;
  readonly branch: string;
  readonly target: string;
  readonly state: 'opened' | 'closed' | 'locked' | 'merged';
  readonly fork: string | null;
  /** What `refs/merge-requests/N/merge` is; null without one. */
  readonly mergeRef: string | null;
  readonly mergeCommit: string | null;
  readonly squashCommit: string | null;
  readonly title: string;
  readonly draft: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** https://docs.gitlab.com/api/releases/ */
export interface ReleaseSeed {
  /** Need not be there any more. */
  readonly tag: string;
  /** Its commit; default what the tag points at, null when that is gone. */
  readonly commit?: string | null;
  readonly name?: string;
  readonly createdAt?: string;
  /** In the future of an upcoming release; default as created. */
  readonly releasedAt?: string;
}

export type FakeRelease = Required<ReleaseSeed>;

/** https://docs.gitlab.com/api/environments/ */
export interface EnvironmentSeed {
  readonly name: string;
  /** Default `available`. */
  readonly state?: 'available' | 'stopping' | 'stopped';
  readonly tier?: 'production' | 'staging' | 'testing' | 'development' | 'other';
  /** When it changed last, as by being stopped; default with its latest deployment. */
  readonly updatedAt?: string;
}

export interface FakeEnvironment extends Required<Omit<EnvironmentSeed, 'updatedAt'>> {
  readonly updatedAt: string | undefined;
  readonly id: number;
  readonly createdAt: string;
}

export type DeploymentStatus = 'created' | 'running' | 'success' | 'failed' | 'canceled' | 'skipped' | 'blocked';

/** https://docs.gitlab.com/api/deployments/ */
export interface DeploymentSeed {
  /** Is made when it is not there. */
  readonly environment: string;
  readonly commit: string;
  /** Branch or tag; default the default branch. */
  readonly ref?: string;
  readonly isTag?: boolean;
  /** Default `success`. */
  readonly status?: DeploymentStatus;
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

export interface FakeDeployment extends Required<DeploymentSeed> {
  readonly id: number;
  readonly iid: number;
}

/** A comment on a merge request. */
export interface FakeNote {
  readonly id: number;
  readonly iid: number;
  readonly author: string;
  body: string;
  /** One of GitLab's own, as `added 1 commit`. */
  readonly system: boolean;
  readonly createdAt: string;
  updatedAt: string;
}

/**
 * A rule that protects tags of images from users below a role, or, without roles, from everybody (an immutable tag). The pattern is RE2 and
 * matches anywhere. https://docs.gitlab.com/user/packages/container_registry/protected_container_tags/
 */
export interface TagRule {
  readonly id: number;
  readonly pattern: string;
  readonly push: Level | undefined;
  readonly delete: Level | undefined;
  readonly immutable: boolean;
}

/** Who may push to repositories of images whose path is this; `*` stands for anything. */
interface PathRule {
  readonly path: string;
  readonly push: Level;
}

/** One project. */
export interface FakeProject {
  /** `group/app`, in the case that it was made with. */
  readonly fullName: string;
  readonly name: string;
  readonly namespace: string;
  readonly id: number;
  readonly directory: string | undefined;
  defaultBranch: string | null;
  visibility: 'public' | 'internal' | 'private';
  registryAccess: 'enabled' | 'private' | 'disabled';
  readonly jobTokenAllowlist: readonly string[];
  readonly mergeRequests: Map<number, FakeMergeRequest>;
  readonly releases: FakeRelease[];
  readonly environments: FakeEnvironment[];
  readonly deployments: FakeDeployment[];
  readonly notes: FakeNote[];
  readonly tagRules: TagRule[];
  readonly pathRules: PathRule[];
  /** Branches or tags of Git as they are now, by name; empty without a bare repository. */
  refs(prefix: 'refs/heads/' | 'refs/tags/'): readonly GitRef[];
  addMergeRequest(seed: MergeRequestSeed): FakeMergeRequest;
  /** A new head gets a new merge ref. */
  updateMergeRequest(iid: number, change: Partial<MergeRequestSeed>): FakeMergeRequest;
  addRelease(seed: ReleaseSeed): FakeRelease;
  addEnvironment(seed: EnvironmentSeed): FakeEnvironment;
  addDeployment(seed: DeploymentSeed): FakeDeployment;
  addNote(note: {
    readonly iid: number;
    readonly author: string;
    readonly body: string;
    readonly system?: boolean;
  }): FakeNote;
  /** Only roles from `delete` on may delete tags that match, and only roles from `push` on push them; default both `maintainer`. */
  protectTags(pattern: string, roles?: { readonly push?: Level; readonly delete?: Level }): TagRule;
  /** Nobody may change or delete tags that match. */
  makeTagsImmutable(pattern: string): TagRule;
}

const FIRST_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** Makes a project. `nextId` gives ids that grow. */
export function createProject(
  fullName: string,
  seed: ProjectSeed,
  world: { nextId(): number; now(): number },
): FakeProject {
  const { directory } = seed;
  const slash = fullName.lastIndexOf('/');
  let events = 0;

  function nextTime(): string {
    events += 1;
    return isoTime(FIRST_MS + events * HOUR_MS);
  }

  function putMergeRequest(given: MergeRequestSeed, known?: FakeMergeRequest): FakeMergeRequest {
    const { iid, head, target = project.defaultBranch ?? 'main', merges = true } = given;
    const mergeRef =
      directory === undefined ? null : writeMergeRequestRefs(directory, { iid, head, base: target, merges });
    const request: FakeMergeRequest = {
      id: known?.id ?? world.nextId(),
      iid,
      head,
      branch: given.branch ?? `feature-${iid}`,
      target,
      state: given.state ?? 'opened',
      fork: given.fork === undefined ? fullName : given.fork,
      mergeRef,
      mergeCommit: given.mergeCommit ?? null,
      squashCommit: given.squashCommit ?? null,
      title: given.title ?? `Merge request ${iid}`,
      draft: given.draft ?? false,
      createdAt: known?.createdAt ?? nextTime(),
      updatedAt: given.updatedAt ?? nextTime(),
    };
    project.mergeRequests.set(iid, request);
    return request;
  }

  function addTagRule(rule: Omit<TagRule, 'id'>): TagRule {
    const made = { id: world.nextId(), ...rule };
    project.tagRules.push(made);
    return made;
  }

  const project: FakeProject = {
    fullName,
    name: fullName.slice(slash + 1),
    namespace: fullName.slice(0, slash),
    id: world.nextId(),
    directory,
    defaultBranch: seed.defaultBranch === undefined ? 'main' : seed.defaultBranch,
    visibility: seed.visibility ?? 'private',
    registryAccess: seed.registryAccess ?? 'enabled',
    jobTokenAllowlist: seed.jobTokenAllowlist ?? [],
    mergeRequests: new Map(),
    releases: [],
    environments: [],
    deployments: [],
    notes: [],
    tagRules: [],
    pathRules: [],
    refs: (prefix) => (directory === undefined ? [] : readRefs(directory, prefix)),
    addMergeRequest: (given) => putMergeRequest(given),
    updateMergeRequest: (iid, change) => {
      const known = project.mergeRequests.get(iid);
      if (known === undefined) throw new Error(`${fullName} has no merge request ${iid}`);
      const { mergeCommit, squashCommit, updatedAt: _, mergeRef, ...rest } = known;
      const merged = {
        ...(mergeCommit === null ? {} : { mergeCommit }),
        ...(squashCommit === null ? {} : { squashCommit }),
      };
      return putMergeRequest({ merges: mergeRef !== null, ...merged, ...rest, ...change }, known);
    },
    addRelease: (given) => {
      const { tag, name = tag, createdAt = nextTime(), releasedAt = createdAt } = given;
      const found = project.refs('refs/tags/').find((ref) => ref.name === `refs/tags/${tag}`);
      const commit = given.commit === undefined ? (found?.commit.id ?? null) : given.commit;
      const release = { tag, name, createdAt, releasedAt, commit };
      project.releases.push(release);
      return release;
    },
    addEnvironment: ({ name, state = 'available', tier = 'other', updatedAt }) => {
      const environment = { id: world.nextId(), name, state, tier, updatedAt, createdAt: nextTime() };
      project.environments.push(environment);
      return environment;
    },
    addDeployment: (given) => {
      const { environment, commit, isTag = false, status = 'success', createdAt = nextTime() } = given;
      if (!project.environments.some(({ name }) => name === environment)) project.addEnvironment({ name: environment });
      const deployment = {
        id: world.nextId(),
        iid: project.deployments.length + 1,
        environment,
        commit,
        ref: given.ref ?? project.defaultBranch ?? 'main',
        isTag,
        status,
        createdAt,
        updatedAt: given.updatedAt ?? createdAt,
      };
      project.deployments.push(deployment);
      return deployment;
    },
    addNote: ({ system = false, ...given }) => {
      const at = isoTime(world.now());
      const note = { id: world.nextId(), ...given, system, createdAt: at, updatedAt: at };
      project.notes.push(note);
      return note;
    },
    protectTags: (pattern, roles = {}) =>
      addTagRule({
        pattern,
        push: roles.push ?? 'maintainer',
        delete: roles.delete ?? 'maintainer',
        immutable: false,
      }),
    makeTagsImmutable: (pattern) => addTagRule({ pattern, push: undefined, delete: undefined, immutable: true }),
  };
  return project;
}

/** GitLab's times have milliseconds: `2026-01-01T00:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
