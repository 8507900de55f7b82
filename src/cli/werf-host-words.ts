// What werf's words mean on `host`: those of `werf host cleanup`, and none by which a variable of the job would widen what goes.

import { type Mistake, quote, wrongValue } from '../config/mistake.ts';
import type { OptionCommand } from '../options/option.ts';
import type { WerfMeaning, WerfName } from '../options/werf-names.ts';
import type { WerfValue } from './read-werf-words.ts';

const USAGE = 'allowed-backend-storage-volume-usage';
const MARGIN = `${USAGE}-margin`;
/** werf's own. */
const USUAL_MARGIN = 5;

/** What a word means to a command. With `host` a repository in the environment is none: naming one is asking for what it has no more. */
export function meaningFor(entry: WerfName, { isWord }: WerfValue, command: OptionCommand): WerfMeaning {
  if (command !== 'host') return entry.meaning;
  if (entry.name === 'repo' && !isWord)
    return { kind: 'idle', why: 'with `host` it must be named on the command line' };
  return entry.onHost ?? entry.meaning;
}

/** The two thresholds, as options have them; none with a mistake among the mistakes. */
export function readVolumeUsage(
  values: ReadonlyMap<string, WerfValue>,
  mistakes: Mistake[],
): readonly (readonly [name: string, value: string])[] {
  const before = mistakes.length;
  const high = readPercent(values.get(USAGE), mistakes) ?? 0;
  const margin = readPercent(values.get(MARGIN), mistakes) ?? USUAL_MARGIN;
  if (mistakes.length > before) return [];
  return [
    ['image-gc-high-threshold', String(high)],
    ['image-gc-low-threshold', String(Math.max(0, high - margin))],
  ];
}

function readPercent(given: WerfValue | undefined, mistakes: Mistake[]): number | undefined {
  if (given === undefined) return undefined;
  const [text = ''] = given.values;
  if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
  mistakes.push(wrongValue(given.place, quote(text), 'a percentage from 0 to 100'));
  return undefined;
}
