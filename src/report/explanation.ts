// The answer of `explain`: why one image stays or goes, as plain data. Renderers only read it.

import type { Digest, Tag } from '../model/reference.ts';
import type { ShownDecision } from '../plan/plan.ts';

/** A node that the explained one hangs together with. */
export interface RelatedNode {
  /** What the related node is to the explained one: `parent` is an index that lists it, `child` one that it lists. */
  readonly relation: 'parent' | 'child' | 'subject' | 'referrer';
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  /** `absent`: named by a manifest, and the registry proved that it is not there. */
  readonly decision: ShownDecision['decision'] | 'absent';
}

/** A statement "built from this commit" that was found on the explained node. */
export interface ShownLink {
  /** The commit as it was written: a full id or a prefix of one. Untrusted text. */
  readonly commit: string;
  /** Where it was found, in words: `label org.opencontainers.image.revision`. Untrusted text. */
  readonly found: string;
  /** Whether the commit is in the history that was read. */
  readonly inHistory: boolean;
}

/** Why one node stays or goes. */
export interface Explanation {
  /** The repository's name as the plan has it: `ghcr.io/team/app`. */
  readonly repository: string;
  /** The tag or digest that was asked for, as the user wrote it. */
  readonly target: string;
  readonly node: ShownDecision;
  /** Parents, children, subject and referrers; empty when it stands alone. */
  readonly related: readonly RelatedNode[];
  /** Empty when nothing tells the commit it was built from. */
  readonly links: readonly ShownLink[];
}
