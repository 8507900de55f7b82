// What a reader must see first, the same in a job summary and in a comment: what was not looked at, the verdict, the error, the
// guards, and what was looked at.

import { describeEvidence } from './describe-evidence.ts';
import { describeLeft } from './describe-left.ts';
import { describeMissing } from './describe-missing.ts';
import { describeStatus, type FrontEnd, type NextStep } from './describe-status.ts';
import { describeVerdict, type Tone, type Verdict } from './describe-verdict.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { formatCount } from './format-count.ts';
import { paragraph, rowsBlock } from './markdown-blocks.ts';
import type { Block } from './markdown-document.ts';
import { PRIORITY } from './markdown-priority.ts';
import type { Report } from './report.ts';

const MAX_ERROR_LINES = 200;

/** https://docs.github.com/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts */
const ALERTS: Readonly<Record<Tone, string>> = { good: 'NOTE', attention: 'WARNING', bad: 'CAUTION' };

/** The warning over everything else that a source was not looked at; no block when all were. */
export function missingBlocks(report: Report): readonly Block[] {
  const missing = describeMissing(report);
  if (missing === undefined) return [];
  return [
    paragraph(
      PRIORITY.missing,
      `> [!${ALERTS.attention}]`,
      `> **${missing.headline}** ${missing.meaning}`,
      '>',
      ...missing.lines.map((line) => `> - ${escapeMarkdown(line)}`),
    ),
  ];
}

/**
 * The verdict as a heading, where the run stands and what to do next, and one verdict a repository when there are several. Where
 * something was not looked at, the warning above has said where the run stands.
 */
export function verdictBlocks(report: Report, next: NextStep | undefined): readonly Block[] {
  const verdict = describeVerdict(report);
  const isTold = describeMissing(report) !== undefined && report.result.kind === 'planned';
  const alert = isTold ? [] : ['', `> [!${ALERTS[verdict.tone]}]`, `> ${standingOf(report, next)}`];
  const rows = verdict.lines.slice(1).map(({ name, text }) => `| ${markdownCode(name)} | ${escapeMarkdown(text)} |`);
  return [
    paragraph(PRIORITY.verdict, `## ${headingOf(verdict, report)}`, ...alert),
    ...rowsBlock(PRIORITY.verdicts, ['| Repository | Verdict |', '| --- | --- |'], rows),
  ];
}

function headingOf({ lines }: Verdict, report: Report): string {
  const [first] = lines;
  if (first === undefined) return `registry-cleanup ${report.command} ${report.result.kind}`;
  const name = lines.length === 1 ? markdownCode(first.name) : escapeMarkdown(first.name);
  return `${name}: ${escapeMarkdown(first.text)}`;
}

function standingOf(report: Report, next: NextStep | undefined): string {
  const status = escapeMarkdown(describeStatus(report));
  if (next === undefined) return status;
  const command = next.command === undefined ? '' : ` ${markdownCode(next.command)}`;
  return `${status} ${escapeMarkdown(next.text)}${command}`;
}

/** What stopped the run: the message, each of many mistakes as an item, and what scripts read. */
export function errorBlocks({ result }: Report): readonly Block[] {
  if (result.kind !== 'stopped') return [];
  const { name, code, exitCode, message } = result.error;
  const [first = '', ...others] = message.split('\n').filter((line) => line.trim() !== '');
  const text = escapeMarkdown(first);
  const kind = `${markdownCode(name)} ${markdownCode(code)}, exit code ${exitCode}`;
  const left = others.length - MAX_ERROR_LINES;
  return [
    {
      priority: PRIORITY.error,
      head: [`**${text === '' ? 'No message' : text}** (${kind})`, ...(others.length === 0 ? [] : [''])],
      rows: others.slice(0, MAX_ERROR_LINES).map((line) => `- ${escapeMarkdown(line)}`),
      tail: left > 0 ? ['', `_… and ${formatCount(left)} more lines._`] : [],
    },
  ];
}

/** What a used-up quota left for the next run, and until when. */
export function leftBlocks(report: Report): readonly Block[] {
  const left = describeLeft(report);
  if (left === undefined) return [];
  return [paragraph(PRIORITY.problems, `**${left.text}.** ${left.why.map(escapeMarkdown).join(' ')}`.trimEnd())];
}

/** What guards found, and what to do when it is meant. That something was not looked at stands above everything else. */
export function guardBlocks(report: Report): readonly Block[] {
  const { plan, result } = report;
  const isTold = describeMissing(report) !== undefined;
  const repositories = plan?.repositories ?? [];
  const rows = repositories.flatMap(({ name, guards }) =>
    guards
      .filter(({ guard }) => !isTold || guard !== 'missing-evidence')
      .map(
        ({ guard, text, hint }) =>
          `| ${repositories.length > 1 ? `${markdownCode(name)}<br>` : ''}${markdownCode(guard)} | ${escapeMarkdown(text)} | ${escapeMarkdown(hint)} |`,
      ),
  );
  const title = result.kind === 'planned' ? 'Apply would refuse this plan' : 'Apply refused';
  const head = [`### ${title}`, '', '| Guard | What was found | If it is meant |', '| --- | --- | --- |'];
  return rowsBlock(PRIORITY.guards, head, rows);
}

/** What was looked at, one row a source. */
export function evidenceBlocks({ plan }: Report, frontEnd: FrontEnd): readonly Block[] {
  if (plan === undefined) return [];
  const rows = describeEvidence(plan.evidence, frontEnd).map(
    ({ source, text, on }) => `| ${escapeMarkdown(source)} | ${on ? '' : '⚠️ '}${escapeMarkdown(text)} |`,
  );
  return rowsBlock(PRIORITY.evidence, ['| Looked at | |', '| --- | --- |'], rows);
}
