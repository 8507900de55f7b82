// Text of a kubeconfig to checked entries. Pure; no error ever quotes a line of the file, because any line may be a secret.
// Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/

import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import type * as z from 'zod';
import { describeCause } from '../../errors.ts';
import { badConfig } from './bad-config.ts';
import { type KubeConfigEntries, kubeConfigSchema } from './kube-entries.ts';
import { mergeEntries } from './merge-entries.ts';

/**
 * The entries of a kubeconfig's text, in its order. YAML or JSON; a byte order mark is skipped. `place` is its path, for messages.
 * A stream of several documents (`---`) is several kubeconfigs: kubectl would read the first and say nothing of the clusters in the
 * others.
 * @throws UsageError USAGE for text that is empty, no YAML, no kubeconfig, names an entry twice, or two documents disagree.
 */
export function parseKubeConfig(text: string, place: string): KubeConfigEntries {
  const lines = new LineCounter();
  // Files that were joined may have a mark each. Pretty errors quote the source.
  const stream = parseAllDocuments(text.replaceAll(/^\uFEFF/gm, ''), {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
  });
  const documents: readonly Document[] = Array.isArray(stream) ? stream : [];
  const [mistake] = documents.flatMap(({ errors }) => errors);
  if (mistake !== undefined) {
    const { line, col } = lines.linePos(mistake.pos[0]);
    throw badConfig(`${place}:${line}:${col}`, `it is not YAML (${mistake.code})`);
  }
  const parts = documents.map((document) => plainValue(document, place)).filter((value) => value !== null);
  if (parts.length === 0) throw badConfig(place, 'it is empty');
  return mergeEntries(
    parts.map((value, at) => {
      const part = parts.length === 1 ? place : `${place} (document ${at + 1})`;
      return { place: part, entries: entriesOf(value, part) };
    }),
  );
}

function entriesOf(value: unknown, place: string): KubeConfigEntries {
  const parsed = kubeConfigSchema.safeParse(value);
  if (!parsed.success) throw badConfig(place, describeIssues(parsed.error));
  const { clusters, users, contexts } = parsed.data;
  return {
    clusters: byName(
      place,
      'cluster',
      (clusters ?? []).map((entry) => [entry.name, entry.cluster]),
    ),
    users: byName(
      place,
      'user',
      (users ?? []).map((entry) => [entry.name, entry.user ?? {}]),
    ),
    contexts: byName(
      place,
      'context',
      (contexts ?? []).map((entry) => [
        entry.name,
        {
          cluster: entry.context.cluster,
          ...(entry.context.user ? { user: entry.context.user } : {}),
          ...(entry.context.namespace ? { namespaces: [entry.context.namespace] } : {}),
        },
      ]),
    ),
  };
}

function plainValue(document: Document, place: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw badConfig(place, describeCause(error));
  }
}

function byName<T>(place: string, what: string, entries: [string, T][]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const [entryName, entry] of entries) {
    if (map.has(entryName)) throw badConfig(place, `it has two ${what} entries named ${JSON.stringify(entryName)}`);
    map.set(entryName, entry);
  }
  return map;
}

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`))
    .join('; ');
}
