// What was looked at before anything was decided, in words.

import { nameOfRequest } from '../model/forge.ts';
import { type MissingEvidence, titleOfMissing } from '../model/missing-evidence.ts';
import type { EvidenceSummary } from '../plan/plan.ts';
import type { FrontEnd } from './describe-status.ts';
import { escapeTerminal } from './escape-terminal.ts';
import { joinSome } from './join-some.ts';
import { pluralize } from './pluralize.ts';
import { truncateText } from './truncate-text.ts';

/** One source of evidence. Both texts may hold untrusted names. */
export interface EvidenceRow {
  /** `Registry`, `Git`, `GitHub` or another forge, `Kubernetes`. */
  readonly source: string;
  readonly text: string;
  /** False when the rule was off or the source could not be looked at, so that it protected nothing. */
  readonly on: boolean;
}

const MAX_NAMES = 6;
/** Columns: it stands before every line of its row. */
const MAX_TITLE = 16;

/**
 * One row for each source: a source that was off or could not be looked at says so, because it then protects nothing. The forge is
 * left out only on a command line that was given none.
 */
export function describeEvidence(evidence: EvidenceSummary, frontEnd: FrontEnd): readonly EvidenceRow[] {
  return [
    { source: 'Registry', text: describeRegistry(evidence), on: true },
    evidence.git === undefined
      ? absentRow(evidence, 'git', 'off: no branch, tag or commit protects an image')
      : { source: 'Git', text: describeGit(evidence.git), on: true },
    ...forgeRows(evidence, frontEnd),
    evidence.kubernetes === undefined
      ? absentRow(evidence, 'kubernetes', 'off: no cluster protects an image')
      : { source: 'Kubernetes', text: describeKubernetes(evidence.kubernetes), on: true },
  ];
}

function absentRow({ missing }: EvidenceSummary, source: MissingEvidence['source'], off: string): EvidenceRow {
  const all = (missing ?? []).filter((one) => one.source === source);
  const text = all.length === 0 ? off : `NOT LOOKED AT: ${all.map(({ why }) => why).join('; ')}`;
  return { source: titleOfMissing(all[0] ?? { source }), text, on: false };
}

function describeRegistry({ repositories }: EvidenceSummary): string {
  const where = repositories.length === 1 ? '' : ` in ${pluralize(repositories.length, 'repository', 'repositories')}`;
  const tags = repositories.reduce((sum, one) => sum + one.tags - (one.records?.tags ?? 0), 0);
  const records = repositories.reduce((sum, one) => sum + (one.records?.nodes ?? 0), 0);
  const images = repositories.reduce((sum, one) => sum + one.nodes, 0) - records;
  const more = records === 0 ? '' : `, ${pluralize(records, 'record')} of what they were published for`;
  return `${pluralize(images, 'image')} (indexes and attachments counted), ${pluralize(tags, 'tag')}${more}${where}`;
}

function describeGit({ branches, tags, commits, remote }: NonNullable<EvidenceSummary['git']>): string {
  const where = remote === undefined ? '' : ` of ${remote}`;
  return `${pluralize(branches, 'branch', 'branches')}, ${pluralize(tags, 'tag')}, ${pluralize(commits, 'commit')}${where}`;
}

function forgeRows(evidence: EvidenceSummary, frontEnd: FrontEnd): readonly EvidenceRow[] {
  const { forge, missing } = evidence;
  if (forge !== undefined)
    return [{ source: truncateText(escapeTerminal(forge.title), MAX_TITLE), text: describeForge(forge), on: true }];
  const isMissing = (missing ?? []).some(({ source }) => source === 'forge');
  if (frontEnd === 'cli' && !isMissing) return [];
  const request = frontEnd === 'gitlab' ? 'merge request' : 'pull request';
  const row = absentRow(evidence, 'forge', `off: no ${request}, release or deployment protects an image`);
  return [{ ...row, source: FORGE_TITLES[frontEnd] ?? titleInRow(row.source) }];
}

/** What was not asked is what runs the job. */
const FORGE_TITLES: Readonly<Record<FrontEnd, string | undefined>> = {
  action: 'GitHub',
  gitlab: 'GitLab',
  cli: undefined,
};

/** As any other title: `Forge`. */
function titleInRow(title: string): string {
  return title === 'the forge' ? 'Forge' : truncateText(escapeTerminal(title), MAX_TITLE);
}

function describeForge(forge: NonNullable<EvidenceSummary['forge']>): string {
  const { repository, pullRequests, releases, deployments } = forge;
  const request = nameOfRequest(forge);
  const parts = [
    pullRequests === undefined ? `${request}s off` : pluralize(pullRequests, `open ${request}`),
    releases === undefined ? 'releases off' : pluralize(releases, 'release'),
    deployments === undefined ? 'deployments off' : pluralize(deployments, 'deployment'),
  ];
  return `${parts.join(', ')} of ${repository}`;
}

function describeKubernetes({ images, sources }: NonNullable<EvidenceSummary['kubernetes']>): string {
  const places = sources.map(({ kind, name, pods, objects }) =>
    kind === 'cluster' ? `${name} (${pluralize(pods, 'pod')})` : `${name} (${pluralize(objects, 'object')})`,
  );
  const where = places.length === 0 ? 'no cluster and no manifest' : joinSome(places, MAX_NAMES);
  return `${pluralize(images, 'image')} in use; looked at ${where}`;
}
