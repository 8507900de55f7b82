// Options and policy file to the decided settings of a verify. Of the policy file only repositories and clusters count: nothing is decided.

import { parseRegistryHost, parseRepositoryPrefix } from '../model/reference.ts';
import type { RawOptions } from '../options.ts';
import { chooseCache } from './choose-cache.ts';
import { chooseKubernetes } from './choose-kubernetes.ts';
import { checkNamedOutput, readLooks } from './choose-output.ts';
import { chooseProviders, type ProviderOf } from './choose-provider.ts';
import { readKeepYoungerThan } from './choose-reading.ts';
import { chooseRegistry } from './choose-registry.ts';
import { chooseRepositories } from './choose-repositories.ts';
import { addMistake, addWrong, createFindings, type Findings, readList, type SettingsSource } from './findings.ts';
import { mistakesError, quote } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { registryPrefixProblem } from './policy-words.ts';
import { readCommand } from './read-command.ts';
import { readPolicyFile } from './read-policy-file.ts';
import type { KubernetesSettings, RegistryPrefix, VerifySettings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Decided settings, and what the user should know about them. */
export interface NormalizedVerify {
  readonly settings: VerifySettings;
  readonly notes: readonly string[];
}

/** Whether the options are those of a verify, whose settings are others. */
export function isVerify(raw: RawOptions): boolean {
  return raw.command?.trim() === 'verify';
}

/**
 * Decides all settings of a verify. Options outrank the policy file; prefixes stand beside its repositories.
 * @throws UsageError POLICY_INVALID when only the policy file is wrong, else USAGE; every mistake is a line of the message.
 */
export async function normalizeVerify(raw: RawOptions, source: SettingsSource): Promise<NormalizedVerify> {
  const findings = createFindings(raw, source);
  readCommand(findings);
  const { file } = await readPolicyFile(findings);
  const { providerOf } = chooseProviders(findings);
  const registries = readPrefixes(findings, providerOf);
  const isNamed = raw.repository !== undefined || (file.repositories ?? []).length > 0;
  const repositories = isNamed || raw.registry === undefined ? chooseRepositories(findings, file, providerOf) : [];
  const places = registries.map(({ prefix, provider }) => {
    const host = parseRegistryHost(prefix.split('/')[0] ?? '');
    return { kind: 'registry', provider, repository: { host } } as const;
  });
  const registry = await chooseRegistry(findings, [...repositories, ...places]);
  const kubernetes = await chooseClusters(findings, file);
  const reportFile = await checkNamedOutput(findings, 'report-file');
  const metrics = await checkNamedOutput(findings, 'metrics');
  if (metrics !== undefined && metrics === reportFile)
    addMistake(findings, 'metrics', 'names the same file as report-file');
  const cacheDirectory = await chooseCache(findings);
  const looks = readLooks(findings);
  if (findings.mistakes.length > 0 || kubernetes === undefined) throw mistakesError(findings.mistakes);
  const mirrors = new Map(Object.entries(file.kubernetes?.mirrors ?? {}));
  const optional = withoutUndefined({ cacheDirectory, reportFile, metrics });
  return {
    settings: { repositories, registries, mirrors, kubernetes, registry, ...optional, ...looks },
    notes: findings.notes,
  };
}

function readPrefixes(findings: Findings, providerOf: ProviderOf): readonly RegistryPrefix[] {
  const prefixes: RegistryPrefix[] = [];
  for (const written of readList(findings, 'registry') ?? []) {
    const text = written.replace(/\/+$/, '');
    const problem = registryPrefixProblem(text);
    if (problem !== undefined) {
      addWrong(findings, { name: 'registry', got: quote(written), expected: problem });
      continue;
    }
    const prefix = parseRepositoryPrefix(text);
    if (prefixes.some((other) => other.prefix === prefix)) addMistake(findings, 'registry', `${prefix} is named twice`);
    prefixes.push({ prefix, provider: providerOf(parseRegistryHost(prefix.split('/')[0] ?? '')) });
  }
  return prefixes;
}

/** The clusters; undefined with a mistake among the findings. Whoever verifies wants them asked, whatever a policy leaves out. */
async function chooseClusters(findings: Findings, file: PolicyFile): Promise<KubernetesSettings | undefined> {
  const { cleanup: _cleanup, ...rest } = file;
  const chosen = await chooseKubernetes(findings, rest, readKeepYoungerThan(findings, rest));
  if (chosen !== 'off') return chosen;
  // On a command line it is no option of this command, which is told already.
  if (findings.frontEnd === 'action')
    addMistake(findings, 'without-kube', 'not together with verify: it asks what the clusters use');
  return undefined;
}
