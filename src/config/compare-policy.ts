// The policy that a pull request would replace: its text at the base, with the options of this run, decided as this run's own is. It
// is compared on the evidence of this run, so one that wants other evidence cannot be told of.

import { formatRepository } from '../model/reference.ts';
import type { RawOptions } from '../options.ts';
import { chooseRepositories } from './choose-repositories.ts';
import { type DecidedPolicy, decidePolicy } from './decide-policy.ts';
import { findPolicySources, type PolicySources } from './find-policy-sources.ts';
import { createFindings, type Findings, type SettingsSource } from './findings.ts';
import type { PolicyFile } from './policy-schema.ts';
import { readPolicySources } from './read-policy-file.ts';
import type { ComparedPolicy, Settings } from './settings.ts';

/** What the run was given, and what came of it. */
export interface Comparison {
  readonly raw: RawOptions;
  readonly source: SettingsSource;
  /** Decided from these options and the changed policy file. */
  readonly settings: Settings;
}

/** The policy file at the base. */
export interface BaseText {
  /** For people: `main at 1a2b3c4d5e`. */
  readonly base: string;
  /** From the top of the repository, for people. */
  readonly path: string;
  /** Undefined where there is none: then it is the built-in policy that is replaced. */
  readonly text: string | undefined;
}

/** The policy of the base, or why it cannot be compared with. Never throws for what the text says. */
export async function comparePolicy(comparison: Comparison, at: BaseText): Promise<ComparedPolicy> {
  const findings = createFindings(comparison.raw, comparison.source);
  const sources = placeAtBase(await findPolicySources(findings, true), at);
  const base = at.text === undefined ? describeRest(sources) : at.base;
  const written = await readPolicySources(findings, sources);
  const { file } = written;
  const decided = findings.mistakes.length > 0 ? undefined : await decidePolicy(findings, written);
  if (decided === undefined || findings.mistakes.length > 0)
    return { kind: 'broken', base, why: findings.mistakes.map(({ place, text }) => `${place}: ${text}`).join('; ') };
  const other = findOtherEvidence(findings, { file, decided, settings: comparison.settings });
  return other === undefined
    ? { kind: 'policy', base, policy: decided.policy }
    : { kind: 'broken', base, why: `it wants other evidence than this run collects: ${other}` };
}

/** The files of this run, with the one that the change is about as it is at the base. */
function placeAtBase(sources: PolicySources, { path, text }: BaseText): PolicySources {
  return { ...sources, [sources.shown]: { name: path, path, text } };
}

/** What decides without the file. */
function describeRest({ shown, werf }: PolicySources): string {
  return shown === 'own' && werf?.text !== undefined ? `the policy of ${werf.name}` : 'the built-in policy';
}

interface Compared {
  readonly file: PolicyFile;
  readonly decided: DecidedPolicy;
  readonly settings: Settings;
}

/** What the base wants to know and this run does not ask; undefined when the evidence is the same. */
function findOtherEvidence(findings: Findings, { file, decided, settings }: Compared): string | undefined {
  const { kubernetes, git, forge } = decided;
  if (kubernetes !== 'off' && settings.kubernetes === 'off') return 'it asks clusters';
  if (git !== 'off' && settings.git === 'off') return 'it asks Git';
  if (forge !== 'off' && settings.forge === 'off') return `it asks ${forge.kind === 'gitlab' ? 'GitLab' : 'GitHub'}`;
  if (kubernetes !== 'off' && settings.kubernetes !== 'off') {
    const same = (['contexts', 'namespaces'] as const).every((key) =>
      isSameSet(kubernetes[key], settings.kubernetes === 'off' ? [] : settings.kubernetes[key]),
    );
    if (!same) return 'it asks other contexts or namespaces';
  }
  if (decided.policy.cache.improperGitCommit && !isSameGit(decided.furtherGit, settings.furtherGit))
    return 'it asks other Git repositories about build cache';
  return isAboutOthers(findings, file, settings) ? 'it is about other repositories' : undefined;
}

function isSameGit(theirs: Settings['furtherGit'], ours: Settings['furtherGit']): boolean {
  const texts = (repositories: Settings['furtherGit'] = []) => repositories.map(({ name, url }) => `${name}=${url}`);
  return isSameSet(texts(theirs), texts(ours));
}

/** Only where files name the repositories: one that names none is completed by the other. */
function isAboutOthers(findings: Findings, file: PolicyFile, settings: Settings): boolean {
  if (findings.raw.repository !== undefined || file.repositories === undefined) return false;
  const names = (targets: Settings['repositories']) => targets.map(({ repository }) => formatRepository(repository));
  const theirs = chooseRepositories(findings, file, () => 'oci');
  return !isSameSet(names(theirs), names(settings.repositories));
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return new Set(left).size === new Set(right).size && left.every((one) => right.includes(one));
}
