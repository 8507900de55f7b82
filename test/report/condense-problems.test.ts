import { describe, expect, it } from 'vitest';
import { condenseProblems } from '../../src/report/condense-problems.ts';
import type { ProblemRow } from '../../src/report/list-changes.ts';
import { digestOf } from '../builders/report.ts';

function rows(count: number, why: string, outcome: ProblemRow['outcome'] = 'skipped'): readonly ProblemRow[] {
  return Array.from({ length: count }, (_, at) => {
    return { outcome, why, action: 'delete', digest: digestOf(`${why} ${at}`), tags: [] };
  });
}

describe('steps that were not done', () => {
  it('are counted from the fourth on where they share a reason', () => {
    const condensed = condenseProblems([...rows(1, 'no right', 'failed'), ...rows(27, 'not tried: no right')]);
    expect(condensed.map((row) => (row.kind === 'more' ? row : row.outcome))).toEqual([
      'failed',
      'skipped',
      'skipped',
      'skipped',
      { kind: 'more', count: 24, outcome: 'skipped', why: 'not tried: no right' },
    ]);
  });

  it('have a row each where their reasons differ, and where there are no more than four', () => {
    const problems = [...rows(4, 'a tag moved'), ...rows(2, 'it is used'), ...rows(1, 'a tag moved', 'failed')];
    expect(condenseProblems(problems)).toEqual(problems.map((row) => ({ kind: 'step', ...row })));
  });

  it('are none where there are none', () => {
    expect(condenseProblems([])).toEqual([]);
  });
});
