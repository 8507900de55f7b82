// Before the registry is read, which may take minutes: mistakes in what lies on this machine. Only files and the clone are looked at.

import type { Settings } from '../config/settings.ts';
import { addressOf } from '../forge/address-of.ts';
import type { Log } from '../log.ts';
import { refuseUnparsable } from './refuse-unparsable.ts';

/** Where the sources are looked up. */
interface Surroundings {
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Looks at the clone, the kubeconfig and the manifests. Nothing of it counts as evidence: all is read again when its turn comes.
 * Sends no request anywhere.
 * @throws UsageError USAGE or EvidenceError as reading them would, for whatever can be seen without a server.
 */
export async function checkSources(settings: Settings, { environment, log }: Surroundings): Promise<void> {
  if (settings.git !== 'off' && settings.forge !== 'off') {
    const { findLender } = await import('../git/lending-clone.ts');
    await findLender({ git: settings.git, address: addressOf(settings.forge), environment, log });
  } else if (settings.git !== 'off') {
    const { checkClone } = await import('../git/read-history.ts');
    await checkClone({ ...settings.git, environment, log });
  }
  if (settings.kubernetes !== 'off') {
    const { checkUsageSources } = await import('../kubernetes/check-usage-sources.ts');
    refuseUnparsable(await checkUsageSources(settings.kubernetes, { environment }), settings);
  }
}
