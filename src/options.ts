// Every option once: the command line, action.yml and the tables in the README are held to this list by a test.
// It knows names, kinds and words; what the values mean is decided by `config/normalize-settings.ts`.

/** The commands that take options. */
export type OptionCommand = 'plan' | 'apply' | 'explain' | 'restore';

/** The heading an option stands under in the help. */
export type OptionGroup =
  | 'What to clean'
  | 'Git'
  | 'GitHub'
  | 'Kubernetes'
  | 'Registry'
  | 'Guards'
  | 'Files and output';

/** One option. Its name is also the name of the action's input. */
export interface Option {
  readonly name: string;
  /** `list`: repeatable on the command line, one a line in the action. `flag`: present or not; true or false in the action. */
  readonly kind: 'text' | 'list' | 'flag';
  readonly group: OptionGroup;
  /** One or more sentences, without the default. */
  readonly help: string;
  /** What stands for the value in the help: `FILE`. Absent for flags. */
  readonly value?: string;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** What counts when neither the option nor {@link fileKey} is given. */
  readonly default?: string;
  /** The key of the policy file that gives the value when the option is absent. */
  readonly fileKey?: string;
  /** The environment variable that gives the value on the command line when the option is absent. */
  readonly environment?: string;
  /** Never shown, masked in every log. */
  readonly secret?: true;
  /** Absent: all of them. */
  readonly commands?: readonly OptionCommand[];
  /** What `action.yml` gives as the default where the command line has none: an expression of GitHub's. */
  readonly actionDefault?: string;
  /** The only front end that has it. Absent: both. */
  readonly only?: 'cli' | 'action';
}

/** All options, in the order of the help. */
export const OPTIONS = [
  {
    name: 'command',
    kind: 'text',
    group: 'What to clean',
    help: '`plan` shows what would go and deletes nothing; `apply` deletes it; `restore` brings back what a journal names.',
    value: 'COMMAND',
    choices: ['plan', 'apply', 'restore'],
    default: 'plan',
    commands: ['plan', 'apply', 'restore'],
    only: 'action',
  },
  {
    name: 'repository',
    kind: 'list',
    group: 'What to clean',
    help: 'Repository to clean: registry.example.com/team/app, or oci-layout:DIR=NAME for a directory in OCI image-layout form.',
    value: 'NAME',
    fileKey: 'repositories',
  },
  {
    name: 'config',
    kind: 'text',
    group: 'What to clean',
    help: 'Policy file. Without this option .registry-cleanup.yml in the working directory is read if it is there.',
    value: 'FILE',
  },
  {
    name: 'keep-list',
    kind: 'text',
    group: 'What to clean',
    help: 'File with tags and digests to keep, one a line; # begins a comment.',
    value: 'FILE',
  },
  {
    name: 'untag',
    kind: 'flag',
    group: 'What to clean',
    help: 'Also take tags that nothing keeps off images that stay.',
    default: 'false',
    fileKey: 'untag',
  },
  {
    name: 'git-dir',
    kind: 'text',
    group: 'Git',
    help: 'Clone whose origin is asked for branches and tags; with github-repository it only lends its commits. Without this option: the working directory.',
    value: 'DIR',
  },
  {
    name: 'without-git',
    kind: 'flag',
    group: 'Git',
    help: 'Do not ask Git: no branch, tag or commit protects an image.',
    default: 'false',
  },
  {
    name: 'github-repository',
    kind: 'text',
    group: 'GitHub',
    help: 'Repository on GitHub whose branches, tags, open pull requests, releases and deployments protect images. In a workflow: the one it runs in.',
    value: 'OWNER/NAME',
  },
  {
    name: 'github-token',
    kind: 'text',
    group: 'GitHub',
    help: "Token for GitHub: its interface, its Git repositories and its container registry. A workflow's own token will do for one repository; see Permissions.",
    value: 'TEXT',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's expression, not ours.
    actionDefault: '${{ github.token }}',
    environment: 'GITHUB_TOKEN',
    secret: true,
    only: 'action',
  },
  {
    name: 'without-forge',
    kind: 'flag',
    group: 'GitHub',
    help: 'Do not ask GitHub: branches and tags are those of git-dir, and no pull request, release or deployment protects an image.',
    default: 'false',
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
    commands: ['apply', 'restore'],
  },
  {
    name: 'kube-config',
    kind: 'list',
    group: 'Kubernetes',
    help: 'Kubeconfig file. All its contexts are asked unless kube-context names some.',
    value: 'FILE',
  },
  {
    name: 'kube-config-base64',
    kind: 'text',
    group: 'Kubernetes',
    help: 'The text of a kubeconfig in base64, from a secret.',
    value: 'TEXT',
    environment: 'REGISTRY_CLEANUP_KUBE_CONFIG_BASE64',
    secret: true,
  },
  {
    name: 'kube-context',
    kind: 'list',
    group: 'Kubernetes',
    help: 'Context to ask. Without this option: all.',
    value: 'NAME',
    fileKey: 'kubernetes.contexts',
  },
  {
    name: 'namespace',
    kind: 'list',
    group: 'Kubernetes',
    help: 'Namespace to look into. Without this option: all.',
    value: 'NAME',
    fileKey: 'kubernetes.namespaces',
  },
  {
    name: 'kube-manifests',
    kind: 'list',
    group: 'Kubernetes',
    help: 'Folder or file with manifests: a dump of a cluster, a GitOps repository. The images they name are kept.',
    value: 'PATH',
  },
  {
    name: 'without-kube',
    kind: 'flag',
    group: 'Kubernetes',
    help: 'Do not ask Kubernetes: that an image runs somewhere does not protect it.',
    default: 'false',
  },
  {
    name: 'provider',
    kind: 'text',
    group: 'Registry',
    help: "How the registry is spoken to: `oci` by the distribution protocol alone, `github` by GitHub's packages interface; `auto` tells by the host.",
    value: 'NAME',
    choices: ['auto', 'oci', 'github'],
    default: 'auto',
  },
  {
    name: 'username',
    kind: 'text',
    group: 'Registry',
    help: "User name for the registry. Without it the credentials of docker's or podman's login are used.",
    value: 'NAME',
    environment: 'REGISTRY_CLEANUP_USERNAME',
  },
  {
    name: 'password',
    kind: 'text',
    group: 'Registry',
    help: 'Password or token for the registry.',
    value: 'TEXT',
    environment: 'REGISTRY_CLEANUP_PASSWORD',
    secret: true,
    only: 'action',
  },
  {
    name: 'password-stdin',
    kind: 'flag',
    group: 'Registry',
    help: 'Read the password or token from standard input. REGISTRY_CLEANUP_PASSWORD in the environment works too.',
    default: 'false',
    only: 'cli',
  },
  {
    name: 'ca-file',
    kind: 'text',
    group: 'Registry',
    help: 'PEM file with further certificate authorities.',
    value: 'FILE',
  },
  {
    name: 'plain-http',
    kind: 'flag',
    group: 'Registry',
    help: 'Speak plain HTTP. A registry on loopback needs no such permission.',
    default: 'false',
  },
  {
    name: 'max-delete-share',
    kind: 'text',
    group: 'Guards',
    help: "Refuse to delete more than this share (0 to 1) of a repository's images in one run.",
    value: 'SHARE',
    default: '0.8',
    fileKey: 'guards.maxDeleteShare',
  },
  {
    name: 'allow-delete-all',
    kind: 'flag',
    group: 'Guards',
    help: 'Allow a run that leaves no tag in a repository.',
    default: 'false',
    fileKey: 'guards.allowDeleteAll',
  },
  {
    name: 'previous-report',
    kind: 'text',
    group: 'Guards',
    help: 'Report of an earlier run: refuse when there is less than half of its evidence, and know since when images are there.',
    value: 'FILE',
  },
  {
    name: 'plan-file',
    kind: 'text',
    group: 'Files and output',
    help: '`plan` writes the plan to this file; `apply` reads it, decides again and does only what is in both plans.',
    value: 'FILE',
    commands: ['plan', 'apply'],
  },
  {
    name: 'report-file',
    kind: 'text',
    group: 'Files and output',
    help: 'Write the report as JSON to this file, whatever becomes of the run.',
    value: 'FILE',
    commands: ['plan', 'apply', 'restore'],
  },
  {
    name: 'cache-dir',
    kind: 'text',
    group: 'Files and output',
    help: "Folder that keeps manifests and commits for later runs. Without this option: the runner's temporary folder in the action, where GitHub's cache keeps it between runs; else ~/.cache/registry-cleanup.",
    value: 'DIR',
  },
  {
    name: 'journal',
    kind: 'text',
    group: 'Files and output',
    help: 'File that gets a line for every deletion, with the bytes of the manifest; `restore` reads it.',
    value: 'FILE',
    default: './registry-cleanup-journal.jsonl',
    commands: ['apply', 'restore'],
  },
  {
    name: 'as-of',
    kind: 'text',
    group: 'Files and output',
    help: 'Decide as if it were this time, as 2026-11-21T20:00:00Z. Such a plan cannot be applied.',
    value: 'TIME',
    commands: ['plan'],
  },
  {
    name: 'format',
    kind: 'text',
    group: 'Files and output',
    help: 'What the result on standard output looks like.',
    value: 'FORMAT',
    choices: ['text', 'json', 'markdown'],
    default: 'text',
  },
  {
    name: 'log-level',
    kind: 'text',
    group: 'Files and output',
    help: 'The least important messages that are shown.',
    value: 'LEVEL',
    choices: ['debug', 'info', 'warn', 'error'],
    default: 'info',
  },
] as const satisfies readonly Option[];

type KnownOption = (typeof OPTIONS)[number];

/** The name of an option. */
export type OptionName = KnownOption['name'];

type RawValue<Kind> = Kind extends 'list' ? readonly string[] : Kind extends 'flag' ? boolean | string : string;

/**
 * The options as a front end got them, unchecked. A key that is absent was not given; a front end that cannot tell an
 * empty value from none (the action) leaves it out. A flag is a boolean, or the text that should be one.
 */
export type RawOptions = {
  readonly [O in KnownOption as O['name']]?: RawValue<O['kind']>;
} & {
  /** What `explain` is asked about. */
  readonly target?: string;
};

/** The option of that name. */
export function findOption(name: OptionName): Option {
  const found = OPTIONS.find((option) => option.name === name);
  if (found === undefined) throw new TypeError(`there is no option ${name}`);
  return found;
}

/** Whether a command takes the option. */
export function isForCommand(option: Option, command: OptionCommand): boolean {
  return option.commands?.includes(command) ?? true;
}

/** The options that a front end has, in the order of the help. */
export function selectOptions(frontEnd: 'cli' | 'action'): readonly Option[] {
  return OPTIONS.filter((option: Option) => (option.only ?? frontEnd) === frontEnd);
}

/** The default in words: `0.8, or guards.maxDeleteShare of the policy file`. Empty when there is none. */
export function describeDefault(option: Option): string {
  const fromFile = option.fileKey === undefined ? '' : `${option.fileKey} of the policy file`;
  if (option.default === undefined || (option.kind === 'flag' && option.fileKey === undefined)) return fromFile;
  return fromFile === '' ? option.default : `${fromFile}, else ${option.default}`;
}
