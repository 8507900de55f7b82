// A small company's world of real parts: a registry filled by skopeo, a clone with a bare origin, and cluster manifests.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunContext, runApply, runPlan } from '../../src/cleanup.ts';
import { normalizeSettings } from '../../src/config/normalize-settings.ts';
import { silentLog } from '../../src/log.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import type { Report } from '../../src/report/report.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import {
  type BuiltManifest,
  buildArtifact,
  buildImage,
  buildIndex,
  cosignTag,
  fallbackTag,
} from '../builders/image.ts';
import type { RegistryServer } from '../support/registry-server.ts';
import { type Hands, makeHands } from './hands.ts';

/** What lies in the registry, in Git and in the clusters, and how to run the tool on it. */
export interface RealWorld extends Hands {
  readonly folder: string;
  /** Those whose name begins with `gone` are to go. */
  readonly images: Readonly<
    Record<'gone' | 'goneMulti' | 'goneNested' | 'used' | 'pinned' | 'head' | 'headNested', BuiltManifest>
  >;
  /** Cosign signatures of `gone` and `head`. */
  readonly signed: Readonly<Record<'gone' | 'head', BuiltManifest>>;
  /** Artifacts with `goneMulti` and `head` as subjects, listed by fallback tags. */
  readonly attached: Readonly<Record<'gone' | 'head', BuiltManifest>>;
  /** Commit ids of `main`'s history; a label with `old` makes an image that is to go. */
  readonly commits: Commits;
  /** The folder of cluster manifests. */
  readonly clusters: string;
  /** Words of the command line, without the command, and the environment that goes with them. */
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  plan(more?: RawOptions): Promise<Report>;
  apply(more?: RawOptions): Promise<Report>;
  remove(): Promise<void>;
}

const POLICY = `
cleanup:
  keepPolicies:
    - references: {branch: main}
      imagesPerReference: {last: 1}
pins:
  tags: ['pinned*']
`;

/** Fills the repository `team/app` of a registry. */
export async function makeRealWorld(server: RegistryServer): Promise<RealWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'real-world-'));
  const sandbox = createGitSandbox();
  const commits = makeHistory(sandbox);
  const images = buildImages(commits);
  const clusters = join(folder, 'clusters');
  const config = join(folder, 'policy.yml');
  const hands = await makeHands(server, { folder, name: 'team/app' });
  await mkdir(clusters);
  await writeFile(join(clusters, 'web.yaml'), deployment('web', `${hands.repository}:used`));
  await writeFile(config, POLICY);
  const { caFile, username, password } = server;
  const raw: RawOptions = {
    repository: [hands.repository],
    config,
    'git-dir': join(sandbox.root, 'clone'),
    'kube-manifests': [clusters],
    ...(caFile === undefined ? {} : { 'ca-file': caFile }),
    ...(username === undefined ? {} : { username }),
  };
  const world: RealWorld = {
    ...hands,
    ...makeRuns({ ...raw, ...(password === undefined ? {} : { password }) }, folder),
    folder,
    commits,
    images,
    signed: { gone: buildImage({ seed: 'signature of gone' }), head: buildImage({ seed: 'signature of head' }) },
    attached: { gone: buildArtifact('of gone', images.goneMulti), head: buildArtifact('of head', images.head) },
    clusters,
    words: wordsOf(raw),
    environment: password === undefined ? {} : { REGISTRY_CLEANUP_PASSWORD: password },
    remove: async () => {
      sandbox.remove();
      await rm(folder, { recursive: true });
    },
  };
  await fill(world);
  return world;
}

/** All digests that a manifest is and lists, at any depth. */
export function digestsOf(manifest: BuiltManifest): readonly string[] {
  return [manifest.digest, ...manifest.children.flatMap(digestsOf)];
}

/** A manifest file of a cluster. */
export function deployment(name: string, image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: '${image}'}]}
`;
}

interface Commits {
  readonly old: string;
  readonly head: string;
}

function makeHistory(sandbox: GitSandbox): Commits {
  const origin = sandbox.bare('origin');
  const ids = sandbox.add(origin, {
    commits: [
      { name: 'old', date: '2026-05-01T10:00:00Z' },
      { name: 'head', date: '2026-06-01T10:00:00Z', parents: ['old'] },
    ],
    branches: { main: 'head' },
  });
  sandbox.clone(origin, 'clone');
  return { old: ids.get('old') ?? '', head: ids.get('head') ?? '' };
}

function buildImages({ old, head }: Commits): RealWorld['images'] {
  return {
    gone: buildAppImage('gone', old),
    goneMulti: buildAppIndex('gone', old),
    goneNested: buildIndex([{ manifest: buildAppIndex('gone nested', old) }]),
    used: buildAppIndex('used', old),
    pinned: buildAppImage('pinned', old),
    head: buildAppIndex('head', head),
    headNested: buildIndex([{ manifest: buildAppIndex('head nested', head) }]),
  };
}

/** An image with a commit's label and a layer that all images share. */
export function buildAppImage(seed: string, revision: string): BuiltManifest {
  return buildImage({
    seed,
    labels: { 'org.opencontainers.image.revision': revision },
    created: '2026-06-01T10:00:00Z',
    layers: ['a base layer', `layer of ${seed}`],
  });
}

/** Two platforms and a BuildKit attestation. */
function buildAppIndex(seed: string, revision: string): BuiltManifest {
  const amd = buildAppImage(`${seed} amd64`, revision);
  return buildIndex([
    { manifest: amd, platform: { os: 'linux', architecture: 'amd64' } },
    { manifest: buildAppImage(`${seed} arm64`, revision), platform: { os: 'linux', architecture: 'arm64' } },
    {
      manifest: buildImage({ seed: `attestation of ${seed}` }),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': amd.digest,
      },
    },
  ]);
}

async function fill(world: RealWorld): Promise<void> {
  const { images, signed, attached } = world;
  await world.push(images.gone, 'gone');
  await world.push(images.goneMulti, 'gone-multi', 'gone-too');
  await world.push(images.goneNested, 'gone-nested');
  await world.push(images.used, 'used', 'used-too');
  await world.push(images.pinned, 'pinned');
  await world.push(images.head, 'head');
  await world.push(images.headNested, 'head-nested');
  await world.push(signed.gone, cosignTag(images.gone, 'sig'));
  await world.push(signed.head, cosignTag(images.head, 'sig'));
  await world.push(buildIndex([{ manifest: attached.gone }]), fallbackTag(images.goneMulti));
  await world.push(buildIndex([{ manifest: attached.head }]), fallbackTag(images.head));
}

/** The tool as a library; the journal lies in the folder. */
function makeRuns(raw: RawOptions, folder: string): Pick<RealWorld, 'plan' | 'apply'> {
  const context: RunContext = { log: silentLog, environment: {}, now: () => instantFromMs(Date.now()) };
  const source = { environment: {}, workingDirectory: folder, frontEnd: 'cli' } as const;
  return {
    plan: async (more = {}) => {
      const { settings } = await normalizeSettings({ ...raw, command: 'plan', ...more }, source);
      return runPlan(settings, context);
    },
    apply: async (more = {}) => {
      const { settings } = await normalizeSettings({ ...raw, command: 'apply', ...more }, source);
      return runApply(settings, context);
    },
  };
}

function wordsOf(raw: RawOptions): readonly string[] {
  return Object.entries(raw).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (typeof one === 'string' ? [`--${name}`, one] : [])),
  );
}
