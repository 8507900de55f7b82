// What was looked at before anything was decided, in words.

import type { EvidenceSummary } from '../plan/plan.ts';
import { joinSome } from './join-some.ts';
import { pluralize } from './pluralize.ts';

/** One source of evidence. `text` may hold untrusted names. */
export interface EvidenceRow {
  readonly source: 'Registry' | 'Git' | 'Kubernetes';
  readonly text: string;
  /** False when the rule was off, so that this source protected nothing. */
  readonly on: boolean;
}

const MAX_NAMES = 6;

/** One row for each source, always all three: a source that was off says so, because it then protects nothing. */
export function describeEvidence(evidence: EvidenceSummary): readonly EvidenceRow[] {
  return [
    { source: 'Registry', text: describeRegistry(evidence), on: true },
    evidence.git === undefined
      ? { source: 'Git', text: 'off: no branch, tag or commit protects an image', on: false }
      : {
          source: 'Git',
          text: `${pluralize(evidence.git.branches, 'branch', 'branches')}, ${pluralize(evidence.git.tags, 'tag')}, ${pluralize(evidence.git.commits, 'commit')}${evidence.git.remote === undefined ? '' : ` of ${evidence.git.remote}`}`,
          on: true,
        },
    evidence.kubernetes === undefined
      ? { source: 'Kubernetes', text: 'off: no cluster protects an image', on: false }
      : { source: 'Kubernetes', text: describeKubernetes(evidence.kubernetes), on: true },
  ];
}

function describeRegistry({ repositories }: EvidenceSummary): string {
  const where = repositories.length === 1 ? '' : ` in ${pluralize(repositories.length, 'repository', 'repositories')}`;
  const tags = repositories.reduce((sum, one) => sum + one.tags, 0);
  const nodes = repositories.reduce((sum, one) => sum + one.nodes, 0);
  return `${pluralize(nodes, 'image')} (indexes and attachments counted), ${pluralize(tags, 'tag')}${where}`;
}

function describeKubernetes({ images, sources }: NonNullable<EvidenceSummary['kubernetes']>): string {
  const places = sources.map(({ kind, name, pods, objects }) =>
    kind === 'cluster' ? `${name} (${pluralize(pods, 'pod')})` : `${name} (${pluralize(objects, 'object')})`,
  );
  const where = places.length === 0 ? 'no cluster and no manifest' : joinSome(places, MAX_NAMES);
  return `${pluralize(images, 'image')} in use; looked at ${where}`;
}
