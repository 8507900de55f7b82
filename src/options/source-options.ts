// The options that say what is cleaned and who is asked what protects an image: the first groups of the help.

import { BUILD_CACHE_OPTIONS } from './build-cache-options.ts';
import { GITLAB_OPTIONS } from './gitlab-options.ts';
import { HOST_OPTIONS } from './host-options.ts';
import { KUBERNETES_OPTIONS } from './kubernetes-options.ts';
import { ASKING_CLUSTERS, DECIDING, ON_REGISTRY, type Option, PLANNING } from './option.ts';
import { RECORD_OPTIONS } from './record-options.ts';
import { WERF_OPTIONS } from './werf-options.ts';

/** The groups What to clean, werf, Git, GitHub, GitLab and Kubernetes. */
export const SOURCE_OPTIONS = [
  {
    name: 'command',
    kind: 'text',
    group: 'What to clean',
    help: '`plan` shows what would go and deletes nothing; `apply` deletes it; `verify` looks whether everything that clusters use is still there; `restore` brings back what a journal names; `record` states for which commit an image was published; `host` shows what would go of the images of this machine, and deletes it with confirm.',
    value: 'COMMAND',
    choices: ['plan', 'apply', 'verify', 'restore', 'record', 'host'],
    default: 'plan',
    commands: ['plan', 'apply', 'verify', 'restore', 'record', 'host'],
    only: 'action',
  },
  {
    name: 'repository',
    kind: 'list',
    group: 'What to clean',
    help: 'Repository to clean: registry.example.com/team/app, or oci-layout:DIR=NAME for a directory in OCI image-layout form. With `restore`: of the journal, only these. With `host`: its images go from this machine once the registry has them no more; without a name no registry is asked. Elsewhere a job of GitLab CI that names none cleans CI_REGISTRY_IMAGE.',
    value: 'NAME',
    fileKey: 'repositories',
    commands: ON_REGISTRY,
  },
  {
    name: 'confirm',
    kind: 'flag',
    group: 'What to clean',
    help: 'Carry out what `purge` or `host` shows. Without this option nothing is deleted.',
    default: 'false',
    commands: ['purge', 'host'],
  },
  {
    name: 'registry',
    kind: 'list',
    group: 'What to clean',
    help: 'With `verify`: every repository under this name that clusters use, as ghcr.io/team or registry.example.com; beside repository, or in its place.',
    value: 'PREFIX',
    commands: ['verify'],
  },
  {
    name: 'config',
    kind: 'text',
    group: 'What to clean',
    help: 'Policy file. Without this option .registry-cleanup.yml in the working directory is read if it is there.',
    value: 'FILE',
    commands: ASKING_CLUSTERS,
  },
  {
    name: 'keep-list',
    kind: 'text',
    group: 'What to clean',
    help: 'File with tags and digests to keep, one a line; # begins a comment.',
    value: 'FILE',
    commands: PLANNING,
  },
  {
    name: 'untag',
    kind: 'flag',
    group: 'What to clean',
    help: 'Also take tags that nothing keeps off images that stay.',
    default: 'false',
    fileKey: 'untag',
    commands: DECIDING,
  },
  ...WERF_OPTIONS,
  ...BUILD_CACHE_OPTIONS,
  ...RECORD_OPTIONS,
  ...HOST_OPTIONS,
  {
    name: 'git-dir',
    kind: 'text',
    group: 'Git',
    help: 'Clone whose origin is asked for branches and tags; with github-repository or gitlab-project it only lends its commits. Without this option: the working directory. `host` asks it with improper-git-commit only.',
    value: 'DIR',
    commands: [...DECIDING, 'host'],
  },
  {
    name: 'without-git',
    kind: 'flag',
    group: 'Git',
    help: 'Do not ask Git: no branch, tag or commit protects an image.',
    default: 'false',
    commands: DECIDING,
  },
  {
    name: 'github-repository',
    kind: 'text',
    group: 'GitHub',
    help: 'Repository on GitHub whose branches, tags, open pull requests, releases and deployments protect images. Without this option: in a workflow the one it runs in, on a command line none.',
    value: 'OWNER/NAME',
    commands: DECIDING,
  },
  {
    name: 'github-token',
    kind: 'text',
    group: 'GitHub',
    help: "Token for GitHub: its interface, its Git repositories and its container registry. A workflow's own token will do for one repository; see Permissions in the README.",
    value: 'TEXT',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's expression, not ours.
    actionDefault: '${{ github.token }}',
    environment: ['GITHUB_TOKEN', 'GH_TOKEN'],
    secret: true,
    only: 'action',
  },
  {
    name: 'without-forge',
    kind: 'flag',
    group: 'GitHub',
    help: 'Do not ask GitHub or GitLab: branches and tags are those of git-dir, and no pull request, merge request, release or deployment protects an image.',
    default: 'false',
    commands: DECIDING,
  },
  {
    name: 'pull-request-comment',
    kind: 'flag',
    group: 'GitHub',
    help: 'In a workflow of a pull request: show the plan there as a comment, which later runs update.',
    default: 'false',
    commands: ['plan'],
    only: 'action',
  },
  {
    name: 'api-budget',
    kind: 'text',
    group: 'GitHub',
    help: "Stop deleting when this share (0 to 1) of the token's hourly quota is used; the next run goes on.",
    value: 'SHARE',
    default: '0.8',
    commands: ['apply', 'restore', 'purge', 'managed-images'],
  },
  ...GITLAB_OPTIONS,
  ...KUBERNETES_OPTIONS,
] as const satisfies readonly Option[];
