import { describe, expect, it } from 'vitest';
import { EvidenceError, UsageError } from '../../src/errors.ts';
import type { Capabilities } from '../../src/model/snapshot.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { buildRestoreReport, buildStoppedRestore, restoreExitCodeOf } from '../../src/report/build-restore-report.ts';
import { describeRecovery } from '../../src/report/describe-recovery.ts';
import { renderRestore, renderRestoreMarkdown } from '../../src/report/render-restore.ts';
import type {
  RepositoryRestore,
  RestoredImage,
  RestoreReport,
  RestoreResult,
} from '../../src/report/restore-report.ts';
import { deleteStep, digestOf, outcomeOf, reportOf, tagOf, typicalDecisions } from '../builders/report.ts';

const AT = instantFromMs(Date.UTC(2026, 10, 21, 20, 24));

function image(name: string, outcome: RestoredImage['outcome'], extra: Partial<RestoredImage> = {}): RestoredImage {
  const tags = [tagOf(name)];
  const isBack = outcome === 'restored' || outcome === 'already-there';
  return { what: 'image', digest: digestOf(name), outcome, tags, tagsBack: isBack ? tags : [], ...extra };
}

function reportWith(
  repositories: readonly RepositoryRestore[],
  extra: { readonly result?: RestoreResult; readonly restoredBefore?: number } = {},
): RestoreReport {
  return buildRestoreReport({
    tool: 'registry-cleanup 0.1.0',
    startedAt: AT,
    finishedAt: AT,
    result: extra.result ?? { kind: 'finished' },
    journal: './registry-cleanup-journal.jsonl',
    repositories,
    restoredBefore: extra.restoredBefore ?? 0,
  });
}

const all = reportWith([{ name: 'ghcr.io/team/app', images: [image('v1', 'restored'), image('v2', 'already-there')] }]);
const mixed = reportWith([
  {
    name: 'ghcr.io/team/app',
    images: [
      image('v1', 'restored'),
      image('v2', 'restored', { tags: [tagOf('latest'), tagOf('v2')], tagsBack: [tagOf('v2')] }),
      image('v3', 'refused', { why: 'GitHub does not list it as deleted: that was more than 30 days ago' }),
      image('v4', 'left', { why: 'the share of the quota is used up' }),
      image('v5', 'restored', { tags: [] }),
      image('old', 'restored', { what: 'tag' }),
    ],
  },
]);

describe('the report of a restore', () => {
  it.each([
    ['text', () => renderRestore(mixed, { color: false, width: 120 }), 'restore-mixed.txt'],
    ['narrow text', () => renderRestore(mixed, { color: false, width: 60 }), 'restore-mixed-60.txt'],
    ['Markdown', () => renderRestoreMarkdown(mixed), 'restore-mixed.md'],
  ])('as %s says of each image what became of it, what is missing first', async (_what, render, golden) => {
    await expect(render()).toMatchFileSnapshot(`../golden/${golden}`);
  });

  it.each<[string, RestoreReport, string, number]>([
    ['all is back', all, 'All is there again.', 0],
    ['some was refused', mixed, 'Restored in part: 1 left, 1 refused.', 1],
    [
      'a quota left some',
      reportWith([{ name: 'a/b', images: [image('v1', 'restored'), image('v2', 'left', { why: 'quota' })] }]),
      'Restored in part: 1 left.',
      0,
    ],
    [
      'a tag is elsewhere',
      reportWith([{ name: 'a/b', images: [image('v1', 'restored', { tagsBack: [] })] }]),
      'All is there again, save 1 tag that did not come back.',
      0,
    ],
    [
      'the journal names nothing',
      reportWith([]),
      'Nothing to bring back: the journal names nothing that was deleted.',
      0,
    ],
    [
      'it was brought back before',
      reportWith([], { restoredBefore: 12 }),
      'Nothing to bring back: what the journal names was brought back before (12).',
      0,
    ],
    [
      'an error stopped it',
      reportWith([{ name: 'a/b', images: [image('v1', 'restored'), image('v2', 'left', { why: 'ended' })] }], {
        result: { kind: 'stopped', error: { name: 'AuthError', code: 'FORBIDDEN', message: 'no right', exitCode: 3 } },
      }),
      'Stopped by an error: 1 had been brought back by then.',
      3,
    ],
    [
      'an option was wrong',
      buildStoppedRestore({
        tool: 't',
        at: AT,
        error: new UsageError('no such file', { code: 'USAGE', hint: 'Look.' }),
      }),
      'Stopped by an error: nothing was brought back.',
      2,
    ],
  ])('says when %s, and ends so', (_what, report, sentence, exitCode) => {
    expect(renderRestore(report, { color: false, width: 120 })).toContain(sentence);
    expect(renderRestoreMarkdown(report).replaceAll(/&#\d+;/g, '')).toContain(sentence.slice(0, 20));
    expect(restoreExitCodeOf(report)).toBe(exitCode);
  });

  it('shows no text from outside as structure', () => {
    const hostile = '<img src=x>|`](http://x) @everyone\n# title\u001b[2J';
    const report = reportWith([{ name: hostile, images: [image(hostile, 'refused', { why: hostile })] }]);
    const markdown = renderRestoreMarkdown(report);
    expect(markdown).not.toContain('<img');
    expect(markdown).not.toContain('\n# title');
    expect(markdown).not.toContain('\u001b');
    expect(markdown).not.toMatch(/(?<!<wbr>)@everyone/);
    expect(renderRestore(report, { color: false, width: 80 })).not.toContain('\u001b');
  });
});

describe('how to take an apply back', () => {
  const [first, second] = typicalDecisions()
    .filter(({ decision }) => decision === 'delete')
    .map(deleteStep);
  const recoveryOf = (...undos: readonly (Capabilities['undo'] | undefined)[]): string | undefined =>
    describeRecovery(
      reportOf({
        command: 'apply',
        result: { kind: 'applied' },
        journal: 'j.jsonl',
        applied: undos.map((undo, at) => ({
          name: `repository-${at}`,
          outcomes: [outcomeOf(first!, 'deleted')],
          notApplied: [],
          ...(undo === undefined ? {} : { undo }),
        })),
      }),
    );

  it('is the restore command where the registry has an undo', () => {
    expect(recoveryOf('restore')).toBe(
      'What was deleted can be brought back for 30 days: registry-cleanup restore --journal j.jsonl',
    );
  });

  it('is a step of a workflow for who reads the summary of one', () => {
    const applied = [{ name: 'a', outcomes: [outcomeOf(first!, 'deleted')], notApplied: [], undo: 'restore' as const }];
    const text = describeRecovery(
      reportOf({ command: 'apply', result: { kind: 'applied' }, journal: 'j.jsonl', applied }),
      'action',
    );
    expect(text).toContain('j.jsonl as an artifact');
    expect(text).toContain('command: restore and journal: FILE');
  });

  it('is the same command elsewhere, as long as the registry has collected nothing', () => {
    expect(recoveryOf('put-manifest')).toBe(
      "What was deleted can be brought back until the registry's garbage collection runs: registry-cleanup restore --journal j.jsonl",
    );
  });

  it('is not to be had where the blobs went too', () => {
    expect(recoveryOf('none')).toContain('cannot be brought back');
    expect(recoveryOf('none')).not.toContain('restore');
  });

  it('is told for each where they differ', () => {
    expect(recoveryOf('none', 'restore', 'put-manifest')).toBe(
      'What was deleted in repository-0 cannot be brought back: its blobs went from the directory with it. j.jsonl says what it was. ' +
        'What was deleted in repository-1 can be brought back for 30 days, what was deleted in repository-2 until the ' +
        "registry's garbage collection runs: registry-cleanup restore --journal j.jsonl",
    );
  });

  it('is not told when nothing was deleted', () => {
    const report = (outcome: 'skipped' | 'failed', forbidden = false) => {
      const outcomes = [{ ...outcomeOf(second!, outcome, 'why'), forbidden }];
      const applied = [{ name: 'a', outcomes, notApplied: [], undo: 'restore' as const }];
      return describeRecovery(reportOf({ command: 'apply', result: { kind: 'applied' }, journal: 'j.jsonl', applied }));
    };
    expect(report('skipped')).toBeUndefined();
    expect(report('failed')).toContain('restore --journal');
    expect(report('failed', true)).toBeUndefined();
  });

  it('is told by the journal alone when the run ended before it could count', () => {
    const error = new EvidenceError('gone', { code: 'EVIDENCE_GIT' });
    const { name, code, message, exitCode } = error;
    const report = reportOf({
      command: 'apply',
      result: { kind: 'stopped', error: { name, code, message, exitCode } },
      journal: 'j.jsonl',
    });
    expect(describeRecovery(report)).toBe(
      'What was deleted can be brought back as far as the registry still has it: registry-cleanup restore --journal j.jsonl',
    );
  });
});
