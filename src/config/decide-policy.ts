// What a policy file and the options come to together: whom to ask, and by which rules to decide.

import { buildPolicy, describeIdleForgeKeys } from './build-policy.ts';
import { buildSchemes } from './build-schemes.ts';
import { readNamedFile } from './check-files.ts';
import { chooseBuildCache, chooseFurtherGit } from './choose-build-cache.ts';
import { chooseHistory, type HistorySettings } from './choose-history.ts';
import { chooseKubernetes } from './choose-kubernetes.ts';
import { readKeepYoungerThan } from './choose-reading.ts';
import { chooseSchemes } from './choose-schemes.ts';
import { type Findings, readFlag, readShare, readText } from './findings.ts';
import { parseKeepList } from './parse-keep-list.ts';
import type { WrittenPolicy } from './read-policy-file.ts';
import type { Settings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** The sources and the rules. */
export type DecidedPolicy = HistorySettings & Pick<Settings, 'kubernetes' | 'policy' | 'furtherGit'>;

/** Decides both. With mistakes among the findings the answer is not to be used. */
export async function decidePolicy(findings: Findings, { file, werf }: WrittenPolicy): Promise<DecidedPolicy> {
  const { git, forge } = await chooseHistory(findings, file);
  const keepYoungerThan = readKeepYoungerThan(findings, file);
  const kubernetes = await chooseKubernetes(findings, file, keepYoungerThan);
  const gitEnabled = git !== 'off';
  const cache = chooseBuildCache(findings, file, { gitEnabled });
  const further = chooseFurtherGit(findings, file, { isWanted: cache.improperGitCommit });
  const policy = buildPolicy(file, {
    kubernetesEnabled: kubernetes !== 'off',
    gitEnabled,
    forgeEnabled: forge !== 'off',
    keepList: await readKeepList(findings),
    schemes: buildSchemes(file, chooseSchemes(findings, file, { gitEnabled })),
    cache,
    ...withoutUndefined({
      keepYoungerThan,
      maxDeleteShare: readShare(findings, 'max-delete-share'),
      allowDeleteAll: readFlag(findings, 'allow-delete-all'),
      untag: readFlag(findings, 'untag'),
      keepBuiltWithinHours: findings.raw.werf?.keepBuiltWithinHours,
      werf,
    }),
  });
  findings.notes.push(...describeIdleForgeKeys(file, forge !== 'off'));
  const furtherGit = policy.cache.improperGitCommit && further.length > 0 ? { furtherGit: further } : {};
  return { git, forge, kubernetes, policy, ...furtherGit };
}

/** The entries of the keep list; none where no list is given. */
export async function readKeepList(findings: Findings) {
  const path = readText(findings, 'keep-list');
  if (path === undefined) return [];
  const text = await readNamedFile(findings, 'keep-list', path);
  if (text === undefined) return [];
  const { entries, mistakes } = parseKeepList(text, path);
  findings.mistakes.push(...mistakes);
  if (entries.length === 0 && mistakes.length === 0) findings.notes.push(`the keep list ${path} has no entry`);
  return entries;
}
