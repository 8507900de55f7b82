// Container packages of the fake GitHub: versions, tags, manifests and blobs, with GitHub's rules about deleting and restoring.
// The REST interface and /v2 read and change the same state. https://docs.github.com/en/packages/learn-github-packages

import type { Digest } from '../../../src/model/reference.ts';
import { type BuiltManifest, sha256 } from '../../builders/image.ts';

/** One package version: one manifest. */
export interface FakeVersion {
  readonly id: number;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970, whole seconds, as everything GitHub says about time. */
  createdAtMs: number;
  updatedAtMs: number;
  deletedAtMs: number | undefined;
  tags: readonly string[];
  /** Every GET of the manifest counts; GitHub never tells the number. */
  downloads: number;
  /** Listed, but /v2 answers 404 to it, as after a delete that has not reached every part of GitHub. */
  ghost: boolean;
}

/** What a seeded version may say about itself. */
export interface VersionSeed {
  readonly tags?: readonly string[];
  /** RFC 3339; default one minute after the version seeded before, beginning with 2026-01-01T00:00:00Z. */
  readonly createdAt?: string;
  readonly updatedAt?: string;
  readonly downloads?: number;
  readonly ghost?: boolean;
}

/** How a package is made. */
export interface PackageSeed {
  /** Default private. */
  readonly visibility?: 'public' | 'private';
  /** The repository that the package is linked to, `team/app`. */
  readonly repository?: string;
}

/**
 * How the list of versions is behind: changes made by /v2 show up in it only after so many requests for the list, or when the test calls
 * {@link FakePackage.catchUp}. A tag that moved shows at its old version meanwhile. Single versions are always told as they are.
 */
export type Lag = number | 'until-told';

/** Why GitHub does not delete or restore a version; the words are GitHub's. */
export type Refusal = { readonly status: 400 | 404; readonly message: string };

/** One package. */
export interface FakePackage {
  readonly owner: string;
  /** May hold slashes: `app/base`. */
  readonly name: string;
  visibility: 'public' | 'private';
  readonly repository: string | undefined;
  readonly id: number;
  readonly createdAtMs: number;
  lag: Lag;
  /** Whether a restored version takes its tags from the versions that have them by then; GitHub does not say. Default false. */
  restoreTakesTags: boolean;
  /** Adds a manifest with all its children and blobs, which become versions of their own, older than it. */
  add(manifest: BuiltManifest, seed?: VersionSeed): FakeVersion;
  /** Adds a manifest without its children and blobs: what is half pushed, half deleted or odd. */
  addAlone(manifest: BuiltManifest, seed?: VersionSeed): FakeVersion;
  /** By digest or tag among the active versions. @throws Error when there is none. */
  version(reference: string): FakeVersion;
  /** The same, or undefined. */
  find(reference: string): FakeVersion | undefined;
  findById(id: number): FakeVersion | undefined;
  /** Newest first, as they are and not as a lagging list says. */
  versions(state?: 'active' | 'deleted'): readonly FakeVersion[];
  /** Digests of the active versions, newest first: what a test compares after a run. */
  digests(): readonly Digest[];
  /** Tags to digests. */
  tags(): ReadonlyMap<string, Digest>;
  /** What one request for the list says: lagging, newest first. */
  listForRequest(state: 'active' | 'deleted'): readonly ListedVersion[];
  /** Puts a manifest as /v2 does; undefined moves nothing. */
  put(manifest: { readonly mediaType: string; readonly bytes: Uint8Array }, tag: string | undefined): FakeVersion;
  /** Deletes as GitHub does, or says why not. */
  remove(id: number): Refusal | undefined;
  /** Restores as GitHub does, or says why not. */
  restore(id: number): Refusal | undefined;
  /** Deletes without any rule, as somebody else or GitHub itself does. */
  erase(reference: string): void;
  /** The list tells everything from now on. */
  catchUp(): void;
  readonly blobs: Map<Digest, Uint8Array>;
}

/** A version as the list has it, which may be behind. */
export interface ListedVersion {
  readonly version: FakeVersion;
  readonly tags: readonly string[];
  readonly updatedAtMs: number;
}

/** What packages share: ids are counted over all of them. */
export interface PackageWorld {
  nextId(): number;
  /** Milliseconds since 1970. */
  now(): number;
}

// https://docs.github.com/en/packages/learn-github-packages/deleting-and-restoring-a-package
export const LAST_TAGGED: string =
  'You cannot delete the last tagged version of a package. You must delete the package instead.';
export const TOO_MANY_DOWNLOADS: string =
  'Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.';
const DOWNLOAD_LIMIT = 5000;
const RESTORE_DAYS = 30;
const DAY_MS = 86_400_000;
const FIRST_SEED_MS = Date.UTC(2026, 0, 1);
const SEED_STEP_MS = 60_000;

/** Makes an empty package. */
export function createPackage(
  owner: string,
  name: string,
  options: PackageSeed & { readonly world: PackageWorld },
): FakePackage {
  const { world, visibility = 'private', repository } = options;
  const all = new Map<number, FakeVersion>();
  const active = new Map<Digest, FakeVersion>();
  const tagged = new Map<string, FakeVersion>();
  const blobs = new Map<Digest, Uint8Array>();
  let sorted: readonly FakeVersion[] | undefined;
  let behind: { readonly list: readonly ListedVersion[]; left: Lag } | undefined;
  let seeded = 0;

  function now(): number {
    return Math.floor(world.now() / 1000) * 1000;
  }

  function touch(version: FakeVersion, tags: readonly string[]): void {
    version.tags = tags;
    version.updatedAtMs = now();
  }

  function listActive(): readonly FakeVersion[] {
    sorted ??= [...active.values()].sort((a, b) => b.createdAtMs - a.createdAtMs || b.id - a.id);
    return sorted;
  }

  function freeze(): void {
    if (package_.lag === 0) return;
    behind ??= { list: listActive().map(asListed), left: package_.lag };
    behind.left = package_.lag;
  }

  function addVersion(
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    createdAtMs: number,
  ): FakeVersion {
    const version: FakeVersion = {
      id: world.nextId(),
      digest: sha256(manifest.bytes),
      mediaType: manifest.mediaType,
      bytes: manifest.bytes,
      createdAtMs,
      updatedAtMs: createdAtMs,
      deletedAtMs: undefined,
      tags: [],
      downloads: 0,
      ghost: false,
    };
    all.set(version.id, version);
    active.set(version.digest, version);
    sorted = undefined;
    return version;
  }

  function moveTag(tag: string, to: FakeVersion): void {
    const from = tagged.get(tag);
    if (from === to) return;
    if (from !== undefined)
      touch(
        from,
        from.tags.filter((other) => other !== tag),
      );
    touch(to, [...to.tags, tag]);
    tagged.set(tag, to);
  }

  function seed(manifest: BuiltManifest, given: VersionSeed): FakeVersion {
    const known = active.get(manifest.digest);
    const createdAtMs =
      given.createdAt === undefined ? FIRST_SEED_MS + seeded * SEED_STEP_MS : Date.parse(given.createdAt);
    seeded += 1;
    const version = known ?? addVersion(manifest, createdAtMs);
    for (const tag of given.tags ?? []) moveTag(tag, version);
    version.updatedAtMs = given.updatedAt === undefined ? version.createdAtMs : Date.parse(given.updatedAt);
    version.downloads = given.downloads ?? version.downloads;
    version.ghost = given.ghost ?? version.ghost;
    return version;
  }

  function seedAll(manifest: BuiltManifest, given: VersionSeed): FakeVersion {
    const inherited = given.createdAt === undefined ? {} : { createdAt: given.createdAt };
    for (const child of manifest.children) if (!active.has(child.digest)) seedAll(child, inherited);
    for (const blob of manifest.blobs) blobs.set(blob.digest, blob.bytes);
    return seed(manifest, given);
  }

  function drop(version: FakeVersion): void {
    version.deletedAtMs = now();
    active.delete(version.digest);
    for (const tag of version.tags) tagged.delete(tag);
    sorted = undefined;
  }

  function find(reference: string): FakeVersion | undefined {
    return reference.includes(':') ? active.get(reference as Digest) : tagged.get(reference);
  }

  function isLastTagged(version: FakeVersion): boolean {
    if (active.size === 1) return true;
    return version.tags.length > 0 && version.tags.length === tagged.size;
  }

  const package_: FakePackage = {
    owner,
    name,
    visibility,
    repository,
    id: world.nextId(),
    createdAtMs: FIRST_SEED_MS,
    lag: 0,
    restoreTakesTags: false,
    blobs,
    add: (manifest, given = {}) => seedAll(manifest, given),
    addAlone: (manifest, given = {}) => seed(manifest, given),
    version: (reference) => {
      const found = find(reference);
      if (found === undefined) throw new Error(`${owner}/${name} has no ${reference}`);
      return found;
    },
    find,
    findById: (id) => all.get(id),
    versions: (state = 'active') =>
      state === 'active'
        ? listActive()
        : [...all.values()].filter(({ deletedAtMs }) => deletedAtMs !== undefined).reverse(),
    digests: () => listActive().map(({ digest }) => digest),
    tags: () => new Map([...tagged].map(([tag, { digest }]) => [tag, digest])),
    listForRequest: (state) => {
      if (state === 'deleted') return package_.versions('deleted').map(asListed);
      if (behind === undefined) return listActive().map(asListed);
      const { list, left } = behind;
      if (left === 0) behind = undefined;
      else if (left !== 'until-told') behind.left = left - 1;
      return (left === 0 ? listActive().map(asListed) : list).filter(
        ({ version }) => version.deletedAtMs === undefined,
      );
    },
    put: (manifest, tag) => {
      freeze();
      const version = active.get(sha256(manifest.bytes)) ?? addVersion(manifest, now());
      if (tag !== undefined) moveTag(tag, version);
      return version;
    },
    remove: (id) => {
      const version = all.get(id);
      if (version === undefined || version.deletedAtMs !== undefined)
        return { status: 404, message: 'Package not found.' };
      if (isLastTagged(version)) return { status: 400, message: LAST_TAGGED };
      if (package_.visibility === 'public' && version.downloads > DOWNLOAD_LIMIT)
        return { status: 400, message: TOO_MANY_DOWNLOADS };
      drop(version);
      return undefined;
    },
    restore: (id) => {
      const version = all.get(id);
      const deletedAtMs = version?.deletedAtMs;
      if (version === undefined || deletedAtMs === undefined || now() - deletedAtMs > RESTORE_DAYS * DAY_MS)
        return { status: 404, message: 'Package not found.' };
      if (active.has(version.digest))
        return { status: 400, message: 'A package version with this name already exists.' };
      version.deletedAtMs = undefined;
      for (const tag of package_.restoreTakesTags ? version.tags : []) {
        const holder = tagged.get(tag);
        if (holder !== undefined) holder.tags = holder.tags.filter((other) => other !== tag);
        tagged.delete(tag);
      }
      version.tags = version.tags.filter((tag) => !tagged.has(tag));
      for (const tag of version.tags) tagged.set(tag, version);
      active.set(version.digest, version);
      sorted = undefined;
      return undefined;
    },
    erase: (reference) => drop(package_.version(reference)),
    catchUp: () => {
      behind = undefined;
    },
  };
  return package_;
}

function asListed(version: FakeVersion): ListedVersion {
  return { version, tags: version.tags, updatedAtMs: version.updatedAtMs };
}
