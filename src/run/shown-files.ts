// The files of a run that are for people: the report as Markdown, and as lines of GitLab's Code Quality widget. Nothing reads them back.

import { isAbsolute, relative, resolve, sep } from 'node:path';
import { CleanupError } from '../errors.ts';
import type { CodeQualityItem } from '../report/build-code-quality.ts';
import type { FrontEnd } from '../report/describe-status.ts';
import type { Report } from '../report/report.ts';
import { writeTextFile } from './run-files.ts';

/** Where they go; what is absent is not written. */
export interface ShownFiles {
  readonly markdown?: string | undefined;
  readonly codeQuality?: string | undefined;
}

/** How they are written. */
export interface ShownLooks {
  readonly frontEnd: FrontEnd;
  /** Whether a pull or merge request's run made the report. */
  readonly isOnPullRequest: boolean;
  /** The policy file as the user gave it; undefined for the one that is looked for. */
  readonly policyFile: string | undefined;
  /** The top of the checkout: what the lines of the widget point at lies below it. */
  readonly topFolder: string;
}

const DEFAULT_POLICY_FILE = '.registry-cleanup.yml';

/** GitLab gives up on documents that take it long, and each reference it looks for takes its time; the JSON report has everything. */
const GITLAB_MARKDOWN_BYTES = 250_000;

/** Writes the files that are wanted, each whatever becomes of the other. What could not be written comes back, and is never thrown. */
export async function writeShownFiles(
  report: Report,
  { markdown, codeQuality }: ShownFiles,
  looks: ShownLooks,
): Promise<readonly CleanupError[]> {
  const failures: CleanupError[] = [];
  if (markdown !== undefined) await keepFailure(failures, writeTextFile(markdown, await renderText(report, looks)));
  if (codeQuality !== undefined) {
    const text = `${JSON.stringify(await listItems(report, looks), null, 2)}\n`;
    await keepFailure(failures, writeTextFile(codeQuality, text));
  }
  return failures;
}

async function keepFailure(failures: CleanupError[], written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch (error) {
    if (!(error instanceof CleanupError)) throw error;
    failures.push(error);
  }
}

async function renderText(report: Report, { frontEnd, isOnPullRequest }: ShownLooks): Promise<string> {
  const { renderMarkdown } = await import('../report/render-markdown.ts');
  const limit = frontEnd === 'gitlab' ? { maxBytes: GITLAB_MARKDOWN_BYTES } : {};
  return renderMarkdown(report, { frontEnd, isOnPullRequest, ...limit });
}

async function listItems(report: Report, looks: ShownLooks): Promise<readonly CodeQualityItem[]> {
  const { buildCodeQuality } = await import('../report/build-code-quality.ts');
  return buildCodeQuality(report, { policyFile: findPolicyFile(looks) });
}

/** From the top of the checkout, with slashes. A file elsewhere has no line that could be shown: then the usual one stands for it. */
function findPolicyFile({ policyFile = DEFAULT_POLICY_FILE, topFolder }: ShownLooks): string {
  const path = relative(resolve(topFolder), resolve(policyFile));
  return path === '' || path.startsWith('..') || isAbsolute(path) ? DEFAULT_POLICY_FILE : path.split(sep).join('/');
}
