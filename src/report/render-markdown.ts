// The report for a job summary: the verdict as the heading, then what may stop a reader, then why, then the lists in folds.

import { describeEvidence } from './describe-evidence.ts';
import {
  describeNextStep,
  describeOrigin,
  describeRecovery,
  describeStatus,
  type FrontEnd,
} from './describe-status.ts';
import { describeVerdict, type Tone, type Verdict } from './describe-verdict.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { type Block, fitBlocks } from './markdown-document.ts';
import { PRIORITY } from './markdown-priority.ts';
import { markdownRepository } from './render-markdown-repository.ts';
import type { Report } from './report.ts';

/** How the Markdown is rendered. */
export interface MarkdownOptions {
  /** Bytes of UTF-8 that the result never exceeds. Default: what fits into a job summary. */
  readonly maxBytes?: number;
  /** Default: the command line. */
  readonly frontEnd?: FrontEnd;
}

/**
 * GitHub drops a job summary over 1 MiB without failing the step; a decimal megabyte leaves room for what others write.
 * Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
 */
const JOB_SUMMARY_BYTES = 1_000_000;

const MAX_ERROR_LINES = 50;

/** https://docs.github.com/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts */
const ALERTS: Readonly<Record<Tone, string>> = { good: 'NOTE', attention: 'WARNING', bad: 'CAUTION' };

/**
 * The report as GitHub or GitLab Markdown that ends in a newline. Nothing that came from outside can add structure to it,
 * whatever it holds; long lists are cut at row boundaries to stay within `maxBytes`.
 */
export function renderMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const { maxBytes = JOB_SUMMARY_BYTES, frontEnd = 'cli' } = options;
  const repositories = report.plan?.repositories ?? [];
  return fitBlocks(
    [
      ...verdictBlocks(report, frontEnd),
      ...errorBlocks(report),
      ...guardBlocks(report),
      ...evidenceBlocks(report),
      ...repositories.flatMap((one) => markdownRepository(report, one)),
      ...endBlocks(report),
    ],
    maxBytes,
  );
}

function verdictBlocks(report: Report, frontEnd: FrontEnd): readonly Block[] {
  const verdict = describeVerdict(report);
  const alert = [`> [!${ALERTS[verdict.tone]}]`, `> ${nextOf(report, frontEnd)}`];
  const heading = `## ${headingOf(verdict, report)}`;
  const several = verdict.lines.slice(1);
  if (several.length === 0) return [{ priority: PRIORITY.verdict, head: [heading, '', ...alert], rows: [], tail: [] }];
  return [
    { priority: PRIORITY.verdict, head: [heading, '', ...alert], rows: [], tail: [] },
    {
      priority: PRIORITY.verdicts,
      head: ['| Repository | Verdict |', '| --- | --- |'],
      rows: several.map(({ name, text }) => `| ${markdownCode(name)} | ${escapeMarkdown(text)} |`),
      tail: [],
    },
  ];
}

function headingOf({ lines }: Verdict, report: Report): string {
  const [first] = lines;
  if (first === undefined) return `registry-cleanup ${report.command} ${report.result.kind}`;
  const name = lines.length === 1 ? markdownCode(first.name) : escapeMarkdown(first.name);
  return `${name}: ${escapeMarkdown(first.text)}`;
}

function nextOf(report: Report, frontEnd: FrontEnd): string {
  const status = escapeMarkdown(describeStatus(report));
  const next = describeNextStep(report, frontEnd);
  if (next === undefined) return status;
  const command = next.command === undefined ? '' : ` ${markdownCode(next.command)}`;
  return `${status} ${escapeMarkdown(next.text)}${command}`;
}

function errorBlocks({ result }: Report): readonly Block[] {
  if (result.kind !== 'stopped') return [];
  const { name, code, exitCode, message } = result.error;
  // A policy file with many mistakes names each on a line of its own.
  const text = message.split('\n', MAX_ERROR_LINES).map(escapeMarkdown).join('<br>');
  const kind = `${markdownCode(name)} ${markdownCode(code)}, exit code ${exitCode}`;
  return [
    { priority: PRIORITY.error, head: [`**${text === '' ? 'No message' : text}** (${kind})`], rows: [], tail: [] },
  ];
}

function guardBlocks({ plan, result }: Report): readonly Block[] {
  const repositories = plan?.repositories ?? [];
  const rows = repositories.flatMap(({ name, guards }) =>
    guards.map(
      ({ guard, text, hint }) =>
        `| ${repositories.length > 1 ? `${markdownCode(name)}<br>` : ''}${markdownCode(guard)} | ${escapeMarkdown(text)} | ${escapeMarkdown(hint)} |`,
    ),
  );
  if (rows.length === 0) return [];
  const title = result.kind === 'planned' ? 'Apply would refuse this plan' : 'Apply refused';
  const head = [`### ${title}`, '', '| Guard | What was found | If it is meant |', '| --- | --- | --- |'];
  return [{ priority: PRIORITY.guards, head, rows, tail: [] }];
}

function evidenceBlocks({ plan }: Report): readonly Block[] {
  if (plan === undefined) return [];
  const rows = describeEvidence(plan.evidence).map(
    ({ source, text, on }) => `| ${source} | ${on ? '' : '⚠️ '}${escapeMarkdown(text)} |`,
  );
  return [{ priority: PRIORITY.evidence, head: ['| Looked at | |', '| --- | --- |'], rows, tail: [] }];
}

function endBlocks(report: Report): readonly Block[] {
  const recovery = describeRecovery(report);
  const made = `<sub>${escapeMarkdown(describeOrigin(report))}</sub>`;
  return [
    ...(recovery === undefined
      ? []
      : [
          {
            priority: PRIORITY.recovery,
            head: [`**To take it back:** ${escapeMarkdown(recovery)}`],
            rows: [],
            tail: [],
          },
        ]),
    { priority: PRIORITY.recovery, head: [made], rows: [], tail: [] },
  ];
}
