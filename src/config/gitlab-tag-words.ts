// How tags are built in the words of GitLab CI, as they stand in .gitlab-ci.yml, and what they are as patterns of ours.

import { nearestName } from '../util/nearest-name.ts';

/** The patterns that a text stands for, or what is expected instead of it. */
export type TranslatedPattern = { readonly patterns: readonly string[] } | { readonly problem: string };

/**
 * What a variable's value names; `ref`: in a job for a branch the branch, in one for a Git tag the tag. Numbers of pipelines and jobs, and
 * the id that counts the merge requests of all projects together, are not the number of a merge request.
 * Source: https://docs.gitlab.com/ci/variables/predefined_variables/
 */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['CI_COMMIT_REF_SLUG', 'ref'],
  ['CI_COMMIT_REF_NAME', 'ref'],
  ['CI_COMMIT_BRANCH', '{branch}'],
  ['CI_DEFAULT_BRANCH', '{branch}'],
  ['CI_MERGE_REQUEST_SOURCE_BRANCH_NAME', '{branch}'],
  ['CI_COMMIT_TAG', '{tag}'],
  ['CI_COMMIT_SHA', '{commit}'],
  ['CI_COMMIT_SHORT_SHA', '{commit}'],
  ['CI_MERGE_REQUEST_SOURCE_BRANCH_SHA', '{commit}'],
  ['CI_MERGE_REQUEST_IID', '{number}'],
  ['CI_MERGE_REQUEST_ID', '{build}'],
  ['CI_PIPELINE_ID', '{build}'],
  ['CI_PIPELINE_IID', '{build}'],
  ['CI_JOB_ID', '{build}'],
]);

/** `$NAME`, `${NAME}`, or with bash's word for the first digits, `${NAME:0:8}`. */
const VARIABLE = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::0:(\d+))?\})/g;
/** As few digits as a pattern takes for a commit's. */
const SHORTEST_COMMIT = 7;

/**
 * `$CI_COMMIT_REF_SLUG-$CI_COMMIT_SHORT_SHA` → `{branch}-{commit}` and `{tag}-{commit}`; a text without variables is left as it is. Whether
 * the result is a pattern is not looked at.
 */
export function translateTagPattern(text: string): TranslatedPattern {
  const problem = [...text.matchAll(VARIABLE)].map(problemOf).find((one) => one !== undefined);
  if (problem !== undefined) return { problem };
  // A job has one ref, however often it names it.
  const patterns = ['{branch}', '{tag}'].map((ref) =>
    text.replaceAll(VARIABLE, (_, bare?: string, braced?: string) => {
      const meaning = VARIABLES.get(bare ?? braced ?? '') ?? '';
      return meaning === 'ref' ? ref : meaning;
    }),
  );
  return { patterns: [...new Set(patterns)] };
}

function problemOf([, bare, braced, length]: RegExpExecArray): string | undefined {
  const name = bare ?? braced ?? '';
  const meaning = VARIABLES.get(name);
  if (meaning === undefined) return describeUnknown(name);
  if (length === undefined || (meaning === '{commit}' && Number(length) >= SHORTEST_COMMIT)) return undefined;
  return `a whole value, or the first ${SHORTEST_COMMIT} digits or more of a commit`;
}

function describeUnknown(name: string): string {
  const known = [...VARIABLES.keys()];
  const near = nearestName(name, known);
  if (near !== undefined) return `a variable of GitLab CI that names what was built; did you mean $${near}?`;
  return `only variables of GitLab CI that name what was built: ${known.map((one) => `$${one}`).join(', ')}`;
}
