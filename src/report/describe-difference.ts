// What a changed policy would do beyond the one it replaces, in words.

import type { DifferingImages, PlanDifference } from '../plan/plan-difference.ts';
import { formatBytes } from './format-bytes.ts';
import { pluralize } from './pluralize.ts';
import type { Report } from './report.ts';

/** The difference in words; `base` and `why` may hold untrusted text. */
export interface DifferenceWords {
  /** `This change would delete 124 more images (9.3 GB) and keep 3 more`, without a full stop. Our own words only. */
  readonly headline: string;
  /** What it is compared with, or why that cannot be done. */
  readonly detail: string;
  /** Whether it would delete more than before, or nobody can tell. */
  readonly tone: 'good' | 'attention';
}

/** Undefined when there is nothing to compare. */
export function describeDifference({ difference, plan }: Report): DifferenceWords | undefined {
  if (difference === undefined) return undefined;
  const { base } = difference;
  if (difference.kind === 'untold')
    return {
      headline: 'What this change of the policy does cannot be told',
      detail: `${capitalize(policyOf(base))} gives nothing to compare with: ${difference.why}`,
      tone: 'attention',
    };
  const more = sumOf(difference, 'moreDeleted');
  const kept = sumOf(difference, 'moreKept');
  const limit = (plan?.evidence.missing ?? []).length > 0 ? 'at most ' : '';
  return {
    headline: headlineOf(more, kept, limit),
    detail: `Compared with ${policyOf(base)}, on the same evidence.`,
    tone: more.count > 0 ? 'attention' : 'good',
  };
}

function policyOf(base: string): string {
  return base.startsWith('the ') ? base : `the policy of ${base}`;
}

function capitalize(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function headlineOf(more: Pick<DifferingImages, 'count' | 'bytes'>, kept: { readonly count: number }, limit: string) {
  if (more.count + kept.count === 0) return 'This change of the policy decides the same as before';
  if (more.count === 0) return `This change would keep ${pluralize(kept.count, 'more image')}, and delete no other`;
  const deleted = `This change would delete ${limit}${pluralize(more.count, 'more image')} (${formatBytes(more.bytes)})`;
  return kept.count === 0 ? deleted : `${deleted} and keep ${pluralize(kept.count, 'more', 'more')}`;
}

function sumOf({ repositories }: Extract<PlanDifference, { kind: 'told' }>, side: 'moreDeleted' | 'moreKept') {
  return {
    count: repositories.reduce((sum, one) => sum + one[side].count, 0),
    bytes: repositories.reduce((sum, one) => sum + one[side].bytes, 0),
  };
}
