// Which images clusters (or files that describe them) reference, and who references them.

import type { Digest, ImageReference } from './reference.ts';

/** Who names an image. All fields are untrusted text. */
export interface Workload {
  /** Kubeconfig context, or the path of the manifest file. */
  readonly context: string;
  readonly namespace?: string;
  /** `Pod`, `Deployment`, … */
  readonly kind: string;
  readonly name: string;
  /** Container name, when the reference stands in one. */
  readonly container?: string;
}

/** One image reference, normalised, with everyone who uses it (at least one). */
export interface ImageUse {
  readonly reference: ImageReference;
  readonly workloads: readonly Workload[];
  /** Further users whose names were not kept, because they are too many. */
  readonly unlisted?: number;
}

/** A text in an image field that is no image reference. */
export interface UnparsableUse {
  readonly text: string;
  readonly workload: Workload;
  /** It stands where other things than images stand too: it matters only when it may name a repository of ours. */
  readonly isWeak?: true;
  /** Names and parts of names beside it, in lower case, any of which may fill any of its open parts. Only of weak ones. */
  readonly fillings?: readonly string[];
}

/**
 * A running container's digest without a repository (`sha256:…` alone, as some container runtimes report `imageID`): the
 * digest of a manifest or of an image configuration, in any repository. It protects whatever has it.
 */
export interface BareDigestUse {
  readonly digest: Digest;
  readonly workloads: readonly Workload[];
  /** Further users whose names were not kept, because they are too many. */
  readonly unlisted?: number;
}

/** What one context or folder of manifests held; for the report and for the "empty evidence" guard. */
export interface UsageSource {
  readonly kind: 'cluster' | 'manifests';
  readonly name: string;
  /** Pods seen (clusters only; 0 in a cluster is suspicious). */
  readonly pods: number;
  /** All objects that were looked at, pods included. */
  readonly objects: number;
}

/** Everything all sources use. `complete: true` only when every context, namespace, kind and page was read. */
export interface Usage {
  readonly complete: true;
  readonly sources: readonly UsageSource[];
  readonly uses: readonly ImageUse[];
  readonly bareDigests: readonly BareDigestUse[];
  readonly unparsable: readonly UnparsableUse[];
}

/** `prod/shop/Deployment/web (container app)`: a workload on one line. */
export function formatWorkload(workload: Workload): string {
  const namespace = workload.namespace === undefined ? '' : `${workload.namespace}/`;
  const container = workload.container === undefined ? '' : ` (container ${workload.container})`;
  return `${workload.context}: ${namespace}${workload.kind}/${workload.name}${container}`;
}
