// The parts of a kubeconfig that are read here, as they stand in the file.
// Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/

import * as z from 'zod';

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
/** A whole document. */
export const kubeConfigSchema = z.object({
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
  /** The one that it names; several where files that are joined name others. Absent: none. */
  readonly namespaces?: readonly string[];
}

/** The entries of one kubeconfig by name. */
export interface KubeConfigEntries {
  readonly clusters: ReadonlyMap<string, KubeCluster>;
  readonly users: ReadonlyMap<string, KubeUser>;
  readonly contexts: ReadonlyMap<string, KubeContextEntry>;
}
