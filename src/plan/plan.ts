// The plan: what would be done to each repository, step by step, with everything needed to check it and to show it.

import type { Decision, Reason, Remark } from '../model/decision.ts';
import type { MissingEvidence } from '../model/missing-evidence.ts';
import type { Digest, Tag } from '../model/reference.ts';

/** One thing to do. Steps stand in an order in which any prefix is safe. */
export interface Step {
  /** `untag` takes one tag off a node that stays; `delete` deletes the manifest with all its tags. */
  readonly action: 'untag' | 'delete';
  readonly digest: Digest;
  /** Only for `untag`. */
  readonly tag?: Tag;
  readonly precondition: Precondition;
}

/** What must hold just before the step; else it is skipped. */
export interface Precondition {
  /** Exactly these tags are on the digest, sorted; no more, no fewer. */
  readonly tags: readonly Tag[];
  /**
   * Indexes that list it and subjects it belongs to: these, and no other, were there, and they are gone by then. On a registry that collects
   * what is untagged: of a signature or another attachment, all with tags that lead to what it is attached to; they have no tag by then.
   */
  readonly owners: readonly Digest[];
}

/** A reason with its sentence, as the plan file and the report carry it. */
export type ShownReason = Reason & { readonly text: string };

/** A decision as the plan file carries it; order: kept first by tag, then deleted in step order. */
export interface ShownDecision {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  /** `image`, `index`, or the reason why it is opaque; for people. */
  readonly what: string;
  readonly decision: Decision['decision'];
  readonly reasons: readonly ShownReason[];
  /** Tags that come off a kept node. */
  readonly untag: readonly Tag[];
  /** Bytes of the manifest with its config and layers, shared or not. */
  readonly sizeBytes: number;
  /**
   * Only of an untagged node that goes on a registry which collects such by itself: no step deletes it. The nodes with tags that lead to
   * it now, sorted: when the steps of these are done, the registry collects it. Empty when nothing leads to it.
   */
  readonly collectedWith?: readonly Digest[];
  /** It is no image but a record of what one was published for, ours or werf's. */
  readonly isRecord?: true;
}

/** Sums over one repository. */
export interface Totals {
  /** Nodes that stay. */
  readonly kept: number;
  /** Nodes that steps delete. */
  readonly deleted: number;
  /** Untagged nodes that go without a step: the registry collects them by itself. Absent on a registry that does not. */
  readonly collected?: number;
  /** Tags taken off nodes that stay. */
  readonly untagged: number;
  /** Tags before the plan, without those of records. */
  readonly tags: number;
  /** Records of what images were published for, counted here and nowhere else. Absent where there are none. */
  readonly records?: { readonly kept: number; readonly deleted: number };
  /** Bytes of blobs and manifests that no kept node shares: an upper bound, other repositories may share them. */
  readonly reclaimableBytes: number;
}

/** What a guard would refuse. A plan shows it, an apply stops at it. */
export interface GuardFinding {
  readonly guard:
    | 'max-delete-share'
    | 'nothing-left'
    | 'no-references'
    | 'foreign-history'
    | 'empty-context'
    | 'evidence-shrank'
    | 'missing-right'
    | 'missing-evidence';
  /** What was found, in one sentence. */
  readonly text: string;
  /** What to do when this is meant, in one sentence. */
  readonly hint: string;
}

/** The plan for one repository. */
export interface RepositoryPlan {
  /** `ghcr.io/team/app`; the name alone for an OCI layout. */
  readonly name: string;
  readonly steps: readonly Step[];
  readonly decisions: readonly ShownDecision[];
  readonly totals: Totals;
  readonly guards: readonly GuardFinding[];
  readonly remarks: readonly Remark[];
}

/** How much evidence there was; compared with the previous report's by a guard. */
export interface EvidenceSummary {
  /** Absent when the Git rule is off. */
  readonly git?: {
    readonly branches: number;
    readonly tags: number;
    readonly commits: number;
    /** The remote's address without credentials, when it has one. */
    readonly remote?: string;
  };
  /** Absent when the Kubernetes rule is off. */
  readonly kubernetes?: {
    readonly sources: readonly {
      readonly kind: 'cluster' | 'manifests';
      readonly name: string;
      readonly pods: number;
      readonly objects: number;
    }[];
    /** Distinct image references. */
    readonly images: number;
  };
  /** What the forge said; absent when it was not asked. Each count is absent when its rule is off. */
  readonly forge?: {
    /** `GitHub`, `GitLab`. */
    readonly title: string;
    /** Only where the forge does not call them pull requests. */
    readonly requestName?: 'merge request';
    /** `owner/name`; on GitLab any number of groups before the name. */
    readonly repository: string;
    readonly pullRequests?: number;
    readonly releases?: number;
    readonly deployments?: number;
  };
  /** Sources that could not be looked at though the user wanted it (a pull request of a fork has no secrets). Such a plan is never applied. */
  readonly missing?: readonly MissingEvidence[];
  readonly repositories: readonly {
    readonly name: string;
    readonly tags: number;
    readonly nodes: number;
    /** Of the nodes and tags, records of what images were published for. Absent where there are none. */
    readonly records?: { readonly nodes: number; readonly tags: number };
  }[];
}

/** A whole plan, as the file holds it. */
export interface Plan {
  readonly version: 1;
  /** `registry-cleanup 0.1.0`. */
  readonly tool: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** Set when the plan asks "what would go then"; such a plan is never applied. */
  readonly asOf?: string;
  readonly evidence: EvidenceSummary;
  readonly repositories: readonly RepositoryPlan[];
  /** Lower-case hex SHA-256 over the canonical JSON of everything else. */
  readonly sha256: string;
}
