// How the tests read a real cluster: as a run does, with the settings that a user would give.

import type { KubernetesSettings } from '../../src/config/settings.ts';
import { type CleanupError, EvidenceError, UsageError } from '../../src/errors.ts';
import { type ReadUsageOptions, readUsage } from '../../src/kubernetes/read-usage.ts';
import { silentLog } from '../../src/log.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { Usage } from '../../src/model/usage.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { type KubeConfigContext, kubeConfigText } from '../fakes/kubernetes-server.ts';
import type { KubeApiserver } from '../support/kube-apiserver.ts';

/** What differs from a plain run. */
export interface RealRead {
  /** Default: the context `real` of the admin. */
  readonly contexts?: readonly KubeConfigContext[];
  readonly settings?: Partial<KubernetesSettings>;
  readonly limits?: ReadUsageOptions['limits'];
}

/** A context of a server's for somebody with a token; of the admin when nothing is said. */
export function contextOf(
  server: Pick<KubeApiserver, 'url' | 'caFile' | 'adminToken'>,
  { name = 'real', token = server.adminToken }: { readonly name?: string; readonly token?: string } = {},
): KubeConfigContext {
  return { name, server, user: { token } };
}

/** Reads everything that is used. */
export async function readRealUsage(server: KubeApiserver, read: RealRead = {}): Promise<Usage> {
  const text = kubeConfigText(read.contexts ?? [contextOf(server)]);
  return readUsage(kubernetesSettings({ kubeConfig: { kind: 'inline', text }, ...read.settings }), {
    environment: {},
    log: silentLog,
    now: instantFromMs(Date.now()),
    ...(read.limits === undefined ? {} : { limits: read.limits }),
  });
}

/** What a read ended with; a read that succeeds fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<CleanupError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EvidenceError || error instanceof UsageError) return error;
  throw new Error('It was read, or failed in another way.', { cause: error });
}
