// What every scenario at the fake GitHub begins with: a repository with real commits, its package, a workflow's token, and a policy
// file; and how a run is told for its golden file. Nothing here checks anything.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommitId } from '../../../src/model/history.ts';
import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { type BuiltManifest, buildImage, buildIndex } from '../../builders/image.ts';
import type { ProcessResult } from '../../cli/run-process.ts';
import { type FakeGithub, type GithubOptions, startGithub } from '../../fakes/github/github.ts';
import type { FakePackage, FakeVersion, VersionSeed } from '../../fakes/github/packages.ts';
import type { FakeRepository } from '../../fakes/github/repositories.ts';
import { type ActionResult, inAHurry, runCli } from '../../support/run-bundle.ts';
import { type GithubRun, runGithubAction } from '../../support/run-github.ts';

/** How a scene differs from the usual one. */
export interface SceneOptions {
  readonly github?: GithubOptions;
  /** Default `team/app`. */
  readonly repository?: string;
  /** Default as the repository. */
  readonly package?: string;
  readonly owner?: 'User' | 'Organization';
  readonly visibility?: 'public' | 'private';
  /** Default {@link KEEP_LAST}. */
  readonly policy?: string;
}

/** What a run differs in. */
export interface SceneRun extends Omit<GithubRun, 'github' | 'token' | 'repository'> {
  readonly token?: string;
  /** Whether the process waits 20 times shorter. */
  readonly inAHurry?: boolean;
}

/** The usual world. */
export interface Scene {
  readonly github: FakeGithub;
  readonly repository: FakeRepository;
  readonly app: FakePackage;
  readonly sandbox: GitSandbox;
  /** The bare repository behind GitHub's. */
  readonly origin: string;
  readonly folder: string;
  /** Of the workflow, with all rights. */
  readonly token: string;
  /** What the input `repository` says. */
  readonly place: string;
  /** The path of the policy file. */
  readonly policyFile: string;
  /** Commits of main by their names, `a` to `e`, the newest last. */
  commit(name: string): CommitId;
  /** Gives a commit that was made later its name. */
  nameCommit(name: string, id: string): void;
  /** What golden files say for a text that holds a digest. */
  nameText(text: string, words: string): void;
  /** Adds a manifest with its children and calls it so; its children `NAME/0`, `NAME/1`, … */
  add(name: string, manifest: BuiltManifest, seed?: VersionSeed): FakeVersion;
  /** Only calls it so. */
  name(name: string, manifest: BuiltManifest): void;
  /** Adds what a build of a commit on main pushes: an index of two platforms, tagged `main-COMMIT`. */
  build(commit: string, more?: { readonly tags?: readonly string[]; readonly manifest?: BuiltManifest }): FakeVersion;
  /** Runs the action: `plan`, `apply`, `restore`, or any inputs. */
  run(command: string, more?: SceneRun): Promise<ActionResult>;
  /** Runs the command line. */
  cli(
    words: readonly string[],
    more?: { readonly token?: string; readonly environment?: NodeJS.ProcessEnv },
  ): Promise<ProcessResult>;
  /** The names of what is there, sorted. */
  left(): readonly string[];
  /** A run and the requests since the last telling, for a golden file. */
  tell(title: string, run: ActionResult | ProcessResult): string;
  /** The requests that begin so, in order of arrival and in the words of golden files. */
  sent(start: string): readonly string[];
  /** Names of what was asked to be deleted, in order of arrival. */
  deletes(): readonly string[];
  close(): Promise<void>;
}

/** The newest image of main stays, and every tagged release. */
export const KEEP_LAST = `cleanup:
  keepPolicies:
    - references: {tag: /v.*/}
    - references: {branch: main}
      imagesPerReference: {last: 1}
images:
  tagPatterns: ['{branch}-{commit}', '{tag}']
  unlinked: delete
guards: {maxDeleteShare: 1}
`;

/** How often these come depends on what happens at the same time, and on how fast the machine is. */
const UNSTEADY =
  /^HEAD \/v2\/\S+\/manifests\/|\/manifests\/\S+ 404$|^GET \/\S+\/versions\/\{|\/versions\?state=active&per_page=100&page=1 |\/tags\/list\?/;

const COUNTS = ['kept', 'deleted', 'untagged', 'failed', 'left', 'restored'].map((name) => `${name}-count`);

/** Makes a scene. */
export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const { repository: fullName = 'team/app', package: packageName = fullName, policy = KEEP_LAST } = options;
  const folder = await mkdtemp(join(tmpdir(), 'github-e2e-'));
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
  const github = await startGithub(options.github);
  if (options.owner !== undefined) github.addOwner(fullName.split('/')[0] ?? '', options.owner);
  const repository = github.addRepository(fullName, { directory: origin });
  const { visibility = 'private' } = options;
  const app = github.addPackage(packageName, { visibility, repository: fullName });
  const token = github.addToken();
  const place = `${github.registryHost}/${packageName}`;
  const policyFile = join(folder, 'policy.yml');
  await writeFile(policyFile, policy);
  const texts = new Map<string, string>();
  const names = new Map<string, string>([...ids].map(([name, id]) => [id, `commit ${name}`]));

  function name(text: string, manifest: BuiltManifest): void {
    names.set(manifest.digest, text);
    manifest.children.forEach((child, at) => {
      if (!names.has(child.digest)) name(`${text}/${at}`, child);
    });
  }

  function inWords(line: string): string {
    const own = [...texts].reduce((text, [from, to]) => text.replaceAll(from, to), line);
    return own
      .replaceAll(/\/versions\/(\d+)/g, (_, id: string) => {
        const version = app.findById(Number(id));
        return `/versions/{${version === undefined ? 'unknown' : (names.get(version.digest) ?? 'helper')}}`;
      })
      .replaceAll(
        /sha256(?::|%3A)[0-9a-f]{64}/gi,
        (digest) => `{${names.get(digest.toLowerCase().replace('%3a', ':')) ?? 'blob'}}`,
      )
      .replaceAll(/\b[0-9a-f]{40}\b/g, (id) => `{${names.get(id) ?? 'commit'}}`);
  }

  function requestLines(): readonly string[] {
    const counts = new Map<string, number>();
    for (const line of github.requestLog({ sorted: true }).map(inWords)) counts.set(line, (counts.get(line) ?? 0) + 1);
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([line, times]) => (times === 1 || UNSTEADY.test(line) ? line : `${line} (${times} times)`));
  }

  const scene: Scene = {
    github,
    repository,
    app,
    sandbox,
    origin,
    folder,
    token,
    place,
    policyFile,
    commit: (text) => {
      const id = ids.get(text);
      if (id === undefined) throw new Error(`there is no commit ${text}`);
      return id;
    },
    nameCommit: (text, id) => names.set(id, `commit ${text}`),
    nameText: (text, words) => texts.set(text, words),
    add: (text, manifest, seed) => {
      name(text, manifest);
      return app.add(manifest, seed);
    },
    name,
    build: (commit, { tags = [], manifest = buildApp(commit) } = {}) =>
      scene.add(commit, manifest, { tags: [`main-${scene.commit(commit)}`, ...tags] }),
    run: async (command, { token: own = token, inAHurry: isHurried = false, ...more } = {}) =>
      await runGithubAction(folder, {
        github,
        token: own,
        repository: fullName,
        ...more,
        inputs: {
          command,
          ...(command === 'restore' ? {} : { repository: place, config: policyFile, 'without-kube': 'true' }),
          ...more.inputs,
        },
        environment: { ...(isHurried ? inAHurry : {}), ...more.environment },
      }),
    cli: async (words, { token: own = token, environment } = {}) => {
      const directory = await mkdtemp(join(folder, 'cli-'));
      return await runCli(words, {
        directory,
        environment: {
          GITHUB_TOKEN: own,
          GITHUB_API_URL: github.apiUrl,
          GITHUB_SERVER_URL: github.serverUrl,
          ...environment,
        },
      });
    },
    left: () =>
      app
        .versions()
        .map(
          ({ digest, tags }) =>
            `${names.get(digest) ?? 'helper'}${tags.length === 0 ? '' : `: ${inWords(tags.toSorted().join(' '))}`}`,
        )
        .sort(),
    tell: (title, run) => {
      const outputs = 'outputs' in run ? run.outputs : {};
      const told = COUNTS.filter((key) => (outputs[key] ?? '0') !== '0').map((key) => `${key} ${outputs[key]}`);
      const text = [
        `== ${title}: exit ${run.code}`,
        ...told,
        '-- requests',
        ...requestLines(),
        '-- left',
        ...scene.left(),
      ].join('\n');
      github.clearRequests();
      return `${text}\n`;
    },
    sent: (start) =>
      github
        .requestLog()
        .filter((line) => line.startsWith(start))
        .map(inWords),
    deletes: () => scene.sent('DELETE ').map((line) => /\{(.+)\}/.exec(line)?.[1] ?? line),
    close: async () => {
      await github.close();
      sandbox.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return scene;
}

/** An index of two platforms that nobody else has. */
export function buildApp(seed: string): BuiltManifest {
  const image = (architecture: string) => ({
    manifest: buildImage({ seed: `${seed} ${architecture}` }),
    platform: { os: 'linux', architecture },
  });
  return buildIndex([image('amd64'), image('arm64')]);
}

/** Where a scenario's golden file lies, for `toMatchFileSnapshot`. */
export function golden(name: string): string {
  return new URL(`../../golden/github/${name}.txt`, import.meta.url).pathname;
}
