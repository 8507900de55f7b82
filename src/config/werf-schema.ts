// The keys of the policy file that are about repositories of werf's, and about records. Every message is what was expected.

import * as z from 'zod';
import { duration, MAPPING } from './schema-parts.ts';

/** Records of which commits images were published for. */
export const records = z.strictObject(
  {
    grace: duration.optional().describe('How long a record that nobody needs stays while its image does. Default 7d.'),
  },
  MAPPING,
);

const PROJECT = "the name of a project of werf's";
/** What counts in a repository that werf made. */
export const werf = z.strictObject(
  {
    unrecordedGrace: duration
      .optional()
      .describe('How long a stage stays that no record says was built for a commit. Default 7d.'),
    foreign: z
      .enum(['keep', 'decide'], 'keep or decide')
      .optional()
      .describe("What becomes of images with tags that are not werf's: they stay (default), or the rules decide."),
    disabledRecords: z
      .enum(['keep', 'delete'], 'keep or delete')
      .optional()
      .describe("With cleanup.disable: whether werf's records go, as werf does it. Default keep: history stays."),
    project: z
      .string(PROJECT)
      .min(1, PROJECT)
      .optional()
      .describe('Whose stages these are; those of another project stay. Default: the project of werf.yaml.'),
  },
  MAPPING,
);
