// How full a disk may be, in kubelet's words: https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/

import type { DiskThreshold } from '../model/host-policy.ts';
import { addMistake, addWrong, type Findings, placeOf, readText } from './findings.ts';
import { quote } from './mistake.ts';

/** Both thresholds. */
export interface DiskThresholds {
  readonly high: DiskThreshold;
  readonly low: DiskThreshold;
}

type ThresholdName = 'image-gc-high-threshold' | 'image-gc-low-threshold';

/** What kubelet has between its own two: 85 and 80. */
const USUAL_MARGIN = 5;

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  ...powersOf(1000, ['kB', 'MB', 'GB', 'TB', 'PB']),
  ...powersOf(1000, ['k', 'M', 'G', 'T', 'P']),
  KB: 1000,
  ...powersOf(1024, ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']),
  ...powersOf(1024, ['Ki', 'Mi', 'Gi', 'Ti', 'Pi']),
};

/** Both; undefined where disks are not to be looked at: nothing was given, or a high of 100 percent, by which kubelet means the same. */
export function readDiskThresholds(findings: Findings): DiskThresholds | undefined {
  const [highPlace, lowPlace] = (['image-gc-high-threshold', 'image-gc-low-threshold'] as const).map((name) =>
    placeOf(name, findings.frontEnd),
  );
  const low = readThreshold(findings, 'image-gc-low-threshold');
  if (findings.raw['image-gc-high-threshold'] === undefined) {
    if (low !== undefined)
      addMistake(findings, 'image-gc-low-threshold', `only with ${highPlace}: nobody begins by it`);
    return undefined;
  }
  const high = readThreshold(findings, 'image-gc-high-threshold');
  if (high === undefined) return undefined;
  if (low !== undefined && low.kind !== high.kind) {
    const text = `not in ${wordOf(low)} while ${highPlace} is in ${wordOf(high)}: which one is higher depends on the disk`;
    addMistake(findings, 'image-gc-low-threshold', text);
  } else if (low !== undefined && sizeOf(low) > sizeOf(high)) {
    const text = `${show(low)} is higher than ${highPlace}, ${show(high)}: it is where deleting stops`;
    addMistake(findings, 'image-gc-low-threshold', text);
  }
  if (high.kind === 'percent' && high.percent === 100) {
    findings.notes.push(`${highPlace} is 100 percent: as kubelet has it, the disk is no reason to delete`);
    return undefined;
  }
  if (low === undefined) findings.notes.push(`${lowPlace} is ${show(usualLow(high))}`);
  return { high, low: low ?? usualLow(high) };
}

function readThreshold(findings: Findings, name: ThresholdName): DiskThreshold | undefined {
  const text = readText(findings, name);
  if (text === undefined) return undefined;
  const threshold = parseThreshold(text);
  if (threshold !== undefined) return threshold;
  const expected = 'a percentage from 0 to 100 as 85 or 85%, or bytes with their unit as 200GB or 200GiB';
  addWrong(findings, { name, got: quote(text), expected });
  return undefined;
}

/** `85`, `85%`, `200GB`, `1.5Ti`; undefined for anything else. Bytes are rounded down to a whole number. */
function parseThreshold(text: string): DiskThreshold | undefined {
  const percent = /^(\d{1,3}) ?%?$/.exec(text);
  if (percent !== null) {
    const value = Number(percent[1]);
    return value <= 100 ? { kind: 'percent', percent: value } : undefined;
  }
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z]{1,3})$/.exec(text) ?? [];
  const factor = UNITS[unit];
  const bytes = factor === undefined ? Number.NaN : Math.floor(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? { kind: 'bytes', bytes } : undefined;
}

function powersOf(base: number, units: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(units.map((unit, at) => [unit, base ** (at + 1)]));
}

function usualLow(high: DiskThreshold): DiskThreshold {
  return high.kind === 'percent'
    ? { kind: 'percent', percent: Math.max(0, high.percent - USUAL_MARGIN) }
    : { kind: 'bytes', bytes: Math.floor(high.bytes * (1 - USUAL_MARGIN / 100)) };
}

function sizeOf(threshold: DiskThreshold): number {
  return threshold.kind === 'percent' ? threshold.percent : threshold.bytes;
}

function wordOf({ kind }: DiskThreshold): string {
  return kind === 'percent' ? 'percent' : 'bytes';
}

function show(threshold: DiskThreshold): string {
  return threshold.kind === 'percent' ? `${threshold.percent}%` : `${threshold.bytes} bytes`;
}
