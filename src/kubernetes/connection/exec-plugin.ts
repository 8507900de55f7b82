// Asks a credential plugin: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
// Nothing that it prints on standard output is ever quoted.

import { basename } from 'node:path';
import * as z from 'zod';
import type { KubeCluster, KubeExec } from '../kubeconfig/kube-entries.ts';
import { redactOutput } from './redact-output.ts';
import { type ProgramEnd, runProgram } from './run-program.ts';
import type { ClientCertificate, ServerTrust } from './server-trust.ts';

/** What a plugin gave; a token, a certificate, or both. */
export interface PluginCredentials {
  readonly token?: string;
  readonly certificate?: ClientCertificate;
  /** Absent: they are good for the whole run. */
  readonly expiresAtMs?: number;
}

/** What a plugin is run with. */
export interface PluginRun {
  readonly exec: KubeExec;
  /** Told to the plugin when the kubeconfig says provideClusterInfo. */
  readonly cluster: KubeCluster;
  readonly trust: ServerTrust;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly secrets: readonly string[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The `extensions` entry of a cluster that is for plugins. */
const PLUGIN_EXTENSION = 'client.authentication.k8s.io/exec';

const text = z.string().nullish();
const credentialSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
});

/**
 * Runs the plugin once, without a terminal.
 * @throws Error when it cannot be run, fails, takes too long, or gives nothing that is good now.
 */
export async function runExecPlugin(run: PluginRun): Promise<PluginCredentials> {
  const { exec, environment, timeoutMs, signal } = run;
  const end = await runProgram({
    command: exec.command,
    args: exec.args ?? [],
    environment: {
      ...environment,
      ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(run)),
    },
    timeoutMs,
    signal,
  });
  const name = `its credential plugin ${JSON.stringify(basename(exec.command))}`;
  if (end.kind !== 'ended' || end.code !== 0) throw new Error(`${name} ${describeEnd(end, run)}`);
  const credentials = decode(name, end.output, exec);
  if (credentials.expiresAtMs !== undefined && credentials.expiresAtMs <= run.nowMs)
    throw new Error(`${name} gave credentials that expired at ${new Date(credentials.expiresAtMs).toISOString()}`);
  return credentials;
}

/** What a plugin is started with. */
export type PluginStart = Pick<PluginRun, 'exec' | 'cluster' | 'trust' | 'environment'>;

/** All that a plugin's answer depends on, but its surroundings: equal texts are the same question. Holds secrets. */
export function execKey(start: PluginStart): string {
  const { command, args, env } = start.exec;
  return JSON.stringify(['exec', command, args ?? [], env ?? [], execInfo(start)]);
}

/** https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-ExecCredentialSpec */
function execInfo(run: PluginStart): object {
  return {
    kind: 'ExecCredential',
    apiVersion: run.exec.apiVersion,
    spec: { ...(run.exec.provideClusterInfo === true ? { cluster: clusterInfo(run) } : {}), interactive: false },
  };
}

function clusterInfo({ cluster, trust }: PluginStart): object {
  const config = cluster.extensions?.find(({ name }) => name === PLUGIN_EXTENSION)?.extension;
  return {
    server: cluster.server,
    ...(trust.name === undefined ? {} : { 'tls-server-name': trust.name }),
    ...(trust.isChecked ? {} : { 'insecure-skip-tls-verify': true }),
    ...(trust.authorities === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(trust.authorities, 'utf8').toString('base64') }),
    ...(cluster['proxy-url'] ? { 'proxy-url': cluster['proxy-url'] } : {}),
    ...(cluster['disable-compression'] ? { 'disable-compression': true } : {}),
    ...(config === undefined ? {} : { config }),
  };
}

function describeEnd(end: ProgramEnd, { exec, timeoutMs, secrets }: PluginRun): string {
  switch (end.kind) {
    case 'not-started': {
      if (end.code !== 'ENOENT') return `cannot be started (${end.code})`;
      const hint = redactOutput(exec.installHint ?? '', []);
      return hint === undefined ? 'is not there' : `is not there; the kubeconfig says: ${hint}`;
    }
    case 'too-slow':
      return `gave no answer within ${timeoutMs / 1000} seconds`;
    case 'too-much':
      return 'printed more than credentials can be';
    case 'stopped':
      return 'was stopped';
    case 'signalled':
    case 'ended': {
      const how = end.kind === 'ended' ? `ended with exit code ${end.code}` : `was ended by ${end.signal}`;
      const complaint = redactOutput(end.complaint, secrets);
      return complaint === undefined ? how : `${how}: ${complaint}`;
    }
  }
}

function decode(name: string, output: string, exec: KubeExec): PluginCredentials {
  const parsed = credentialSchema.safeParse(parseJson(output));
  if (!parsed.success) throw new Error(`${name} did not print an ExecCredential`);
  const { apiVersion, status } = parsed.data;
  if (apiVersion !== exec.apiVersion)
    throw new Error(`${name} answered in another version than ${exec.apiVersion}, which the kubeconfig wants`);
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  if (Boolean(cert) !== Boolean(key)) throw new Error(`${name} gave half of a client certificate and its key`);
  if (!token && !cert) throw new Error(`${name} gave no credentials`);
  return {
    ...(token ? { token } : {}),
    ...(cert && key ? { certificate: { cert, key } } : {}),
    ...(expirationTimestamp ? { expiresAtMs: Date.parse(expirationTimestamp) } : {}),
  };
}

function parseJson(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    // The schema refuses it with the same message as any other wrong shape: V8's quotes the text.
    return undefined;
  }
}
