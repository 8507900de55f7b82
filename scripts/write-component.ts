// Writes what src/options.ts says into templates/{cleanup,host-cleanup}/template.yml (the inputs, and the variables that carry them), and makes
// of the first ci/registry-cleanup.yml: the same jobs for an include without inputs. A test holds all of them to it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputVariableOf, listVariableOptions } from '../src/cli/read-input-variables.ts';
import { describeDefault, isForCommand, type Option } from '../src/options/option.ts';
import { type Marks, replaceBetween } from './write-readme-tables.ts';

export const TEMPLATE = 'templates/cleanup/template.yml';
export const HOST_TEMPLATE = 'templates/host-cleanup/template.yml';
export const INCLUDE = 'ci/registry-cleanup.yml';
const INPUT_MARKS: Marks = { start: '    # options:start', end: '    # options:end' };
const VARIABLE_MARKS: Marks = { start: '    # variables:start', end: '    # variables:end' };

/** Options of plan and apply that are no inputs, and why. */
const WITHOUT_INPUT: Readonly<Record<string, string>> = {
  'plan-file': 'an artifact of the job',
  'report-file': 'an artifact of the job',
  'markdown-file': 'an artifact of the job',
  'code-quality-file': 'an artifact of the job',
  journal: 'an artifact of the job',
  'cache-dir': 'the cache of the job',
  format: 'the log shows text; the artifacts have the other formats',
  'as-of': 'for trying a policy on a command line',
  'pull-request-comment': 'of the action',
};

/** The options that are inputs, in the order of the help. */
export function listComponentOptions(): readonly Option[] {
  return listVariableOptions().filter(
    (option) =>
      (isForCommand(option, 'plan') || isForCommand(option, 'apply')) && !Object.hasOwn(WITHOUT_INPUT, option.name),
  );
}

/** Options of `host` that its template says in words of its own, or not at all, and why. */
const WITHOUT_HOST_INPUT: Readonly<Record<string, string>> = {
  confirm: 'the input command',
  engine: 'an input of its own, whose default is no address',
  'keep-label': 'an input of its own with a default',
  'maximum-image-age': 'the input older-than',
  'build-cache-older-than': 'the input older-than',
  'cache-dir': 'an input of its own with a default',
  'report-file': 'an artifact of the job',
  format: 'the log shows text; the artifact is JSON',
  'github-token': 'of no use for the registry of a GitLab',
  mrproper: 'nothing for a schedule',
};

/** The options that are inputs of the template for build runners. `host` reads no policy file. */
export function listHostComponentOptions(): readonly Option[] {
  return listVariableOptions()
    .filter((option) => isForCommand(option, 'host') && !Object.hasOwn(WITHOUT_HOST_INPUT, option.name))
    .map(({ fileKey: _fileKey, ...option }) => option);
}

/** The name of the input: of a secret the input takes the name of the variable that holds it. */
export function inputNameOf(option: Option): string {
  return option.secret === true ? `${option.name}-variable` : option.name;
}

/** The inputs as YAML, indented by four. Ends in a newline. */
export function renderInputs(options: readonly Option[] = listComponentOptions()): string {
  return options.map((option) => `    ${inputNameOf(option)}:\n${describeInput(option)}${specify(option)}`).join('');
}

/** The variables that carry the inputs, as YAML, indented by four. Ends in a newline. */
export function renderVariables(options: readonly Option[] = listComponentOptions()): string {
  return options
    .map((option) => `    ${inputVariableOf(option.name)}: ${carry(option, `$[[ inputs.${inputNameOf(option)} ]]`)}\n`)
    .join('');
}

/** The template with its generated parts. */
export function renderTemplate(text: string, options: readonly Option[] = listComponentOptions()): string {
  const withInputs = replaceBetween(text, INPUT_MARKS, renderInputs(options));
  return replaceBetween(withInputs, VARIABLE_MARKS, renderVariables(options));
}

function describeInput(option: Option): string {
  const help = option.help.replaceAll('`', '');
  const fallback = option.fileKey === undefined ? '' : ` Default: ${describeDefault(option)}.`;
  const text =
    option.secret === true ? `Name of the CI/CD variable (masked, protected) with this: ${help}` : `${help}${fallback}`;
  return `      description: ${JSON.stringify(text)}\n`;
}

function specify(option: Option): string {
  if (option.secret === true) {
    const [variable] = option.environment ?? [];
    return `      default: ${variable}\n      regex: ^[A-Za-z_][A-Za-z0-9_]*$\n`;
  }
  // A flag that the policy file can set, too, has a third state.
  if (option.kind === 'flag' && option.fileKey !== undefined)
    return '      options: ["", "true", "false"]\n      default: ""\n';
  if (option.kind === 'flag') return `      type: boolean\n      default: ${option.name === 'merge-request-note'}\n`;
  if (option.kind === 'list') return '      type: array\n      default: []\n';
  const choices = option.choices === undefined ? '' : `      options: [${option.choices.join(', ')}]\n`;
  // What the policy file can give has no default here, or the file would never be heard.
  const fallback = option.fileKey === undefined ? (option.default ?? '') : '';
  return `${choices}      default: ${JSON.stringify(fallback)}\n`;
}

/** GitLab takes neither a list nor a flag for a variable, and puts both into a text that has anything else in it: a blank. */
function carry(option: Option, input: string): string {
  if (option.secret === true) return `\${${input}}`;
  const isText = option.kind === 'text' || (option.kind === 'flag' && option.fileKey !== undefined);
  return isText ? input : `" ${input}"`;
}

const INCLUDE_ABOUT = `# The jobs of the component for projects that include a file: \`include: project\`, \`remote\` or \`local\`. In place of inputs it takes CI/CD
# variables: REGISTRY_CLEANUP_INPUT_ and the name of an option in capitals, as REGISTRY_CLEANUP_INPUT_KUBE_CONTEXT; lists have one entry a
# line. Stage, runner and the like are changed by a job of the same name in the project's own file.
# Written by scripts/write-component.ts from templates/cleanup/template.yml, which says when which job runs.
`;

/** The inputs of the template's own that are variables of the include: their names there. */
const INCLUDE_VARIABLES: Readonly<Record<string, string>> = {
  image: 'REGISTRY_CLEANUP_IMAGE',
  'merge-request': 'REGISTRY_CLEANUP_MERGE_REQUEST',
  schedule: 'REGISTRY_CLEANUP_SCHEDULE',
  'merge-request-note': inputVariableOf('merge-request-note'),
};

/** The include, made of the template. */
export function renderInclude(template: string): string {
  const [header = '', body = ''] = template.split('\n---\n');
  const defaults = new Map(
    [...header.matchAll(/^ {4}([\w-]+):\n(?: {6}.*\n)*? {6}default: (.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
  const defaultOf = (name: string): string => {
    const found = defaults.get(name);
    if (found === undefined) throw new Error(`${TEMPLATE} has no input ${name} with a default`);
    return found;
  };
  const substitute = (name: string): string => {
    const variable = INCLUDE_VARIABLES[name];
    return variable === undefined ? defaultOf(name) : `$${variable}`;
  };
  const settings = Object.entries(INCLUDE_VARIABLES).map(
    ([name, variable]) => `  ${variable}: ${JSON.stringify(defaultOf(name))}\n`,
  );
  const jobs = replaceBetween(body, VARIABLE_MARKS, '')
    .replace(`${VARIABLE_MARKS.start}\n${VARIABLE_MARKS.end}\n`, '')
    // A variable in a condition stands without the quotes that a text needs.
    .replaceAll(/"\$\[\[ inputs\.([\w-]+) \]\]"(?= ==)/g, (_, name: string) => substitute(name))
    .replaceAll(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name: string) => substitute(name));
  return `${INCLUDE_ABOUT}variables:\n${settings.join('')}\n${jobs}`;
}

if (process.argv[1] === import.meta.filename) {
  const path = (name: string) => join(import.meta.dirname, '..', name);
  const template = renderTemplate(readFileSync(path(TEMPLATE), 'utf8'));
  writeFileSync(path(TEMPLATE), template);
  writeFileSync(path(INCLUDE), renderInclude(template));
  const host = readFileSync(path(HOST_TEMPLATE), 'utf8');
  writeFileSync(path(HOST_TEMPLATE), renderTemplate(host, listHostComponentOptions()));
}
