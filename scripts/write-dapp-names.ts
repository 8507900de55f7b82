// Writes the table of dapp's variables into docs/dapp.md (between `<!-- dapp-names:start -->` and `<!-- dapp-names:end -->`). A test holds the
// page to it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAPP_NAMES, type DappMeaning } from '../src/options/dapp-names.ts';
import { type Marks, replaceBetween } from './write-readme-tables.ts';

export const DAPP_MARKS: Marks = { start: '<!-- dapp-names:start -->', end: '<!-- dapp-names:end -->' };

/** All variables as a Markdown table. Ends in a newline. */
export function renderDappNames(): string {
  const rows = DAPP_NAMES.map(({ variables, meaning }) => {
    const names = variables.map((variable) => `\`${variable}\``).join(', else ');
    return `| ${names} | ${describeMeaning(meaning)} |`;
  });
  return ['| Variable | Here |', '| --- | --- |', ...rows, ''].join('\n');
}

function describeMeaning(meaning: DappMeaning): string {
  switch (meaning.kind) {
    case 'option':
      return `\`${meaning.option}\`${meaning.how === undefined ? '' : `: ${meaning.how}`}`;
    case 'here':
      return meaning.how;
    case 'idle':
      return `No effect: ${meaning.why}`;
  }
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, '..', 'docs', 'dapp.md');
  writeFileSync(path, replaceBetween(readFileSync(path, 'utf8'), DAPP_MARKS, `\n${renderDappNames()}\n`));
}
