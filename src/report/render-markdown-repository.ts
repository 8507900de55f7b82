// One repository of the Markdown report: reasons as small tables, what clusters protect, what was not done, lists in folds.

import { shortDigest } from '../model/reference.ts';
import type { RepositoryPlan } from '../plan/plan.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { formatBytes } from './format-bytes.ts';
import { formatCount } from './format-count.ts';
import { type Changes, type DeletionRow, listChanges, type ProblemRow } from './list-changes.ts';
import type { Block } from './markdown-document.ts';
import { PRIORITY } from './markdown-priority.ts';
import { pluralize } from './pluralize.ts';
import type { Report } from './report.ts';
import { summarizeClusterUse } from './summarize-cluster-use.ts';
import { type Tally, tallyReasons } from './tally-reasons.ts';

/** Names that are shown in one cell. */
const MAX_NAMES = 5;

/** The blocks about one repository, in order of display; empty when there is nothing to tell. */
export function markdownRepository(report: Report, plan: RepositoryPlan): readonly Block[] {
  const several = (report.plan?.repositories ?? []).length > 1;
  const { go, stay } = tallyReasons(report, plan);
  const changes = listChanges(report, plan);
  const blocks = [
    ...problemBlocks('Not done', changes.problems),
    ...problemBlocks('In the plan file, but not in the fresh plan, so not done', changes.notApplied),
    ...tallyBlocks(go),
    ...tallyBlocks(stay),
    ...clusterBlocks(plan),
    ...deletionBlocks(changes, report),
    ...untagBlocks(changes),
    ...goneBlocks(changes),
    ...remarkBlocks(plan),
  ];
  if (!several || blocks.length === 0) return blocks;
  return [{ priority: PRIORITY.reasons, head: [`### ${markdownCode(plan.name)}`], rows: [], tail: [] }, ...blocks];
}

function tallyBlocks({ title, rows }: Tally): readonly Block[] {
  if (rows.length === 0) return [];
  return [
    {
      priority: PRIORITY.reasons,
      head: [`| Images | ${escapeMarkdown(title)} | |`, '| ---: | --- | --- |'],
      rows: rows.map(
        ({ count, text, names }) => `| ${formatCount(count)} | ${escapeMarkdown(text)} | ${codeList(names)} |`,
      ),
      tail: [],
    },
  ];
}

function clusterBlocks(plan: RepositoryPlan): readonly Block[] {
  const rows = summarizeClusterUse(plan.decisions).map(({ context, namespace, images, workloads }) => {
    const where = namespace === undefined ? '' : markdownCode(namespace);
    return `| ${markdownCode(context)} | ${where} | ${formatCount(images)} | ${codeList(workloads)} |`;
  });
  if (rows.length === 0) return [];
  const head = ['| What clusters protect | Namespace | Images | Used by |', '| --- | --- | ---: | --- |'];
  return [{ priority: PRIORITY.clusters, head, rows, tail: [] }];
}

function problemBlocks(title: string, problems: readonly ProblemRow[]): readonly Block[] {
  if (problems.length === 0) return [];
  const rows = problems.map(({ outcome, action, digest, tags, why }) => {
    const name = tags.length === 0 ? markdownCode(shortDigest(digest)) : codeList(tags);
    return `| ${outcome === 'failed' ? '**failed**' : outcome} | ${action} ${name} | ${escapeMarkdown(why)} |`;
  });
  const head = [`### ${title} (${formatCount(problems.length)})`, '', '| | Step | Why |', '| --- | --- | --- |'];
  return [{ priority: PRIORITY.problems, head, rows, tail: [] }];
}

function deletionBlocks({ planned, deletions }: Changes, { command }: Report): readonly Block[] {
  if (deletions.length === 0) return [];
  const wouldBe = command === 'plan' ? 'would be deleted' : 'would have been deleted';
  const verb = planned ? wouldBe : deletions.length === 1 ? 'was deleted' : 'were deleted';
  const title = `<b>${pluralize(deletions.length, 'image')} that ${verb}</b>, with reasons (sizes with shared layers)`;
  return [
    {
      priority: PRIORITY.changes,
      head: fold(title, ['| Tags | Digest | What | Size | Why |', '| --- | --- | --- | ---: | --- |']),
      rows: deletions.map(deletionRow),
      tail: ['', '</details>'],
    },
  ];
}

function deletionRow({ digest, tags, what, sizeBytes, reason }: DeletionRow): string {
  const size = sizeBytes === undefined ? '?' : formatBytes(sizeBytes).replace(' ', '&nbsp;');
  const name = tags.length === 0 ? '_untagged_' : codeList(tags);
  return `| ${name} | ${markdownCode(shortDigest(digest))} | ${escapeMarkdown(what)} | ${size} | ${escapeMarkdown(reason)} |`;
}

function untagBlocks({ planned, untags }: Changes): readonly Block[] {
  if (untags.length === 0) return [];
  const title = `<b>${pluralize(untags.length, 'tag')} ${planned ? 'that would come' : 'taken'} off images that stay</b>`;
  return [
    {
      priority: PRIORITY.changes,
      head: fold(title, ['| Tag | Digest |', '| --- | --- |']),
      rows: untags.map(({ tag, digest }) => `| ${markdownCode(tag)} | ${markdownCode(shortDigest(digest))} |`),
      tail: ['', '</details>'],
    },
  ];
}

function goneBlocks({ alreadyGone }: Changes): readonly Block[] {
  if (alreadyGone.length === 0) return [];
  const title = `<b>${formatCount(alreadyGone.length)} already deleted by somebody else</b>`;
  const rows = alreadyGone.map((name) => `- ${markdownCode(name)}`);
  return [{ priority: PRIORITY.changes, head: fold(title, []), rows, tail: ['', '</details>'] }];
}

function remarkBlocks({ remarks }: RepositoryPlan): readonly Block[] {
  if (remarks.length === 0) return [];
  const head = [`**Worth knowing (${formatCount(remarks.length)})**`, ''];
  return [{ priority: PRIORITY.remarks, head, rows: remarks.map(({ text }) => `- ${escapeMarkdown(text)}`), tail: [] }];
}

function fold(summary: string, head: readonly string[]): readonly string[] {
  return ['<details>', `<summary>${summary}</summary>`, '', ...head];
}

function codeList(names: readonly string[]): string {
  const left = names.length - MAX_NAMES;
  const shown = names.slice(0, MAX_NAMES).map(markdownCode).join(', ');
  return left > 0 ? `${shown} and ${formatCount(left)} more` : shown;
}
