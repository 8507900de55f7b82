// What was not looked at though the user wanted it, in words. Such numbers are never shown as if they were the whole truth.

import { titleOfMissing } from '../model/missing-evidence.ts';
import type { Report } from './report.ts';

/** The warning on a plan that rests on a part of the evidence. */
export interface MissingWords {
  /** `Kubernetes was not looked at.` */
  readonly headline: string;
  /** What that means for the numbers and for the plan. */
  readonly meaning: string;
  /** One line for each source: `Kubernetes: secrets are not given to pull requests of forks`. May hold untrusted text. */
  readonly lines: readonly string[];
}

/** Undefined when everything was looked at. */
export function describeMissing({ plan }: Report): MissingWords | undefined {
  const missing = plan?.evidence.missing ?? [];
  if (missing.length === 0) return undefined;
  const titles = [...new Set(missing.map(titleOfMissing))];
  const last = titles.at(-1) ?? '';
  const list = titles.length === 1 ? last : `${titles.slice(0, -1).join(', ')} and ${last}`;
  return {
    headline: `${list.charAt(0).toUpperCase()}${list.slice(1)} ${titles.length === 1 ? 'was' : 'were'} not looked at.`,
    meaning:
      'What would be protected from there is counted as unneeded, so the numbers say what would go at most. Nothing was deleted, and this plan is never applied.',
    lines: missing.map((one) => `${titleOfMissing(one)}: ${one.why}`),
  };
}
