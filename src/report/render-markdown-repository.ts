// One repository of the Markdown report: reasons as small tables, what clusters and the forge protect, what was not done, lists in folds.

import { shortDigest } from '../model/reference.ts';
import type { RepositoryPlan } from '../plan/plan.ts';
import { type CondensedRow, condenseProblems } from './condense-problems.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { formatCount } from './format-count.ts';
import { type Changes, listChanges, type ProblemRow } from './list-changes.ts';
import { codeList, foldBlock, paragraph, rowsBlock, titledTable } from './markdown-blocks.ts';
import type { Block } from './markdown-document.ts';
import { IMAGE_TABLE, markdownImageRow } from './markdown-image-row.ts';
import { PRIORITY } from './markdown-priority.ts';
import { pluralize } from './pluralize.ts';
import { markdownForgeUse } from './render-markdown-forge.ts';
import type { Report } from './report.ts';
import { countUnlistedUse, summarizeClusterUse } from './summarize-cluster-use.ts';
import { type Tally, tallyReasons } from './tally-reasons.ts';

/** How much place there is. `short`: what protects stands in folds too. */
export type Room = 'full' | 'short';

/** The blocks about one repository, in order of display; empty when there is nothing to tell. */
export function markdownRepository(report: Report, plan: RepositoryPlan, room: Room): readonly Block[] {
  const several = (report.plan?.repositories ?? []).length > 1;
  const { go, stay } = tallyReasons(report, plan);
  const changes = listChanges(report, plan);
  const blocks = [
    ...problemBlocks('Not done', changes.problems),
    ...problemBlocks('In the plan file, but not in the fresh plan, so not done', changes.notApplied),
    ...refusedBlocks(changes),
    ...tallyBlocks(go),
    ...tallyBlocks(stay),
    ...clusterBlocks(plan, room),
    ...markdownForgeUse(report, plan, room === 'short'),
    ...deletionBlocks(changes, report),
    ...untagBlocks(changes),
    ...goneBlocks(changes),
    ...remarkBlocks(plan),
  ];
  if (!several || blocks.length === 0) return blocks;
  return [paragraph(PRIORITY.reasons, `### ${markdownCode(plan.name)}`), ...blocks];
}

function tallyBlocks({ title, rows }: Tally): readonly Block[] {
  return rowsBlock(
    PRIORITY.reasons,
    [`| Images | ${escapeMarkdown(title)} | |`, '| ---: | --- | --- |'],
    rows.map(({ count, text, names }) => `| ${formatCount(count)} | ${escapeMarkdown(text)} | ${codeList(names)} |`),
  );
}

function clusterBlocks(plan: RepositoryPlan, room: Room): readonly Block[] {
  const rows = summarizeClusterUse(plan.decisions).map(({ context, namespace, images, workloads }) => {
    const where = namespace === undefined ? '' : markdownCode(namespace);
    return `| ${markdownCode(context)} | ${where} | ${formatCount(images)} | ${codeList(workloads)} |`;
  });
  const unlisted = countUnlistedUse(plan.decisions);
  const others =
    unlisted === undefined
      ? []
      : [`| | | ${formatCount(unlisted.images)} | ${formatCount(unlisted.users)} more, too many to name |`];
  return titledTable({
    priority: PRIORITY.protectors,
    title: 'What clusters protect',
    isFolded: room === 'short',
    columns: ['Cluster', 'Namespace', 'Images', 'Used by'],
    rows: [...rows, ...others],
  });
}

function problemBlocks(title: string, problems: readonly ProblemRow[]): readonly Block[] {
  const rows = condenseProblems(problems).map((row) => {
    const outcome = row.outcome === 'failed' ? '**failed**' : row.outcome;
    return `| ${outcome} | ${nameOfProblem(row)} | ${escapeMarkdown(row.why)} |`;
  });
  const head = [`### ${title} (${formatCount(problems.length)})`, '', '| | Step | Why |', '| --- | --- | --- |'];
  return rowsBlock(PRIORITY.problems, head, rows);
}

function nameOfProblem(row: CondensedRow): string {
  if (row.kind === 'more') return `and ${formatCount(row.count)} more`;
  const { action, digest, tags } = row;
  return `${action} ${tags.length === 0 ? markdownCode(shortDigest(digest)) : codeList(tags)}`;
}

function refusedBlocks({ refused }: Changes): readonly Block[] {
  const rows = refused.map(({ digest, tags, why }) => {
    const name = tags.length === 0 ? '_untagged_' : codeList(tags);
    return `| ${name} | ${markdownCode(shortDigest(digest))} | ${escapeMarkdown(why)} |`;
  });
  const head = [
    `### The registry does not delete these (${formatCount(rows.length)})`,
    '',
    '| Tags | Digest | What it says |',
    '| --- | --- | --- |',
  ];
  return rowsBlock(PRIORITY.problems, head, rows);
}

function deletionBlocks({ planned, deletions }: Changes, { command }: Report): readonly Block[] {
  const wouldBe = command === 'plan' ? 'would be deleted' : 'would have been deleted';
  const verb = planned ? wouldBe : deletions.length === 1 ? 'was deleted' : 'were deleted';
  const title = `<b>${pluralize(deletions.length, 'image')} that ${verb}</b>, with reasons (sizes with shared layers)`;
  const rows = deletions.map(markdownImageRow);
  return foldBlock({ priority: PRIORITY.changes, title, head: IMAGE_TABLE, rows });
}

function untagBlocks({ planned, untags }: Changes): readonly Block[] {
  const title = `<b>${pluralize(untags.length, 'tag')} ${planned ? 'that would come' : 'taken'} off images that stay</b>`;
  const rows = untags.map(({ tag, digest }) => `| ${markdownCode(tag)} | ${markdownCode(shortDigest(digest))} |`);
  return foldBlock({ priority: PRIORITY.changes, title, head: ['| Tag | Digest |', '| --- | --- |'], rows });
}

function goneBlocks({ alreadyGone }: Changes): readonly Block[] {
  const title = `<b>${formatCount(alreadyGone.length)} already deleted by somebody else</b>`;
  const rows = alreadyGone.map((name) => `- ${markdownCode(name)}`);
  return foldBlock({ priority: PRIORITY.changes, title, head: [], rows });
}

function remarkBlocks({ remarks }: RepositoryPlan): readonly Block[] {
  const head = [`**Worth knowing (${formatCount(remarks.length)})**`, ''];
  return rowsBlock(
    PRIORITY.remarks,
    head,
    remarks.map(({ text }) => `- ${escapeMarkdown(text)}`),
  );
}
