// What a report says of a GitLab: merge requests, protected tags, and what its registry collects by itself.

import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import type { OutcomeKind } from '../../src/plan/outcome.ts';
import type { RepositoryPlan, ShownDecision } from '../../src/plan/plan.ts';
import { decodeReport } from '../../src/report/decode-report.ts';
import { describeEvidence } from '../../src/report/describe-evidence.ts';
import { describeVerdict } from '../../src/report/describe-verdict.ts';
import { mermaidChart } from '../../src/report/mermaid-chart.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderText } from '../../src/report/render-text.ts';
import type { Report } from '../../src/report/report.ts';
import { summarizeForgeUse } from '../../src/report/summarize-forge-use.ts';
import { summarizeReasons } from '../../src/report/summarize-reasons.ts';
import { tallyReasons } from '../../src/report/tally-reasons.ts';
import {
  because,
  decisionOf,
  deleteStep,
  digestOf,
  outcomeOf,
  planOf,
  reportOf,
  repositoryPlan,
  tagOf,
} from '../builders/report.ts';

const drop = (name: string, owners?: readonly string[]): ShownDecision => {
  const untagged = owners === undefined ? {} : { tags: [] };
  const decision = decisionOf({ decision: 'delete', name, reasons: [because.superseded(name)], ...untagged });
  return owners === undefined
    ? decision
    : { ...decision, collectedWith: owners.map((owner): Digest => digestOf(owner)) };
};
const DECISIONS: readonly ShownDecision[] = [
  decisionOf({ decision: 'keep', name: 'main', reasons: [because.branch('main')] }),
  drop('one'),
  drop('two'),
  drop('of one', ['one']),
  drop('of both', ['one', 'two']),
];

function planWith(decisions: readonly ShownDecision[]): RepositoryPlan {
  const all = repositoryPlan(decisions);
  const collected = decisions.filter(({ collectedWith }) => collectedWith !== undefined).length;
  const steps = all.steps.filter(({ precondition }) => precondition.tags.length > 0);
  return { ...all, steps, totals: { ...all.totals, deleted: all.totals.deleted - collected, collected } };
}

const PLAN = planWith(DECISIONS);

function applied(...kinds: readonly OutcomeKind[]): Report {
  const doomed = DECISIONS.filter(({ decision, tags }) => decision === 'delete' && tags.length > 0);
  const outcomes = kinds.flatMap((kind, at) => {
    const decision = doomed[at];
    return decision === undefined ? [] : [outcomeOf(deleteStep(decision), kind, 'why')];
  });
  const plan = planOf([PLAN]);
  return reportOf({
    command: 'apply',
    result: { kind: 'applied' },
    plan,
    applied: [{ name: PLAN.name, outcomes, notApplied: [] }],
  });
}

describe('what the registry collects by itself', () => {
  it('stands in the verdict of a plan, among what would go', () => {
    const report = reportOf({ plan: planOf([PLAN]) });
    expect(describeVerdict(report).lines[0]?.text).toMatch(
      /^4 of 5 images would go \(2 without a tag: the registry collects them\), 1 stays; up to .* freed$/,
    );
    expect(report.totals).toMatchObject({ kept: 1, deleted: 2, collected: 2 });
  });

  it.each<[string, readonly OutcomeKind[], string, object]>([
    [
      'all of it once all is done',
      ['deleted', 'deleted'],
      '2 of 5 images deleted, 2 without a tag left to the registry, 1 stays',
      { kept: 1, deleted: 2, collected: 2 },
    ],
    [
      'what somebody else had untagged too',
      ['already-gone', 'deleted'],
      '1 of 5 images deleted, 2 without a tag left to the registry, 1 stays',
      { kept: 1, deleted: 1, collected: 2 },
    ],
    [
      'only what nothing leads to any more',
      ['deleted', 'skipped'],
      '1 of 5 images deleted, 1 without a tag left to the registry, 3 stay',
      { kept: 3, deleted: 1, collected: 1 },
    ],
    [
      'nothing of what a tag still leads to',
      ['failed', 'skipped'],
      '0 of 5 images deleted, 5 stay',
      { kept: 5, deleted: 0, collected: 0 },
    ],
  ])('is, after an apply, %s', (_, kinds, text, totals) => {
    const report = applied(...kinds);
    expect(describeVerdict(report).lines[0]?.text).toContain(text);
    expect(report.totals).toMatchObject(totals);
    const { go, stay } = tallyReasons(report, PLAN);
    const count = (rows: typeof go.rows): number => rows.reduce((sum, row) => sum + row.count, 0);
    expect(count(go.rows) + count(stay.rows)).toBe(5);
    expect(count(stay.rows)).toBe(report.totals.kept);
  });

  it('frees its bytes with what is deleted, and none when nothing is', () => {
    const { reclaimableBytes } = PLAN.totals;
    expect(applied('deleted', 'deleted').totals.reclaimableBytes).toBe(reclaimableBytes);
    expect(applied('already-gone', 'failed').totals.reclaimableBytes).toBe(0);
  });

  it('has no field where no registry does so', () => {
    expect(reportOf({ plan: planOf([repositoryPlan(DECISIONS)]) }).totals).not.toHaveProperty('collected');
  });
});

describe('merge requests', () => {
  const request = { ...because.pullRequest(7, 'x'), requestName: 'merge request' } as ReturnType<
    typeof because.pullRequest
  >;
  const kept = decisionOf({ decision: 'keep', name: 'a', reasons: [request] });
  const forge = {
    title: 'GitLab',
    requestName: 'merge request',
    repository: 'group/sub/app',
    pullRequests: 2,
  } as const;

  it('are called so, with their mark, wherever a reason names one', () => {
    expect(kept.reasons[0]?.text).toMatch(/^open merge request 7, commit /);
    expect(summarizeForgeUse([kept])).toMatchObject([{ kind: 'merge request', name: '!7' }]);
    expect(summarizeReasons([kept])).toMatchObject([{ text: 'of an open merge request', names: ['!7'] }]);
    expect(mermaidChart(reportOf({ plan: planOf([repositoryPlan([kept, drop('b')])]) })).join('\n')).toContain(
      '"stays: open merge request"',
    );
  });

  it('stand apart from pull requests, whose mark is another', () => {
    const other = decisionOf({ decision: 'keep', name: 'b', reasons: [because.pullRequest(7, 'x')] });
    expect(summarizeForgeUse([kept, other]).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'pull request #7',
      'merge request !7',
    ]);
  });

  it.each([
    [2, '2 open merge requests, releases off, deployments off of group/sub/app'],
    [1, '1 open merge request, releases off, deployments off of group/sub/app'],
    [undefined, 'merge requests off, releases off, deployments off of group/sub/app'],
  ])('are among what was looked at: %s', (pullRequests, text) => {
    const { pullRequests: _, ...rest } = forge;
    const evidence = { repositories: [], forge: pullRequests === undefined ? rest : { ...rest, pullRequests } };
    expect(describeEvidence(evidence, 'cli').find(({ source }) => source === 'GitLab')?.text).toBe(text);
  });

  it('survive the report that a later run compares with', () => {
    const plan = planOf([repositoryPlan([kept])]);
    const report = reportOf({ plan: { ...plan, evidence: { ...plan.evidence, forge } } });
    expect(decodeReport(JSON.stringify(report), 'r.json').evidence?.forge).toEqual(forge);
  });

  it('leave no word of GitHub in a report', () => {
    const plan = planOf([repositoryPlan([kept, drop('b')])]);
    const report = reportOf({ plan: { ...plan, evidence: { ...plan.evidence, forge } } });
    for (const text of [renderText(report, { width: 100, color: false }), renderMarkdown(report)])
      expect(text).not.toMatch(/github|pull request/i);
  });
});

describe('a tag that the registry protects', () => {
  const reason = { rule: 'registry-protected', tag: tagOf('v1'), why: "GitLab's rule ^v.*" } as const;

  it.each([
    [
      'is told when nothing stronger keeps the image',
      [reason, because.unlinked],
      'a tag is protected on the registry',
      ['v1'],
    ],
    ['gives way to a use', [reason, because.cluster(['prod', 'shop', 'web'])], 'used by a cluster', ['prod']],
  ])('%s', (_, reasons, text, names) => {
    const kept = decisionOf({ decision: 'keep', name: 'v1', reasons });
    expect(summarizeReasons([kept])).toEqual([{ count: 1, text, names }]);
  });
});

describe('a forge that was not looked at', () => {
  it.each([
    [{ title: 'GitLab' }, 'GitLab'],
    [{}, 'Forge'],
  ])('is called by its name where that is known: %j', (named, source) => {
    const missing = [{ source: 'forge' as const, why: 'no token', ...named }];
    const rows = describeEvidence({ repositories: [], missing }, 'cli');
    expect(rows.find(({ on, text }) => !on && text.includes('no token'))?.source).toBe(source);
  });
});
