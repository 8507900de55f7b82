// Puts one verify together as a report, with its sums and its exit code.

import type { CleanupError } from '../errors.ts';
import { formatInstant, type Instant } from '../model/time.ts';
import { AVAILABILITIES, isBroken, type VerifiedImage } from '../model/verification.ts';
import { compareText } from '../util/compare-text.ts';
import type { VerifyReport, VerifyTotals } from './verify-report.ts';

/** Everything that is known about a verify when it ends. */
export type VerifyInput = Omit<VerifyReport, 'version' | 'command' | 'startedAt' | 'finishedAt' | 'totals'> & {
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
};

/** The report of a verify, with its images in order. Times are RFC 3339 in UTC, to the second. */
export function buildVerifyReport(input: VerifyInput): VerifyReport {
  return {
    version: 1,
    command: 'verify',
    ...input,
    startedAt: formatInstant(input.startedAt),
    finishedAt: formatInstant(input.finishedAt),
    images: sortImages(input.images),
    totals: countImages(input.images),
  };
}

/** The report of a verify that ended before it began: an option was wrong. */
export function buildStoppedVerify(stopped: {
  readonly tool: string;
  readonly at: Instant;
  readonly error: CleanupError;
}): VerifyReport {
  const { name, code, message, hint, exitCode } = stopped.error;
  const error = { name, code, message, ...(hint === undefined ? {} : { hint }), exitCode };
  return buildVerifyReport({
    tool: stopped.tool,
    startedAt: stopped.at,
    finishedAt: stopped.at,
    result: { kind: 'stopped', error },
    scope: [],
    sources: [],
    problems: [],
    notes: [],
    images: [],
  });
}

/**
 * 0 when every image is there; 1 when one is absent, incomplete or no reference; else the error's of what is unknown: the smallest one,
 * which is what the user can do something about.
 */
export function verifyExitCodeOf({ result, images, problems }: Omit<VerifyReport, 'totals'>): number {
  if (result.kind === 'stopped') return result.error.exitCode;
  if (images.some(isBroken)) return 1;
  const unknown = images.flatMap(({ availability }) => (availability.kind === 'unknown' ? [availability.error] : []));
  const codes = [...unknown, ...problems.map(({ error }) => error)].map(({ exitCode }) => exitCode);
  return codes.length === 0 ? 0 : Math.min(...codes);
}

/** How many images stand in each way. */
export function countImages(images: readonly VerifiedImage[]): VerifyTotals {
  const count = (kind: VerifiedImage['availability']['kind']): number =>
    images.filter(({ availability }) => availability.kind === kind).length;
  return {
    available: count('available'),
    absent: count('absent'),
    incomplete: count('incomplete'),
    badReference: count('bad-reference'),
    unknown: count('unknown'),
  };
}

/** The worst first, then by name. */
function sortImages<Image extends VerifiedImage>(images: readonly Image[]): readonly Image[] {
  const rank = ({ availability }: VerifiedImage): number => AVAILABILITIES.indexOf(availability.kind);
  return images.toSorted((a, b) => rank(a) - rank(b) || compareText(a.image, b.image));
}
