// What the policy file and werf.yaml say together. The blocks `cleanup` and `gitWorktree` come from one of them, all else of ours from the
// policy file.

import { findPolicySources, type NamedText, type PolicySources, type PolicyText } from './find-policy-sources.ts';
import type { Findings } from './findings.ts';
import type { PolicyFile } from './policy-schema.ts';
import type { WerfFacts } from './read-werf-facts.ts';

/** The policy as files have it: an empty object when there is none, or with mistakes among the findings. */
export interface WrittenPolicy {
  readonly file: PolicyFile;
  /** What werf.yaml says besides; absent where none was read. */
  readonly werf?: WerfFacts | undefined;
}

/** What to read. */
export interface PolicyReading {
  /** Whether a werf.yaml in the working directory counts: only where something is decided about what werf made. */
  readonly withWerf: boolean;
}

/** The policy, and the file as it lies there that a user would call the policy file. */
export async function readPolicyFile(
  findings: Findings,
  { withWerf }: PolicyReading = { withWerf: false },
): Promise<PolicyText & WrittenPolicy> {
  const sources = await findPolicySources(findings, withWerf);
  const { path, text } = (sources.shown === 'werf' ? sources.werf : undefined) ?? sources.own;
  return { path, text, ...(await readPolicySources(findings, sources)) };
}

/** What the files say. Mistakes in blocks of werf.yaml that do not count are not told. */
export async function readPolicySources(findings: Findings, sources: PolicySources): Promise<WrittenPolicy> {
  if (findings.policyIsBroken) return { file: {} };
  const { own, werf, isWerfNamed } = sources;
  const file = await parseOwn(findings, own);
  if (werf?.text === undefined) {
    if (own.text === undefined) findings.notes.push(`no ${own.name} here: the built-in policy applies`);
    return { file };
  }
  const { parseWerfFile } = await import('./parse-werf-file.ts');
  const parsed = parseWerfFile(werf.text, werf.name);
  const hasOwnBlocks = file.cleanup !== undefined || file.gitWorktree !== undefined;
  if (!parsed.facts.areNamesComplete)
    findings.notes.push(`${werf.name}: not every image is told by name, so records of any image count`);
  if (hasOwnBlocks && !isWerfNamed) {
    findings.notes.push(
      `cleanup and gitWorktree are those of ${own.name}; what ${werf.name} says of them does not count`,
    );
    return { file, werf: parsed.facts };
  }
  findings.mistakes.push(...parsed.mistakes);
  findings.notes.push(...parsed.notes);
  if (parsed.file === undefined) findings.policyIsBroken = true;
  if (hasOwnBlocks)
    findings.notes.push(
      `cleanup and gitWorktree are those of ${werf.name}; what ${own.name} says of them does not count`,
    );
  else findings.notes.push(describeBlocks(werf, parsed.file ?? {}));
  const { cleanup: _cleanup, gitWorktree: _gitWorktree, ...rest } = file;
  return { file: { ...rest, ...parsed.file }, werf: parsed.facts };
}

function describeBlocks({ name }: NamedText, blocks: Pick<PolicyFile, 'cleanup' | 'gitWorktree'>): string {
  const which = (['cleanup', 'gitWorktree'] as const).filter((key) => blocks[key] !== undefined);
  if (which.length === 0) return `${name} has neither cleanup nor gitWorktree: the built-in policy applies`;
  return `${which.join(' and ')} ${which.length === 1 ? 'is that' : 'are those'} of ${name}`;
}

async function parseOwn(findings: Findings, { name, text }: NamedText): Promise<PolicyFile> {
  if (text === undefined) return {};
  // Without a policy file neither the YAML reader nor the schema is needed.
  const { parsePolicyFile } = await import('./parse-policy-file.ts');
  const parsed = parsePolicyFile(text, name);
  findings.mistakes.push(...parsed.mistakes);
  findings.notes.push(...parsed.notes);
  findings.policyIsBroken = parsed.file === undefined;
  return parsed.file ?? {};
}
