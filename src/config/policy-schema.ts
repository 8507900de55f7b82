// The shape of the policy file: werf's `cleanup:` and `gitWorktree:` as they are, and our own keys. Every message is what
// was expected, so that `read-policy-file.ts` can put the place and the user's words in front of it.

import * as z from 'zod';
import { cache } from './cache-schema.ts';
import { kubernetes } from './kubernetes-schema.ts';
import * as words from './policy-words.ts';
import * as regexWords from './regex-words.ts';
import { duration, flag, MAPPING, word } from './schema-parts.ts';
import { schemes } from './schemes-schema.ts';
import { records, werf } from './werf-schema.ts';

const COUNT = 'a whole number';
const OFF = 'false';

/** Holds also when another key of the mapping is wrong, so that all mistakes are told at once. */
const exactlyOneOf = (first: string, second: string) =>
  z.refine<Readonly<Record<string, unknown>>>(
    (value) => (value[first] === undefined) !== (value[second] === undefined),
    {
      error: `exactly one of the keys ${first} and ${second}`,
      when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
    },
  );

/** Two names of one key. Holds also when another key of the mapping is wrong. */
const oneNameOf = (name: string, other: string) =>
  z.refine<Readonly<Record<string, unknown>>>((value) => value[name] === undefined || value[other] === undefined, {
    error: `only one of the keys ${name} and ${other}: they are two names of one`,
    path: [other],
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  });

const operator = z
  .enum(['And', 'Or'], 'And or Or')
  .describe('And (default): both limits must hold. Or: one is enough; an absent one counts as no limit.');

const namePattern = (kind: string) =>
  word(regexWords.namePatternProblem, 'a name or /REGEX/').describe(`Name of the ${kind}, or /REGEX/ in RE2 syntax.`);

const references = z
  .strictObject(
    {
      branch: namePattern('branch').optional(),
      tag: namePattern('tag').optional(),
      limit: z
        .strictObject(
          {
            last: z.int(COUNT).optional().describe('The newest so many; negative: all.'),
            in: duration.optional(),
            operator: operator.optional(),
          },
          MAPPING,
        )
        .optional()
        .describe('Which of the matching references count. Without it: all.'),
    },
    MAPPING,
  )
  .check(exactlyOneOf('branch', 'tag'));

const keepPolicy = z.strictObject(
  {
    references: references.describe('Branches or tags whose images are kept.'),
    imagesPerReference: z
      .strictObject(
        {
          last: z
            .int(COUNT)
            .optional()
            .describe('Newest so many commits with images. Default 1; negative: all; 0: none.'),
          in: duration.optional(),
          operator: operator.optional(),
        },
        MAPPING,
      )
      .optional()
      .describe('How many images are kept for each of them.'),
  },
  MAPPING,
);

const cleanup = z.strictObject(
  {
    disable: flag('Delete nothing.'),
    disableKubernetesBasedPolicy: flag('Do not ask Kubernetes.'),
    disableGitHistoryBasedPolicy: flag('Do not ask Git.'),
    disableBuiltWithinLastNHoursPolicy: flag('Do not keep images because they are young.'),
    keepImagesBuiltWithinLastNHours: z
      .int('a whole number of hours, 0 or more')
      .min(0, 'a whole number of hours, 0 or more')
      .max(1_000_000, 'at most 1000000 hours')
      .optional()
      .describe('Keep images younger than so many hours. Default 2; 0: the rule is off.'),
    keepPolicies: z
      .array(keepPolicy, 'a list of policies')
      .optional()
      .describe("Which branches and tags keep how many images. Without any: werf's default set."),
  },
  MAPPING,
);

const gitWorktree = z.strictObject(
  {
    forceShallowClone: flag('Accepted, and without effect: nothing is decided on a shallow history.'),
    allowUnshallow: flag('Default true. false: a shallow clone is refused instead of completed elsewhere.'),
    allowFetchOriginBranchesAndTags: flag('Default true. false: only what the clone holds is used.'),
  },
  MAPPING,
);

const address = 'addresses of repositories with sources';
const images = z.strictObject(
  {
    source: z
      .union([z.literal('any'), z.array(word(words.sourceAddressProblem, address), address)], {
        error: (issue) => (Array.isArray(issue.input) ? `a list of ${address}` : `any, or a list of ${address}`),
      })
      .optional()
      .describe(
        "Whose images these are, by their label `source`. any: all are ours. Default: those of the Git remote's.",
      ),
    tagPatterns: z
      .array(word(words.tagPatternProblem, 'a pattern such as {branch}-{commit}'), 'a list of patterns')
      .optional()
      .describe(
        'How tags tell what an image was built from: {branch}, v{tag}, {branch}-{commit}, pr-{number} of a pull or merge request, {branch}-{build} with the number of a build; also in the words of GitLab CI: $CI_COMMIT_REF_SLUG-$CI_COMMIT_SHORT_SHA.',
      ),
    groupBy: z
      .strictObject(
        {
          label: z.string('the name of a label').min(1, 'the name of a label').optional(),
          tag: word(regexWords.groupExpressionProblem, 'a regular expression with a group').optional(),
        },
        MAPPING,
      )
      .check(exactlyOneOf('label', 'tag'))
      .optional()
      .describe(
        'How images of several products in one repository are told apart: by a label, or by a group in a regex.',
      ),
    unlinked: z
      .enum(['keep', 'delete'], 'keep or delete')
      .optional()
      .describe('What becomes of images that nothing links to a commit, while Git is asked. Default keep.'),
  },
  MAPPING,
);

const pins = z.strictObject(
  {
    tags: z
      .array(word(words.globProblem, 'a pattern for tags'), 'a list of patterns for tags')
      .optional()
      .describe('Tags to keep: * stands for any characters, ? for one.'),
    expressions: z
      .array(word(regexWords.expressionProblem, 'a regular expression'), 'a list of regular expressions')
      .optional()
      .describe('Tags to keep: RE2 expressions that must match the whole tag.'),
  },
  MAPPING,
);

const NEWEST = 'a whole number, 1 or more, or a negative one for all';
const newest = (description: string) =>
  z
    .int(NEWEST)
    .refine((last) => last !== 0, NEWEST)
    .meta({ not: { const: 0 } })
    .optional()
    .describe(description);
/** A rule that `false` switches off. */
const rule = <Shape extends z.core.$ZodLooseShape>(shape: Shape, description: string) =>
  z
    .union([z.literal(false, OFF), z.strictObject(shape, MAPPING)], `${OFF}, or ${MAPPING}`)
    .optional()
    .describe(description);

const openRequests = (what: string, more = '') =>
  rule(
    { last: newest('The newest so many commits with images of each. Default 2; negative: all.') },
    `Images of open ${what} are kept, where a forge is asked.${more} false: the rule is off.`,
  );
const pullRequests = openRequests('pull requests');
const mergeRequests = openRequests('merge requests', " GitLab's word for pullRequests: only one of them.");
const releases = rule(
  { last: newest('The newest so many with images, and all drafts. Default 5; negative: all.') },
  'Images of releases are kept, where a forge is asked. false: the rule is off.',
);
const deployments = rule(
  {
    environments: z
      .array(word(words.environmentProblem, 'the name of an environment'), 'a list of environments')
      .optional()
      .describe('Environments whose deployments count: * stands for any characters, ? for one. Default: all.'),
    last: newest('The newest so many commits that are or were active in each. Default 2; negative: all.'),
  },
  'Images of deployments are kept, where a forge is asked. false: the rule is off.',
);

const SHARE = 'a number from 0 to 1';
const guards = z.strictObject(
  {
    maxDeleteShare: z
      .number(SHARE)
      .min(0, SHARE)
      .max(1, SHARE)
      .optional()
      .describe("More than this share of a repository's images is never deleted in one run. Default 0.8."),
    allowDeleteAll: flag('Allow a run that leaves no tag in a repository.'),
  },
  MAPPING,
);

/** The policy file. Unknown keys are mistakes at any depth, save in the blocks of werf's that are named as ignored. */
export const policySchema = z
  .strictObject(
    {
      repositories: z
        .array(word(words.repositoryProblem, 'a repository'), 'a list of repositories')
        .optional()
        .describe('Repositories to clean, when no option names any.'),
      cleanup: cleanup.optional().describe("werf's cleanup block."),
      gitWorktree: gitWorktree.optional().describe("werf's gitWorktree block."),
      images: images.optional().describe('How images tell what they were built from.'),
      pins: pins.optional().describe('What is kept whatever the other rules say.'),
      kubernetes: kubernetes.optional().describe('What to ask clusters.'),
      pullRequests,
      mergeRequests,
      releases,
      deployments,
      guards: guards.optional().describe('When an apply refuses.'),
      keepYoungerThan: duration
        .optional()
        .describe(
          'Finished pods, finished Jobs and image streams younger than this protect (default 1h); when given, images too.',
        ),
      keepTagRevisions: z
        .int('a whole number, 1 or more')
        .min(1, 'a whole number, 1 or more')
        .optional()
        .describe("Newest entries of each tag of OpenShift's image streams whose images are kept. Default: 3."),
      records: records.optional().describe('Records of which commits images were published for.'),
      werf: werf.optional().describe('What counts in a repository that werf made.'),
      schemes: schemes
        .optional()
        .describe("Tag schemes that decide in place of Git's default keep policies. Images of no scheme stay."),
      cache: cache.optional().describe('What becomes of build cache. Without a rule here it is as any image.'),
      untag: flag('Also take tags that nothing keeps off images that stay.'),
      project: z.unknown().optional().describe("werf's; ignored."),
      configVersion: z.unknown().optional().describe("werf's; ignored."),
      build: z.unknown().optional().describe("werf's; ignored."),
      deploy: z.unknown().optional().describe("werf's; ignored."),
    },
    MAPPING,
  )
  .check(oneNameOf('pullRequests', 'mergeRequests'))
  .meta({ title: 'registry-cleanup policy', description: 'Which container images are kept (.registry-cleanup.yml).' });

/** A policy file without mistakes. */
export type PolicyFile = z.infer<typeof policySchema>;

/** Keys that werf has in the same document and that say nothing about what to keep. */
export const IGNORED_KEYS = ['project', 'configVersion', 'build', 'deploy'] as const;

/** The known keys of the mapping at a path of the file; empty where there is none. Used for "did you mean". */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = z.toJSONSchema(policySchema, { io: 'input' });
  for (const step of path)
    schema = typeof step === 'number' ? member(schema, 'items') : member(propertiesOf(schema), step);
  return Object.keys(propertiesOf(schema) ?? {});
}

/** Of a mapping, or of the mapping among the alternatives. */
function propertiesOf(schema: unknown): object | undefined {
  const alternatives = member(schema, 'anyOf');
  const choices: readonly unknown[] = Array.isArray(alternatives) ? alternatives : [schema];
  return choices.map((choice) => member(choice, 'properties')).find((properties) => properties !== undefined);
}

function member(value: unknown, key: PropertyKey): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'object' && found !== null ? found : undefined;
}

/** The JSON Schema of the policy file for editors, as the text of `docs/policy.schema.json`. */
export function renderPolicySchema(): string {
  return `${JSON.stringify(z.toJSONSchema(policySchema, { io: 'input' }), null, 2)}\n`;
}
