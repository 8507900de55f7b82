// What is known of an object's kind where no server says which kinds there are: in files, and in the manifests that Helm keeps.

import { type Reading, type ResourceKind, resourceName } from './resource-kind.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';
import { type KindSettings, wantedKinds } from './wanted-kinds.ts';

/** A kind as an object writes it. */
export interface WrittenKind {
  readonly kind?: string;
  /** `apps/v1`. Absent: any group, as in the items of a typed list. */
  readonly apiVersion?: string;
}

/** How objects are read whose kinds they say themselves. */
export interface KindTable {
  /** Empty for a kind that nobody knows; `excluded` for one that the user leaves out. */
  readingsOf(written: WrittenKind): readonly Reading[] | 'excluded';
}

/** The table of kinds with what the user says about it; without settings the table alone. */
export function createKindTable(
  settings: KindSettings = { helmHistory: 'all', resources: [], exclude: [] },
): KindTable {
  const wanted = wantedKinds(settings);
  const excluded = RESOURCE_KINDS.filter((kind) => settings.exclude.includes(resourceName(kind)));
  return {
    readingsOf(written) {
      const readings = wanted.filter((kind) => isSameKind(kind, written)).map(({ reading }) => reading);
      // Without a group an object may be of a kind that is not left out.
      return readings.length === 0 && excluded.some((kind) => isSameKind(kind, written)) ? 'excluded' : readings;
    },
  };
}

/** Other groups have kinds of the same name and of another form (Volcano's Job): those are not the same. */
function isSameKind(known: Pick<ResourceKind, 'kind' | 'group'>, { kind, apiVersion }: WrittenKind): boolean {
  if (known.kind !== kind) return false;
  if (apiVersion === undefined) return true;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  // Deployments, ReplicaSets and DaemonSets were born there, with the same pod template.
  return group === known.group || (group === 'extensions' && known.group === 'apps');
}
