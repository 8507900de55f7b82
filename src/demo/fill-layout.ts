// The images of the demo: which commit each was built from, under which tags, and what hangs on it. Every way an image
// can come to be needed or unneeded is there at least once.

import { InternalError } from '../errors.ts';
import { type Duration, durationFromMs, hours, type Instant, instantFromMs } from '../model/time.ts';
import { addAttestation, addBuildCache, addSbom, addSignature, signatureTag } from './add-artifact.ts';
import { addImage, addMultiPlatform, type ImageBuild } from './add-image.ts';
import { TAGS } from './history-script.ts';
import type { MadeCommit } from './make-history.ts';
import { addEntry, type Descriptor, emptyLayout, type LayoutDraft } from './write-layout.ts';

/** The repository that the layout stands for. */
export const REPOSITORY = 'registry.example.com/shop/app';
/** What the builds of the demo write into `org.opencontainers.image.source`. */
export const SOURCE = 'https://git.example.com/shop/app';

const BUILD_TIME = durationFromMs(4 * 60_000);
const MULTI_PLATFORM: ReadonlySet<string> = new Set(['v1.1.0', 'v1.2.0', 'v1.2.4', 'v1.5.0', 'v2.0.0', 'v2.0.1']);
const ATTESTED: ReadonlySet<string> = new Set(['v2.0.1']);
const SIGNED: ReadonlySet<string> = new Set(['v1.1.0', 'v2.0.1']);
const WITH_SBOM: ReadonlySet<string> = new Set(['v2.0.1']);

/** Tags that releases have besides their own name, as docker/metadata-action makes them. */
const FLOATING_TAGS: Readonly<Record<string, readonly string[]>> = {
  'v1.2.4': ['1.2'],
  'v1.3.1': ['1.3'],
  'v1.5.0': ['1.5', '1'],
  'v2.0.1': ['2.0', '2', 'latest', 'production'],
};

/** Builds of commits that are no release: the commit's key and further tags besides `sha-<7 hex>`. */
const BUILDS: Readonly<Record<string, readonly string[]>> = {
  m6: [],
  m9: [],
  m14: [],
  m17: [],
  m18: ['{main}'],
  m20: ['{main}'],
  m22: ['{main}'],
  m24: ['{main}'],
  m25: ['{main}'],
  m26: ['{main}'],
  m28: ['{main}'],
  m29: ['{main}', '{nightly}', 'staging'],
  m30: ['{main}', 'main'],
  s1: [],
  s2: ['feature-old-search'],
  l1: [],
  l2: ['feature-login'],
  d1: [],
  d2: ['feature-dropped'],
  c1: [],
  c2: [],
  c3: ['feature-checkout'],
};

/** Builds without labels: only the tag `sha-<7 hex>` tells their commit. */
const UNLABELLED_BUILDS = ['m12', 'm21'] as const;

/** Images that the cluster manifests name, besides those with a tag that everybody knows. */
export interface FilledLayout {
  readonly layout: LayoutDraft;
  /** What `v1.2.0` gives to an arm64 machine. */
  readonly oldArmImage: Descriptor;
  readonly newestRelease: Descriptor;
}

/** Builds the layout in memory. `commits`: by key of the script. */
export function fillLayout(commits: ReadonlyMap<string, MadeCommit>, now: Instant): FilledLayout {
  const layout = emptyLayout();
  const commitOf = (key: string): MadeCommit => findCommit(commits, key);
  const releases = TAGS.map((tag) => addRelease(layout, tag.name, commitOf(tag.commit)));
  for (const [key, tags] of Object.entries(BUILDS)) {
    const commit = commitOf(key);
    addEntry(layout, addImage(layout, buildOf(key, commit)), [
      shaTag(commit),
      ...tags.map((tag) => fillTag(tag, commit)),
    ]);
  }
  for (const key of UNLABELLED_BUILDS) {
    const commit = commitOf(key);
    addEntry(layout, addImage(layout, { ...buildOf(key, commit), labels: {} }), [shaTag(commit)]);
  }
  const nightly = commitOf('m14');
  addEntry(layout, addImage(layout, buildOf('nightly', nightly)), [fillTag('{nightly}', nightly)]);
  addPullRequests(layout, now);
  addStrangers(layout, now);
  // A first build of this commit, whose tag the next build took over: nobody can pull it by name any more.
  addEntry(layout, addMultiPlatform(layout, buildOf('leftover', commitOf('m14'))).index, []);
  addEntry(layout, addBuildCache(layout), ['buildcache']);
  return { layout, oldArmImage: imageOf(releases, 'v1.2.0', 1), newestRelease: releaseOf(releases, 'v2.0.1').top };
}

/** `sha-<7 hex>` of a commit. */
export function shaTag(commit: MadeCommit): string {
  return `sha-${commit.id.slice(0, 7)}`;
}

/** `main-<7 hex>-<timestamp>` of a commit, the timestamp as `20260131T235959`. */
export function mainTag(commit: MadeCommit): string {
  const stamp = new Date(commit.at).toISOString().replace(/[-:]|\..*/g, '');
  return `main-${commit.id.slice(0, 7)}-${stamp}`;
}

interface Release {
  readonly name: string;
  readonly top: Descriptor;
  /** By platform, amd64 first; empty when the release is no index. */
  readonly images: readonly Descriptor[];
}

function addRelease(layout: LayoutDraft, name: string, commit: MadeCommit): Release {
  const build = { ...buildOf(name, commit), labels: labelsOf(commit, name.slice(1)) };
  const attest = (image: Descriptor): readonly Descriptor[] =>
    ATTESTED.has(name) ? [addAttestation(layout, image, commit.id)] : [];
  const { index: top, images } = MULTI_PLATFORM.has(name)
    ? addMultiPlatform(layout, build, attest)
    : { index: addImage(layout, build), images: [] };
  addEntry(layout, top, [name, ...(FLOATING_TAGS[name] ?? [])]);
  if (SIGNED.has(name)) addEntry(layout, addSignature(layout, top, REPOSITORY), [signatureTag(top)]);
  if (WITH_SBOM.has(name)) addEntry(layout, addSbom(layout, top), []);
  return { name, top, images };
}

/** A pull request that is being worked on, and one that was closed: their merge commits are on no branch. */
function addPullRequests(layout: LayoutDraft, now: Instant): void {
  const open = { id: 'c0ffee'.repeat(7).slice(0, 40), at: before(now, durationFromMs(40 * 60_000)) };
  const closed = { id: 'deadbeef'.repeat(5), at: before(now, hours(24 * 17)) };
  addEntry(layout, addImage(layout, buildOf('pr-12', open)), ['pr-12']);
  addEntry(layout, addImage(layout, buildOf('pr-9', closed)), ['pr-9']);
}

/** Images that were not built from this repository: one says nothing, one has the labels of its base image. */
function addStrangers(layout: LayoutDraft, now: Instant): void {
  const created = before(now, hours(24 * 200));
  addEntry(layout, addImage(layout, { seed: 'debug', created, labels: {} }), ['debug-tools']);
  const labels = {
    'org.opencontainers.image.source': 'https://git.example.com/platform/base',
    'org.opencontainers.image.revision': '5eed'.repeat(10),
  };
  addEntry(layout, addImage(layout, { seed: 'load test', created, labels }), ['load-test']);
}

/** What an image tells about itself. */
interface BuiltFrom {
  readonly id: string;
  readonly at: Instant;
}

function buildOf(seed: string, commit: BuiltFrom): ImageBuild {
  return { seed, created: instantFromMs(commit.at + BUILD_TIME), labels: labelsOf(commit) };
}

function labelsOf(commit: BuiltFrom, version?: string): ImageBuild['labels'] {
  return {
    'org.opencontainers.image.source': SOURCE,
    'org.opencontainers.image.revision': commit.id,
    ...(version === undefined ? {} : { 'org.opencontainers.image.version': version }),
  };
}

function fillTag(tag: string, commit: MadeCommit): string {
  if (tag === '{main}') return mainTag(commit);
  if (tag === '{nightly}') return `nightly-${new Date(commit.at).toISOString().slice(0, 10).replaceAll('-', '')}`;
  return tag;
}

function before(now: Instant, duration: Duration): Instant {
  return instantFromMs(now - duration);
}

function releaseOf(releases: readonly Release[], name: string): Release {
  const release = releases.find((candidate) => candidate.name === name);
  if (release === undefined) throw new InternalError(`The demo has no release ${name}.`, { code: 'INTERNAL' });
  return release;
}

function imageOf(releases: readonly Release[], name: string, at: number): Descriptor {
  const image = releaseOf(releases, name).images[at];
  if (image === undefined) throw new InternalError(`The demo's ${name} has no image ${at}.`, { code: 'INTERNAL' });
  return image;
}

function findCommit(commits: ReadonlyMap<string, MadeCommit>, key: string): MadeCommit {
  const commit = commits.get(key);
  if (commit === undefined) throw new InternalError(`The demo's history has no commit ${key}.`, { code: 'INTERNAL' });
  return commit;
}
