// The help: what each command does, the options in groups, examples, and what the exit codes mean.

import { describeDefault, isForCommand, type Option, type OptionGroup } from '../options/option.ts';
import { OPTIONS } from '../options/option-table.ts';
import { WERF_COMMANDS } from '../options/werf-names.ts';
import { selectOptions } from '../options.ts';
import { wrapText } from '../report/text-layout.ts';
import { type CommandName, isNegatable } from './parse-arguments.ts';

const USAGE: Readonly<Record<CommandName, string>> = {
  plan: 'registry-cleanup [plan] [options]',
  apply: 'registry-cleanup apply [options]',
  explain: 'registry-cleanup explain TAG|DIGEST [options]',
  verify: 'registry-cleanup verify [options]',
  restore: 'registry-cleanup restore [options]',
  record: 'registry-cleanup record --image REPO@DIGEST [options]',
  purge: 'registry-cleanup purge [--confirm] [options]',
  'managed-images': 'registry-cleanup managed-images ls|add NAME|rm NAME [options]',
  host: 'registry-cleanup host [--confirm] [options]',
  rbac: 'registry-cleanup rbac [options]',
  demo: 'registry-cleanup demo',
};

const ABOUT: Readonly<Record<CommandName, string>> = {
  plan: 'Show what would go, and why everything else stays. Deletes nothing. This is the default.',
  apply:
    'Delete what nothing needs. With --plan-file: only what is also in that plan, decided again on fresh evidence.',
  explain: 'Say why one image is kept or deleted.',
  verify:
    'Look whether every image that clusters use in these repositories is still there, whole for the platforms of their nodes. Deletes nothing, and asks no Git.',
  restore:
    "Bring back what the journal of an apply names, where the registry still has it: on ghcr.io for 30 days; elsewhere until the registry's garbage collection has run. Deletes nothing.",
  record:
    'After a build: state in the registry that an image was published for this commit, whether or not it changed. Keep policies count it for every commit so recorded. Needs the right to push.',
  purge:
    'Show what would go if everything that werf made in a repository went, save what clusters use and pins keep; with --confirm, delete it.',
  'managed-images':
    "List the images whose records count in a repository that werf made, add one or remove one: what was built for an image that is neither listed nor in werf.yaml is kept for no commit's sake. The image without a name is ~.",
  host: 'Show which images, containers and build cache of the container engine on this machine would go, and why the rest stays; with --confirm, delete them. Nothing goes that a container uses, and never a volume.',
  rbac: 'Print the account and the rights that reading the clusters needs, with these options and this policy file, as kubectl apply -f - takes them. Changes nothing.',
  demo: 'Run plan and apply on a world of its own in a temporary folder: no registry, no cluster, no network.',
};

const EXAMPLES: readonly (readonly [string, string])[] = [
  [
    'What would go? Clusters, branches and tags are asked; nothing is deleted.',
    'registry-cleanup --repository registry.example.com/team/app',
  ],
  [
    'Review first, then do exactly that.',
    'registry-cleanup plan --repository registry.example.com/team/app --plan-file plan.json\nregistry-cleanup apply --repository registry.example.com/team/app --plan-file plan.json',
  ],
  [
    'In CI nothing is ambient: name the kubeconfig, or manifests, or say no.',
    'registry-cleanup apply --repository registry.example.com/team/app --kube-manifests ./gitops',
  ],
  [
    'On GitHub, with a token in GITHUB_TOKEN: pull requests, releases and deployments count too.',
    'registry-cleanup --repository ghcr.io/team/app --github-repository team/app --without-kube',
  ],
  [
    'After a build: the image of this commit is this one, built anew or not.',
    'registry-cleanup record --image ghcr.io/team/app@sha256:0123…',
  ],
  ['That was too much: bring it back.', 'registry-cleanup restore --journal registry-cleanup-journal.jsonl'],
  [
    'Let an account of its own read a cluster, and nothing more.',
    'registry-cleanup rbac --kube-config ~/.kube/config | kubectl apply -f -',
  ],
  [
    'Is everything that the clusters use still there? On a schedule, with metrics for a collector.',
    'registry-cleanup verify --registry ghcr.io/team --metrics /var/lib/node_exporter/registry-cleanup.prom',
  ],
  [
    'Make room on a build machine when 85 percent of its disk are in use, until 80 are. Then with --confirm.',
    'registry-cleanup host --image-gc-high-threshold 85% --image-gc-low-threshold 80%',
  ],
  ['Why is this one still there?', 'registry-cleanup explain v1.4.2 --repository registry.example.com/team/app'],
];

/** Those of one command, in its own help. */
const EXAMPLES_OF: { readonly [Name in CommandName]?: readonly (readonly [string, string])[] } = {
  host: [
    [
      'What would go? What the registry has no more, stages that none of its images needs, and what has no name.',
      'registry-cleanup host --repository registry.example.com/team/app --project-label dapp=app --improper-repo-cache --dangling',
    ],
    [
      'Make room when 85 percent of the disk are in use, until 80 are; nothing that came in the last day.',
      'registry-cleanup host --image-gc-high-threshold 85% --image-gc-low-threshold 80% --minimum-image-age 1d --confirm',
    ],
    [
      'Every night on every build machine: what nobody used for a week, and the build cache of that age.',
      'registry-cleanup host --maximum-image-age 7d --build-cache-older-than 7d --confirm',
    ],
  ],
};

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'Done: also nothing to do, an empty repository, any plan, and what a used quota leaves for the next run.'],
  ['1', 'Some deletions failed or were refused; with verify: an image is absent or incomplete. The report says which.'],
  ['2', 'An option, the policy file or a plan file is wrong, or no cluster was named.'],
  ['3', 'The registry does not let us in, or does not know the repository.'],
  ['4', 'The registry refused, did not answer, or answered nonsense.'],
  ['5', 'Something that protects images could not be read. Nothing was deleted, unless the report says what was.'],
  ['6', 'A guard refused the plan. Nothing was deleted.'],
  [
    '7',
    'An alarm: an image that a cluster uses was there before this apply, and has gone. The report says how it comes back.',
  ],
  ['70', 'Our fault.'],
  ['130, 143', 'Interrupted: the step under way was finished. Any number of steps leaves everything that stays whole.'],
];

const INDENT = '  ';

/** The help of one command, or of all; lines of at most `width` columns, at least 60. Ends in a newline. */
export function renderHelp(command: CommandName | undefined, width: number): string {
  const columns = Math.max(60, width);
  const sections = [
    command === undefined
      ? renderOverview(columns)
      : [`Usage: ${USAGE[command]}`, '', ...wrap(ABOUT[command], columns, '')],
    ...(command === 'demo' ? [] : [...renderOptions(command, columns), renderVariables(command, columns)]),
    ...(command === undefined || WERF_COMMANDS.includes(command) ? [renderWerfWords(command, columns)] : []),
    ...renderAllExamples(command, columns),
    ...(command === undefined ? [renderTable('Exit codes:', EXIT_CODES, columns)] : []),
    command === undefined
      ? wrap(
          'registry-cleanup COMMAND --help shows the help of one command, registry-cleanup --version the version.',
          columns,
          '',
        )
      : wrap('registry-cleanup --help shows examples and exit codes.', columns, ''),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function renderOverview(width: number): readonly string[] {
  const commands = Object.entries(ABOUT).map(([name, about]) => [name, about] as const);
  return [
    ...wrap(
      'registry-cleanup deletes the container images that nobody needs, and proves that the rest is safe.',
      width,
      '',
    ),
    '',
    'Usage:',
    ...Object.values(USAGE).map((line) => INDENT + line),
    '',
    ...renderTable('Commands:', commands, width),
  ];
}

function renderOptions(command: CommandName | undefined, width: number): readonly (readonly string[])[] {
  const groups = new Map<OptionGroup, (readonly [string, string])[]>();
  for (const option of selectOptions('cli')) {
    if (command !== undefined && command !== 'demo' && !isForCommand(option, command)) continue;
    const rows = groups.get(option.group) ?? [];
    const shown = command === 'host' ? withoutFile(option) : option;
    rows.push([describeFlags(shown), describeOption(shown, command === undefined)]);
    groups.set(option.group, rows);
  }
  return [...groups].map(([group, rows]) => renderTable(`${group}:`, rows, width));
}

/** `host` reads no policy file: it is about repositories. */
function withoutFile({ fileKey: _fileKey, ...option }: Option): Option {
  return option;
}

/** Where the table is, and what it is about. */
function renderWerfWords(command: CommandName | undefined, width: number): readonly string[] {
  const commands = new Intl.ListFormat('en-GB').format(WERF_COMMANDS.filter((name) => name !== 'host'));
  const whose =
    command === 'host'
      ? 'host also takes the flags of werf host cleanup and their variables: --allowed-backend-storage-volume-usage for --image-gc-high-threshold'
      : `${commands} also take the flags of werf cleanup and their variables: --repo or WERF_REPO for --repository`;
  const text = `${whose}, --dry-run, and so on. Our own options outrank them. docs/werf.md says what becomes of each.`;
  return ["werf's own words:", ...wrap(text, width, INDENT)];
}

/** Secrets that have no option here: others see the command line. */
function renderVariables(command: CommandName | undefined, width: number): readonly string[] {
  const rows = (OPTIONS as readonly Option[])
    .filter((option) => command === undefined || command === 'demo' || isForCommand(option, command))
    .filter(({ only, environment }) => only === 'action' && environment !== undefined)
    .map(({ environment = [], help }) => [environment.join(', else '), help.replaceAll('`', '')] as const);
  return renderTable('Environment:', rows, width);
}

function describeFlags(option: Option): string {
  if (option.kind !== 'flag') return `--${option.name} ${option.value}`;
  return isNegatable(option) ? `--[no-]${option.name}` : `--${option.name}`;
}

function describeOption(option: Option, isForAll: boolean): string {
  const fallback = describeDefault(option);
  const notes = [
    ...(option.kind === 'list' ? ['repeatable'] : []),
    ...(isForAll ? describeCommands(option) : []),
    ...(option.choices === undefined ? [] : [option.choices.join(', ')]),
    ...(fallback === '' ? [] : [`default: ${fallback}`]),
    ...(option.environment === undefined ? [] : [`environment: ${option.environment.join(', else ')}`]),
  ];
  const words = option.help.replaceAll('`', '');
  return notes.length === 0 ? words : `${words} (${notes.join('; ')})`;
}

/** Which commands take the option, where that is worth a word. */
function describeCommands({ commands }: Option): readonly string[] {
  if (commands === undefined) return [];
  // What goes into a decision is for every command that decides.
  if (commands.includes('plan') && commands.includes('apply') && commands.includes('explain')) return [];
  return [`only ${new Intl.ListFormat('en-GB').format(commands)}`];
}

function renderAllExamples(command: CommandName | undefined, width: number): readonly (readonly string[])[] {
  const examples = command === undefined ? EXAMPLES : (EXAMPLES_OF[command] ?? []);
  return examples.length === 0 ? [] : [renderExamples(examples, width)];
}

function renderExamples(examples: typeof EXAMPLES, width: number): readonly string[] {
  const lines = examples.flatMap(([about, commands]) => [
    ...wrap(`# ${about}`, width, INDENT),
    ...commands.split('\n').map((line) => INDENT + line),
    '',
  ]);
  return ['Examples:', ...lines.slice(0, -1)];
}

/** Two columns; the second begins at the same place for all rows, on a line of its own where the first is too long. */
function renderTable(title: string, rows: readonly (readonly [string, string])[], width: number): readonly string[] {
  const first = Math.min(28, Math.max(...rows.map(([name]) => name.length))) + 2;
  const hang = INDENT + ' '.repeat(first);
  const lines = rows.flatMap(([name, about]) => {
    if (name.length + 2 > first) return [INDENT + name, ...wrap(about, width, hang)];
    const [top = '', ...rest] = wrap(about, width, hang);
    return [INDENT + name.padEnd(first) + top.slice(hang.length), ...rest];
  });
  return [title, ...lines];
}

function wrap(text: string, width: number, indent: string): readonly string[] {
  return wrapText(text, width, { indent, hang: indent });
}
