// Golden files: read them when they change, they are what users see. `npx vitest run test/report -u` writes them anew.

import { describe, expect, it } from 'vitest';
import { parseDigest } from '../../src/model/reference.ts';
import type { Outcome } from '../../src/plan/outcome.ts';
import type { Explanation } from '../../src/report/explanation.ts';
import { renderExplanation, renderExplanationMarkdown } from '../../src/report/render-explanation.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderText } from '../../src/report/render-text.ts';
import {
  commitOf,
  deleteStep,
  digestOf,
  outcomeOf,
  planOf,
  reportOf,
  repositoryPlan,
  tagOf,
  typicalDecisions,
} from '../builders/report.ts';
import { appliedPartly, fiveThousand, NAME, worlds } from '../builders/report-worlds.ts';

const decisions = typicalDecisions();
const doomed = decisions.filter(({ decision }) => decision === 'delete');
const kept = decisions.filter(({ decision }) => decision === 'keep');

describe.each(Object.keys(worlds))('the report %s', (name) => {
  it.each([80, 120])('reads well in a terminal of %d columns', async (width) => {
    const text = renderText(worlds[name]!(), { color: false, width });
    await expect(text).toMatchFileSnapshot(`../golden/report-${name}-${width}.txt`);
  });

  it('reads well as Markdown', async () => {
    // 5,000 rows would make a golden file of a megabyte: this one is cut earlier.
    const text = renderMarkdown(worlds[name]!(), { maxBytes: 12_000 });
    await expect(text).toMatchFileSnapshot(`../golden/report-${name}.md`);
  });
});

describe('renderMarkdown', () => {
  it('stays within a job summary by default, with thousands of rows', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({
      ...fiveThousand[index % 5000]!,
      digest: parseDigest(`sha256:${index.toString(16).padStart(64, '0')}`),
    }));
    const text = renderMarkdown(reportOf({ plan: planOf([repositoryPlan(many)]) }));
    const size = new TextEncoder().encode(text).length;
    expect(size).toBeLessThanOrEqual(1_000_000);
    expect(size).toBeGreaterThan(999_000);
    expect(text).toContain('</details>');
    expect(text).toMatch(/… and [\d,]+ more/);
  });
});

it('an error without a message leaves no empty emphasis behind', () => {
  const error = { name: 'InternalError', code: 'INTERNAL', message: '', exitCode: 70 };
  expect(renderMarkdown(reportOf({ result: { kind: 'stopped', error } }))).toContain('**No message** (');
});

it('an error of several lines keeps them', () => {
  const error = { name: 'UsageError', code: 'POLICY_INVALID', message: 'line 1: a\nline 2: b', exitCode: 2 };
  const report = reportOf({ result: { kind: 'stopped', error } });
  expect(renderText(report, { color: false, width: 80 })).toContain('  line 1: a\n  line 2: b\n');
  expect(renderMarkdown(report)).toContain('**line 1: a** (`UsageError` `POLICY_INVALID`, exit code 2)\n\n- line 2: b');
});

describe('an apply of a plan file whose images have gone meanwhile', () => {
  const gone = outcomeOf(deleteStep(doomed[0]!), 'already-gone', 'it is not in the registry any more');
  const show = (outcomes: readonly Outcome[], notApplied: readonly Outcome[]): string => {
    const applied = [{ name: NAME, outcomes, notApplied }];
    const plan = planOf([repositoryPlan(kept)]);
    const report = reportOf({ command: 'apply', result: { kind: 'applied' }, plan, applied });
    return renderText(report, { color: false, width: 120 });
  };

  it('says so, and does not call them skipped', () => {
    const text = show([], [gone]);
    expect(text).toContain('Applied: everything that was to go had already gone.');
    expect(text).toContain('; 1 already gone\n');
    expect(text).not.toMatch(/skipped|not done/);
  });

  it('is applied in full when it deleted the rest', () => {
    expect(show([outcomeOf(deleteStep(doomed[1]!), 'deleted')], [gone])).toContain('Applied in full.');
  });

  it('sends to the reasons of what was skipped', () => {
    const skipped = outcomeOf(deleteStep(doomed[1]!), 'skipped', 'tag v1 has gone since the plan was made');
    expect(show([], [gone, skipped])).toContain('Applied, save 1 step skipped for the reasons given.');
  });
});

describe('a plan that the action made', () => {
  const report = reportOf({ plan: planOf([repositoryPlan(decisions)]), planFile: '/tmp/runner/plan.json' });

  it('tells what to write into the workflow, and no command line', () => {
    const texts = [
      renderText(report, { color: false, width: 120, frontEnd: 'action' }),
      renderMarkdown(report, { frontEnd: 'action' }),
    ];
    for (const text of texts) {
      expect(text).toContain(`plan-file: \${{ steps.ID.outputs.plan-file }}`);
      expect(text).not.toMatch(/registry-cleanup apply|\/tmp\/runner|--[a-z]/);
    }
  });
});

describe('renderText', () => {
  it('colours the verdict by how it went, and nothing without colours', () => {
    const report = appliedPartly();
    expect(renderText(report, { color: true, width: 80 })).toContain('\u001b[31mApplied in part');
    expect(renderText(report, { color: false, width: 80 })).not.toContain('\u001b');
  });

  it('never says that nothing was deleted when a delete has no answer', () => {
    const error = { name: 'NetworkError', code: 'NETWORK', message: 'reset', exitCode: 4 };
    const applied = [{ name: NAME, outcomes: [outcomeOf(deleteStep(doomed[0]!), 'failed', 'reset')], notApplied: [] }];
    const plan = planOf([repositoryPlan(decisions)]);
    const report = reportOf({ command: 'apply', result: { kind: 'stopped', error }, plan, applied });
    expect(renderText(report, { color: false, width: 80 })).not.toContain('nothing was deleted');
  });
});

const explanation: Explanation = {
  repository: NAME,
  target: 'v2.4.1',
  node: decisions[0]!,
  related: [
    { relation: 'child', digest: digestOf('v2.4.1 amd64'), tags: [], decision: 'keep' },
    { relation: 'child', digest: digestOf('v2.4.1 s390x'), tags: [], decision: 'absent' },
    { relation: 'referrer', digest: digestOf('sig'), tags: [tagOf(`sha256-${'ab'.repeat(32)}.sig`)], decision: 'keep' },
  ],
  links: [
    {
      kind: 'commit',
      strength: 'sure',
      commit: commitOf('v2.4.1'),
      found: 'label org.opencontainers.image.revision',
      inHistory: true,
      origin: { relation: 'child', digest: digestOf('v2.4.1 amd64'), tags: [], isAttestation: false },
    },
    {
      kind: 'commit',
      strength: 'sure',
      commit: commitOf('v2.4.1'),
      found: 'provenance https://slsa.dev/provenance/v0.2',
      inHistory: true,
      origin: { relation: 'child', digest: digestOf('v2.4.1 provenance'), tags: [], isAttestation: true },
    },
    {
      kind: 'commit',
      strength: 'sure',
      commit: commitOf('v2.4.0'),
      found: 'record of the build',
      imageName: 'web',
      inHistory: true,
    },
    {
      kind: 'commit',
      strength: 'guess',
      commit: commitOf('v2.4.1'),
      found: 'tag v2 by {line of versions}',
      inHistory: true,
    },
    {
      kind: 'commit',
      strength: 'undeclared',
      commit: commitOf('main'),
      found: 'tag main by {branch}',
      inHistory: true,
      origin: { relation: 'owner', digest: digestOf('bundle'), tags: [tagOf('main')], isAttestation: false },
    },
    {
      kind: 'proposed',
      commit: commitOf('proposed'),
      merge: commitOf('merge'),
      requests: ['pull request 12'],
      found: 'label org.opencontainers.image.revision',
      inHistory: true,
    },
    {
      kind: 'proposed',
      commit: commitOf('proposed'),
      requests: ['pull request 12', 'pull request 14'],
      proof: 'its record',
      found: "werf's record meta-fb496116_…",
      imageName: '',
      inHistory: true,
    },
    { kind: 'pull-request', request: 'pull request 12', found: 'tag pr-12 by pr-{number}', inHistory: false },
    {
      kind: 'pull-request',
      request: 'pull request 12',
      commit: '0a1b2c3',
      found: 'tag pr-12-0a1b2c3 by pr-{number}-{commit}',
      inHistory: false,
    },
    {
      kind: 'gone',
      commit: 'commit 0a1b2c3d4e',
      proof: 'org.opencontainers.image.source github.com/team/app',
      found: 'label org.opencontainers.image.revision',
      inHistory: false,
      origin: { relation: 'sibling', digest: digestOf('v2.4.1 arm64'), tags: [], isAttestation: false },
    },
    { kind: 'gone', commit: 'branch feature-x', found: 'label org.opencontainers.image.revision', inHistory: false },
    { kind: 'named', commit: '77c0de0', found: 'tag main-77c0de0 by {branch}-{commit}', inHistory: false },
    { kind: 'unknown', why: 'its provenance could not be read (the blob is larger than 8 MiB)', inHistory: false },
  ],
};
const lonely: Explanation = { ...explanation, target: 'main-0a1b2c3', node: doomed[2]!, related: [], links: [] };

describe.each([
  ['kept', explanation],
  ['deleted', lonely],
])('the explanation of an image that is %s', (name, value) => {
  it('reads well in a terminal', async () => {
    const text = renderExplanation(value, { color: false, width: 80 });
    await expect(text).toMatchFileSnapshot(`../golden/report-explanation-${name}.txt`);
  });

  it('reads well as Markdown', async () => {
    await expect(renderExplanationMarkdown(value)).toMatchFileSnapshot(`../golden/report-explanation-${name}.md`);
  });
});
