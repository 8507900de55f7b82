// Steps that were not done for one and the same reason, in few rows: a missing right stops thousands of them.

import type { ProblemRow } from './list-changes.ts';

/** One row: a step, or so many further ones with the same outcome and reason. */
export type CondensedRow =
  | ({ readonly kind: 'step' } & ProblemRow)
  | { readonly kind: 'more'; readonly count: number; readonly outcome: ProblemRow['outcome']; readonly why: string };

/** Shown by name, of those that share a reason. */
const MAX_ALIKE = 3;

/**
 * In the order given, the further ones where the first of them stood. Never empty for what is not. A single further one is shown by
 * name: its row would be no shorter.
 */
export function condenseProblems(problems: readonly ProblemRow[]): readonly CondensedRow[] {
  const keyOf = ({ outcome, why }: ProblemRow) => `${outcome} ${why}`;
  const totals = new Map<string, number>();
  for (const one of problems) totals.set(keyOf(one), (totals.get(keyOf(one)) ?? 0) + 1);
  const seen = new Map<string, number>();
  return problems.flatMap((one): readonly CondensedRow[] => {
    const key = keyOf(one);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    const rest = (totals.get(key) ?? 0) - MAX_ALIKE;
    if (before < MAX_ALIKE || rest === 1) return [{ kind: 'step', ...one }];
    return before === MAX_ALIKE ? [{ kind: 'more', count: rest, outcome: one.outcome, why: one.why }] : [];
  });
}
