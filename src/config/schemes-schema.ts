// The policy file's key `schemes`: which tag schemes are on, and their limits. Every message is what was expected.

import * as z from 'zod';
import { translateTagPattern } from './gitlab-tag-words.ts';
import { DURATION, durationProblem, tagPatternProblem } from './policy-words.ts';
import { MAPPING, word } from './schema-parts.ts';

/** The schemes, in the order in which they are told. */
export const SCHEME_KINDS = ['branch', 'commit', 'tag'] as const;
/** What a tag is made from. */
export type SchemeKind = (typeof SCHEME_KINDS)[number];

const COUNT = 'a whole number; negative: all';
const TRUE = 'true';

/** What is expected instead of a pattern of a scheme: it holds the scheme's word once, and no other but `{build}`. */
function schemePatternProblem(kind: SchemeKind, text: string): string | undefined {
  const problem = tagPatternProblem(text);
  if (problem !== undefined) return problem;
  const translated = translateTagPattern(text);
  const [pattern = '', other] = 'patterns' in translated ? translated.patterns : [];
  if (other !== undefined)
    return `a pattern with {${kind}}: what a job of GitLab CI is for may be a branch or a tag, and each has its scheme`;
  const words = [...pattern.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name).filter((name) => name !== 'build');
  return words.length === 1 && words[0] === kind
    ? undefined
    : `a pattern with {${kind}} once, and no other word but {build}`;
}

const tags = (kind: SchemeKind) =>
  z
    .array(
      word((text) => schemePatternProblem(kind, text), `a pattern such as {${kind}}`),
      'a list of patterns',
    )
    .optional()
    .describe(
      `Tags of this scheme, where no label of dapp's or werf 1's tells: {${kind}}, with other characters and {build} around it.`,
    );

const last = (fallback: number) =>
  z
    .int(COUNT)
    .optional()
    .describe(`The newest so many of each product stay. Default ${fallback}; 0: none, negative: all.`);
const age = word((text) => (text === 'none' ? undefined : durationProblem(text)), 'a duration such as 30d, or none')
  .meta({ pattern: `^none$|${DURATION.source}`, examples: ['30d'] })
  .optional()
  .describe('Older ones go. Default 30d; none: none is too old.');

/** A scheme as it is (`true`), or with what differs. */
const scheme = <Shape extends z.core.$ZodLooseShape>(shape: Shape, description: string) =>
  z
    .union([z.literal(true, TRUE), z.strictObject(shape, MAPPING)], `${TRUE}, or ${MAPPING}`)
    .optional()
    .describe(description);

/** Tag schemes. At least one. */
export const schemes = z
  .strictObject(
    {
      branch: scheme({ tags: tags('branch') }, 'Images of branches: they stay while the branch exists.'),
      commit: scheme(
        { last: last(50), in: age, tags: tags('commit') },
        'Images of commits: they stay while Git has the commit, within the limits.',
      ),
      tag: scheme(
        { last: last(10), in: age, tags: tags('tag') },
        'Images of Git tags: they stay while the tag exists, within the limits.',
      ),
    },
    MAPPING,
  )
  .refine((value) => Object.keys(value).length > 0, 'at least one of branch, commit and tag')
  .meta({ minProperties: 1 });
