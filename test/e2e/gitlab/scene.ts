// What every scenario at the fake GitLab begins with: a project with real commits, its images, a job's token, and a policy file; and how a
// run is told for its golden file. Checks nothing by itself.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { CommitId } from '../../../src/model/history.ts';
import type { Digest } from '../../../src/model/reference.ts';
import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { type BuiltManifest, buildImage, buildIndex } from '../../builders/image.ts';
import type { Answer, FakeRequest } from '../../fakes/github/exchange.ts';
import { type FakeGitlab, type GitlabOptions, startGitlab } from '../../fakes/gitlab/gitlab.ts';
import type { FakeImages, PushOptions } from '../../fakes/gitlab/images.ts';
import type { FakeProject } from '../../fakes/gitlab/projects.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { inAHurry } from '../../support/run-bundle.ts';
import { type GitlabJob, type GitlabJobResult, runGitlabJob } from '../../support/run-gitlab.ts';
import { pullAll } from './pull-all.ts';

/** How a scene differs from the usual one. */
export interface SceneOptions {
  readonly gitlab?: GitlabOptions;
  /** Default `group/app`. */
  readonly project?: string;
  /** Default {@link KEEP_LAST}. */
  readonly policy?: string;
}

/** What a run differs in. */
export interface SceneRun extends Omit<GitlabJob, 'gitlab' | 'files'> {
  /** Default that of the scene. */
  readonly policy?: string;
  /** Whether the process waits 20 times shorter. */
  readonly inAHurry?: boolean;
  /** Whether `--without-kube` goes without saying; default true. */
  readonly withoutKube?: boolean;
}

/** What is left of a job. */
export interface JobResult extends GitlabJobResult {
  /** The text of a file that it wrote into the project directory. @throws ENOENT when there is none. */
  read(path: string): Promise<string>;
}

/** The usual world. */
export interface Scene {
  readonly gitlab: FakeGitlab;
  readonly project: FakeProject;
  readonly images: FakeImages;
  readonly sandbox: GitSandbox;
  /** The bare repository behind GitLab's. */
  readonly origin: string;
  readonly folder: string;
  /** Of a job of the project. */
  readonly jobToken: string;
  /** Commits of main by their names, `a` to `e`, the newest last. */
  commit(name: string): CommitId;
  /** A chain of commits on top of `a` that no branch leads to; their ids, the newest last. */
  chain(...names: readonly string[]): readonly string[];
  /** Pushes a manifest and calls it so; its children `NAME/0`, `NAME/1`, … */
  push(name: string, manifest: BuiltManifest, options?: PushOptions): BuiltManifest;
  /** Pushes what a build of a commit on main does: an index of two platforms, tagged `main-COMMIT`. */
  build(commit: string, tags?: readonly string[]): BuiltManifest;
  /** Runs `registry-cleanup` as a job. */
  run(words: string | readonly string[], more?: SceneRun): Promise<JobResult>;
  /** The tags that are there, by image, with its name. */
  left(): readonly string[];
  /** A run and the requests since the last telling, for a golden file. */
  tell(title: string, run: JobResult): string;
  /** The requests that begin so, in order of arrival and in the words of golden files. */
  sent(start: string): readonly string[];
  /** Tags that were asked to be deleted, sorted. */
  deletes(): readonly string[];
  /** Does it before the first request that begins so. */
  before(start: string, act: (request: FakeRequest) => void | Promise<void>): void;
  /** Everything that a tag leads to and that cannot be had from the registry; empty when all is whole. */
  broken(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The newest image of main stays, and every tagged release. What no pattern explains stays too. */
const KEEP_LAST = `cleanup:
  keepPolicies:
    - references: {tag: /v.*/}
    - references: {branch: main}
      imagesPerReference: {last: 1}
images:
  tagPatterns: ['{branch}-{commit}', 'branch-{branch}']
guards: {maxDeleteShare: 1}
`;

/** Older than any rule for what is young. */
const OLD = '2026-02-10T12:00:00Z';

/** Whether the programs are there that a scene needs beside the registry; says so when not. */
export const hasPrograms: boolean = (['git', 'openssl'] as const).map(requireProgram).every(Boolean);

/** How often these come depends on what happens at the same time, and on how fast the machine is. */
const UNSTEADY = /^HEAD \/v2\/|\/tags\/list\/?\?|^GET \/jwt\/auth|^GET \/v2\/ |^POST \/\S+\/git-upload-pack/;

/** Makes a scene. */
export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const { project: fullName = 'group/app', policy = KEEP_LAST } = options;
  const folder = await mkdtemp(join(tmpdir(), 'gitlab-e2e-'));
  const sandbox = createGitSandbox();
  const origin = sandbox.bare('origin.git');
  const letters = ['a', 'b', 'c', 'd', 'e'];
  const ids = sandbox.add(origin, {
    commits: letters.map((name, at) => ({
      name,
      date: `2026-02-0${at + 1}T12:00:00Z`,
      parents: letters.slice(Math.max(0, at - 1), at),
    })),
    branches: { main: 'e' },
    tags: { v1: 'a' },
  });
  const gitlab = await startGitlab({ tagOnly: true, ...options.gitlab });
  const project = gitlab.addProject(fullName, { directory: origin });
  const jobToken = gitlab.addToken({ kind: 'job', project: fullName });
  const images = gitlab.registry.repository(fullName.toLowerCase());
  const names = new Map<string, string>([...ids].map(([name, id]) => [id, `commit ${name}`]));

  function name(text: string, manifest: BuiltManifest): void {
    names.set(manifest.digest, text);
    manifest.blobs.forEach((blob, at) => void names.set(blob.digest, `${text}, ${at === 0 ? 'config' : 'layer'}`));
    manifest.children.forEach((child, at) => {
      if (!names.has(child.digest)) name(`${text}/${at}`, child);
    });
  }

  const inWords = (line: string): string =>
    line
      .replaceAll(
        /sha256(?::|%3A|-)[0-9a-f]{64}/gi,
        (digest) => `{${names.get(digest.replace(/%3A|-/i, ':')) ?? 'blob'}}`,
      )
      // Which image is asked about, to find out whether there is such an interface, depends on digests.
      .replace(/(\/referrers\/)\{[^}]*\}/, '$1{some image}')
      .replaceAll(/\b[0-9a-f]{40}\b/g, (id) => `{${names.get(id) ?? 'commit'}}`)
      .replaceAll(/\b[0-9a-f]{8}\b/g, (id) => {
        const found = [...names].find(([commit]) => commit.startsWith(id));
        return found === undefined ? id : `{${found[1].replace('commit ', '')}}`;
      });

  function requestLines(): readonly string[] {
    const counts = new Map<string, number>();
    for (const line of gitlab.requestLog().map(inWords)) counts.set(line, (counts.get(line) ?? 0) + 1);
    return [...counts]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([line, times]) => (times === 1 || UNSTEADY.test(line) ? line : `${line} (${times} times)`));
  }

  const scene: Scene = {
    gitlab,
    project,
    images,
    sandbox,
    origin,
    folder,
    jobToken,
    commit: (text) => {
      const id = ids.get(text);
      if (id === undefined) throw new Error(`there is no commit ${text}`);
      return id;
    },
    chain: (...chained) => {
      let parent: string = scene.commit('a');
      return chained.map((text, at) => {
        const date = `2026-03-0${at + 1}T12:00:00Z`;
        parent = sandbox.gitAt(date, origin, 'commit-tree', '-m', text, '-p', parent, `${parent}^{tree}`);
        names.set(parent, `commit ${text}`);
        return parent;
      });
    },
    push: (text, manifest, more = {}) => {
      name(text, manifest);
      images.push(manifest, { createdAt: OLD, ...more });
      return manifest;
    },
    build: (commit, tags = []) =>
      scene.push(commit, buildApp(commit), { tags: [`main-${scene.commit(commit).slice(0, 8)}`, ...tags] }),
    run: async (words, more = {}) => {
      const { inAHurry: isHurried = false, withoutKube = true, policy: own = policy, variables, ...rest } = more;
      const isProtected = rest.pipeline?.kind !== 'merge_request_event';
      const result = await runGitlabJob(folder, [...[words].flat(), ...(withoutKube ? ['--without-kube'] : [])], {
        gitlab,
        jobToken,
        project: fullName,
        ...rest,
        files: { '.registry-cleanup.yml': own },
        variables: { CI_COMMIT_REF_PROTECTED: String(isProtected), ...(isHurried ? inAHurry : {}), ...variables },
      });
      return { ...result, read: (path) => readFile(join(result.projectDirectory, path), 'utf8') };
    },
    left: () => {
      const byDigest = Map.groupBy(images.tags(), (tag) => images.digestOf(tag) ?? '');
      return [...byDigest]
        .map(([digest, tags]) => `${names.get(digest) ?? 'unknown'}: ${inWords(tags.join(' '))}`)
        .sort();
    },
    tell: (title, run) => {
      const text = [`== ${title}: exit ${run.code}`, '-- requests', ...requestLines(), '-- left', ...scene.left()];
      gitlab.clearRequests();
      return `${text.join('\n')}\n`;
    },
    sent: (start) =>
      gitlab
        .requestLog()
        .filter((line) => line.startsWith(start))
        .map(inWords),
    deletes: () =>
      scene
        .sent('DELETE ')
        .map((line) => /\/([^/]+) \S+$/.exec(line)?.[1] ?? line)
        .sort(),
    before: (start, act) => {
      let isDone = false;
      gitlab.onRequest = async (request) => {
        if (isDone || !`${request.method} ${request.path}`.startsWith(start)) return undefined;
        isDone = true;
        await act(request);
        return undefined;
      };
    },
    broken: async () => {
      gitlab.onRequest = () => undefined;
      const faults = await pullAll(gitlab, images);
      return faults.map(inWords);
    },
    close: async () => {
      await gitlab.close();
      sandbox.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return scene;
}

/** An image that says of itself that it is old: for registries that tell no times. */
export function buildOld(seed: string): BuiltManifest {
  return buildImage({ seed, created: OLD });
}

/** An old index of two platforms that nobody else has. */
export function buildApp(seed: string): BuiltManifest {
  const entry = (architecture: string) => ({
    manifest: buildOld(`${seed} ${architecture}`),
    platform: { os: 'linux', architecture },
  });
  return buildIndex([entry('amd64'), entry('arm64')]);
}

/** An image that says by its labels from which commit of the project it was built. */
export function imageOf(scene: Scene, seed: string, commit: string): BuiltManifest {
  const source = `${scene.gitlab.serverUrl}/${scene.project.fullName}`;
  return buildImage({
    seed,
    labels: { 'org.opencontainers.image.revision': commit, 'org.opencontainers.image.source': source },
  });
}

/** The digest of an image that is there. @throws Error when the tag is not. */
export function digestAt(scene: Scene, tag: string): Digest {
  const digest = scene.images.digestOf(tag);
  if (digest === undefined) throw new Error(`there is no tag ${tag}`);
  return digest;
}

const reportSchema = z.object({
  applied: z.array(z.object({ outcomes: z.array(z.object({ outcome: z.string(), why: z.string().optional() })) })),
});

/** What became of the steps of an apply, by its report: `deleted`, or with why. */
export function outcomesOf(report: string): readonly string[] {
  const { applied } = reportSchema.parse(JSON.parse(report));
  return applied.flatMap(({ outcomes }) =>
    outcomes.map(({ outcome, why }) => (why === undefined ? outcome : `${outcome}: ${why}`)),
  );
}

/** An error of GitLab's registry. */
export function registryFault(status: number, code: string): Answer {
  return { status, json: { errors: [{ code, message: `${code.toLowerCase()} by this test` }] } };
}

/** Where a scenario's golden file lies, for `toMatchFileSnapshot`. */
export function golden(name: string): string {
  return new URL(`../../golden/gitlab/job-${name}.txt`, import.meta.url).pathname;
}
