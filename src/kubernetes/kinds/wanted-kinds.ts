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
  /** Absent: the one that the cluster prefers. */
  readonly version?: string;
  readonly reading: Reading;
  /** `every`: a cluster without it is none. `one`: the user says that some cluster has it. */
  readonly mustBeIn: 'every' | 'one' | 'none';
}

/**
 * The kinds in the order of the table, behind them the user's own. What the user says about a kind of the table is added to what is
 * known of it, so that less is never read: its paths to the paths, or a walk beside a reading of another form.
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
  const isSame = (one: Pick<WantedKind, 'group' | 'kind'>) => one.group === group && one.kind === kind;
  const at = wanted.findIndex((one) => isSame(one) && one.reading.by === 'walk');
  const known = wanted[at];
  const mustBeIn = isOptional ? 'none' : 'one';
  if (known?.reading.by !== 'walk') {
    const plural = RESOURCE_KINDS.find(isSame)?.resource;
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
  const joined: WantedKind = {
    ...known,
    ...(version === undefined ? {} : { version }),
    reading: { ...known.reading, paths: [...new Set([...known.reading.paths, ...paths])] },
    mustBeIn: known.mustBeIn === 'every' ? 'every' : mustBeIn,
  };
  return wanted.with(at, joined);
}
