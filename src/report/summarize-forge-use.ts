// What a forge protects: which pull or merge request, release or environment holds on to how many images.

import type { Reason } from '../model/decision.ts';
import { formatRequest, nameOfRequest, type RequestName } from '../model/forge.ts';
import type { CommitId } from '../model/history.ts';
import type { ShownDecision } from '../plan/plan.ts';

/** One thing on the forge and what it holds on to. `name` and `by` are untrusted text. */
export interface ForgeUseRow {
  readonly kind: RequestName | 'release' | 'environment';
  /** `#12`, `!12`, a Git tag, or an environment's name. */
  readonly name: string;
  /** Images of this repository that are kept because of it. */
  readonly images: number;
  /** By what, distinct, in order of appearance: `3f2a9c1d00`, `test merge 77c0de0a11`, `tag pr-12`, `active 3f2a9c1d00`. At least one. */
  readonly by: readonly string[];
}

type Use = Pick<ForgeUseRow, 'kind' | 'name'> & { readonly by: string };

/** What runs first, then what was released, then what is being worked on. */
const ORDER: readonly ForgeUseRow['kind'][] = ['environment', 'release', 'pull request', 'merge request'];

/** Groups what the rules on pull or merge requests, releases and deployments keep; most images first within a kind, then by name. */
export function summarizeForgeUse(decisions: readonly ShownDecision[]): readonly ForgeUseRow[] {
  const rows = new Map<
    string,
    Pick<Use, 'kind' | 'name'> & { readonly images: Set<string>; readonly by: Set<string> }
  >();
  for (const { digest, reasons } of decisions)
    for (const { kind, name, by } of reasons.flatMap(useOf)) {
      const key = JSON.stringify([kind, name]);
      const row = rows.get(key) ?? { kind, name, images: new Set(), by: new Set() };
      rows.set(key, row);
      row.images.add(digest);
      row.by.add(by);
    }
  return [...rows.values()]
    .map(({ kind, name, images, by }) => ({ kind, name, images: images.size, by: [...by] }))
    .sort(byKindThenImagesThenName);
}

function useOf(reason: Reason): readonly Use[] {
  if (reason.rule === 'release') {
    const by = reason.commit === undefined ? `tag ${reason.found.tag ?? reason.found.name}` : short(reason.commit);
    return [{ kind: 'release', name: reason.tag, by }];
  }
  if (reason.rule === 'deployment')
    return [{ kind: 'environment', name: reason.environment, by: `${reason.state} ${short(reason.commit)}` }];
  if (reason.rule !== 'pull-request') return [];
  const { number, by } = reason;
  const kind = nameOfRequest(reason);
  const name = formatRequest(kind, number);
  if (by.kind === 'tag') return [{ kind, name, by: `tag ${by.found.tag ?? by.found.name}` }];
  const commit = by.kind === 'commit' ? short(by.commit) : `test merge ${short(by.commit)}`;
  return [{ kind, name, by: commit }];
}

function short(commit: CommitId): string {
  return commit.slice(0, 10);
}

function byKindThenImagesThenName(a: ForgeUseRow, b: ForgeUseRow): number {
  if (a.kind !== b.kind) return ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind);
  if (a.images !== b.images) return b.images - a.images;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
