// A verify in words: the verdict, where it was looked, what to do next.

import type { VerifiedImage } from '../model/verification.ts';
import { isBroken } from '../model/verification.ts';
import type { Tone } from './describe-verdict.ts';
import { formatCount } from './format-count.ts';
import { joinSome } from './join-some.ts';
import { pluralize } from './pluralize.ts';
import type { VerifyReport } from './verify-report.ts';

const MAX_NAMES = 5;

/** `ghcr.io/team/app`, or the first five and how many more. Empty when the run stopped before it knew. */
export function describeScope({ scope }: VerifyReport): string {
  return joinSome(scope, MAX_NAMES);
}

/** How everything stands, in one sentence. */
export function describeVerifyStatus({ result, images, totals, problems }: VerifyReport): string {
  if (result.kind === 'stopped') return 'Stopped by an error: whether everything is there cannot be told.';
  const { absent, incomplete, badReference, unknown } = totals;
  const parts = [
    ...(absent > 0 ? [`${formatCount(absent)} ABSENT`] : []),
    ...(incomplete > 0 ? [`${formatCount(incomplete)} INCOMPLETE`] : []),
    ...(badReference > 0 ? [`${formatCount(badReference)} with a name that is no image reference`] : []),
    ...(unknown > 0 ? [`${formatCount(unknown)} not known`] : []),
  ];
  const used = `${pluralize(images.length, 'image')} that clusters use`;
  if (parts.length > 0) return `Of ${used}: ${parts.join(', ')}, ${formatCount(totals.available)} there.`;
  if (problems.length > 0) return 'Whether everything is there could not be told.';
  if (images.length === 0) return 'Clusters use no image of these repositories: nothing was looked for.';
  return images.length === 1 ? 'The one image that clusters use is there.' : `All ${used} are there.`;
}

/** What a reader does now; undefined when there is nothing to do. */
export function describeVerifyNext({ result, images, problems }: VerifyReport): string | undefined {
  if (result.kind === 'stopped') return result.error.hint;
  if (images.some(isBroken))
    return 'Push what is missing again, or restore it; until then nobody can start what uses it on a node that does not hold it.';
  const [unknown] = images.flatMap(({ availability }) => (availability.kind === 'unknown' ? [availability.error] : []));
  return (unknown ?? problems[0]?.error)?.hint;
}

/** How a reader should feel. */
export function toneOfVerify({ result, images, totals, problems }: VerifyReport): Tone {
  if (result.kind === 'stopped' || images.some(isBroken)) return 'bad';
  return totals.unknown + problems.length > 0 || images.length === 0 ? 'attention' : 'good';
}

/** What was looked at and what limits it, a line each. Untrusted names. */
export function listVerifyNotes({ sources, problems, notes }: VerifyReport): readonly string[] {
  const names = sources.map(({ kind, name, objects }) => `${kind} ${name} (${pluralize(objects, 'object')})`);
  return [
    ...(sources.length === 0 ? [] : [`read: ${joinSome(names, MAX_NAMES)}`]),
    ...problems.map(({ repository, error }) => `${repository} did not say all that was asked: ${error.message}`),
    ...notes,
  ];
}

/** The images that a reader must see: all but those that are there. */
export function listTroubled({ images }: VerifyReport): readonly VerifiedImage[] {
  return images.filter(({ availability }) => availability.kind !== 'available');
}

/** What went wrong, in some lines, for a job's annotations; undefined when nothing did. Untrusted. */
export function describeVerifyTrouble(report: VerifyReport): string | undefined {
  return toneOfVerify(report) === 'good' || (report.images.length === 0 && report.problems.length === 0)
    ? undefined
    : describeVerifyStatus(report);
}
