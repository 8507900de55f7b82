// The look after an apply, as Markdown: the alarm over everything else, and the rest where it belongs.

import { describeReadings, describeVerification } from './describe-verification.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { paragraph } from './markdown-blocks.ts';
import type { Block } from './markdown-document.ts';
import { PRIORITY } from './markdown-priority.ts';
import type { Report } from './report.ts';

/** The alarm: which images, who uses them, how they come back. No block without one. */
export function alarmBlocks({ result }: Report): readonly Block[] {
  if (result.kind !== 'alarm') return [];
  const { name, code, exitCode, message, hint } = result.error;
  const [first = '', ...images] = message.split('\n');
  return [
    paragraph(
      PRIORITY.alarm,
      '> [!CAUTION]',
      `> **ALARM: ${escapeMarkdown(first)}** (${markdownCode(name)} ${markdownCode(code)}, exit code ${exitCode})`,
      ...(hint === undefined ? [] : ['>', `> ${escapeMarkdown(hint)}`]),
    ),
    { priority: PRIORITY.alarm, head: [], rows: images.map((line) => `- ${escapeMarkdown(line)}`), tail: [] },
  ];
}

/** What else was found; no block where nothing was looked for. */
export function verificationBlocks(report: Report): readonly Block[] {
  const { verification } = report;
  if (verification === undefined) return [];
  const { text, remarks } = describeVerification(verification);
  const readings = describeReadings(report);
  const words = readings === undefined ? text : `${text} ${readings}`;
  const head = [`**Looked for after the last step:** ${escapeMarkdown(words)}`, ...(remarks.length === 0 ? [] : [''])];
  return [
    { priority: PRIORITY.verification, head, rows: remarks.map((line) => `- ${escapeMarkdown(line)}`), tail: [] },
  ];
}
