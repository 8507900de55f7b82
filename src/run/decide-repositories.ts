// The decisions on all repositories of a run. Of a project of werf's the one with the stages is decided first, with what the others know;
// the others follow what was decided there. Build cache is decided when it is settled, everywhere, which images stay.

import { UsageError } from '../errors.ts';
import type { Policy } from '../model/policy.ts';
import type { Instant } from '../model/time.ts';
import type { BuiltImages } from '../policy/cache/built-images.ts';
import { type BuildCacheEvidence, decideBuildCache } from '../policy/cache/decide-build-cache.ts';
import { listDeclared } from '../policy/cache/list-declared.ts';
import { type BegunDecision, beginDecision } from '../policy/decide.ts';
import type { Decisions } from '../policy/decisions.ts';
import { copiesInUse } from '../policy/werf/copies-in-use.ts';
import { decideCopy } from '../policy/werf/decide-copy.ts';
import { decideMetaRepository } from '../policy/werf/decide-records.ts';
import type { WerfEvidence } from '../policy/werf/werf.ts';
import type { Collected, CollectedRepository } from './collect-evidence.ts';
import type { PreviousRun } from './run-files.ts';
import { projectsIn } from './werf-project.ts';

/** By what, and when, everything is decided. */
export interface Deciding {
  readonly collected: Collected;
  readonly policy: Policy;
  readonly previous: PreviousRun | undefined;
  readonly now: Instant;
}

/**
 * The decisions by repository name, in the order of the repositories. Pure: the same evidence, policy and time give the same.
 * @throws UsageError USAGE where repositories are to belong together that do not: nothing can be told of copies and records then; and for
 *   a purge of what werf never made.
 */
export function decideRepositories(deciding: Deciding): ReadonlyMap<string, Decisions> {
  const { repositories } = deciding.collected;
  const own = repositories.filter(({ role, isBuildCache }) => role === undefined && isBuildCache !== true);
  const begun = new Map(own.map((repository) => [repository.name, beginPrimary(repository, deciding)]));
  const besides = makeBesides(begun, deciding);
  const finished = new Map([...begun].map(([name, one]) => [name, one.finish(besides(name))]));
  const isBuiltHere = isAnyBuiltHere([...finished.values()]);
  const decided = new Map<string, Decisions>();
  for (const repository of repositories) {
    const { name, role } = repository;
    const own = finished.get(name);
    if (own !== undefined) decided.set(name, own);
    else if (role !== undefined)
      decided.set(name, decideOther({ ...repository, role }, deciding, finished.get(role.of)));
    else decided.set(name, decideCache(repository, deciding, { others: besides(name), isBuiltHere }));
  }
  if (deciding.policy.purge) refuseEmptyPurge(repositories, decided);
  return decided;
}

/** What all repositories but the named one say of builds; copies and records of werf's say nothing that their originals do not. */
function makeBesides(
  begun: ReadonlyMap<string, BegunDecision>,
  { collected, policy }: Deciding,
): (name: string) => readonly BuiltImages[] {
  const declared = collected.repositories.filter(({ isBuildCache }) => isBuildCache === true);
  const all = new Map([
    ...[...begun].map(([name, { built }]) => [name, built] as const),
    ...declared.map(({ name, snapshot }) => [name, listDeclared(snapshot, policy)] as const),
  ]);
  return (name) => [...all].flatMap(([other, built]) => (other === name ? [] : [built]));
}

/** Undefined where Git is not asked. */
function isAnyBuiltHere(decided: readonly Decisions[]): boolean | undefined {
  const known = decided.flatMap(({ isBuiltHere }) => isBuiltHere ?? []);
  return known.length === 0 ? undefined : known.includes(true);
}

function beginPrimary({ name, snapshot }: CollectedRepository, deciding: Deciding): BegunDecision {
  const { collected, policy, previous, now } = deciding;
  const { history, forge, usage } = collected;
  const firstSeen = previous?.firstSeenIn(name);
  const werf = evidenceOf(name, deciding);
  const evidence = { snapshot, history, forge, usage, firstSeen, ...cacheEvidenceOf(collected) };
  return beginDecision({ ...evidence, ...(werf === undefined ? {} : { werf }) }, policy, now);
}

/** The histories of further Git repositories; absent where none was read. */
function cacheEvidenceOf({ furtherGit }: Collected): Pick<BuildCacheEvidence, 'cache'> {
  if (furtherGit === undefined) return {};
  const repositories = [...furtherGit].map(([name, history]) => [name, { kind: 'whole', history }] as const);
  return { cache: { repositories: new Map(repositories) } };
}

function decideCache(
  { name, snapshot }: CollectedRepository,
  { collected, policy, previous, now }: Deciding,
  known: Pick<BuildCacheEvidence, 'others' | 'isBuiltHere'>,
): Decisions {
  const { history, forge, usage } = collected;
  const firstSeen = previous?.firstSeenIn(name);
  return decideBuildCache(
    { snapshot, history, forge, usage, firstSeen, ...cacheEvidenceOf(collected), ...known },
    policy,
    now,
  );
}

/** What the other repositories of a project know of the one with the stages; undefined where there is none. */
function evidenceOf(name: string, { collected, policy }: Deciding): WerfEvidence | undefined {
  const others = othersOf(name, collected.repositories);
  if (others.length === 0) return undefined;
  const snapshotOf = (kind: 'final' | 'meta') => others.find(({ role }) => role?.kind === kind)?.snapshot;
  const [meta, final] = [snapshotOf('meta'), snapshotOf('final')];
  const { usage } = collected;
  const { enabled, mirrors } = policy.kubernetes;
  return {
    ...(meta === undefined ? {} : { meta }),
    ...(final === undefined || usage === undefined || !enabled
      ? {}
      : { usedCopies: copiesInUse(final, usage, mirrors) }),
  };
}

function decideOther(
  repository: CollectedRepository & Required<Pick<CollectedRepository, 'role'>>,
  deciding: Deciding,
  primary: Decisions | undefined,
): Decisions {
  const { name, snapshot, role } = repository;
  const { collected, policy, previous, now } = deciding;
  const owner = collected.repositories.find((other) => other.name === role.of);
  if (primary === undefined || owner === undefined) throw new TypeError(`${role.of} is not among the repositories`);
  refuseStrangers(owner, repository, { isMade: primary.werf !== undefined || policy.purge });
  if (role.kind === 'meta') return decideMetaRepository({ snapshot, primary }, policy);
  const { usage } = collected;
  const firstSeen = previous?.firstSeenIn(name);
  return decideCopy({ snapshot, usage, firstSeen, primary, role: role.kind, repository: role.of }, policy, now);
}

/** What is not in the wrong repository would count as gone from the right one. */
function refuseStrangers(
  owner: CollectedRepository,
  other: CollectedRepository,
  { isMade }: { readonly isMade: boolean },
): void {
  const option = `${other.role?.kind}-repo`;
  if (!isMade) {
    throw new UsageError(`werf made nothing in ${owner.name}, so ${other.name} cannot belong to it.`, {
      code: 'USAGE',
      hint: `Check repository and ${option}: which of them is the one that werf has as --repo?`,
    });
  }
  const [ours, theirs] = [projectsIn(owner.snapshot), projectsIn(other.snapshot)];
  if (ours.size === 0 || theirs.size === 0 || [...theirs].some((project) => ours.has(project))) return;
  const list = (projects: ReadonlySet<string>): string => [...projects].sort().join(', ');
  throw new UsageError(
    `${owner.name} is of the project ${list(ours)}, and ${other.name} of ${list(theirs)}: they do not belong together.`,
    { code: 'USAGE', hint: `Check repository and ${option}.` },
  );
}

/** Of several that belong together one may be empty already: an earlier purge was interrupted. */
function refuseEmptyPurge(repositories: readonly CollectedRepository[], decided: ReadonlyMap<string, Decisions>): void {
  for (const { name, role } of repositories) {
    if (role !== undefined || decided.get(name)?.werf !== undefined) continue;
    if (othersOf(name, repositories).some(({ snapshot }) => projectsIn(snapshot).size > 0)) continue;
    throw new UsageError(`werf made nothing in ${name}: there is nothing to purge.`, {
      code: 'USAGE',
      hint: 'Check the name of the repository. A purge never deletes what others made.',
    });
  }
}

/** The repositories that belong to this one. */
export function othersOf(name: string, repositories: readonly CollectedRepository[]): readonly CollectedRepository[] {
  return repositories.filter(({ role }) => role?.of === name);
}
