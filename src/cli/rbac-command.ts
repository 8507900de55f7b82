// `rbac` on the command line: from its options to manifests on standard output, as `kubectl apply -f -` takes them.

import type { RunContext } from '../cleanup.ts';
import type { NormalizedRbac } from '../config/normalize-rbac.ts';
import { type CliProcess, print } from './cli-process.ts';

/** Prints the rights. The settings are right. */
export async function runRbacCommand(
  io: CliProcess,
  { settings, notes }: NormalizedRbac,
  context: RunContext,
): Promise<number> {
  for (const note of notes) context.log.info(note);
  const [{ runRbac }, { renderRights, renderRightsJson }] = await Promise.all([
    import('../cleanup.ts'),
    import('../report/render-rights.ts'),
  ]);
  const rights = await runRbac(settings, context);
  return print(io, settings.format === 'json' ? renderRightsJson(rights) : renderRights(rights));
}
