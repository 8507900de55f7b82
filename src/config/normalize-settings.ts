// Options, environment and policy file to the decided settings of one run. All mistakes are told at once, and before
// anything but these files is read.

import { isDigest, isTag } from '../model/reference.ts';
import { type Instant, parseRfc3339 } from '../model/time.ts';
import type { RawOptions } from '../options.ts';
import { isCacheRuleOn } from './choose-build-cache.ts';
import { chooseCache } from './choose-cache.ts';
import { chooseOutput } from './choose-output.ts';
import { chooseProviders } from './choose-provider.ts';
import { chooseRegistry } from './choose-registry.ts';
import { chooseRepositories } from './choose-repositories.ts';
import { decidePolicy } from './decide-policy.ts';
import type { PolicyText } from './find-policy-sources.ts';
import {
  addMistake,
  addWrong,
  createFindings,
  type Findings,
  readFlag,
  readText,
  type SettingsSource,
} from './findings.ts';
import { mistakesError, quote } from './mistake.ts';
import { readCommand } from './read-command.ts';
import { readNoteWish } from './read-merge-request.ts';
import { readPolicyFile } from './read-policy-file.ts';
import { readCommentWish } from './read-pull-request.ts';
import type { Provider, RepositoryTarget, Settings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Decided settings, and what the user should know about them. */
export interface NormalizedSettings {
  readonly settings: Settings;
  readonly notes: readonly string[];
  /** The policy file as it lies there. */
  readonly policyText: PolicyText;
}

/** The start of a digest, as reports show it: `sha256:0123456789ab`. Its digits alone are a tag, as texts go. */
const DIGEST_START = /^(?:sha256:[0-9a-f]{7,63}|sha512:[0-9a-f]{7,127})$/;

/**
 * Decides all settings of a run. Options outrank the policy file.
 * @throws UsageError POLICY_INVALID when only the policy file is wrong, else USAGE; every mistake is a line of the message.
 */
export async function normalizeSettings(raw: RawOptions, source: SettingsSource): Promise<NormalizedSettings> {
  const findings = createFindings(raw, source);
  const command = readCommand(findings);
  if (command !== 'plan' && command !== 'apply' && command !== 'explain')
    throw new TypeError(`the settings of ${command} are decided elsewhere`);
  const { file, werf, ...policyText } = await readPolicyFile(findings, { withWerf: true });
  const repositories = chooseRepositories(findings, file, chooseProviders(findings).providerOf);
  const registry = await chooseRegistry(findings, repositories);
  const decided = await decidePolicy(findings, { file, werf });
  // Whoever says without-forge knows; a command line that names none may not.
  if (decided.forge === 'off' && readFlag(findings, 'without-forge') !== true) noteIdleForge(findings, repositories);
  if (file.cleanup?.disable === true) findings.notes.push('the policy file says cleanup.disable: nothing is deleted');
  if (repositories.some(({ isBuildCache }) => isBuildCache === true) && !isCacheRuleOn(decided.policy.cache))
    findings.notes.push('build-cache-repo: nothing goes from there, as no rule for build cache is on');
  const output = await chooseOutput(findings, command);
  if (output.metrics !== undefined && decided.kubernetes === 'off')
    addMistake(findings, 'metrics', 'there is nothing to measure: no cluster is asked');
  const cacheDirectory = await chooseCache(findings);
  readCommentWish(findings);
  readNoteWish(findings);
  const asOf = readAsOf(findings);
  const target = command === 'explain' ? readTarget(findings) : undefined;
  if (findings.mistakes.length > 0) throw mistakesError(findings.mistakes);
  const settings = {
    command,
    repositories,
    registry,
    ...decided,
    missing: findings.missing,
    ...output,
    ...withoutUndefined({ cacheDirectory, asOf, target }),
  };
  return { settings, notes: findings.notes, policyText };
}

function noteIdleForge(findings: Findings, repositories: readonly RepositoryTarget[]): void {
  const isOn = (provider: Provider) =>
    repositories.some((target) => target.kind === 'registry' && target.provider === provider);
  if (isOn('github'))
    findings.notes.push(
      'GitHub is not asked: no open pull request, release or deployment protects an image. Name the sources with github-repository',
    );
  if (isOn('gitlab'))
    findings.notes.push(
      'GitLab is not asked: no open merge request, release or deployment protects an image. Name the sources with gitlab-project',
    );
}

function readAsOf(findings: Findings): Instant | undefined {
  const text = readText(findings, 'as-of');
  const at = text === undefined ? undefined : parseRfc3339(text);
  if (text !== undefined && at === undefined) {
    addWrong(findings, { name: 'as-of', got: quote(text), expected: 'a time with its offset: 2026-11-21T20:24:00Z' });
  }
  return at;
}

function readTarget(findings: Findings): string | undefined {
  const target = readText(findings, 'target');
  if (target !== undefined && (isTag(target) || isDigest(target) || DIGEST_START.test(target))) return target;
  if (findings.raw.target !== '') {
    addWrong(findings, {
      name: 'target',
      got: target === undefined ? 'nothing' : quote(target),
      expected: 'a tag, a digest or the first 7 digits of one to explain',
    });
  }
  return undefined;
}
