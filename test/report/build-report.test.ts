import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/plan/outcome.ts';
import { deleteStep, outcomeOf, planOf, reportOf, repositoryPlan, typicalDecisions } from '../builders/report.ts';

const decisions = typicalDecisions();
const plan = planOf([repositoryPlan(decisions)]);
const doomed = decisions.filter(({ decision }) => decision === 'delete');

function apply(outcomes: readonly Outcome[], notApplied: readonly Outcome[] = []) {
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan,
    applied: [{ name: 'ghcr.io/team/app', outcomes, notApplied }],
  }).totals;
}

describe('buildReport', () => {
  it('shows what a plan would do, over all repositories', () => {
    const twice = planOf([repositoryPlan(decisions), repositoryPlan(decisions, { name: 'ghcr.io/team/b' })]);
    const { totals } = reportOf({ plan: twice });
    const one = plan.repositories[0]!.totals;
    expect(totals).toEqual({
      kept: 18,
      deleted: 10,
      untagged: 0,
      skipped: 0,
      failed: 0,
      left: 0,
      reclaimableBytes: 2 * one.reclaimableBytes,
    });
  });

  it('shows zeros and the error when the run stopped before a plan', () => {
    const error = { name: 'AuthError', code: 'AUTH', message: 'no', exitCode: 3 };
    const report = reportOf({ result: { kind: 'stopped', error } });
    expect(report.totals).toEqual({
      kept: 0,
      deleted: 0,
      untagged: 0,
      skipped: 0,
      failed: 0,
      left: 0,
      reclaimableBytes: 0,
    });
    expect(report.plan).toBeUndefined();
  });

  it('counts what an apply did, and keeps what it did not', () => {
    const [first, second, third, fourth] = doomed.map(deleteStep);
    const totals = apply([
      outcomeOf(first!, 'deleted'),
      outcomeOf(second!, 'already-gone'),
      outcomeOf(third!, 'failed', 'HTTP 500'),
      outcomeOf(fourth!, 'skipped', 'a new tag'),
    ]);
    expect(totals).toMatchObject({ kept: 12, deleted: 1, failed: 1, skipped: 1 });
  });

  it('counts what a quota left for the next run apart from what was skipped', () => {
    const [first, second, third] = doomed.map(deleteStep);
    const totals = apply([
      outcomeOf(first!, 'deleted'),
      { ...outcomeOf(second!, 'skipped', 'the quota is used up'), left: true },
      { ...outcomeOf(third!, 'skipped', 'not tried: the quota is used up'), left: true },
    ]);
    expect(totals).toMatchObject({ kept: 13, deleted: 1, failed: 0, skipped: 0, left: 2 });
  });

  it('counts steps of the plan file that were not tried as skipped', () => {
    expect(apply([], [outcomeOf(deleteStep(doomed[0]!), 'skipped', 'kept now')])).toMatchObject({
      skipped: 1,
      kept: 14,
    });
  });

  it('counts no step as skipped whose image had gone when the plan file was applied', () => {
    expect(apply([], [outcomeOf(deleteStep(doomed[0]!), 'already-gone', 'gone')])).toMatchObject({ skipped: 0 });
  });

  it('counts a tag that came off as untagged, not as a deleted image', () => {
    const { digest } = decisions[0]!;
    const step = { action: 'untag', digest, precondition: { tags: [], owners: [] } } as const;
    expect(apply([outcomeOf(step, 'deleted')])).toMatchObject({ deleted: 0, untagged: 1, kept: 14 });
  });

  it('reports the plan’s bytes when everything was deleted', () => {
    const totals = apply(doomed.map((one) => outcomeOf(deleteStep(one), 'deleted')));
    expect(totals.reclaimableBytes).toBe(plan.repositories[0]!.totals.reclaimableBytes);
  });

  it('reports no more than the deleted images hold when only a part was deleted', () => {
    const [small] = doomed;
    expect(apply([outcomeOf(deleteStep(small!), 'deleted')]).reclaimableBytes).toBe(small!.sizeBytes);
  });

  it('reports no freed bytes when nothing was deleted', () => {
    expect(apply([outcomeOf(deleteStep(doomed[0]!), 'failed', 'HTTP 500')]).reclaimableBytes).toBe(0);
  });

  it('writes times as RFC 3339 in UTC', () => {
    expect(reportOf({})).toMatchObject({ startedAt: '2026-11-21T20:24:00Z', finishedAt: '2026-11-21T20:24:03Z' });
  });

  it('is the same after a way through JSON', () => {
    const report = reportOf({ plan, planFile: 'p.json', firstSeen: { a: {} } });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
