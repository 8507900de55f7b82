// The options of `record`: which image was published, and for which commit.

import type { Option } from './option.ts';

/** The group What to record. */
export const RECORD_OPTIONS = [
  {
    name: 'image',
    kind: 'list',
    group: 'What to record',
    help: 'Image that was published, by its digest: ghcr.io/team/app@sha256:…, or oci-layout:DIR=NAME@sha256:….',
    value: 'REPO@DIGEST',
    commands: ['record'],
  },
  {
    name: 'commit',
    kind: 'text',
    group: 'What to record',
    help: 'Commit that it was published for, all 40 or 64 digits of its id. Without this option: the one that the job of GitHub or GitLab CI is for, in a pull or merge request its newest commit too; elsewhere the one that is checked out in the working directory.',
    value: 'COMMIT',
    commands: ['record'],
  },
  {
    name: 'ref',
    kind: 'text',
    group: 'What to record',
    help: "Branch or tag that it was published for, as refs/heads/main: for people to read. Without this option: the job's.",
    value: 'REF',
    commands: ['record'],
  },
  {
    name: 'image-name',
    kind: 'text',
    group: 'What to record',
    help: 'Which image it is, where one repository holds several: keep policies count each by itself.',
    value: 'NAME',
    commands: ['record'],
  },
] as const satisfies readonly Option[];
