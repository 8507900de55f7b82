// Writes the table of werf's flags and variables into docs/werf.md (between `<!-- werf-names:start -->` and `<!-- werf-names:end -->`).
// A test holds the page to it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WERF_NAMES, type WerfMeaning, type WerfName } from '../src/options/werf-names.ts';
import { type Marks, replaceBetween } from './write-readme-tables.ts';

export const WERF_MARKS: Marks = { start: '<!-- werf-names:start -->', end: '<!-- werf-names:end -->' };

/** All flags as a Markdown table, those with an effect first. Ends in a newline. */
export function renderWerfNames(): string {
  const isIdle = ({ meaning }: WerfName) => meaning.kind === 'idle' || meaning.kind === 'refused';
  const names = [...WERF_NAMES.filter((name) => !isIdle(name)), ...WERF_NAMES.filter(isIdle)];
  const rows = names.map((entry) => {
    const flag = `${entry.short === undefined ? '' : `\`-${entry.short}\`, `}\`--${entry.name}\``;
    const variables = entry.variables.map((variable) => `\`${variable}\``).join(', else ');
    const onHost = entry.onHost === undefined ? '' : `. With \`host\`: ${describeMeaning(entry.name, entry.onHost)}`;
    return `| ${flag} | ${variables} | ${describeMeaning(entry.name, entry.meaning)}${onHost} |`;
  });
  return ['| werf | Variable | Here |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function describeMeaning(name: string, meaning: WerfMeaning): string {
  switch (meaning.kind) {
    case 'same':
      return `\`${name}\``;
    case 'option':
      return `\`${meaning.option}\`${meaning.how === undefined ? '' : `: ${meaning.how}`}`;
    case 'here':
      return meaning.how;
    case 'idle':
      return `No effect: ${meaning.why}`;
    case 'refused':
      return `Not taken: ${meaning.instead}`;
  }
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, '..', 'docs', 'werf.md');
  writeFileSync(path, replaceBetween(readFileSync(path, 'utf8'), WERF_MARKS, `\n${renderWerfNames()}\n`));
}
