// Options, environment and policy file to the decided settings of one run. All mistakes are told at once, and before
// anything but these files is read.

import { readFile } from 'node:fs/promises';
import { describeCause, UsageError } from '../errors.ts';
import { isDigest, isTag } from '../model/reference.ts';
import { type Instant, parseRfc3339 } from '../model/time.ts';
import { isForCommand } from '../options/option.ts';
import { findOption, type OptionName, type RawOptions, selectOptions } from '../options.ts';
import { buildPolicy } from './build-policy.ts';
import {
  checkInputFile,
  checkInputFolder,
  checkOutputFile,
  hasCode,
  readNamedFile,
  resolvePath,
} from './check-files.ts';
import { chooseKubernetes } from './choose-kubernetes.ts';
import { chooseRegistry, chooseRepositories } from './choose-registry.ts';
import {
  addMistake,
  addWrong,
  type Findings,
  type FrontEnd,
  placeOf,
  readChoice,
  readFlag,
  readText,
} from './findings.ts';
import { mistakesError, quote } from './mistake.ts';
import { parseKeepList } from './parse-keep-list.ts';
import type { PolicyFile } from './policy-schema.ts';
import type { GitSettings, Settings } from './settings.ts';

/** Where the options came from. */
export interface SettingsSource {
  readonly environment: NodeJS.ProcessEnv;
  /** Relative paths are joined to it; `.` leaves them as they are. The policy file is looked for in it. */
  readonly workingDirectory: string;
  readonly frontEnd: FrontEnd;
}

/** Decided settings, and what the user should know about them. */
export interface NormalizedSettings {
  readonly settings: Settings;
  readonly notes: readonly string[];
}

/** The start of a digest, as reports show it: `sha256:0123456789ab`. Its digits alone are a tag, as texts go. */
const DIGEST_START = /^(?:sha256:[0-9a-f]{7,63}|sha512:[0-9a-f]{7,127})$/;

/** The policy file that is read when no option names one. */
const DEFAULT_POLICY_FILE = '.registry-cleanup.yml';

/**
 * Decides all settings of a run. Options outrank the policy file.
 * @throws UsageError POLICY_INVALID when only the policy file is wrong, else USAGE; every mistake is a line of the message.
 */
export async function normalizeSettings(raw: RawOptions, source: SettingsSource): Promise<NormalizedSettings> {
  const findings: Findings = { raw, ...source, mistakes: [], notes: [], policyIsBroken: false };
  const command = readCommand(findings);
  const file = await readPolicyFile(findings);
  const repositories = chooseRepositories(findings, file);
  const registry = await chooseRegistry(findings, repositories);
  const git = await chooseGit(findings, file);
  const kubernetes = await chooseKubernetes(findings, file);
  const policy = buildPolicy(file, {
    kubernetesEnabled: kubernetes !== 'off',
    gitEnabled: git !== 'off',
    keepList: await readKeepList(findings),
    ...withoutUndefined({
      maxDeleteShare: readShare(findings),
      allowDeleteAll: readFlag(findings, 'allow-delete-all'),
      untag: readFlag(findings, 'untag'),
    }),
  });
  if (file.cleanup?.disable === true) findings.notes.push('the policy file says cleanup.disable: nothing is deleted');
  const output = await readOutput(findings, command);
  const asOf = readAsOf(findings);
  const target = command === 'explain' ? readTarget(findings) : undefined;
  if (findings.mistakes.length > 0) throw mistakesError(findings.mistakes);
  const settings = {
    command,
    repositories,
    policy,
    registry,
    git,
    forge: 'off' as const,
    kubernetes,
    missing: [],
    ...output,
    ...withoutUndefined({ asOf, target }),
  };
  return { settings, notes: findings.notes };
}

function readCommand(findings: Findings): 'plan' | 'apply' | 'explain' {
  const command = readChoice(
    findings,
    'command',
    findings.frontEnd === 'cli' ? ['plan', 'apply', 'explain'] : ['plan', 'apply'],
  );
  for (const option of selectOptions(findings.frontEnd)) {
    // An input with a default is always given: that says nothing.
    const isTold = findings.frontEnd === 'cli' || option.default === undefined;
    const name = option.name as OptionName;
    if (isTold && findings.raw[name] !== undefined && !isForCommand(option, command)) {
      addMistake(findings, name, `only for ${option.commands?.join(' and ')}, not for ${command}`);
    }
  }
  return command;
}

async function readPolicyFile(findings: Findings): Promise<PolicyFile> {
  const named = readText(findings, 'config');
  const path = named ?? DEFAULT_POLICY_FILE;
  const text = named === undefined ? await readIfThere(findings, path) : await readNamedFile(findings, 'config', path);
  if (text === undefined) {
    findings.policyIsBroken = named !== undefined;
    if (named === undefined) findings.notes.push(`no ${path} here: the built-in policy applies`);
    return {};
  }
  // Without a policy file neither the YAML reader nor the schema is needed.
  const { parsePolicyFile } = await import('./parse-policy-file.ts');
  const parsed = parsePolicyFile(text, path);
  findings.mistakes.push(...parsed.mistakes);
  findings.notes.push(...parsed.notes);
  findings.policyIsBroken = parsed.file === undefined;
  return parsed.file ?? {};
}

async function readIfThere(findings: Findings, path: string): Promise<string | undefined> {
  try {
    return await readFile(resolvePath(findings, path), 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new UsageError(`reading ${path}: ${describeCause(cause)}`, { code: 'POLICY_INVALID', cause });
  }
}

async function chooseGit(findings: Findings, file: PolicyFile): Promise<GitSettings | 'off'> {
  const directory = readText(findings, 'git-dir');
  if (readFlag(findings, 'without-git') === true) {
    if (directory !== undefined)
      addMistake(findings, 'git-dir', 'not together with without-git: either Git is asked or it is not');
    return 'off';
  }
  if (file.cleanup?.disableGitHistoryBasedPolicy === true) {
    if (directory === undefined) return 'off';
    findings.notes.push('Git is asked: git-dir outranks disableGitHistoryBasedPolicy in the policy file');
  }
  const checked = directory === undefined ? undefined : await checkInputFolder(findings, 'git-dir', directory);
  return {
    directory: checked ?? findings.workingDirectory,
    isNamed: directory !== undefined,
    allowUnshallow: file.gitWorktree?.allowUnshallow ?? true,
    allowFetch: file.gitWorktree?.allowFetchOriginBranchesAndTags ?? true,
  };
}

async function readKeepList(findings: Findings) {
  const path = readText(findings, 'keep-list');
  if (path === undefined) return [];
  const text = await readNamedFile(findings, 'keep-list', path);
  if (text === undefined) return [];
  const { entries, mistakes } = parseKeepList(text, path);
  findings.mistakes.push(...mistakes);
  if (entries.length === 0 && mistakes.length === 0) findings.notes.push(`the keep list ${path} has no entry`);
  return entries;
}

function readShare(findings: Findings): number | undefined {
  const text = readText(findings, 'max-delete-share');
  if (text === undefined) return undefined;
  const share = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (share >= 0 && share <= 1) return share;
  addWrong(findings, { name: 'max-delete-share', got: quote(text), expected: 'a number from 0 to 1' });
  return undefined;
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

async function readOutput(findings: Findings, command: Settings['command']) {
  const plan =
    command === 'plan' ? await checkNamedOutput(findings, 'plan-file') : await checkInputFile(findings, 'plan-file');
  const reportFile = await checkNamedOutput(findings, 'report-file');
  const previousReport = await checkInputFile(findings, 'previous-report');
  const journalText = readText(findings, 'journal') ?? findOption('journal').default ?? '';
  const journal =
    command === 'apply' ? await checkOutputFile(findings, 'journal', journalText) : resolvePath(findings, journalText);
  const written = [plan, reportFile, command === 'apply' ? journal : undefined].filter((path) => path !== undefined);
  if (new Set(written).size < written.length) {
    const names = (['plan-file', 'report-file', 'journal'] as const).map((name) => placeOf(name, findings.frontEnd));
    findings.mistakes.push({ place: names.join(', '), text: 'two of them name the same file' });
  }
  return {
    ...withoutUndefined({ planFile: plan, reportFile, previousReport }),
    journal,
    format: readChoice(findings, 'format', ['text', 'json', 'markdown']),
    logLevel: readChoice(findings, 'log-level', ['debug', 'info', 'warn', 'error']),
  };
}

async function checkNamedOutput(findings: Findings, name: 'plan-file' | 'report-file'): Promise<string | undefined> {
  const path = readText(findings, name);
  return path === undefined ? undefined : checkOutputFile(findings, name, path);
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The same object without the keys whose value is undefined. */
function withoutUndefined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
