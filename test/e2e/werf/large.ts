// A large repository of werf's: every commit published every image, most of them as a stage that was there before.

import { managedRecord, type Tagged } from '../../builders/werf-repository.ts';
import { makeShelf } from './shelf.ts';

const HOURS_A_DAY = 24;

/** How large. */
export interface LargeSize {
  /** One an hour, the newest an hour old. */
  readonly commits: number;
  readonly images: number;
  /** Of all images together. */
  readonly stages: number;
}

/** A commit for the builder of Git repositories. */
interface LargeCommit {
  readonly name: string;
  readonly date: string;
  readonly parents: readonly string[];
}

/** The commits of one branch, the oldest first. */
export function largeHistory({ commits }: LargeSize, now: number): readonly LargeCommit[] {
  return Array.from({ length: commits }, (_, at) => ({
    name: `c${at}`,
    date: new Date(now - (commits - at) * 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z'),
    parents: at === 0 ? [] : [`c${at - 1}`],
  }));
}

/** What is in the registry: one record for each commit and image. `idOf` is the id of the commit so many after the first. */
export function largeContent(size: LargeSize, now: number, idOf: (commit: number) => string): readonly Tagged[] {
  const shelf = makeShelf({ project: 'shop', version: '2' }, now);
  const each = Math.ceil(size.stages / size.images);
  for (let image = 0; image < size.images; image += 1) {
    shelf.put(managedRecord(shelf.maker, `image-${image}`, shelf.daysAgo(size.commits / HOURS_A_DAY)));
    let stage = -1;
    for (let commit = 0; commit < size.commits; commit += 1) {
      const days = (size.commits - commit) / HOURS_A_DAY;
      const wanted = Math.floor((commit * each) / size.commits);
      if (wanted !== stage) shelf.stage(`${image} ${wanted}`, { days });
      stage = wanted;
      shelf.publish(`image-${image}`, idOf(commit), `${image} ${wanted}`, days);
    }
  }
  return shelf.tagged;
}
