// A first look at the sources of usage, for mistakes that no server is needed to see. What it finds protects nothing.

import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { UnparsableUse } from '../model/usage.ts';
import { interpretImage } from './images/interpret-image.ts';
import { createKindTable } from './kinds/kind-table.ts';
import { type KubeSurroundings, loadKubeContexts } from './kubeconfig/load-kube-contexts.ts';
import { findManifestFiles } from './manifests/find-manifest-files.ts';
import { readManifestFile } from './manifests/read-manifests.ts';
import { refuseImpossible, type UsageSettings } from './read-usage.ts';

/** Larger files are dumps of clusters, which take long to parse: they are read in their turn only. */
const MAX_FILE_BYTES = 2 ** 20;

/**
 * Loads the kubeconfig with the chosen contexts, finds the manifests and reads those of up to 1 MiB. Sends no request, runs no
 * plugin. Returns the texts in those manifests that are no image references, in order of files; often none.
 * @throws UsageError USAGE and EvidenceError EVIDENCE_FILE as `readUsage` does.
 */
export async function checkUsageSources(
  settings: UsageSettings,
  surroundings: KubeSurroundings,
): Promise<readonly UnparsableUse[]> {
  refuseImpossible(settings);
  if (settings.kubeConfig !== undefined)
    await loadKubeContexts(settings.kubeConfig, settings.contexts, { home: homedir(), ...surroundings });
  const table = createKindTable(settings);
  const unparsable: UnparsableUse[] = [];
  for (const path of settings.manifests)
    for (const file of await findManifestFiles(path)) {
      const { found } = (await isSmall(file)) ? await readManifestFile(path, file, table) : { found: [] };
      unparsable.push(...found.filter(({ text }) => interpretImage(text).kind === 'unparsable'));
    }
  return unparsable;
}

async function isSmall(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size <= MAX_FILE_BYTES;
  } catch {
    // Reading it tells what is wrong.
    return true;
  }
}
