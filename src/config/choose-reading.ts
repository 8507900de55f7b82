// What in a cluster protects an image: which kinds are read, and how far back they count.

import { type Duration, parseDuration } from '../model/time.ts';
import { addWrong, type Findings, readFlag, readText } from './findings.ts';
import { quote } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { durationProblem } from './policy-words.ts';
import type { CustomResource, KubernetesSettings } from './settings.ts';

/** The part of the settings that is the same for every cluster. */
export type ReadingSettings = Pick<
  KubernetesSettings,
  'keepYoungerThan' | 'keepTagRevisions' | 'helmHistory' | 'ignoreInvalidRefs' | 'resources' | 'exclude'
>;

/** What `oc adm prune images` takes, too. */
const DEFAULT_KEEP_YOUNGER_THAN = parseDuration('1h');
const DEFAULT_TAG_REVISIONS = 3;
/** As many as Helm itself keeps, by default. */
const DEFAULT_HELM_HISTORY = 10;

/**
 * How objects are read; `keepYoungerThan` as {@link readKeepYoungerThan} found it, which tells a mistake each time it is called. Options
 * outrank the file. With mistakes among the findings the answer is not to be used.
 */
export async function chooseReading(
  findings: Findings,
  file: PolicyFile,
  keepYoungerThan: Duration | undefined,
): Promise<ReadingSettings> {
  return {
    keepYoungerThan: keepYoungerThan ?? DEFAULT_KEEP_YOUNGER_THAN,
    keepTagRevisions: readCount(findings, 'keep-tag-revisions', 1) ?? file.keepTagRevisions ?? DEFAULT_TAG_REVISIONS,
    helmHistory: readHelmHistory(findings) ?? file.kubernetes?.helmHistory ?? DEFAULT_HELM_HISTORY,
    ignoreInvalidRefs: readFlag(findings, 'ignore-invalid-refs') ?? file.kubernetes?.ignoreInvalidRefs ?? false,
    resources: await readResources(findings, file),
    exclude: file.kubernetes?.exclude ?? [],
  };
}

/** What the user said about it; undefined when nothing was said. */
export function readKeepYoungerThan(findings: Findings, file: PolicyFile): Duration | undefined {
  const name = 'keep-younger-than';
  const text = readText(findings, name);
  const problem = text === undefined ? undefined : durationProblem(text);
  if (text !== undefined && problem !== undefined) addWrong(findings, { name, got: quote(text), expected: problem });
  const given = problem === undefined ? (text ?? file.keepYoungerThan) : undefined;
  return given === undefined ? undefined : parseDuration(given);
}

function readHelmHistory(findings: Findings): number | 'all' | undefined {
  return findings.raw['helm-history']?.trim() === 'all' ? 'all' : readCount(findings, 'helm-history', 0);
}

function readCount(findings: Findings, name: 'keep-tag-revisions' | 'helm-history', least: 0 | 1): number | undefined {
  const text = readText(findings, name);
  if (text === undefined) return undefined;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (count >= least) return count;
  const expected = `a whole number, ${least} or more${name === 'helm-history' ? ', or all' : ''}`;
  addWrong(findings, { name, got: quote(text), expected });
  return undefined;
}

async function readResources(findings: Findings, file: PolicyFile): Promise<readonly CustomResource[]> {
  const resources = file.kubernetes?.resources ?? [];
  if (resources.length === 0) return [];
  const { compile, JSONPathError } = await import('json-p3');
  return resources.map(({ group = '', version, kind, paths = [], optional = false }, at) => {
    for (const [index, path] of paths.entries()) {
      try {
        compile(path);
      } catch (error) {
        if (!(error instanceof JSONPathError)) throw error;
        findings.mistakes.push({
          place: `the policy file: kubernetes.resources[${at}].paths[${index}]`,
          text: `${quote(path)} is no JSONPath as RFC 9535 has it ($.spec.image): ${error.message}`,
        });
      }
    }
    return { group, ...(version === undefined ? {} : { version }), kind, paths, isOptional: optional };
  });
}
