// One repository of the text report: why things go and stay, then what goes, what was not done, and what to know.

import { shortDigest } from '../model/reference.ts';
import type { RepositoryPlan } from '../plan/plan.ts';
import { condenseProblems } from './condense-problems.ts';
import { formatCount } from './format-count.ts';
import { joinSome } from './join-some.ts';
import { type Changes, listChanges, type ProblemRow } from './list-changes.ts';
import { pluralize } from './pluralize.ts';
import { nameOf, renderImages } from './render-text-images.ts';
import type { Report } from './report.ts';
import { countUnlistedUse, summarizeClusterUse } from './summarize-cluster-use.ts';
import { summarizeForgeUse } from './summarize-forge-use.ts';
import { type Tally, tallyReasons } from './tally-reasons.ts';
import type { TextPage } from './text-page.ts';

/** About a screen: what is left out stands in the JSON report. */
const MAX_ROWS = 40;
const MAX_REASONS = 15;
const MAX_NAMES = 3;
const MAX_REMARKS = 20;

/** The part of the report about one repository; `several` gives it a heading of its own. */
export function renderTextRepository(report: Report, plan: RepositoryPlan, page: TextPage): readonly string[] {
  const several = (report.plan?.repositories ?? []).length > 1;
  const { go, stay } = tallyReasons(report, plan);
  const changes = listChanges(report, plan);
  const lines = [
    ...renderProblems('Not done', changes.problems, page),
    ...renderProblems('In the plan file, but not in the fresh plan, so not done', changes.notApplied, page),
    ...renderRefused(changes, page),
    ...renderTally(go, page),
    ...renderTally(stay, page),
    ...renderClusterUse(plan, page),
    ...renderForgeUse(report, plan, page),
    ...renderDeletions(changes, report, page),
    ...renderUntags(changes, page),
    ...renderAlreadyGone(changes, page),
    ...renderRemarks(plan, page),
  ];
  return several && lines.length > 0 ? [...page.title(`── ${plan.name} ──`), ...lines] : lines;
}

function renderTally({ title, rows }: Tally, page: TextPage): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(({ count, text, names }) => [
    formatCount(count),
    names.length === 0 ? text : `${text}: ${joinSome(names, MAX_NAMES)}`,
  ]);
  return [...page.title(title), ...page.table(cells, [{ align: 'right' }, {}], MAX_REASONS)];
}

function renderClusterUse(plan: RepositoryPlan, page: TextPage): readonly string[] {
  const rows = summarizeClusterUse(plan.decisions);
  if (rows.length === 0) return [];
  const cells = rows.map(({ context, namespace, images, workloads }) => [
    namespace === undefined ? context : `${context}/${namespace}`,
    pluralize(images, 'image'),
    joinSome(workloads, MAX_NAMES),
  ]);
  const unlisted = countUnlistedUse(plan.decisions);
  const others =
    unlisted === undefined
      ? []
      : [['…', pluralize(unlisted.images, 'image'), `${formatCount(unlisted.users)} more, too many to name`]];
  return [
    ...page.title('What clusters protect'),
    ...page.table([...cells, ...others], [{ maxShare: 0.4, cut: 'start' }, { align: 'right' }, {}], MAX_REASONS),
  ];
}

function renderForgeUse({ plan: whole }: Report, plan: RepositoryPlan, page: TextPage): readonly string[] {
  const rows = summarizeForgeUse(plan.decisions);
  if (rows.length === 0) return [];
  const cells = rows.map(({ kind, name, images, by }) => [
    `${kind} ${name}`,
    pluralize(images, 'image'),
    joinSome(by, MAX_NAMES),
  ]);
  return [
    ...page.title(`What ${whole?.evidence.forge?.title ?? 'the forge'} protects`),
    ...page.table(cells, [{ maxShare: 0.4 }, { align: 'right' }, {}], MAX_REASONS),
  ];
}

function renderRefused({ refused }: Changes, page: TextPage): readonly string[] {
  if (refused.length === 0) return [];
  const lines = refused
    .slice(0, MAX_ROWS)
    .flatMap(({ digest, tags, why }) => page.prose(`${nameOf(tags, digest)}: ${why}`, 2));
  return [
    ...page.title(`The registry does not delete these (${formatCount(refused.length)})`),
    ...lines,
    ...page.more(refused.length - MAX_ROWS),
  ];
}

function renderProblems(title: string, rows: readonly ProblemRow[], page: TextPage): readonly string[] {
  if (rows.length === 0) return [];
  const condensed = condenseProblems(rows);
  const lines = condensed.slice(0, MAX_ROWS).flatMap((row) => {
    const paint = row.outcome === 'failed' ? page.paint.bad : page.paint.attention;
    const name =
      row.kind === 'more' ? `and ${formatCount(row.count)} more` : `${row.action} ${nameOf(row.tags, row.digest)}`;
    const [first, ...rest] = page.prose(`${row.outcome}: ${name}: ${row.why}`, 2);
    return [paint(first ?? ''), ...rest];
  });
  return [...page.title(`${title} (${formatCount(rows.length)})`), ...lines, ...page.more(condensed.length - MAX_ROWS)];
}

function renderDeletions({ planned, deletions }: Changes, { command }: Report, page: TextPage): readonly string[] {
  if (deletions.length === 0) return [];
  const wouldBe = command === 'plan' ? 'Would be deleted' : 'Would have been deleted';
  return [
    ...page.title(`${planned ? wouldBe : 'Deleted'} (${formatCount(deletions.length)}; sizes with shared layers)`),
    ...renderImages(deletions, page, MAX_ROWS),
  ];
}

function renderUntags({ planned, untags }: Changes, page: TextPage): readonly string[] {
  if (untags.length === 0) return [];
  const title = planned ? 'Tags that would come off images that stay' : 'Tags taken off images that stay';
  const cells = untags.map(({ tag, digest }) => [tag, shortDigest(digest)]);
  return [
    ...page.title(`${title} (${formatCount(untags.length)})`),
    ...page.table(cells, [{ maxShare: 0.6 }, {}], MAX_ROWS),
  ];
}

function renderAlreadyGone({ alreadyGone }: Changes, page: TextPage): readonly string[] {
  if (alreadyGone.length === 0) return [];
  const rows = alreadyGone.map((name) => [name]);
  return [
    ...page.title(`Already deleted by somebody else (${formatCount(rows.length)})`),
    ...page.table(rows, [{}], MAX_ROWS),
  ];
}

function renderRemarks({ remarks }: RepositoryPlan, page: TextPage): readonly string[] {
  if (remarks.length === 0) return [];
  return [
    ...page.title(`Worth knowing (${formatCount(remarks.length)})`),
    ...remarks.slice(0, MAX_REMARKS).flatMap(({ text }) => page.prose(`- ${text}`, 2)),
    ...page.more(remarks.length - MAX_REMARKS),
  ];
}
