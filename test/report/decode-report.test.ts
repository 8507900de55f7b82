import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { decodeReport } from '../../src/report/decode-report.ts';
import { digestOf, planOf, reportOf, repositoryPlan, typicalDecisions } from '../builders/report.ts';

const plan = planOf([repositoryPlan(typicalDecisions())]);
const firstSeen = { 'ghcr.io/team/app': { [digestOf('a')]: '2026-11-01T00:00:00Z' } };
const report = reportOf({ plan, firstSeen });

function decode(value: unknown) {
  return decodeReport(JSON.stringify(value), 'last.json');
}

function failure(text: string): UsageError {
  try {
    decodeReport(text, 'last.json');
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('decodeReport', () => {
  it('reads back what a run needs of the report that an earlier run wrote', () => {
    expect(decode(report)).toEqual({ finishedAt: report.finishedAt, evidence: plan.evidence, firstSeen });
  });

  it('keeps a rule that was off apart from one that saw nothing', () => {
    const evidence = { repositories: [] };
    expect(decode({ ...report, plan: { ...plan, evidence } }).evidence).toEqual(evidence);
  });

  it.each([
    ['all three counts', { pullRequests: 3, releases: 0, deployments: 7 }],
    ['only the counts of rules that were on', { releases: 2 }],
  ])('reads back what a forge said, with %s', (_, counts) => {
    const evidence = { forge: { title: 'GitHub', repository: 'acme/shop', ...counts }, repositories: [] };
    expect(decode({ ...report, plan: { ...plan, evidence } }).evidence).toEqual(evidence);
  });

  it('has no evidence from a run that stopped before its plan', () => {
    const error = { name: 'AuthError', code: 'AUTH', message: 'no', exitCode: 3 };
    expect(decode(reportOf({ result: { kind: 'stopped', error } }))).not.toHaveProperty('evidence');
  });

  it('ignores fields that a later version adds', () => {
    expect(decode({ ...report, new: 1 })).toEqual(decode(report));
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['a plan', JSON.stringify(plan), 'is a plan, not a report'],
    ['another version', JSON.stringify({ ...report, version: 2 }), 'is a report of version 2'],
    ['null', 'null', 'is not a report'],
    ['an array', '[]', 'is not a report'],
    ['no first-seen times', JSON.stringify({ ...report, firstSeen: undefined }), 'firstSeen'],
    ['a time without a zone', withFirstSeen(digestOf('a'), '2026-11-01T00:00:00'), 'not an RFC 3339 time'],
    ['a key that is no digest', withFirstSeen('latest', '2026-11-01T00:00:00Z'), 'Invalid key'],
    ['a negative count', withBranches(-1), 'plan.evidence.git.branches'],
    ['a count that is no number', withBranches('12'), 'plan.evidence.git.branches'],
  ])('refuses %s and says what is wrong', (_, text, message) => {
    const error = failure(text);
    expect(error).toMatchObject({ code: 'PLAN_INVALID', exitCode: 2 });
    expect(error.message).toContain('last.json');
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
  });

  it('names all mistakes at once', () => {
    const { message } = failure(JSON.stringify({ ...report, finishedAt: 'today', firstSeen: 3 }));
    expect(message).toContain('finishedAt');
    expect(message).toContain('firstSeen');
  });
});

function withFirstSeen(digest: string, time: string): string {
  return JSON.stringify({ ...report, firstSeen: { 'ghcr.io/team/app': { [digest]: time } } });
}

function withBranches(branches: unknown): string {
  return JSON.stringify({
    ...report,
    plan: { ...plan, evidence: { ...plan.evidence, git: { branches, tags: 1, commits: 1 } } },
  });
}
