// The report as GitLab's Code Quality widget reads it: what a change of the policy does, in a merge request and without any token.
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format

import { createHash } from 'node:crypto';
import { shortDigest } from '../model/reference.ts';
import type { RepositoryPlan } from '../plan/plan.ts';
import { describeDifference } from './describe-difference.ts';
import { describeMissing } from './describe-missing.ts';
import { describeVerdict } from './describe-verdict.ts';
import { escapeTerminal } from './escape-terminal.ts';
import { formatBytes } from './format-bytes.ts';
import { formatCount } from './format-count.ts';
import { joinSome } from './join-some.ts';
import { type ImageRow, listChanges } from './list-changes.ts';
import type { Report } from './report.ts';
import { truncateText } from './truncate-text.ts';

/** One line of the widget; the names are GitLab's. It stops reading at the first item that lacks any of them. */
export interface CodeQualityItem {
  /** Plain text on one line. */
  readonly description: string;
  /** What kind of line it is, shown before the description: `image`. */
  readonly check_name: string;
  /** 64 hex digits. The widget shows those that the target branch's report lacks, and of two alike only one. */
  readonly fingerprint: string;
  readonly severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker';
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
}

/** What the lines point at. */
export interface CodeQualityOptions {
  /** The policy file from the top of the repository, with slashes: `.registry-cleanup.yml`. */
  readonly policyFile: string;
}

/** A line before it has a place: `identity` is what makes it the same one in another report. */
interface Finding extends Pick<CodeQualityItem, 'description' | 'severity'> {
  readonly check: 'stopped' | 'guard' | 'missing-evidence' | 'policy-change' | 'verdict' | 'image' | 'tag';
  readonly identity: readonly string[];
  readonly line?: number;
}

const SEVERITIES: readonly CodeQualityItem['severity'][] = ['blocker', 'critical', 'major', 'minor', 'info'];

/** Images, and tags that come off images, of one repository: a widget is no list. */
const MAX_IMAGES = 50;
/** Mistakes of one policy file. */
const MAX_MISTAKES = 50;
const MAX_TAGS = 3;
const MAX_CHARACTERS = 500;

/**
 * The lines, most severe first, none twice, never empty. A run that stopped is a `blocker`, what a guard would refuse `critical`, evidence
 * that is missing `major`, each verdict `minor` where something would go, and every image that would go `info`.
 */
export function buildCodeQuality(report: Report, options: CodeQualityOptions): readonly CodeQualityItem[] {
  const repositories = report.plan?.repositories ?? [];
  const verdicts = describeVerdict(report).lines;
  const findings = [
    ...findStop(report, options.policyFile),
    ...repositories.flatMap(findGuardsOf),
    ...findMissing(report),
    ...findDifference(report),
    ...repositories.flatMap((plan) => findVerdict(plan, verdicts.findLast(({ name }) => name === plan.name)?.text)),
    ...repositories.flatMap((plan) => findImages(report, plan)),
  ];
  const items = findings
    .map((finding) => buildItem(finding, options.policyFile))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return [...new Map(items.map((item) => [item.fingerprint, item])).values()];
}

function buildItem({ check, identity, severity, description, line = 1 }: Finding, path: string): CodeQualityItem {
  return {
    description: plainLine(description),
    check_name: `registry-cleanup ${check}`,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([check, ...identity]))
      .digest('hex'),
    severity,
    location: { path, lines: { begin: line } },
  };
}

/** The widget takes `%{strong_start}` for a style, and hides every other `%{name}`. */
function plainLine(text: string): string {
  return truncateText(escapeTerminal(text.trim()), MAX_CHARACTERS).replaceAll('%{', '% {');
}

/** Each mistake of a policy file at its line; any other error as one line. */
function findStop({ result, command }: Report, policyFile: string): readonly Finding[] {
  if (result.kind !== 'stopped' && result.kind !== 'alarm') return [];
  const { code, message, exitCode } = result.error;
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const mistakes = lines.flatMap((line) => findMistake(line, policyFile)).slice(0, MAX_MISTAKES);
  const others = lines.filter((line) => findMistake(line, policyFile).length === 0).map((line) => line.trim());
  if (others.length === 0 && mistakes.length > 0) return mistakes;
  const whole = others.join(' · ').replace(/[\s:.]+$/, '');
  const description = `${command} stopped: ${whole} (${code}, exit code ${exitCode})`;
  return [{ check: 'stopped', identity: [code, message], severity: 'blocker', description }, ...mistakes];
}

/** `.registry-cleanup.yml:3:5: unknown key`. */
function findMistake(line: string, policyFile: string): readonly Finding[] {
  const [, path = '', number = '', text = ''] = /^\s*(.+?):(\d{1,6}):\d+: (.+)$/.exec(line) ?? [];
  const isHere = path === policyFile || path.endsWith(`/${policyFile}`);
  if (!isHere || number === '') return [];
  return [{ check: 'stopped', identity: [number, text], severity: 'blocker', description: text, line: Number(number) }];
}

/** That something was not looked at has a line of its own. */
function findGuardsOf({ name, guards }: RepositoryPlan): readonly Finding[] {
  return guards
    .filter(({ guard }) => guard !== 'missing-evidence')
    .map(({ guard, text, hint }) => ({
      check: 'guard',
      identity: [name, guard, text],
      severity: 'critical',
      description: `${name}: apply would refuse this plan: ${endSentence(text)} ${hint}`,
    }));
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function findMissing(report: Report): readonly Finding[] {
  const missing = describeMissing(report);
  return (missing?.lines ?? []).map((line) => ({
    check: 'missing-evidence',
    identity: [line],
    severity: 'major',
    description: `Not looked at, so this says what would go at most, and is never applied: ${line}`,
  }));
}

function findDifference(report: Report): readonly Finding[] {
  const words = describeDifference(report);
  if (words === undefined) return [];
  const description = `${words.headline}. ${words.detail}`;
  const severity = words.tone === 'attention' ? 'major' : 'info';
  return [{ check: 'policy-change', identity: [description], severity, description }];
}

/** Its words are part of what it is: a verdict that differs from the target branch's is shown. */
function findVerdict({ name, totals }: RepositoryPlan, text: string | undefined): readonly Finding[] {
  if (text === undefined) return [];
  const { deleted, collected = 0, untagged, records } = totals;
  const severity = deleted + collected + untagged + (records?.deleted ?? 0) > 0 ? 'minor' : 'info';
  return [{ check: 'verdict', identity: [name, text], severity, description: `${name}: ${text}` }];
}

function findImages(report: Report, plan: RepositoryPlan): readonly Finding[] {
  const { deletions, untags } = listChanges(report, plan);
  const where = (report.plan?.repositories ?? []).length > 1 ? `${plan.name}: ` : '';
  const images = deletions.toSorted(byImportance).map((row): Finding => {
    const description = `${where}${nameOf(row)} would be deleted: ${row.brief}`;
    return { check: 'image', identity: [plan.name, row.digest], severity: 'info', description };
  });
  const tags = untags.map(({ tag, digest }): Finding => {
    const description = `${where}tag ${tag} would come off ${shortDigest(digest)}, which stays`;
    return { check: 'tag', identity: [plan.name, tag, digest], severity: 'info', description };
  });
  const all = [...images, ...tags];
  const left = all.length - MAX_IMAGES;
  const more = `${where}and ${formatCount(left)} more: the whole list is in the report of this job`;
  return [
    ...all.slice(0, MAX_IMAGES),
    ...(left > 0
      ? [{ check: 'image', identity: [plan.name, more], severity: 'info', description: more } satisfies Finding]
      : []),
  ];
}

/** `v1, v2 (image, 52 MB)`; an untagged one by its digest. */
function nameOf({ tags, digest, what, sizeBytes }: ImageRow): string {
  const size = sizeBytes === undefined ? '' : `, ${formatBytes(sizeBytes)}`;
  return `${tags.length === 0 ? shortDigest(digest) : joinSome(tags, MAX_TAGS)} (${what}${size})`;
}

/** What has a name first, and among these what is largest; the order of steps where that says nothing. */
function byImportance(a: ImageRow, b: ImageRow): number {
  const named = Number(b.tags.length > 0) - Number(a.tags.length > 0);
  return named === 0 ? (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0) : named;
}
