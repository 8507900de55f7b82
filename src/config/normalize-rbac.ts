// Options and policy file to the decided settings of `rbac`: what would be read. No cluster is ambient here, in CI or elsewhere:
// the answer must not hang on what happens to lie in the home directory.

import type { RawOptions } from '../options.ts';
import { readKubeConfig } from './choose-kubernetes.ts';
import { chooseReading, readKeepYoungerThan } from './choose-reading.ts';
import { addMistake, createFindings, readChoice, readList, type SettingsSource } from './findings.ts';
import { mistakesError } from './mistake.ts';
import { readCommand } from './read-command.ts';
import { readPolicyFile } from './read-policy-file.ts';
import type { RbacSettings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Decided settings, and what the user should know about them. */
export interface NormalizedRbac {
  readonly settings: RbacSettings;
  readonly notes: readonly string[];
}

/**
 * Decides all settings of `rbac`.
 * @throws UsageError POLICY_INVALID when only the policy file is wrong, else USAGE; every mistake is a line of the message.
 */
export async function normalizeRbac(raw: RawOptions, source: SettingsSource): Promise<NormalizedRbac> {
  const findings = createFindings(raw, source);
  readCommand(findings);
  const { file } = await readPolicyFile(findings);
  const kubeConfig = await readKubeConfig(findings);
  const contexts = readList(findings, 'kube-context');
  if (contexts !== undefined && kubeConfig === undefined)
    addMistake(findings, 'kube-context', 'only with kube-config or kube-config-base64');
  const namespaces = readList(findings, 'namespace') ?? file.kubernetes?.namespaces ?? [];
  const reading = await chooseReading(findings, file, readKeepYoungerThan(findings, file));
  const format = readChoice(findings, 'format', ['text', 'json']);
  const logLevel = readChoice(findings, 'log-level', ['debug', 'info', 'warn', 'error']);
  if (findings.mistakes.length > 0) throw mistakesError(findings.mistakes);
  const settings = {
    ...withoutUndefined({ kubeConfig }),
    // Contexts of the policy file choose from the kubeconfig, too.
    contexts: contexts ?? (kubeConfig === undefined ? [] : (file.kubernetes?.contexts ?? [])),
    namespaces,
    ...reading,
    format,
    logLevel,
  };
  return { settings, notes: findings.notes };
}
