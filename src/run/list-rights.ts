// `rbac`: the rights that reading clusters needs. It reads no object, and changes nothing.

import type { RbacSettings } from '../config/settings.ts';
import type { ClusterRights } from '../model/cluster-rights.ts';
import type { RunContext } from './collect-evidence.ts';

/**
 * The rights that the settings need; those for kinds that the given clusters have, where any are given.
 * @throws UsageError USAGE for an impossible namespace, and for a kind of the policy file that nobody knows.
 */
export async function runRbac(settings: RbacSettings, _context: RunContext): Promise<ClusterRights> {
  const { listRightsAnywhere } = await import('../kubernetes/list-rights.ts');
  return listRightsAnywhere(settings);
}
