// Options and policy file to the decided settings of a purge: a plan, or its apply, by a policy of its own. Git is not asked: no commit
// protects what is to go as a whole.

import type { RawOptions } from '../options.ts';
import { buildPolicy } from './build-policy.ts';
import { chooseCache } from './choose-cache.ts';
import { chooseKubernetes } from './choose-kubernetes.ts';
import { chooseOutput } from './choose-output.ts';
import { chooseProviders } from './choose-provider.ts';
import { readKeepYoungerThan } from './choose-reading.ts';
import { chooseRegistry } from './choose-registry.ts';
import { chooseRepositories } from './choose-repositories.ts';
import { readKeepList } from './decide-policy.ts';
import { addMistake, createFindings, type Findings, readFlag, type SettingsSource } from './findings.ts';
import { mistakesError } from './mistake.ts';
import type { NormalizedSettings } from './normalize-settings.ts';
import { readCommand } from './read-command.ts';
import { readPolicyFile, type WrittenPolicy } from './read-policy-file.ts';
import type { Settings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** The command whose run a purge is: without `confirm` it is only shown. */
export function commandOfPurge(raw: RawOptions): 'plan' | 'apply' {
  return String(raw.confirm ?? false)
    .trim()
    .toLowerCase() === 'true'
    ? 'apply'
    : 'plan';
}

/**
 * Decides all settings of a purge. Of the policy file everything counts but `cleanup`: what is to stay by Git, age or not at all is no
 * question here, and clusters are asked unless the options say no.
 * @throws UsageError POLICY_INVALID when only the policy file is wrong, else USAGE; every mistake is a line of the message.
 */
export async function normalizePurge(raw: RawOptions, source: SettingsSource): Promise<NormalizedSettings> {
  const findings = createFindings(raw, source);
  readCommand(findings);
  readFlag(findings, 'confirm');
  const command = commandOfPurge(raw);
  const { file: whole, werf, ...policyText } = await readPolicyFile(findings, { withWerf: true });
  const { cleanup: _cleanup, ...file } = whole;
  const repositories = chooseRepositories(findings, file, chooseProviders(findings).providerOf);
  const registry = await chooseRegistry(findings, repositories);
  const decided = await decideRules(findings, { file, werf });
  const output = await chooseOutput(findings, command);
  refuseMetrics(findings, { command, kubernetes: decided.kubernetes });
  const cacheDirectory = await chooseCache(findings);
  if (findings.mistakes.length > 0) throw mistakesError(findings.mistakes);
  const settings = {
    command,
    repositories,
    registry,
    git: 'off',
    forge: 'off',
    ...decided,
    missing: findings.missing,
    ...output,
    ...withoutUndefined({ cacheDirectory }),
  } as const;
  return { settings, notes: findings.notes, policyText };
}

async function decideRules(
  findings: Findings,
  { file, werf }: WrittenPolicy,
): Promise<Pick<Settings, 'kubernetes' | 'policy'>> {
  const keepYoungerThan = readKeepYoungerThan(findings, file);
  const kubernetes = await chooseKubernetes(findings, file, keepYoungerThan);
  const policy = buildPolicy(file, {
    kubernetesEnabled: kubernetes !== 'off',
    gitEnabled: false,
    forgeEnabled: false,
    keepList: await readKeepList(findings),
    // Whoever purges wants the repository empty: that much goes is no sign of a mistake.
    maxDeleteShare: 1,
    allowDeleteAll: true,
    untag: false,
    ...withoutUndefined({ werf }),
  });
  return { kubernetes, policy: { ...policy, purge: true } };
}

function refuseMetrics(findings: Findings, { command, kubernetes }: Pick<Settings, 'command' | 'kubernetes'>): void {
  if (findings.raw.metrics === undefined) return;
  if (command === 'plan') addMistake(findings, 'metrics', 'only with confirm: what is only shown is not verified');
  else if (kubernetes === 'off') addMistake(findings, 'metrics', 'there is nothing to measure: no cluster is asked');
}
