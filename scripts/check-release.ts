// Checks that a tag can be released: `node scripts/check-release.ts v1.2.3`. With `--notes` it prints the changelog's part about that
// version instead. Exits with 1 and every mistake when something does not fit.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const root = join(import.meta.dirname, '..');
const [tag = '', wish] = process.argv.slice(2);
const version = tag.replace(/^v/, '');
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
const section = findSection(changelog, version);

const mistakes = [
  ...(/^v\d+\.\d+\.\d+$/.test(tag) ? [] : [`${JSON.stringify(tag)} is not a tag such as v1.2.3`]),
  ...(readVersion() === version ? [] : [`package.json says ${readVersion()}`]),
  ...(section === undefined ? [`CHANGELOG.md has no section [${version}]`] : []),
  ...(section !== undefined && /unreleased/i.test(section.title) ? [`CHANGELOG.md calls ${version} unreleased`] : []),
  ...(wish === '--notes' || isOnMain() ? [] : ['the commit is not on origin/main']),
];
if (mistakes.length > 0) {
  process.stderr.write(`${tag} cannot be released:\n${mistakes.map((mistake) => `  ${mistake}\n`).join('')}`);
  process.exit(1);
}
process.stdout.write(wish === '--notes' ? (section?.text ?? '') : `${tag} can be released\n`);

function readVersion(): string {
  const schema = z.object({ version: z.string() });
  return schema.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).version;
}

/** The heading's rest and the text below it, up to the next version. */
function findSection(text: string, wanted: string): { readonly title: string; readonly text: string } | undefined {
  for (const part of text.split(/^## /m).slice(1)) {
    const end = part.indexOf('\n');
    const title = part.slice(0, end);
    if (title.startsWith(`[${wanted}]`)) return { title, text: `${part.slice(end + 1).trim()}\n` };
  }
  return undefined;
}

function isOnMain(): boolean {
  const { status } = spawnSync('git', ['merge-base', '--is-ancestor', 'HEAD', 'origin/main'], { cwd: root });
  return status === 0;
}
