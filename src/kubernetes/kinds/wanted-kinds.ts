// Which kinds a run wants to read, before any cluster was asked which of them it has: the table, what the user adds, less what he leaves out.

import type { CustomResource, KubernetesSettings } from '../../config/settings.ts';
import { REQUIRED_KINDS } from './core-kinds.ts';
import { type Reading, type ResourceKind, resourceName } from './resource-kind.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';

/** What the user says about kinds. */
export type KindSettings = Pick<KubernetesSettings, 'helmHistory' | 'resources' | 'exclude'>;

/** A kind that is looked for in every cluster. */
export interface WantedKind {
  readonly group: string;
  readonly kind: string;
  /** Absent: only clusters know it, for the kind is the user's own. */
  readonly resource?: string;
  /**
   * Absent: the one that the cluster prefers. For a kind of the table no more than a wish: where it is not served, the preferred one is read.
   * For a kind of the user's own (no `resource`) it must be served where the kind is.
   */
  readonly version?: string;
  readonly reading: Reading;
  /** `every`: a cluster without it is none. `one`: the user says that some cluster has it. */
  readonly mustBeIn: 'every' | 'one' | 'none';
}

/**
 * The kinds in the order of the table, behind them the user's own. What the user says about a kind of the table is added to what is
 * known of it, so that less is never read: its paths to the paths, or a walk beside the known reading where that has another form, or
 * where a version is given.
 */
export function wantedKinds({ helmHistory, resources, exclude }: KindSettings): readonly WantedKind[] {
  const table = RESOURCE_KINDS.filter((kind) => !exclude.includes(resourceName(kind)));
  const isRead = ({ reading }: ResourceKind) => reading.by !== 'helm-release' || helmHistory !== 0;
  const known = table.filter(isRead).map((kind): WantedKind => {
    const mustBeIn = REQUIRED_KINDS.has(kind) ? 'every' : 'none';
    const { group, kind: name, resource, reading } = kind;
    return { group, kind: name, resource, reading, mustBeIn };
  });
  return resources.reduce(withResource, known);
}

function withResource(wanted: readonly WantedKind[], resource: CustomResource): readonly WantedKind[] {
  const { group, kind, version, paths, isOptional } = resource;
  const mustBeIn = isOptional ? 'none' : 'one';
  const at = wanted.findIndex(
    (one) => isSameKind(one, resource) && one.reading.by === 'walk' && one.version === version,
  );
  const known = wanted[at];
  if (known?.reading.by === 'walk')
    return wanted.with(at, {
      ...known,
      reading: { ...known.reading, paths: [...new Set([...known.reading.paths, ...paths])] },
      mustBeIn: known.mustBeIn === 'none' ? mustBeIn : known.mustBeIn,
    });
  const plural = RESOURCE_KINDS.find((one) => isSameKind(one, resource))?.resource;
  const added: WantedKind = {
    group,
    kind,
    ...(plural === undefined ? {} : { resource: plural }),
    ...(version === undefined ? {} : { version }),
    reading: { by: 'walk', paths },
    mustBeIn,
  };
  return [...wanted, added];
}

/** Whether two are the same kind, in whatever version. */
export function isSameKind(
  one: Pick<WantedKind, 'group' | 'kind'>,
  other: Pick<WantedKind, 'group' | 'kind'>,
): boolean {
  return one.group === other.group && one.kind === other.kind;
}
