// `rbac`: the rights that reading clusters needs. It reads no object, and changes nothing.

import type { RbacSettings } from '../config/settings.ts';
import type { ClusterRights } from '../model/cluster-rights.ts';
import { TOOL } from '../version.ts';
import { beginRun } from './begin-run.ts';
import type { RunContext } from './collect-evidence.ts';

/**
 * The rights that the settings need; those for kinds that the given clusters have, where any are given.
 * @throws UsageError USAGE for an impossible namespace, an unusable kubeconfig, and a kind of the policy file that nobody knows.
 * @throws EvidenceError EVIDENCE_KUBERNETES when a cluster does not say which kinds it has.
 */
export async function runRbac({ kubeConfig, ...settings }: RbacSettings, context: RunContext): Promise<ClusterRights> {
  const { log, environment, logins } = beginRun(context);
  const { listRightsAnywhere, listRightsInClusters } = await import('../kubernetes/list-rights.ts');
  const { roles, remarks } =
    kubeConfig === undefined
      ? listRightsAnywhere(settings)
      : await listRightsInClusters({ ...settings, kubeConfig }, { log, environment, logins });
  return {
    roles,
    remarks: [`What ${TOOL} lists in a cluster with these options. It changes nothing there.`, ...remarks],
  };
}
