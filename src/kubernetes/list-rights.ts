// What an account must be allowed to read in a cluster: for `rbac`, which prints it. Asks clusters only which kinds they have.

import type { CustomResource, RbacSettings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import type { ClusterRights } from '../model/cluster-rights.ts';
import { refuseImpossibleNamespaces } from './find-namespace.ts';
import { listRules } from './kinds/list-rules.ts';
import { type ResourceKind, resourceName } from './kinds/resource-kind.ts';
import { RESOURCE_KINDS } from './kinds/resource-kinds.ts';

/** The part of the settings that says what is read. */
export type RightsSettings = Omit<RbacSettings, 'format' | 'logLevel'>;

/**
 * The rights to read everything that the settings name in any cluster, whatever it has.
 * @throws UsageError USAGE when the policy file adds a kind whose plural only a cluster knows.
 */
export function listRightsAnywhere(settings: RightsSettings): ClusterRights {
  refuseImpossibleNamespaces(settings.namespaces);
  const unknown = settings.resources.filter((resource) => findKnown(resource) === undefined);
  if (unknown.length > 0) throw unknownPlural(unknown);
  const kinds = RESOURCE_KINDS.filter((kind) => isRead(kind, settings));
  return { roles: listRules({ kinds, namespaces: settings.namespaces, added: new Set() }), remarks: [] };
}

function isRead(kind: ResourceKind, { exclude, helmHistory }: RightsSettings): boolean {
  if (kind.reading.by === 'helm-release' && helmHistory === 0) return false;
  return !exclude.includes(resourceName(kind));
}

function findKnown(resource: CustomResource): ResourceKind | undefined {
  return RESOURCE_KINDS.find(({ group, kind }) => group === resource.group && kind === resource.kind);
}

/** RBAC names kinds by their plural, and a guess that is wrong would allow nothing. */
function unknownPlural(resources: readonly CustomResource[]): UsageError {
  const names = resources.map(({ group, kind }) => (group === '' ? kind : `${kind} (${group})`)).join(', ');
  return new UsageError(`The plural of ${names}, by which RBAC names a kind, is known to the cluster alone.`, {
    code: 'USAGE',
    hint: 'Give --kube-config: any account that may log in is shown which kinds there are.',
  });
}
