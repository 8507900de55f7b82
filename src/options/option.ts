// What an option is. Which ones there are stands in `option-table.ts`.

/** The commands that take options. */
export type OptionCommand =
  | 'plan'
  | 'apply'
  | 'explain'
  | 'verify'
  | 'restore'
  | 'rbac'
  | 'purge'
  | 'managed-images'
  | 'record'
  | 'host';

/** The commands that decide what is kept. */
export const DECIDING = ['plan', 'apply', 'explain'] as const;
/** The commands that make a plan, whatever the rules are that it follows. */
export const PLANNING = ['plan', 'apply', 'explain', 'purge'] as const;
/** The commands that ask clusters. */
export const READING_CLUSTERS = ['plan', 'apply', 'explain', 'verify', 'purge'] as const;
/** The commands that ask clusters, or say what it takes to ask them. */
export const ASKING_CLUSTERS = ['plan', 'apply', 'explain', 'verify', 'rbac', 'purge'] as const;
/** The commands that talk to a registry. */
export const ON_REGISTRY = [
  'plan',
  'apply',
  'explain',
  'verify',
  'restore',
  'purge',
  'managed-images',
  'host',
] as const;
/** The commands that reach a registry, by whatever names its repositories. */
export const REACHING_REGISTRY = [...ON_REGISTRY, 'record'] as const;

/** The heading an option stands under in the help. */
export type OptionGroup =
  | 'What to clean'
  | 'What to record'
  | 'werf'
  | 'Tag schemes and build cache'
  | 'Local store'
  | 'Git'
  | 'GitHub'
  | 'GitLab'
  | 'Kubernetes'
  | 'Registry'
  | 'Guards'
  | 'Files and output';

/** Why an option should not be used any more. */
export interface Deprecation {
  /** The version that brought what is better: `0.3.0`. */
  readonly since: string;
  /** What to use, as the end of the sentence "use …". */
  readonly instead: string;
}

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
  /** Environment variables that give the value on the command line when the option is absent: the first that is not empty. */
  readonly environment?: readonly string[];
  /** Never shown, masked in every log. */
  readonly secret?: true;
  /** Absent: all of them. */
  readonly commands?: readonly OptionCommand[];
  /** What `action.yml` gives as the default where the command line has none: an expression of GitHub's. */
  readonly actionDefault?: string;
  /** The only front end that has it. Absent: both. */
  readonly only?: 'cli' | 'action';
  /** It still works, and whoever uses it is told what to use instead. It goes with the next major version. */
  readonly deprecated?: Deprecation;
}

/** Whether a command takes the option. */
export function isForCommand(option: Option, command: OptionCommand): boolean {
  return option.commands?.includes(command) ?? true;
}

/** The default in words: `0.8, or guards.maxDeleteShare of the policy file`. Empty when there is none. */
export function describeDefault(option: Option): string {
  const fromFile = option.fileKey === undefined ? '' : `${option.fileKey} of the policy file`;
  if (option.default === undefined || (option.kind === 'flag' && option.fileKey === undefined)) return fromFile;
  return fromFile === '' ? option.default : `${fromFile}, else ${option.default}`;
}

/** What to tell somebody who uses a deprecated option; undefined for every other. */
export function describeDeprecation({ deprecated }: Option): string | undefined {
  return deprecated === undefined ? undefined : `deprecated since ${deprecated.since}: use ${deprecated.instead}`;
}
