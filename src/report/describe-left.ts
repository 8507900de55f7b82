// What a run left for the next one because a quota is used up, in words.

import { formatCount } from './format-count.ts';
import type { Report } from './report.ts';

/** Reasons that are told; more than one is strange enough. */
const MAX_WHYS = 3;

/** How an apply begins the reason of a step that it did not come to: the rest of it is that of the step before. */
const UNTRIED = /^not tried: /;

/** `Partial: 812 left for the next run`, and why: distinct reasons, untrusted text. Undefined when nothing is left. */
export function describeLeft({
  applied,
}: Report): { readonly text: string; readonly why: readonly string[] } | undefined {
  const left = (applied ?? []).flatMap(({ outcomes }) => outcomes).filter((one) => one.left === true);
  if (left.length === 0) return undefined;
  const why = [...new Set(left.flatMap((one) => one.why?.replace(UNTRIED, '') ?? []))];
  return { text: `Partial: ${formatCount(left.length)} left for the next run`, why: why.slice(0, MAX_WHYS) };
}
