// A project whose images and build caches lie in a real registry: `main` is a branch, `feature` was one. The scene tells what time it is.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runApply, runPlan } from '../../src/cleanup.ts';
import { normalizeSettings } from '../../src/config/normalize-settings.ts';
import { silentLog } from '../../src/log.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import type { Report } from '../../src/report/report.ts';
import { createGitSandbox } from '../builders/git-repository.ts';
import type { RegistryServer } from '../support/registry-server.ts';

/** The repositories of a scene, by their names in the registry. */
export interface CacheSceneParts {
  readonly images: readonly string[];
  /** Those that have nothing but build cache. */
  readonly caches?: readonly string[];
  /** Lines of the policy file below `cache:`. */
  readonly rules?: string;
}

/** How the tool runs there. */
export interface CacheScene {
  /** Of its own, removed at the end. */
  readonly folder: string;
  /** At this time of the clock. */
  plan(at: Date, more?: RawOptions): Promise<Report>;
  apply(at: Date, more?: RawOptions): Promise<Report>;
  remove(): Promise<void>;
}

const POLICY = `
cleanup:
  keepPolicies:
    - references: {branch: main}
images:
  tagPatterns: ['{branch}']
cache:
`;

/** A scene with the repositories as they lie in the registry. */
export async function makeCacheScene(server: RegistryServer, parts: CacheSceneParts): Promise<CacheScene> {
  const folder = await mkdtemp(join(tmpdir(), 'cache-scene-'));
  const sandbox = createGitSandbox();
  const origin = sandbox.bare('origin');
  sandbox.add(origin, { commits: [{ name: 'head', date: '2026-06-01T10:00:00Z' }], branches: { main: 'head' } });
  sandbox.clone(origin, 'clone');
  const config = join(folder, 'policy.yml');
  await writeFile(config, `${POLICY}  ${parts.rules ?? 'improperRepoCache: true'}\n`);
  const raw: RawOptions = {
    repository: parts.images.map((name) => `${server.host}/${name}`),
    'build-cache-repo': (parts.caches ?? []).map((name) => `${server.host}/${name}`),
    config,
    'git-dir': join(sandbox.root, 'clone'),
    'without-kube': true,
  };
  const decide = (command: string, more: RawOptions) =>
    normalizeSettings({ ...raw, command, ...more }, { environment: {}, workingDirectory: folder, frontEnd: 'cli' });
  const context = (at: Date) => ({ log: silentLog, environment: {}, now: () => instantFromMs(at.getTime()) });
  return {
    folder,
    plan: async (at, more = {}) => runPlan((await decide('plan', more)).settings, context(at)),
    apply: async (at, more = {}) => runApply((await decide('apply', more)).settings, context(at)),
    remove: async () => {
      sandbox.remove();
      await rm(folder, { recursive: true });
    },
  };
}

/** The tags of what goes, as `NAME:TAG`, sorted; what goes without a tag of its own is left out. */
export function goingTags({ plan }: Report): readonly string[] {
  return (plan?.repositories ?? [])
    .flatMap(({ name, decisions }) =>
      decisions
        .filter(({ decision }) => decision === 'delete')
        .flatMap(({ tags }) => tags.map((tag) => `${name.slice(name.indexOf('/') + 1)}:${tag}`)),
    )
    .sort();
}

/** The tags of a repository in the registry, sorted; empty when there are none left. */
export async function tagsIn(server: RegistryServer, name: string): Promise<readonly string[]> {
  const answer = await fetch(`${server.origin}/v2/${name}/tags/list`);
  const { tags } = (await answer.json()) as { readonly tags: readonly string[] | null };
  return [...(tags ?? [])].sort();
}
