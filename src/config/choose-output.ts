// The files that a run writes and reads, and how it shows its result.

import { resolve } from 'node:path';
import type { LogLevel } from '../log.ts';
import { findOption, type OptionName } from '../options.ts';
import { checkInputFile, checkOutputFile, resolvePath } from './check-files.ts';
import { type Findings, placeOf, readChoice, readText } from './findings.ts';
import type { Format, Settings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** How the result is shown, and how much is told on the way. */
export interface Looks {
  readonly format: Format;
  readonly logLevel: LogLevel;
}

/** The part of the settings that is about files. */
export type OutputSettings = Looks &
  Pick<
    Settings,
    'planFile' | 'reportFile' | 'markdownFile' | 'codeQualityFile' | 'metrics' | 'previousReport' | 'journal'
  >;

/** Which files; those that are written can be, and no two of them are the same. */
export async function chooseOutput(findings: Findings, command: Settings['command']): Promise<OutputSettings> {
  const plan =
    command === 'plan' ? await checkNamedOutput(findings, 'plan-file') : await checkInputFile(findings, 'plan-file');
  const reportFile = await checkNamedOutput(findings, 'report-file');
  const markdownFile = await checkNamedOutput(findings, 'markdown-file');
  const codeQualityFile = await checkNamedOutput(findings, 'code-quality-file');
  const previousReport = await checkInputFile(findings, 'previous-report');
  const journalText = readJournal(findings);
  const journal =
    command === 'apply' ? await checkOutputFile(findings, 'journal', journalText) : resolvePath(findings, journalText);
  const metrics = await checkNamedOutput(findings, 'metrics');
  const written = {
    'plan-file': plan,
    'report-file': reportFile,
    'markdown-file': markdownFile,
    'code-quality-file': codeQualityFile,
    metrics,
    journal: command === 'apply' ? journal : undefined,
  } as const;
  refuseSameFile(findings, written);
  return {
    ...withoutUndefined({ planFile: plan, reportFile, markdownFile, codeQualityFile, metrics, previousReport }),
    journal,
    ...readLooks(findings),
  };
}

/** Each file that is written twice is told once, with the options that name it. */
function refuseSameFile(findings: Findings, written: { readonly [Name in OptionName]?: string | undefined }): void {
  const named = Object.entries(written).flatMap(([name, path]) => (path === undefined ? [] : [{ name, path }]));
  const byPath = Map.groupBy(named, ({ path }) => resolve(path));
  for (const group of byPath.values()) {
    const places = group.map(({ name }) => placeOf(name as OptionName, findings.frontEnd));
    if (group.length > 1) findings.mistakes.push({ place: places.join(', '), text: 'they name the same file' });
  }
}

/** The journal's path as it was given. */
export function readJournal(findings: Findings): string {
  return readText(findings, 'journal') ?? findOption('journal').default ?? '';
}

/** How the result is shown. */
export function readLooks(findings: Findings): Looks {
  return {
    format: readChoice(findings, 'format', ['text', 'json', 'markdown']),
    logLevel: readChoice(findings, 'log-level', ['debug', 'info', 'warn', 'error']),
  };
}

/** The path of a file to write, when one was named. */
export async function checkNamedOutput(
  findings: Findings,
  name: 'plan-file' | 'report-file' | 'markdown-file' | 'code-quality-file' | 'metrics',
): Promise<string | undefined> {
  const path = readText(findings, name);
  return path === undefined ? undefined : checkOutputFile(findings, name, path);
}
