// How the rows of the table of kinds are written: what is usual is left out.

import type { ResourceKind } from './resource-kind.ts';

/** A kind by its names. */
export interface KindRow {
  readonly kind: string;
  /** Plural name. */
  readonly resource: string;
  /** Default: in a namespace. */
  readonly scope?: ResourceKind['scope'];
}

/** A kind that is walked. */
export interface WalkRow extends KindRow {
  /** Default: none. */
  readonly paths?: readonly string[];
  /** Default: false. */
  readonly anyText?: true;
}

/** A kind whose images stand in the pod spec under these keys, and nowhere else. */
export function podSpecKind(group: string, row: KindRow, podSpec: readonly string[]): ResourceKind {
  return { ...namesOf(group, row), reading: { by: 'pod-spec', podSpec } };
}

/** A kind whose form is not held to anything: whatever looks like an image in it protects. */
export function walkKind(group: string, { paths = [], anyText, ...row }: WalkRow): ResourceKind {
  return { ...namesOf(group, row), reading: { by: 'walk', paths, ...(anyText === undefined ? {} : { anyText }) } };
}

/** A kind that has a reader of its own. */
export function specialKind(group: string, row: KindRow, by: 'helm-release' | 'image-stream'): ResourceKind {
  return { ...namesOf(group, row), reading: { by } };
}

function namesOf(group: string, { kind, resource, scope = 'namespace' }: KindRow): Omit<ResourceKind, 'reading'> {
  return { kind, resource, group, scope };
}
