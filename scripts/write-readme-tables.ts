// Writes what src/options.ts says into README.md (between `<!-- options:start -->` and `<!-- options:end -->`) and into
// action.yml (between `# options:start` and `# options:end`). A test holds both to it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeDefault, describeDeprecation, type Option } from '../src/options/option.ts';
import { OPTIONS } from '../src/options/option-table.ts';
import { selectOptions } from '../src/options.ts';

/** The marks around the generated part of a file. */
export interface Marks {
  readonly start: string;
  readonly end: string;
}

export const README_MARKS: Marks = { start: '<!-- options:start -->', end: '<!-- options:end -->' };
export const ACTION_MARKS: Marks = { start: '  # options:start', end: '  # options:end' };

/** All options as a Markdown table; a row is `--name` with its default and its help. Ends in a newline. */
export function renderOptionTable(): string {
  const rows = (OPTIONS as readonly Option[]).map((option) => {
    const only = option.only === undefined ? '' : option.only === 'cli' ? 'Command line only. ' : 'Action only. ';
    const repeatable = option.kind === 'list' ? ' Repeatable; in the action one a line.' : '';
    const choices = option.choices === undefined ? '' : ` One of ${option.choices.map(code).join(', ')}.`;
    const names = option.environment?.map(code).join(', else ');
    const also = option.only === 'action' ? '' : 'also ';
    const variable = names === undefined ? '' : ` On the command line ${also}${names} in the environment.`;
    const old = describeDeprecation(option);
    const help = `${old === undefined ? '' : `**${old}.** `}${only}${option.help}${choices}${repeatable}${variable}`;
    return `| ${code(option.name)} | ${describeDefault(option)} | ${help.replaceAll('|', '\\|')} |`;
  });
  return ['| Option and input | Default | Meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** The inputs of action.yml, as YAML indented by two. Ends in a newline. */
export function renderActionInputs(options: readonly Option[] = selectOptions('action')): string {
  const inputs = options.map((option) => {
    const lines = [`  ${option.name}:`, `    description: ${JSON.stringify(describeInput(option))}`];
    const old = describeDeprecation(option);
    if (old !== undefined) lines.push(`    deprecationMessage: ${JSON.stringify(old)}`);
    // An input that the policy file can set has no default here, or the file would never be heard.
    const fallback = option.actionDefault ?? option.default;
    if (option.fileKey === undefined && fallback !== undefined) lines.push(`    default: ${JSON.stringify(fallback)}`);
    return lines.join('\n');
  });
  return `${inputs.join('\n')}\n`;
}

/** The text with the part between the marks replaced. Throws when a mark is missing: nothing would be checked. */
export function replaceBetween(text: string, marks: Marks, part: string): string {
  const start = text.indexOf(`${marks.start}\n`);
  const end = text.indexOf(marks.end);
  if (start === -1 || end < start) throw new Error(`the marks ${marks.start} and ${marks.end} are missing`);
  return text.slice(0, start + marks.start.length + 1) + part + text.slice(end);
}

function describeInput(option: Option): string {
  const choices = option.choices === undefined ? '' : ` One of ${option.choices.join(', ')}.`;
  const list = option.kind === 'list' ? ' One a line.' : '';
  const fallback = option.fileKey === undefined ? '' : ` Default: ${describeDefault(option)}.`;
  return `${option.help.replaceAll('`', '')}${choices}${list}${fallback}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function update(name: string, marks: Marks, part: string): void {
  const path = join(import.meta.dirname, '..', name);
  if (!existsSync(path)) process.stderr.write(`${name} is not there yet\n`);
  else writeFileSync(path, replaceBetween(readFileSync(path, 'utf8'), marks, part));
}

if (process.argv[1] === import.meta.filename) {
  update('README.md', README_MARKS, `\n${renderOptionTable()}\n`);
  update('action.yml', ACTION_MARKS, renderActionInputs());
}
