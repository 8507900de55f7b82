// The report for a terminal and for a log: the verdict first, what to do next last. Reads the report, decides nothing.

import type { RepositoryPlan } from '../plan/plan.ts';
import { describeDifference } from './describe-difference.ts';
import { describeEvidence } from './describe-evidence.ts';
import { describeLeft } from './describe-left.ts';
import { describeMissing } from './describe-missing.ts';
import { describeRecovery } from './describe-recovery.ts';
import { describeNextStep, describeOrigin, describeStatus, type FrontEnd } from './describe-status.ts';
import { describeVerdict, type Tone } from './describe-verdict.ts';
import { renderDifferingImages } from './render-text-difference.ts';
import { renderTextRepository } from './render-text-repository.ts';
import { renderVerification } from './render-text-verification.ts';
import type { Report, ReportedError } from './report.ts';
import { createTextPage, joinLines, type TextOptions, type TextPage } from './text-page.ts';

/** Repositories whose verdict is listed one by one. */
const MAX_VERDICTS = 50;
/** A policy file with many mistakes names each on a line of its own. */
const MAX_ERROR_LINES = 50;

/** The report as text that ends in a newline; lines fit `width` columns, names that came from outside are escaped. */
export function renderText(report: Report, options: TextOptions): string {
  const page = createTextPage(options);
  const repositories = report.plan?.repositories ?? [];
  return joinLines([
    ...renderMissing(report, page),
    ...(report.result.kind === 'alarm' ? renderAlarm(report.result.error, page) : []),
    ...renderVerdict(report, page),
    ...(report.result.kind === 'stopped' ? renderError(report.result.error, page) : []),
    ...renderLeft(report, page),
    ...renderVerification(report, page),
    ...repositories.flatMap((one) => renderGuards(one, report, page)),
    ...renderDifference(report, page),
    ...renderEvidence(report, page, options.frontEnd),
    ...repositories.flatMap((one) => renderTextRepository(report, one, page)),
    ...renderEnd(report, page, options.frontEnd),
  ]);
}

function renderMissing(report: Report, page: TextPage): readonly string[] {
  const missing = describeMissing(report);
  if (missing === undefined) return [];
  const { headline, meaning, lines } = missing;
  return [
    ...page.statement(`WARNING: ${headline} ${meaning}`, page.paint.attention),
    ...lines.flatMap((line) => page.prose(`- ${line}`, 2)),
    '',
  ];
}

function renderVerdict(report: Report, page: TextPage): readonly string[] {
  const { tone, lines } = describeVerdict(report);
  const shown = lines.slice(0, MAX_VERDICTS + 1);
  return [
    ...shown.flatMap(({ name, text }) => page.statement(`${name}: ${text}`, page.paint.bold)),
    ...page.more(lines.length - shown.length),
    ...page.statement(describeStatus(report), paintOf(tone, page)),
  ];
}

function paintOf(tone: Tone, { paint }: TextPage): (text: string) => string {
  return { good: paint.good, attention: paint.attention, bad: paint.bad }[tone];
}

function renderError({ name, code, message, hint, exitCode }: ReportedError, page: TextPage): readonly string[] {
  return [
    ...page.title(`What went wrong (${name} ${code}, exit code ${exitCode})`),
    ...message.split('\n', MAX_ERROR_LINES).flatMap((line) => page.prose(line, 2)),
    ...(hint === undefined ? [] : page.prose(`→ ${hint}`, 2)),
  ];
}

/** Over everything else: somebody's pods will not start again. */
function renderAlarm({ name, code, message, hint, exitCode }: ReportedError, page: TextPage): readonly string[] {
  const [first = '', ...images] = message.split('\n');
  return [
    ...page.statement(`ALARM: ${first}`, page.paint.bad),
    ...images.slice(0, MAX_ERROR_LINES).flatMap((line) => page.prose(`- ${line}`, 2).map(page.paint.bad)),
    ...page.more(images.length - MAX_ERROR_LINES),
    ...(hint === undefined ? [] : page.prose(`→ ${hint}`, 2).map(page.paint.bold)),
    ...page.prose(`(${name} ${code}, exit code ${exitCode})`),
    '',
  ];
}

function renderGuards({ name, guards }: RepositoryPlan, report: Report, page: TextPage): readonly string[] {
  if (guards.length === 0) return [];
  const several = (report.plan?.repositories ?? []).length > 1 ? ` in ${name}` : '';
  const title = report.result.kind === 'planned' ? `Apply would refuse this plan${several}` : `Apply refused${several}`;
  return [
    ...page.title(title),
    ...guards.flatMap(({ guard, text, hint }) => [
      ...page.prose(`${guard}: ${text}`, 2).map(page.paint.attention),
      ...page.prose(`→ ${hint}`, 2),
    ]),
  ];
}

function renderLeft(report: Report, page: TextPage): readonly string[] {
  const left = describeLeft(report);
  return left === undefined ? [] : [...page.title(left.text), ...left.why.flatMap((why) => page.prose(why))];
}

function renderDifference(report: Report, page: TextPage): readonly string[] {
  const words = describeDifference(report);
  if (words === undefined || report.difference === undefined) return [];
  const paint = words.tone === 'attention' ? page.paint.attention : page.paint.good;
  return [
    ...page.title('What this change of the policy does'),
    ...page.prose(`${words.headline}.`).map(paint),
    ...page.prose(words.detail),
    ...renderDifferingImages(report.difference, page),
  ];
}

function renderEvidence(report: Report, page: TextPage, frontEnd: FrontEnd = 'cli'): readonly string[] {
  const { plan } = report;
  if (plan === undefined) return [];
  const rows = describeEvidence(plan.evidence, frontEnd);
  const label = Math.max(...rows.map(({ source }) => source.length)) + 2;
  return [
    ...page.title(`Looked at (${describeOrigin(report)})`),
    ...rows.flatMap(({ source, text, on }) => {
      const lines = page.prose(`${source.padEnd(label)}${text}`, label);
      return on ? lines : lines.map(page.paint.attention);
    }),
  ];
}

function renderEnd(report: Report, page: TextPage, frontEnd: FrontEnd = 'cli'): readonly string[] {
  const recovery = describeRecovery(report, frontEnd);
  const next = describeNextStep(report, frontEnd);
  return [
    ...(recovery === undefined ? [] : [...page.title('To take it back'), ...page.prose(recovery)]),
    ...(next === undefined ? [] : ['', ...page.statement(`${describeStatus(report)} ${next.text}`, (line) => line)]),
    ...(next?.command === undefined ? [] : page.prose(next.command).map(page.paint.bold)),
  ];
}
