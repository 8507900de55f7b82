// What the look after an apply came to, and how one image stands, in words.

import { shortDigest } from '../model/reference.ts';
import type { ApplyVerification, VerifiedImage } from '../model/verification.ts';
import { describeUsers } from './describe-alarm.ts';
import { joinSome } from './join-some.ts';
import { pluralize } from './pluralize.ts';

/** Digests that are named for one image. */
const MAX_DIGESTS = 5;

/** The words about a verification. Lines hold untrusted names. */
export interface VerificationWords {
  /** `Looked for afterwards: all 12 images that clusters use here are there.` */
  readonly text: string;
  /** Images that were not there before either, and those of which nobody can tell: a line each. */
  readonly remarks: readonly string[];
}

/** What the look found, apart from the alarm, which stands above everything else. */
export function describeVerification({ images, lost, goneBefore, unknown }: ApplyVerification): VerificationWords {
  const parts = [
    ...(lost.length > 0 ? [`${pluralize(lost.length, 'image')} GONE`] : []),
    ...(goneBefore.length > 0 ? [`${goneBefore.length} not there, and not there before this run either`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} of which nobody can tell`] : []),
  ];
  return { text: `${summaryOf(images, parts)}.`, remarks: [...goneBefore, ...unknown].map(describeImage) };
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
