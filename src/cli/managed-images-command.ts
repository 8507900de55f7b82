// `managed-images` on the command line: from its options to names on standard output, or to what was changed.

import type { ManagedImagesResult, RunContext } from '../cleanup.ts';
import type { NormalizedManagedImages } from '../config/normalize-managed-images.ts';
import { type CliProcess, print } from './cli-process.ts';
import type { TerminalLog } from './terminal-log.ts';

/** A deletion that was refused, as with any other. */
const EXIT_NOT_DONE = 1;

/** Lists, adds or removes. The settings are right. */
export async function runManagedImagesCommand(
  io: CliProcess,
  { settings, notes }: NormalizedManagedImages,
  context: RunContext & { readonly log: TerminalLog },
): Promise<number> {
  const { log } = context;
  for (const note of notes) log.info(note);
  const { runManagedImages } = await import('../cleanup.ts');
  const result = await runManagedImages(settings, context);
  log.stop();
  if (result.kind === 'not-removed') log.error(`${showName(result.name)} was not removed: ${result.why}`);
  print(io, settings.format === 'json' ? `${JSON.stringify(result, null, 2)}\n` : renderText(result));
  return result.kind === 'not-removed' ? EXIT_NOT_DONE : 0;
}

function renderText(result: ManagedImagesResult): string {
  switch (result.kind) {
    case 'listed':
      return result.names.map((name) => `${showName(name)}\n`).join('');
    case 'added':
      return `${showName(result.name)} is managed from now on: ${result.repository}:${result.tag}\n`;
    case 'already-there':
      return `${showName(result.name)} is managed already: ${result.repository}:${result.tag}\n`;
    case 'removed':
      return [
        `${showName(result.name)} is not managed any more: ${result.repository}:${result.tag} was deleted.`,
        'Unless werf.yaml names it, or names images by templates, its records protect nothing from now on: what was built for it alone goes by the next apply.',
        `To take it back: registry-cleanup restore --journal ${result.journal}, or managed-images add ${showName(result.name)}`,
        '',
      ].join('\n');
    case 'not-removed':
      // The error says it all.
      return '';
  }
}

/** The image without a name is `~`, as null in YAML. */
function showName(name: string): string {
  return name === '' ? '~' : name;
}
