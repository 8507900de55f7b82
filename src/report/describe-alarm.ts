// What is told when an image that a cluster uses has gone: which one, who uses it, and how it comes back.

import { formatWorkload } from '../model/usage.ts';
import type { LostImage, VerifiedImage } from '../model/verification.ts';
import { formatCount } from './format-count.ts';
import { joinSome } from './join-some.ts';
import { pluralize } from './pluralize.ts';

/** Users of one image that are named. */
const MAX_USERS = 5;

/** An alarm in words: a first line, a line for each image; and what to do. Holds untrusted names. */
export interface Alarm {
  readonly message: string;
  readonly hint: string;
}

/** The alarm about lost images, at least one. `journal`: where this run wrote down what it deleted; undefined when it deleted nothing. */
export function describeAlarm(lost: readonly LostImage[], journal: string | undefined): Alarm {
  const images = pluralize(lost.length, 'image');
  const [was, is] = lost.length === 1 ? ['was', 'is'] : ['were', 'are'];
  const end = lost.some(({ isStranded }) => isStranded === true) ? 'gone now, or about to go' : 'gone now';
  const first = `${images} that clusters use ${was} there before this run and ${is} ${end}:`;
  return { message: [first, ...lost.map(describeLost)].join('\n'), hint: describeWayBack(lost, journal) };
}

/** `prod: shop/Deployment/web (container app), … and 3 more`. */
export function describeUsers({ workloads, unlisted = 0 }: Pick<VerifiedImage, 'workloads' | 'unlisted'>): string {
  const shown = workloads.slice(0, MAX_USERS).map(formatWorkload).join(', ');
  const more = Math.max(0, workloads.length - MAX_USERS) + unlisted;
  return more > 0 ? `${shown} and ${formatCount(more)} more` : shown;
}

function describeLost(image: LostImage): string {
  const where = image.askedIn === undefined ? '' : ` in ${image.askedIn}`;
  const state = describeState(image);
  const by = image.byThisRun ? '' : '; not by this run';
  const without = image.isStranded === true ? '' : `, without ${image.lost.join(', ')}`;
  return `${image.image}${where}: ${state}${without}${by}; used by ${describeUsers(image)}`;
}

/** What the registry forgot as a whole, or hides from one moment to the next, is worth telling apart from one manifest. */
function describeState({ availability, isStranded }: LostImage): string {
  if (isStranded === true) return 'there until the registry collects it, as no tag leads to it any more';
  if (availability.kind === 'incomplete') return 'incomplete';
  return availability.kind === 'absent' && availability.withoutRepository === true
    ? 'absent, and the registry does not show the repository any more'
    : 'absent';
}

function describeWayBack(lost: readonly LostImage[], journal: string | undefined): string {
  const ours = lost.filter(({ byThisRun }) => byThisRun);
  const undos = new Set(ours.map(({ undo }) => undo));
  const file = journal ?? 'the journal';
  const sentences: string[] = [];
  if (ours.length < lost.length) {
    const names = lost.filter(({ byThisRun }) => !byThisRun).map(({ image }) => image);
    const told = journal === undefined ? '' : `, so the journal ${journal} does not have it`;
    sentences.push(
      `This run did not delete ${joinSome(names, MAX_USERS)}${told}: find out who did, and push it again or have the registry restore it.`,
    );
  }
  if (undos.has('none'))
    sentences.push(`What this run deleted (${file} says what) cannot be brought back from there: push it again.`);
  // Last, so that nothing stands behind what is pasted into a shell.
  const hurry = undos.has('put-manifest') ? ", before the registry's garbage collection runs" : '';
  if (undos.has('restore') || undos.has('put-manifest'))
    sentences.push(`Bring it back now${hurry}: registry-cleanup restore --journal ${file}`);
  return sentences.join(' ');
}
