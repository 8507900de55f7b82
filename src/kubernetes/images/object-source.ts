// Whose images are read: an object's name, its parts by their path, and what is said of one that has another form than it must have.

import * as z from 'zod';
import { EvidenceError } from '../../errors.ts';
import type { Workload } from '../../model/usage.ts';
import type { ResourceKind } from '../kinds/resource-kind.ts';

/** As much of a kind as its objects' readers need. */
export type ReadableKind = Pick<ResourceKind, 'kind' | 'reading'>;

/** What is being read. Objects in files may be parts of objects (patches): what they leave out names nothing. */
export interface KindSource<Kind extends ReadableKind = ReadableKind> {
  readonly kind: Kind;
  /** Kubeconfig context, or the path of the file. */
  readonly context: string;
  readonly from: 'cluster' | 'file';
}

const metadata = z.object({ name: z.string(), namespace: z.string().nullish() });
const partialMetadata = z.object({ name: z.string().nullish(), namespace: z.string().nullish() });

/**
 * Who an object is. In a file it may lack a name: `(unnamed)`.
 * @throws EvidenceError as {@link wrongShape} when its metadata has another form.
 */
export function workloadOf(object: unknown, source: KindSource): Workload {
  const unnamed: Workload = { context: source.context, kind: source.kind.kind, name: '(unnamed)' };
  const value = valueAt(object, ['metadata'], () => wrongShape(source, unnamed, 'it is not an object'));
  const parsed = (source.from === 'cluster' ? metadata : partialMetadata).safeParse(
    source.from === 'file' ? (value ?? {}) : value,
  );
  if (!parsed.success) throw wrongShape(source, unnamed, describeIssues(['metadata'], parsed.error));
  const { name, namespace } = parsed.data;
  return { ...unnamed, ...(name ? { name } : {}), ...(namespace ? { namespace } : {}) };
}

/** The value at a path; undefined when a key on the way is absent or null. Throws `wrong(path)` at a non-object on the way. */
export function valueAt(
  object: unknown,
  path: readonly string[],
  wrong: (at: readonly string[]) => EvidenceError,
): unknown {
  let value = object;
  for (const [depth, key] of path.entries()) {
    if (depth > 0 && (value === undefined || value === null)) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path.slice(0, depth));
    value = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  }
  return value;
}

/** The first thing that is wrong with the value at a path, as `spec.containers.0.image: …`. */
export function describeIssues(path: readonly string[], error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return `${path.join('.')} has an unknown form`;
  return `${[...path, ...issue.path].map(String).join('.')}: ${issue.message}`;
}

/** The error for an object whose images cannot be known: EVIDENCE_KUBERNETES (cluster) or EVIDENCE_FILE (file). */
export function wrongShape(source: KindSource, workload: Workload, why: string): EvidenceError {
  const name = workload.namespace === undefined ? workload.name : `${workload.namespace}/${workload.name}`;
  const place = source.from === 'cluster' ? `context ${JSON.stringify(source.context)}` : source.context;
  return new EvidenceError(`${workload.kind} ${name} in ${place} has an unexpected form: ${why}.`, {
    code: source.from === 'cluster' ? 'EVIDENCE_KUBERNETES' : 'EVIDENCE_FILE',
    hint: 'Its images cannot be known, so nothing is deleted. Correct the object, or report it if Kubernetes accepts it.',
    details: { context: source.context, kind: workload.kind, name: workload.name },
  });
}
