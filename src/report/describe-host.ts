// A `host` in words: where it stands, what a reader does next, what goes and stays and why. Rows may hold untrusted names.

import { compareText } from '../util/compare-text.ts';
import { isDiskGoalMissed } from './build-host-report.ts';
import { shortId } from './describe-host-reason.ts';
import type { FrontEnd } from './describe-status.ts';
import type { Tone } from './describe-verdict.ts';
import { formatBytes } from './format-bytes.ts';
import { formatCount } from './format-count.ts';
import type { HostReport, ReportedHostStep, ReportedLocalImage } from './host-report.ts';
import { pluralize } from './pluralize.ts';

/** So many images for one reason, and some of their names. */
export interface HostTally {
  readonly count: number;
  readonly text: string;
  readonly names: readonly string[];
}

/** One row of the list of what goes. */
export interface HostRow {
  readonly what: string;
  readonly bytes: string;
  readonly name: string;
  readonly why: string;
  /** What became of it; empty for a plan. */
  readonly outcome: string;
}

/** Where it stands, in one sentence. Holds no untrusted text. */
export function describeHostStatus(report: HostReport): string {
  const { result, totals, steps } = report;
  switch (result.kind) {
    case 'stopped':
      return `Stopped by an error: ${totals.deleted === 0 ? 'nothing was deleted' : `${describeDone(report)} by then`}.`;
    case 'refused':
      return 'Refused: nothing was deleted.';
    case 'planned':
      return steps.length === 0
        ? 'Nothing to delete.'
        : `${capitalize(describeGoing(report))} would go${about(totals.freesBytes)}. Nothing was deleted.`;
    case 'applied':
      return steps.length === 0 ? 'Nothing to delete.' : `${capitalize(describeDone(report))}${describeLeft(report)}.`;
  }
}

/** How full the disk is; undefined where nobody measured it. The path is untrusted. */
export function describeHostDisk({ disk, result, steps }: HostReport): string | undefined {
  if (disk === undefined) return undefined;
  const { before, expected, after, goal } = disk;
  const room = `${formatBytes(before.availableBytes)} of ${formatBytes(before.capacityBytes)} free`;
  const was = `Disk ${before.path}: ${before.usedPercent} % in use (${room})`;
  const then = after === undefined ? expected.usedPercent : after.usedPercent;
  const change =
    steps.length === 0 && after === undefined ? '' : `, ${then} % ${after === undefined ? 'expected after it' : 'now'}`;
  if (goal === undefined) return `${was}${change}.`;
  const found = `wanted ${formatBytes(goal.wantedBytes)} free, found ${formatBytes(goal.eligibleBytes)} that may go`;
  const isMissed = result.kind === 'applied' && isDiskGoalMissed(disk);
  const missed =
    goal.missingBytes === undefined
      ? '; whether that was reached could not be measured'
      : `; ${formatBytes(goal.missingBytes)} are still missing`;
  return `${was}${change}; ${found}${isMissed ? missed : ''}.`;
}

/** What a reader does now, in the words of the front end; undefined when there is nothing to do. */
export function describeHostNext(
  { result, totals, disk, steps, guards }: HostReport,
  frontEnd: FrontEnd = 'cli',
): string | undefined {
  const word = (option: string): string => (frontEnd === 'action' ? option : `--${option}`);
  if (result.kind === 'stopped') return result.error.hint;
  if (guards.length > 0 && result.kind === 'planned') return `As it is, ${word('confirm')} would refuse all of it.`;
  if (result.kind === 'planned') return steps.length === 0 ? undefined : `Do it with ${word('confirm')}.`;
  if (result.kind === 'applied' && isDiskGoalMissed(disk))
    return `Something else than images that may go fills the disk: look at containers, volumes and the build cache, or lower ${word('minimum-image-age')}.`;
  if (totals.failed > 0) return 'What failed is tried again by the next run.';
  return undefined;
}

/** How a reader should feel. */
export function toneOfHost(report: HostReport): Tone {
  const { result, totals, disk, diskUnknown, guards } = report;
  if (result.kind === 'stopped' || result.kind === 'refused' || totals.failed > 0) return 'bad';
  if (result.kind === 'applied' && (isDiskGoalMissed(disk) || diskUnknown !== undefined)) return 'bad';
  return guards.length + totals.skipped > 0 || diskUnknown !== undefined ? 'attention' : 'good';
}

/** Why images go and why they stay, the commonest reason first; each image counts once, by its first reason. */
export function tallyHost({ images }: HostReport): {
  readonly go: readonly HostTally[];
  readonly stay: readonly HostTally[];
} {
  const goes = images.filter(({ decision }) => decision !== 'keep');
  const stays = images.filter(({ decision }) => decision === 'keep');
  return { go: tally(goes), stay: tally(stays) };
}

/** What goes, in the order of the plan, but what was not done first. */
export function listHostSteps({ steps, images }: HostReport): readonly HostRow[] {
  const byId = new Map(images.map((image) => [image.id, image]));
  const rank = ({ outcome }: ReportedHostStep): number => (outcome === 'failed' ? 0 : outcome === 'skipped' ? 1 : 2);
  return steps
    .toSorted((a, b) => rank(a) - rank(b))
    .map((step) => ({
      what: WHAT[step.action],
      bytes: step.freesBytes > 0 ? formatBytes(step.freesBytes) : '',
      name: nameOfStep(step, byId),
      why: step.text ?? [...new Set(step.reasons.map(({ text }) => text))].join('; '),
      outcome: step.outcome === undefined ? '' : OUTCOMES[step.outcome],
    }));
}

/** What was deleted and may be pulled again by digest, as far as a registry has it. */
export function listPullable({ steps, images }: HostReport): readonly string[] {
  const gone = new Set(
    steps.flatMap(({ action, outcome, target }) =>
      action === 'delete-image' && outcome === 'deleted' && target !== undefined ? [target] : [],
    ),
  );
  return images.filter(({ id }) => gone.has(id)).flatMap(({ digests }) => digests);
}

const WHAT: Readonly<Record<ReportedHostStep['action'], string>> = {
  'delete-container': 'container',
  'untag-image': 'names',
  'delete-image': 'image',
  'prune-build-cache': 'build cache',
  'delete-folder': 'own cache',
};

const OUTCOMES: Readonly<Record<NonNullable<ReportedHostStep['outcome']>, string>> = {
  deleted: 'deleted',
  'already-gone': 'already gone',
  skipped: 'skipped',
  failed: 'FAILED',
};

/** What a rule says of many images at once. */
const RULES: Readonly<Record<string, string>> = {
  container: 'a container is made from it',
  young: 'too young',
  'age-unknown': 'nobody knows how old it is',
  pin: 'pinned',
  'in-registry': 'the registry still has it',
  'never-pushed': 'nothing proves that a registry ever had it',
  'needed-by': 'another image that stays needs it',
  development: 'of development mode',
  'new-here': 'not here for long enough, as far as anybody knows',
  'used-lately': 'not unused for long enough',
  room: 'the disk needs no more room',
  'not-asked': 'no rule that is on speaks of it',
  'in-doubt': 'in doubt',
  'absent-from-registry': 'the registry has it no more',
  dangling: 'no name leads to it',
  'improper-repo-cache': 'a cached stage that no image in the registry needs',
  'improper-cache-version': 'a cached stage of another version',
  'improper-git-commit': 'its commit is not in Git any more',
  flush: 'of the project, all of which goes',
  mrproper: 'whosever they are, by mrproper',
  unused: 'unused for too long',
  disk: 'the disk is too full',
  intermediate: 'only what goes was built on it',
};

const MAX_TALLY_NAMES = 3;

function tally(images: readonly ReportedLocalImage[]): readonly HostTally[] {
  const byRule = Map.groupBy(images, ({ reasons }) => reasons[0]?.rule ?? 'in-doubt');
  return [...byRule]
    .map(([rule, list]) => ({
      count: list.length,
      text: RULES[rule] ?? rule,
      names: list.slice(0, MAX_TALLY_NAMES).map(nameOfImage),
    }))
    .sort((a, b) => b.count - a.count || compareText(a.text, b.text));
}

function nameOfStep(
  { action, target, names }: ReportedHostStep,
  images: ReadonlyMap<string, ReportedLocalImage>,
): string {
  if (action === 'delete-container') return names[0] ?? shortId(target ?? '');
  if (action === 'delete-folder') return target ?? '';
  if (action === 'prune-build-cache') return "the engine's own";
  if (names.length > 0) return names.join(', ');
  const image = images.get(target ?? '');
  return image === undefined ? shortId(target ?? '') : nameOfImage(image);
}

function nameOfImage({ id, names }: ReportedLocalImage): string {
  return names[0] ?? shortId(id);
}

/** `3 of 12 images, 2 containers and build cache`. */
function describeGoing(report: HostReport): string {
  const { imagesDeleted, imagesUntagged, imagesKept } = report.totals;
  const count = (action: ReportedHostStep['action']) => report.steps.filter((step) => step.action === action).length;
  const all = imagesDeleted + imagesUntagged + imagesKept;
  return joinParts([
    ...(imagesDeleted > 0 ? [`${formatCount(imagesDeleted)} of ${pluralize(all, 'image')}`] : []),
    ...(imagesUntagged > 0 ? [`names of ${pluralize(imagesUntagged, 'image')}`] : []),
    ...(count('delete-container') > 0 ? [pluralize(count('delete-container'), 'container')] : []),
    ...(count('prune-build-cache') > 0 ? ['build cache'] : []),
    ...(count('delete-folder') > 0 ? [`${pluralize(count('delete-folder'), 'folder')} of our own`] : []),
  ]);
}

/** `3 images and 2 containers deleted, about 1.2 GB`. */
function describeDone({ steps, totals }: HostReport): string {
  const count = (action: ReportedHostStep['action']) =>
    steps.filter((step) => step.action === action && step.outcome === 'deleted').length;
  const parts = [
    ...(count('delete-image') > 0 ? [pluralize(count('delete-image'), 'image')] : []),
    ...(count('untag-image') > 0 ? [`names of ${pluralize(count('untag-image'), 'image')}`] : []),
    ...(count('delete-container') > 0 ? [pluralize(count('delete-container'), 'container')] : []),
    ...(count('prune-build-cache') > 0 ? ['build cache'] : []),
    ...(count('delete-folder') > 0 ? [`${pluralize(count('delete-folder'), 'folder')} of our own`] : []),
  ];
  return parts.length === 0 ? 'nothing deleted' : `${joinParts(parts)} deleted${about(totals.freesBytes)}`;
}

/** Nobody tells what a container takes, so nothing is said of nothing. */
function about(bytes: number): string {
  return bytes === 0 ? '' : `, about ${formatBytes(bytes)}`;
}

function describeLeft({ totals: { alreadyGone, skipped, failed } }: HostReport): string {
  return [
    ...(alreadyGone > 0 ? [`${formatCount(alreadyGone)} already gone`] : []),
    ...(skipped > 0 ? [`${formatCount(skipped)} skipped`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} FAILED`] : []),
  ]
    .map((part) => `; ${part}`)
    .join('');
}

function joinParts(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
