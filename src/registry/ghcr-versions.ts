// What is known of a package's versions: GitHub's list as it was read, and what single answers have told since. Reads, never writes.

import { ProtocolError } from '../errors.ts';
import { type Packages, type PackageVersion, VERSIONS_A_PAGE } from '../github/packages.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import type { KnownContent } from './port.ts';

/** A whole list, every digest and every tag in it once. */
export interface VersionList {
  readonly versions: ReadonlyMap<Digest, PackageVersion>;
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** By which time it comes newest first, so that what is new is on its first page; undefined when by none. */
  readonly newestFirstBy: 'createdAt' | 'updatedAt' | undefined;
  /** The latest of those times; undefined for an empty list. */
  readonly newestAt: Instant | undefined;
}

/** The versions of one package, as far as they are known. */
export interface VersionBook {
  /**
   * Reads the whole list and goes by it from now on; what comes later is new. @throws ProtocolError PROTOCOL when it contradicts itself
   * however often it is read.
   */
  begin(): Promise<VersionList>;
  /** The list as it was read last; it is read when it never was. */
  current(): Promise<VersionList>;
  /** The version of a digest, as last heard of; undefined when nothing is known. */
  find(digest: Digest): PackageVersion | undefined;
  /** The same, but asks the list when nothing is known. */
  seek(digest: Digest): Promise<PackageVersion | undefined>;
  /** The version of a digest that was pushed just now; undefined while GitHub's list lags behind. */
  findNew(digest: Digest): Promise<PackageVersion | undefined>;
  /** A version now, by its id. `withinMs`: an answer that is not older will do. */
  look(id: number, options?: { readonly withinMs: number }): Promise<PackageVersion | 'absent'>;
  /** Versions with a digest that is not known, and all others that it took to find those. */
  lookForNew(known: KnownContent): Promise<readonly PackageVersion[]>;
  /** Whether one of the others than this has a tag now. */
  hasOtherTagged(digest: Digest): Promise<boolean>;
  /** It is gone, by the word of GitHub. */
  forget(version: PackageVersion): void;
  /** The id of the version of a digest that went last since the book was made; undefined when none did. */
  findGone(digest: Digest): number | undefined;
}

/** A tag that moves while pages are read can show twice, or a digest. */
const TRIES = 3;

/** GitHub's list lags behind a push for seconds; what it shows later may be so much older than what it showed before. Milliseconds. */
const LAG_MS = 5 * 60_000;

/** The first page of the list. */
interface Top {
  readonly versions: readonly PackageVersion[];
  readonly oldest: PackageVersion | undefined;
  readonly isFull: boolean;
}

interface Pages {
  readonly packages: Packages;
  readonly clockMs: () => number;
  readonly versions: Map<Digest, PackageVersion>;
  /** Ids that GitHub said are gone; its lists may show them for a while. */
  readonly gone: Set<number>;
  /** The last of them by digest. */
  readonly goneByDigest: Map<Digest, number>;
  readonly heard: Map<number, { readonly version: PackageVersion; readonly atMs: number }>;
  /** The list that everything began with. */
  first: VersionList | undefined;
  last: VersionList | undefined;
}

/** A book in which nothing stands yet. `clockMs`: a steady clock. */
export function createVersionBook(packages: Packages, clockMs: () => number): VersionBook {
  const pages: Pages = {
    packages,
    clockMs,
    versions: new Map(),
    gone: new Set(),
    goneByDigest: new Map(),
    heard: new Map(),
    first: undefined,
    last: undefined,
  };
  const begin = async (): Promise<VersionList> => {
    pages.first = await readAll(pages);
    return pages.first;
  };
  return {
    begin,
    current: async () => pages.last ?? begin(),
    find: (digest) => pages.versions.get(digest),
    seek: async (digest) => {
      const { versions } = pages;
      const known =
        versions.get(digest) ?? (await readTop(pages))?.versions.find((version) => version.digest === digest);
      return known ?? (await readAll(pages)).versions.get(digest);
    },
    findNew: async (digest) => {
      await ((await readTop(pages)) ?? readAll(pages));
      return pages.versions.get(digest);
    },
    look: (id, options) => look(pages, id, options),
    lookForNew: async (known) => {
      const top = await readTop(pages);
      if (top !== undefined && isEnough(pages, top, known)) return top.versions;
      return [...(await readAll(pages)).versions.values()];
    },
    hasOtherTagged: (digest) => hasOtherTagged(pages, digest),
    forget: ({ id, digest }) => {
      pages.gone.add(id);
      pages.goneByDigest.set(digest, id);
      if (pages.versions.get(digest)?.id === id) pages.versions.delete(digest);
    },
    findGone: (digest) => pages.goneByDigest.get(digest),
  };
}

async function readAll(pages: Pages): Promise<VersionList> {
  const list = await readList(pages.packages, pages.gone);
  pages.last = list;
  pages.versions.clear();
  for (const [digest, version] of list.versions) pages.versions.set(digest, version);
  return list;
}

/** The first page, where what is new shows; undefined where that is not known to be so. */
async function readTop(pages: Pages): Promise<Top | undefined> {
  const { packages, versions, gone, last } = pages;
  if (last?.newestFirstBy === undefined) return undefined;
  const page = await packages.listFirstVersions();
  const top = page.filter(({ id }) => !gone.has(id));
  for (const version of top) versions.set(version.digest, version);
  return { versions: top, oldest: page.at(-1), isFull: page.length >= VERSIONS_A_PAGE };
}

/** Whether nothing beyond this first page can be newer than the list that everything began with. */
function isEnough({ first }: Pages, { versions, oldest, isFull }: Top, known: KnownContent): boolean {
  if (oldest === undefined || !isFull) return true;
  const by = first?.newestFirstBy;
  if (by === undefined || first?.newestAt === undefined) return false;
  if (by === 'createdAt' && versions.every(({ digest }) => known.digests.has(digest))) return true;
  return oldest[by] < first.newestAt - LAG_MS;
}

async function look(
  { packages, clockMs, versions, gone, heard }: Pages,
  id: number,
  options?: { readonly withinMs: number },
): Promise<PackageVersion | 'absent'> {
  const before = heard.get(id);
  if (before !== undefined && options !== undefined && clockMs() - before.atMs <= options.withinMs)
    return before.version;
  const version = await packages.getVersion(id);
  heard.delete(id);
  if (version === 'absent') return version;
  heard.set(id, { version, atMs: clockMs() });
  gone.delete(id);
  versions.set(version.digest, version);
  return version;
}

/** One that is likely is asked for by its id; the list only when that one has lost its tags. */
async function hasOtherTagged(pages: Pages, digest: Digest): Promise<boolean> {
  const isOther = (version: PackageVersion) => version.digest !== digest && version.tags.length > 0;
  const candidate = [...pages.versions.values()].find(isOther);
  const now = candidate === undefined ? 'absent' : await pages.packages.getVersion(candidate.id);
  return (now !== 'absent' && isOther(now)) || [...(await readAll(pages)).versions.values()].some(isOther);
}

async function readList(packages: Packages, gone: ReadonlySet<number>): Promise<VersionList> {
  let contradiction: string | undefined;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const all = (await packages.listVersions()).filter(({ id }) => !gone.has(id));
    const versions = new Map(all.map((version) => [version.digest, version]));
    const tags = new Map(all.flatMap(({ digest, tags: own }) => own.map((tag) => [tag, digest] as const)));
    contradiction = findContradiction(all, { versions, tags });
    if (contradiction !== undefined) continue;
    const newestFirstBy = orderOf(all);
    const newestAt = newestFirstBy === undefined ? undefined : all[0]?.[newestFirstBy];
    return { versions, tags, newestFirstBy, newestAt };
  }
  throw new ProtocolError(
    `GitHub's list of the versions of ${packages.place} shows ${contradiction}, however often it is read.`,
    {
      code: 'PROTOCOL',
      hint: 'Something may be pushing all the time; try again later.',
    },
  );
}

function findContradiction(
  all: readonly PackageVersion[],
  { versions, tags }: Pick<VersionList, 'versions' | 'tags'>,
): string | undefined {
  if (versions.size !== all.length) return 'one digest twice';
  const tagged = all.reduce((count, version) => count + version.tags.length, 0);
  return tagged === tags.size ? undefined : 'one tag at two versions';
}

/** GitHub does not document the order, so it is looked at. */
function orderOf(all: readonly PackageVersion[]): VersionList['newestFirstBy'] {
  const isDescending = (by: 'createdAt' | 'updatedAt'): boolean =>
    all.every((version, at) => at === 0 || (all[at - 1]?.[by] ?? 0) >= version[by]);
  if (isDescending('createdAt')) return 'createdAt';
  return isDescending('updatedAt') ? 'updatedAt' : undefined;
}
