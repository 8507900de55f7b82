// Which revisions of Helm releases count: what is installed, and what a rollback may go back to. Pure.

import type { HelmRevisionNames } from './decode-helm-release.ts';

/** Gathers the revisions of all releases of one list, in whatever order they come. */
export interface HelmHistory<T> {
  /** Whether a revision may still count, as far as the newer ones are known. */
  mayCount(names: HelmRevisionNames): boolean;
  /** One revision and what is wanted of it. */
  add(names: HelmRevisionNames, value: T): void;
  /** What was added for every revision that counts, by namespace, release and revision. */
  counting(): readonly { readonly names: HelmRevisionNames; readonly value: T }[];
}

interface Entry<T> {
  readonly names: HelmRevisionNames;
  readonly value: T;
}

interface Release<T> {
  /** The newest revisions that there are, falling, at most as many as count. */
  readonly newest: number[];
  /** The newest of those that worked, in the same way. */
  readonly newestWorking: number[];
  /** All that may still count. */
  entries: Entry<T>[];
}

/**
 * A history in which live revisions always count, and of every release (namespace and name) the newest `length` revisions of any status and
 * the newest `length` that worked: `helm rollback` goes to the latter, and failed upgrades must not push them out.
 * A revision whose number or release nobody knows counts. Holds no more than what counts so far.
 */
export function createHelmHistory<T>(length: number | 'all'): HelmHistory<T> {
  const releases = new Map<string, Release<T>>();
  const limit = length === 'all' ? Number.POSITIVE_INFINITY : length;
  const isWanted = (names: HelmRevisionNames, { newest, newestWorking }: Release<T>): boolean => {
    const { isLive, revision, hasWorked } = names;
    if (isLive || revision === undefined || names.release === undefined) return true;
    return isAmong(newest, revision, limit) || (hasWorked && isAmong(newestWorking, revision, limit));
  };
  const releaseOf = (names: HelmRevisionNames): Release<T> => {
    const key = JSON.stringify([names.namespace ?? null, names.release ?? null]);
    const release = releases.get(key) ?? { newest: [], newestWorking: [], entries: [] };
    releases.set(key, release);
    return release;
  };
  return {
    mayCount: (names) => isWanted(names, releaseOf(names)),
    add(names, value) {
      const release = releaseOf(names);
      if (!isWanted(names, release)) return;
      release.entries.push({ names, value });
      const { revision } = names;
      if (revision === undefined) return;
      const hasPushedOut = [release.newest, ...(names.hasWorked ? [release.newestWorking] : [])]
        .map((newest) => enter(newest, revision, limit))
        .includes(true);
      if (hasPushedOut) release.entries = release.entries.filter((entry) => isWanted(entry.names, release));
    },
    counting: () =>
      [...releases]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, { entries }]) => entries.sort((a, b) => compare(a.names, b.names))),
  };
}

/** Whether a number is, or would be, one of the newest ones. */
function isAmong(newest: readonly number[], revision: number, limit: number): boolean {
  return newest.length < limit || newest.includes(revision) || revision > (newest.at(-1) ?? Number.POSITIVE_INFINITY);
}

/** Enters a number into the falling list of the newest ones. Whether another one fell out. */
function enter(newest: number[], revision: number, limit: number): boolean {
  if (newest.includes(revision)) return false;
  const at = newest.findIndex((other) => other < revision);
  newest.splice(at === -1 ? newest.length : at, 0, revision);
  if (newest.length <= limit) return false;
  newest.pop();
  return true;
}

function compare(a: HelmRevisionNames, b: HelmRevisionNames): number {
  return (a.revision ?? 0) - (b.revision ?? 0) || (a.object < b.object ? -1 : 1);
}
