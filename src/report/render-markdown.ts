// The report for a job summary: the verdict as the heading, then what may stop a reader, then why, then the lists in folds.

import { describeRecovery } from './describe-recovery.ts';
import { describeNextChange, describeNextStep, describeOrigin, type FrontEnd } from './describe-status.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { paragraph } from './markdown-blocks.ts';
import { type Block, fitBlocks } from './markdown-document.ts';
import { PRIORITY } from './markdown-priority.ts';
import { mermaidChart } from './mermaid-chart.ts';
import { markdownDifference } from './render-markdown-difference.ts';
import { markdownRepository } from './render-markdown-repository.ts';
import {
  errorBlocks,
  evidenceBlocks,
  guardBlocks,
  leftBlocks,
  missingBlocks,
  verdictBlocks,
} from './render-markdown-verdict.ts';
import { alarmBlocks, verificationBlocks } from './render-markdown-verification.ts';
import type { Report } from './report.ts';

/** How the Markdown is rendered. */
export interface MarkdownOptions {
  /** Bytes of UTF-8 that the result never exceeds. Default: what fits into a job summary. */
  readonly maxBytes?: number;
  /** Default: the command line. */
  readonly frontEnd?: FrontEnd;
  /** Whether a pull request's run made it: then nothing tells how to apply it. */
  readonly isOnPullRequest?: boolean;
}

/**
 * GitHub drops a job summary over 1 MiB without failing the step; a decimal megabyte leaves room for what others write.
 * Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
 */
const JOB_SUMMARY_BYTES = 1_000_000;

/**
 * The report as GitHub or GitLab Markdown that ends in a newline. Nothing that came from outside can add structure to it,
 * whatever it holds; long lists are cut at row boundaries to stay within `maxBytes`.
 */
export function renderMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const { maxBytes = JOB_SUMMARY_BYTES, frontEnd = 'cli' } = options;
  const describeNext = options.isOnPullRequest === true ? describeNextChange : describeNextStep;
  const repositories = report.plan?.repositories ?? [];
  return fitBlocks(
    [
      ...alarmBlocks(report),
      ...missingBlocks(report),
      ...verdictBlocks(report, describeNext(report, frontEnd)),
      ...errorBlocks(report),
      ...leftBlocks(report),
      ...verificationBlocks(report),
      ...guardBlocks(report),
      ...markdownDifference(report, '###'),
      ...evidenceBlocks(report, frontEnd),
      ...repositories.flatMap((one) => markdownRepository(report, one, 'full')),
      ...chartBlocks(report),
      ...endBlocks(report, frontEnd),
    ],
    maxBytes,
  );
}

function chartBlocks(report: Report): readonly Block[] {
  const lines = mermaidChart(report);
  return lines.length === 0 ? [] : [paragraph(PRIORITY.chart, ...lines)];
}

function endBlocks(report: Report, frontEnd: FrontEnd): readonly Block[] {
  const recovery = describeRecovery(report, frontEnd);
  return [
    ...(recovery === undefined
      ? []
      : [paragraph(PRIORITY.recovery, `**To take it back:** ${escapeMarkdown(recovery)}`)]),
    paragraph(PRIORITY.recovery, `<sub>${escapeMarkdown(describeOrigin(report))}</sub>`),
  ];
}
