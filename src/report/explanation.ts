// The answer of `explain`: why one image stays or goes, as plain data. Renderers only read it.

import type { Digest, Tag } from '../model/reference.ts';
import type { ShownDecision } from '../plan/plan.ts';

/** A node that the explained one hangs together with. */
export interface RelatedNode {
  /** What the related node is to the explained one: `parent` is an index that lists it, `child` one that it lists, `record` says what it was published for. */
  readonly relation: 'parent' | 'child' | 'subject' | 'referrer' | 'record';
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  /** `absent`: named by a manifest, and the registry proved that it is not there. */
  readonly decision: ShownDecision['decision'] | 'absent';
}

/** Where a link stands that the explained node does not say itself. */
export interface LinkOrigin {
  /** `child`: on something it lists. `owner`: on an index that lists it, or on its subject. `sibling`: on another part of its owner. */
  readonly relation: 'child' | 'owner' | 'sibling';
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  readonly isAttestation: boolean;
}

/** A statement about what the explained node was built from. All texts are untrusted. */
export type ShownLink = {
  /** Whether the commit is in the history that was read. */
  readonly inHistory: boolean;
  /** Which of several images in the repository a record says it is; empty for werf's nameless one. */
  readonly imageName?: string;
  /** Absent when the node says it itself. */
  readonly origin?: LinkOrigin;
} & (
  | {
      readonly kind: 'commit';
      /** The full id. */
      readonly commit: string;
      /** `sure`: policies count with it. The others only protect. */
      readonly strength: 'sure' | 'undeclared' | 'guess';
      /** Where it was found, in words: `label org.opencontainers.image.revision`. */
      readonly found: string;
    }
  | {
      readonly kind: 'proposed';
      /** The full id; of a test merge, the commit that it merges. */
      readonly commit: string;
      /** The test merge's id. */
      readonly merge?: string;
      /** `pull request 12`: the open ones that lead to the commit. */
      readonly requests: readonly string[];
      /** Why the image is ours. */
      readonly proof?: string;
      readonly found: string;
    }
  | {
      readonly kind: 'pull-request';
      /** `pull request 12`. */
      readonly request: string;
      /** As named beside the number. */
      readonly commit?: string;
      readonly found: string;
    }
  | {
      readonly kind: 'gone';
      /** What is not there, in words: `commit 0a1b2c3d4e`, `branch feature-x`. */
      readonly commit: string;
      readonly proof?: string;
      readonly found: string;
    }
  | {
      readonly kind: 'named';
      /** The commit as it was written. */
      readonly commit: string;
      readonly found: string;
    }
  /** Something that could be a link and cannot be read. */
  | { readonly kind: 'unknown'; readonly why: string }
);

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
