// Comments on pull requests: golden files, the limit, and the marker by which a later run finds its comment again.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CommentOptions, commentMarker, renderComment } from '../../src/report/render-comment.ts';
import type { Report } from '../../src/report/report.ts';
import { hostileText } from '../builders/hostile-text.ts';
import { differenceOf, planOf, reportFullOf, reportOf, repositoryPlan } from '../builders/report.ts';
import { fiveThousand, NAME, worlds } from '../builders/report-worlds.ts';
import { renderGithubHtml } from '../support/render-github-html.ts';

const RUN_URL = 'https://github.com/team/app/actions/runs/17/attempts/2';
const options: CommentOptions = { key: '5f0e1d', runUrl: RUN_URL };

/** GitHub's limit, as its message has it. */
const GITHUB_CHARACTERS = 65_536;

describe.each([
  'plan-github',
  'plan-difference',
  'plan-same-policy',
  'plan-untold-difference',
  'plan-fork',
  'plan-fork-difference',
  'stopped-by-bad-policy',
  'stopped-before-plan',
])('the comment on %s', (name) => {
  it('reads well', async () => {
    await expect(renderComment(worlds[name]!(), options)).toMatchFileSnapshot(`../golden/comment-${name}.md`);
  });
});

describe('a comment', () => {
  it('says what the change would do before anything else', () => {
    const [marker, , first] = renderComment(worlds['plan-difference']!(), options).split('\n');
    expect(marker).toBe('<!-- registry-cleanup:5f0e1d -->');
    expect(first).toBe('## ⚠️ This change would delete 3 more images (1.9 GB) and keep 2 more');
  });

  it('says what was not looked at even before that', () => {
    const [, , first, second] = renderComment(worlds['plan-fork-difference']!(), options).split('\n');
    expect(first).toBe('> [!WARNING]');
    expect(second).toMatch(
      /^> \*\*Kubernetes was not looked at\.\*\* .* what would go at most\. .* this plan is never applied\.$/,
    );
  });

  it('tells all mistakes of a policy file', () => {
    const lines = Array.from({ length: 90 }, (_, index) => `  policy.yml:${index}:1: unknown key`);
    const error = {
      name: 'UsageError',
      code: 'POLICY_INVALID',
      message: ['90 mistakes:', ...lines].join('\n'),
      exitCode: 2,
    };
    const text = renderComment(reportOf({ result: { kind: 'stopped', error } }), options);
    expect(renderGithubHtml(text).match(/<li>policy\.yml.*: unknown key<\/li>/g)).toHaveLength(90);
  });

  it('links to a plain address of a run, and to nothing else', () => {
    const linkOf = (runUrl: string) => renderComment(worlds['plan-github']!(), { ...options, runUrl });
    expect(linkOf(RUN_URL)).toContain(`[the run with the whole report](${RUN_URL})`);
    for (const bad of ['javascript:alert(1)', 'https://x/a b', 'https://x/a)[y](z', 'https://x/?a=<b>', 'https://@x/'])
      expect(renderGithubHtml(linkOf(bad))).not.toContain('<a');
  });
});

describe('the limit of a comment', () => {
  const huge = (): Report =>
    reportOf({
      plan: planOf([repositoryPlan(fiveThousand)]),
      difference: differenceOf('main at 1a2b3c4d5e', [{ name: NAME, more: fiveThousand, kept: fiveThousand }]),
    });

  it('holds with 5,000 deletions, and the folds are closed', () => {
    const text = renderComment(huge(), options);
    expect(text.length).toBeLessThan(GITHUB_CHARACTERS);
    expect(text.length).toBeGreaterThan(64_000);
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)?.length ?? 0);
    expect(text).toContain('This change would delete 5,000 more images');
    expect(text).toMatch(/… and [\d,]+ more/);
    expect(text).toContain(RUN_URL);
  });

  it('holds for names of many bytes', () => {
    const text = renderComment(reportFullOf('😀日本'.repeat(500)), options);
    expect(text.length).toBeLessThan(GITHUB_CHARACTERS);
    expect(new TextEncoder().encode(text).length).toBeLessThan(4 * GITHUB_CHARACTERS);
  });

  it('holds for any text and any limit', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 100, max: 65_000 }), (text, maxCharacters) => {
        const comment = renderComment(reportFullOf(text), { ...options, maxCharacters });
        expect(comment.length).toBeLessThanOrEqual(maxCharacters);
        expect(comment.startsWith(`${commentMarker(options.key)}\n`)).toBe(true);
      }),
    );
  });
});

describe('the marker of a comment', () => {
  it('is different for different keys, one line, and nothing but a comment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(commentMarker(one)).toMatch(/^<!-- registry-cleanup:[\w.]* -->$/);
        expect(commentMarker(one) === commentMarker(other)).toBe(one === other);
      }),
    );
  });
});
