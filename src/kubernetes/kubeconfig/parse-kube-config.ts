// Text of a kubeconfig to checked entries. Pure; no error ever quotes a line of the file, because any line may be a secret.
// Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/

import { type Document, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { describeCause, UsageError } from '../../errors.ts';

const optionalText = z.string().nullish();

const cluster = z.looseObject({
  server: z.url({ protocol: /^https?$/, hostname: /^.+$/ }),
  'certificate-authority': optionalText,
  'certificate-authority-data': optionalText,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': optionalText,
  'proxy-url': optionalText,
  'disable-compression': z.boolean().nullish(),
  extensions: z.array(z.object({ name: z.string(), extension: z.unknown() })).nullish(),
});

const exec = z.looseObject({
  apiVersion: optionalText,
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string().min(1), value: z.string() })).nullish(),
  installHint: optionalText,
  interactiveMode: optionalText,
  provideClusterInfo: z.boolean().nullish(),
});

const user = z.looseObject({
  'client-certificate': optionalText,
  'client-certificate-data': optionalText,
  'client-key': optionalText,
  'client-key-data': optionalText,
  token: optionalText,
  tokenFile: optionalText,
  username: optionalText,
  password: optionalText,
  as: optionalText,
  'as-uid': optionalText,
  'as-groups': z.array(z.string()).nullish(),
  'as-user-extra': z.record(z.string(), z.array(z.string())).nullish(),
  exec: exec.nullish(),
  'auth-provider': z
    .looseObject({ name: z.string().min(1), config: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
});

const name = z.string().min(1);
const kubeConfig = z.object({
  kind: z.literal('Config').nullish(),
  clusters: z.array(z.object({ name, cluster })).nullish(),
  users: z.array(z.object({ name, user: user.nullish() })).nullish(),
  contexts: z
    .array(z.object({ name, context: z.looseObject({ cluster: name, user: optionalText, namespace: optionalText }) }))
    .nullish(),
});

/** A `cluster` entry as it stands in the file; unknown keys included. */
export type KubeCluster = z.infer<typeof cluster>;
/** A `user` entry as it stands in the file; unknown keys included. */
export type KubeUser = z.infer<typeof user>;
/** A credential plugin as it stands in a `user` entry. */
export type KubeExec = z.infer<typeof exec>;
/** What a context joins, by name. */
export interface KubeContextEntry {
  readonly cluster: string;
  /** Absent: the cluster is asked without credentials. */
  readonly user?: string;
}

/** The entries of one kubeconfig by name. */
export interface KubeConfigEntries {
  readonly clusters: ReadonlyMap<string, KubeCluster>;
  readonly users: ReadonlyMap<string, KubeUser>;
  readonly contexts: ReadonlyMap<string, KubeContextEntry>;
}

/**
 * The entries of a kubeconfig's text, in its order. `place` is its path, for messages.
 * @throws UsageError USAGE for text that is empty, no YAML, no kubeconfig, or names an entry twice.
 */
export function parseKubeConfig(text: string, place: string): KubeConfigEntries {
  if (text.trim() === '') throw badConfig(place, 'it is empty');
  const lines = new LineCounter();
  // Pretty errors quote the source.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    const { line, col } = lines.linePos(mistake.pos[0]);
    throw badConfig(`${place}:${line}:${col}`, `it is not YAML (${mistake.code})`);
  }
  const parsed = kubeConfig.safeParse(plainValue(document, place));
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
        { cluster: entry.context.cluster, ...(entry.context.user ? { user: entry.context.user } : {}) },
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

/** A mistake in a kubeconfig as the user's error: `<place> is no usable kubeconfig: <why>.` */
export function badConfig(place: string, why: string): UsageError {
  return new UsageError(`${place} is no usable kubeconfig: ${why}.`, {
    code: 'USAGE',
    hint: 'Give a kubeconfig that `kubectl config view --raw --flatten` can print, or leave Kubernetes out with --without-kube.',
  });
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
