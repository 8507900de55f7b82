// What becomes of build cache: the options, the policy file's key `cache`, and the Git repositories that caches come from.

import { resolve } from 'node:path';
import type { CachePolicy } from '../model/policy.ts';
import { VERSION_LABELS } from '../model/stage-labels.ts';
import { type Duration, hours, parseDuration } from '../model/time.ts';
import type { OptionName } from '../options.ts';
import { resolvePath } from './check-files.ts';
import { addMistake, addWrong, type Findings, readFlag, readList, readText } from './findings.ts';
import { gitAddressProblem, gitNameProblem, isGitPath } from './git-repository-words.ts';
import { quote } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { durationProblem } from './policy-words.ts';
import type { NamedGitRepository } from './settings.ts';

/** A build that runs may just have made it; dapp and werf 1 wait as long. */
const DEFAULT_GRACE: Duration = hours(2);
/** As long as Kaniko itself uses a cached layer by default: https://github.com/GoogleContainerTools/kaniko#flag---cache-ttl-duration */
const DEFAULT_UNATTRIBUTED_GRACE: Duration = parseDuration('14d');

/** A policy without any rule for build cache. */
export const NO_CACHE_RULE: CachePolicy = {
  improperRepoCache: false,
  improperGitCommit: false,
  flush: false,
  grace: DEFAULT_GRACE,
  unattributedGrace: DEFAULT_UNATTRIBUTED_GRACE,
  isDev: false,
  isAlone: false,
};

/** The options that are rules, beside `flush`. */
const IMPROPER = ['improper-repo-cache', 'improper-cache-version', 'improper-git-commit'] as const;

/** Whether anything becomes of build cache. */
export function isCacheRuleOn(policy: CachePolicy): boolean {
  const { improperRepoCache, improperCacheVersion, improperGitCommit, flush } = policy;
  return improperRepoCache || improperCacheVersion !== undefined || improperGitCommit || flush;
}

/** The rules for build cache. With mistakes among the findings the answer is not to be used. */
export function chooseBuildCache(
  findings: Findings,
  file: PolicyFile,
  { gitEnabled }: { readonly gitEnabled: boolean },
): CachePolicy {
  const cache = file.cache ?? {};
  const flush = readFlag(findings, 'flush') ?? false;
  const version = readCacheVersion(findings, cache.improperCacheVersion);
  const rules = {
    improperRepoCache: readFlag(findings, 'improper-repo-cache') ?? cache.improperRepoCache ?? false,
    ...(version === undefined ? {} : { improperCacheVersion: version }),
    improperGitCommit: readFlag(findings, 'improper-git-commit') ?? cache.improperGitCommit ?? false,
  };
  refuseBesideFlush(findings, flush);
  if (rules.improperGitCommit && !flush && !gitEnabled) tellWithoutGit(findings);
  const policy: CachePolicy = {
    ...NO_CACHE_RULE,
    // What the file's rules would say of cache, flush says of all of it.
    ...(flush ? { flush } : rules),
    grace: readCacheGrace(findings) ?? readDuration(cache.grace) ?? DEFAULT_GRACE,
    unattributedGrace: readDuration(cache.unattributedGrace) ?? DEFAULT_UNATTRIBUTED_GRACE,
    isDev: readFlag(findings, 'dev') ?? false,
    isAlone: readFlag(findings, 'build-cache-only') ?? false,
  };
  if (policy.isDev && !isCacheRuleOn(policy))
    addMistake(
      findings,
      'dev',
      "only with a rule for build cache (improper-repo-cache, improper-cache-version, improper-git-commit or flush): it says whose cache they are about; werf's own --dev means nothing to a cleanup",
    );
  if (policy.isAlone && !isCacheRuleOn(policy))
    addMistake(
      findings,
      'build-cache-only',
      'only with a rule for build cache (improper-repo-cache, improper-cache-version, improper-git-commit or flush): without one nothing would be decided',
    );
  return policy;
}

function refuseBesideFlush(findings: Findings, flush: boolean): void {
  if (!flush) return;
  const given = IMPROPER.filter((name) => findings.raw[name] !== undefined && !isFalse(findings.raw[name]));
  for (const name of given) addMistake(findings, name, 'not together with flush: all build cache goes then');
}

function isFalse(value: unknown): boolean {
  return String(value).trim().toLowerCase() === 'false';
}

function tellWithoutGit(findings: Findings): void {
  const text = 'it needs Git, which is not asked: without it no commit can be called gone';
  if (findings.raw['improper-git-commit'] === undefined)
    findings.mistakes.push({ place: 'cache.improperGitCommit in the policy file', text });
  else addMistake(findings, 'improper-git-commit', text);
}

type WrittenVersion = NonNullable<PolicyFile['cache']>['improperCacheVersion'];

/**
 * The current version of build cache, as an option (`33`, `my-label=33`) or else a file says it; undefined where neither does. A version
 * without a label goes by the labels and expressions of the file, else by dapp's and werf's labels.
 */
function readCacheVersion(
  findings: Findings,
  written: WrittenVersion,
): CachePolicy['improperCacheVersion'] | undefined {
  const text = readText(findings, 'improper-cache-version');
  const { labels = VERSION_LABELS, tags = [] } = typeof written === 'object' ? written : {};
  if (text === undefined) {
    const current = typeof written === 'object' ? written.current : written;
    return current === undefined ? undefined : { current, labels, tags };
  }
  const equals = text.indexOf('=');
  if (equals === -1) return { current: text, labels, tags };
  const [label, current] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
  if (label !== '' && current !== '') return { current, labels: [label], tags: [] };
  addWrong(findings, {
    name: 'improper-cache-version',
    got: quote(text),
    expected: 'a version such as 33, or a label with it: my-label=33',
  });
  return undefined;
}

/** How long young cache stays, as an option says; undefined where none does. */
function readCacheGrace(findings: Findings): Duration | undefined {
  const name = 'cache-grace';
  const text = readText(findings, name);
  const problem = text === undefined ? undefined : durationProblem(text);
  if (text === undefined) return undefined;
  if (problem === undefined) return parseDuration(text);
  addWrong(findings, { name, got: quote(text), expected: problem });
  return undefined;
}

function readDuration(text: string | undefined): Duration | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

/**
 * The further Git repositories, by an option (`NAME=URL`), else by the file; paths absolute, names distinct. Only for `improperGitCommit`:
 * without it those of the file are left out, and the option is a mistake.
 */
export function chooseFurtherGit(
  findings: Findings,
  file: PolicyFile,
  { isWanted }: { readonly isWanted: boolean },
): readonly NamedGitRepository[] {
  const name: OptionName = 'cache-git-repository';
  const given = readList(findings, name);
  if (given === undefined) {
    const written = isWanted ? Object.entries(file.cache?.gitRepositories ?? {}) : [];
    return written.map(([repository, url]) => ({ name: repository, url: placeOfGit(findings, url) }));
  }
  if (!isWanted) addMistake(findings, name, 'only with improper-git-commit: nothing else asks these repositories');
  const found = new Map<string, string>();
  for (const text of given) {
    const [repository, url] = splitAtEquals(text);
    const problem = gitNameProblem(repository) ?? gitAddressProblem(url);
    if (problem !== undefined) {
      // The address may hold a password.
      addWrong(findings, { name, got: `${quote(repository)} and its address`, expected: `NAME=URL: ${problem}` });
    } else if (found.has(repository)) addMistake(findings, name, `${quote(repository)} is named twice`);
    else found.set(repository, placeOfGit(findings, url));
  }
  return [...found].map(([repository, url]) => ({ name: repository, url }));
}

function splitAtEquals(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  return equals === -1 ? ['', text] : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

function placeOfGit(findings: Findings, url: string): string {
  return isGitPath(url) ? resolve(resolvePath(findings, url)) : url;
}
