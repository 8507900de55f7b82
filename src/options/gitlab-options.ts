// The options that say which GitLab is asked, and with which tokens. In a job of GitLab CI its variables give most of them.

import { DECIDING, type Option, REACHING_REGISTRY } from './option.ts';

/** The group GitLab. */
export const GITLAB_OPTIONS = [
  {
    name: 'gitlab-project',
    kind: 'text',
    group: 'GitLab',
    help: 'Project on GitLab whose branches, tags, open merge requests, releases and deployments protect images. Without this option: in a job of GitLab CI the one it runs in, elsewhere none.',
    value: 'GROUP/NAME',
    commands: DECIDING,
  },
  {
    name: 'gitlab-url',
    kind: 'text',
    group: 'GitLab',
    help: 'Address of GitLab. Without this option: in a job of GitLab CI its own (CI_SERVER_URL), elsewhere https://gitlab.com.',
    value: 'URL',
    commands: REACHING_REGISTRY,
  },
  {
    name: 'gitlab-token',
    kind: 'text',
    group: 'GitLab',
    help: 'Personal, project or group access token for GitLab: its interface, its Git repositories and its registry. Without it a job of GitLab CI uses its own (CI_JOB_TOKEN), which can do all but write notes.',
    value: 'TEXT',
    environment: ['GITLAB_TOKEN'],
    secret: true,
    only: 'action',
  },
  {
    name: 'delete-token',
    kind: 'text',
    group: 'GitLab',
    help: 'Access token for GitLab that is used for deleting and for nothing else: so that only apply needs one that may delete.',
    value: 'TEXT',
    environment: ['REGISTRY_CLEANUP_DELETE_TOKEN'],
    secret: true,
    only: 'action',
    commands: ['apply', 'purge', 'managed-images'],
  },
  {
    name: 'merge-request-note',
    kind: 'flag',
    group: 'GitLab',
    help: 'In a merge request pipeline: show the plan there as a note, which later runs update. Needs a gitlab-token with the scope api.',
    default: 'false',
    commands: ['plan'],
    only: 'cli',
  },
] as const satisfies readonly Option[];
