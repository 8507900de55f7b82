// What the look after an apply came to, and how one image stands, in words.

import { shortDigest } from '../model/reference.ts';
import type { ApplyVerification, ShrunkSource, VerifiedImage } from '../model/verification.ts';
import { describeUsers } from './describe-alarm.ts';
import { formatCount } from './format-count.ts';
import { joinSome } from './join-some.ts';
import { pluralize } from './pluralize.ts';
import type { Report } from './report.ts';

/** Digests that are named for one image. */
const MAX_DIGESTS = 5;

/** The words about a verification. Lines hold untrusted names. */
export interface VerificationWords {
  /** `Looked for afterwards: all 12 images that clusters use here are there.` */
  readonly text: string;
  /** Clusters that show far less now, images that were not there before either, and those of which nobody can tell: a line each. */
  readonly remarks: readonly string[];
}

/** What the look found, apart from the alarm, which stands above everything else. */
export function describeVerification(verification: ApplyVerification): VerificationWords {
  const { images, lost, goneBefore, unknown, shrunk = [] } = verification;
  const parts = [
    ...(lost.length > 0 ? [`${pluralize(lost.length, 'image')} GONE`] : []),
    ...(goneBefore.length > 0 ? [`${goneBefore.length} not there, and not there before this run either`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} of which nobody can tell`] : []),
  ];
  return {
    text: `${summaryOf(images, parts)}.`,
    remarks: [...shrunk.map(describeShrunk), ...[...goneBefore, ...unknown].map(describeImage)],
  };
}

/** How old the proof is; undefined where clusters were not read both before and after. */
export function describeReadings({ usageReadAt = {} }: Pick<Report, 'usageReadAt'>): string | undefined {
  const { beforeFirstStep: first, afterLastStep: last } = usageReadAt;
  if (first === undefined || last === undefined) return undefined;
  return `Clusters were read from ${formatMinute(first)} on, before the first step, and from ${formatMinute(last)} on, after the last.`;
}

/** `2026-11-21 20:24 UTC` of an RFC 3339 time. */
function formatMinute(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}

/** `prod showed 1,207 objects when the plan was made and 3 now (214 pods and 0): …`. Untrusted. */
export function describeShrunk({ kind, name, before, now }: ShrunkSource): string {
  const pods = kind === 'cluster' ? ` (${formatCount(before.pods)} and ${formatCount(now.pods)} pods)` : '';
  const counts = `${pluralize(before.objects, 'object')} when the plan was made and ${formatCount(now.objects)} now`;
  return `${name} showed ${counts}${pods}: what was in use then was looked for too`;
}

function summaryOf(images: number, parts: readonly string[]): string {
  if (images === 0) return 'clusters use no image of these repositories';
  if (parts.length > 0) return `of ${pluralize(images, 'image')} that clusters use here: ${parts.join(', ')}`;
  return images === 1
    ? 'the one image that clusters use here is there'
    : `all ${pluralize(images, 'image')} that clusters use here are there`;
}

/** `ghcr.io/team/app:v1: ABSENT; used by prod: shop/Deployment/web (container app)`. Untrusted. */
function describeImage(image: VerifiedImage): string {
  const where = image.askedIn === undefined ? '' : ` (asked for in ${image.askedIn})`;
  return `${image.image}${where}: ${describeAvailability(image)}; used by ${describeUsers(image)}`;
}

/** How an image stands: `ABSENT`, `INCOMPLETE, without sha256:0123456789ab`, `not known: …`. Untrusted. */
export function describeAvailability({ availability }: Pick<VerifiedImage, 'availability'>): string {
  switch (availability.kind) {
    case 'available':
      return 'there';
    case 'absent':
      return availability.withoutRepository === true ? 'ABSENT, with its whole repository' : 'ABSENT';
    case 'incomplete':
      return `INCOMPLETE, without ${joinSome(availability.missing.map(shortDigest), MAX_DIGESTS)}`;
    case 'bad-reference':
      return 'NO IMAGE REFERENCE';
    case 'unknown':
      return `not known: ${availability.error.message}`;
  }
}
