// Stages without a record of what they were built for: from a build with `--dev`, a push of records that was refused, or in the middle of
// an image.

import type { Digest } from '../../model/reference.ts';
import { type Duration, durationFromMs, type Instant } from '../../model/time.ts';
import { isRecorded, type Link } from '../link.ts';
import type { UnkeptVerdict } from '../rules/git.ts';
import type { Age } from '../rules/recent.ts';
import type { Werf } from './werf.ts';

/** What unrecorded stages are judged by. */
export interface UnrecordedInput {
  readonly werf: Werf;
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  readonly ageOf: (digest: Digest) => Age;
  /** They stay so long. */
  readonly within: Duration;
  readonly now: Instant;
}

/**
 * A verdict on what werf built and no record that counts is about; undefined for everything else. Such a stage stays while it is younger
 * than so long, or its age is unknown. Where there is no record at all, that one is missing says nothing: then all of them stay.
 */
export function makeJudgeUnrecorded(input: UnrecordedInput): (digest: Digest) => UnkeptVerdict | undefined {
  const { werf, links, within, now } = input;
  return (digest) => {
    const told = links.get(digest) ?? [];
    // What nobody can read may be a link.
    const isTold = told.some((link) => isRecorded(link) || link.kind === 'unknown');
    if (!werf.built.has(digest) || isTold) return undefined;
    if (!werf.hasBuildRecords) {
      return { keep: { rule: 'unlinked', why: 'no record here says what any stage was built for' } };
    }
    const time = input.ageOf(digest);
    if (time.kind === 'unknown') return { keep: { rule: 'unrecorded-young', within } };
    const age = durationFromMs(Math.max(0, now - time.at));
    return age < within
      ? { keep: { rule: 'unrecorded-young', age, within } }
      : { drop: [{ rule: 'unrecorded', age, within }] };
  };
}
