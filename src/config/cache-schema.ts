// The policy file's key `cache`: what becomes of build cache. Every message is what was expected.

import * as z from 'zod';
import { gitAddressProblem, gitNameProblem } from './git-repository-words.ts';
import * as regexWords from './regex-words.ts';
import { duration, flag, MAPPING, names, word } from './schema-parts.ts';

const VERSION = 'the current version, as a text: "33"';
const version = z.string(VERSION).min(1, VERSION);

const improperCacheVersion = z
  .union(
    [
      version,
      z.strictObject(
        {
          current: version.describe('The current version.'),
          labels: names(
            'names of labels',
            'Labels that hold a version. Default: dapp-cache-version, werf-cache-version.',
          ),
          tags: z
            .array(
              word(regexWords.groupExpressionProblem, 'a regular expression with a group'),
              'a list of expressions',
            )
            .optional()
            .describe('RE2 expressions on tags whose first group is a version: ^cache-v(\\d+)-.*$'),
        },
        MAPPING,
      ),
    ],
    `${VERSION}, or ${MAPPING}`,
  )
  .optional()
  .describe('Cache goes whose label or tag names another version.');

const gitRepositories = z
  .record(z.string(), word(gitAddressProblem, 'the address of a Git repository'), 'a mapping of names to addresses')
  .check((context) => {
    for (const name of Object.keys(context.value)) {
      const problem = gitNameProblem(name);
      if (problem !== undefined)
        context.issues.push({ code: 'custom', message: `as the key ${problem}`, input: name, path: [name] });
    }
  })
  .optional()
  .describe(
    'Further Git repositories that images are built from: what labels call each, and its address. abc is the name in dapp-git-abc-commit.',
  );

/** Build cache in registries. */
export const cache = z.strictObject(
  {
    improperRepoCache: flag('Cache goes that no image needs which stays.'),
    improperCacheVersion,
    improperGitCommit: flag('Cache goes whose commit, branch or tag is not in Git any more.'),
    gitRepositories,
    grace: duration
      .optional()
      .describe('Cache that is younger stays: a build that runs may just have made it. Default 2h.'),
    unattributedGrace: duration
      .optional()
      .describe('Cache that belongs to no image here, as far as anybody can tell, stays so long. Default 14d.'),
  },
  MAPPING,
);
