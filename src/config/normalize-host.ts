// Options and environment to the decided settings of `host`. It reads no policy file: that is about repositories, and this about a machine.

import { formatRepository, isSameRepository } from '../model/reference.ts';
import { findOption, type RawOptions } from '../options.ts';
import { checkInputFolder } from './check-files.ts';
import { checkHostWishes } from './check-host-wishes.ts';
import { chooseCacheOfMachine } from './choose-cache.ts';
import { chooseHostGit } from './choose-host-git.ts';
import { chooseHostPolicy } from './choose-host-policy.ts';
import { checkNamedOutput, readLooks } from './choose-output.ts';
import { chooseProviders } from './choose-provider.ts';
import { chooseRegistry } from './choose-registry.ts';
import {
  addMistake,
  createFindings,
  type Findings,
  placeOf,
  readFlag,
  readList,
  readShare,
  readText,
  type SettingsSource,
} from './findings.ts';
import type { HostSettings } from './host-settings.ts';
import { mistakesError } from './mistake.ts';
import { readCommand } from './read-command.ts';
import { readDuration } from './read-duration.ts';
import { readEngine } from './read-engine.ts';
import { readTarget } from './repository-target.ts';
import type { RepositoryTarget } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Decided settings, and what the user should know about them. */
export interface NormalizedHost {
  readonly settings: HostSettings;
  readonly notes: readonly string[];
}

/** Whether the options are those of `host`, whose settings are others. */
export function isHost(raw: RawOptions): boolean {
  return raw.command?.trim() === 'host';
}

/**
 * Decides all settings of `host`.
 * @throws UsageError USAGE; every mistake is a line of the message.
 */
export async function normalizeHost(raw: RawOptions, source: SettingsSource): Promise<NormalizedHost> {
  const findings = createFindings(raw, source);
  readCommand(findings);
  const engine = readEngine(findings);
  const root = readText(findings, 'engine-root');
  const engineRoot = root === undefined ? undefined : await checkInputFolder(findings, 'engine-root', root);
  const repositories = readRepositories(findings);
  const registry = await chooseRegistry(findings, repositories);
  const policy = chooseHostPolicy(findings, repositories.length > 0);
  const git = await chooseHostGit(findings, policy.improperGitCommit);
  const ownCacheOlderThan = readDuration(findings, 'own-cache-older-than');
  const confirm = readFlag(findings, 'confirm') ?? false;
  const maxDeleteShare = readShare(findings, 'max-delete-share') ?? Number(findOption('max-delete-share').default);
  const reportFile = await checkNamedOutput(findings, 'report-file');
  const cacheDirectory = await chooseCacheOfMachine(findings);
  const looks = readLooks(findings);
  const hasOwnCacheRule = ownCacheOlderThan !== undefined;
  if (hasOwnCacheRule && cacheDirectory === undefined && findings.raw['cache-dir'] === undefined)
    addMistake(
      findings,
      'own-cache-older-than',
      `only with ${placeOf('cache-dir', findings.frontEnd)}: there is no place for a cache here`,
    );
  checkHostWishes(findings, { policy, hasOwnCacheRule, hasRepositories: repositories.length > 0 });
  if (findings.mistakes.length > 0) throw mistakesError(findings.mistakes);
  const optional = withoutUndefined({ engineRoot, cacheDirectory, ownCacheOlderThan, reportFile });
  const settings = { confirm, engine, policy, repositories, registry, git, maxDeleteShare, ...optional, ...looks };
  return { settings, notes: findings.notes };
}

/** Those that are named, and no other: naming one is asking for what it has no more to go. */
function readRepositories(findings: Findings): readonly RepositoryTarget[] {
  const { providerOf } = chooseProviders(findings);
  const place = placeOf('repository', findings.frontEnd);
  const targets: RepositoryTarget[] = [];
  for (const text of readList(findings, 'repository') ?? []) {
    const target = readTarget(findings, text, { place, providerOf });
    if (target === undefined) continue;
    if (targets.some(({ repository }) => isSameRepository(repository, target.repository)))
      findings.mistakes.push({ place, text: `${formatRepository(target.repository)} is named twice` });
    targets.push(target);
  }
  return targets;
}
