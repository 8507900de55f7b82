// Whether a name can be that of a namespace, and whether a namespace that holds nothing is empty or not there.

import { describeCause, EvidenceError, UsageError } from '../errors.ts';
import type { ClusterConnection } from './connection/connect-cluster.ts';

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws UsageError USAGE for names that no namespace can have. */
export function refuseImpossibleNamespaces(namespaces: readonly string[]): void {
  const bad = namespaces.filter((namespace) => !NAMESPACE.test(namespace));
  if (bad.length > 0)
    throw new UsageError(`${bad.map((name) => JSON.stringify(name)).join(', ')}: no namespace can have that name.`, {
      code: 'USAGE',
      hint: 'A namespace is lower-case letters, digits and "-". Leave --namespace out to read all of them.',
    });
}

/**
 * Whether a cluster has the namespace.
 * @throws EvidenceError EVIDENCE_KUBERNETES when it does not say.
 */
export async function isNamespacePresent(
  connection: ClusterConnection,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  const status = await statusOf(connection, namespace, signal);
  if (status === 200) return true;
  if (status === 404) return false;
  throw undecided(connection.context, namespace, new Error(`the server answered ${status}`));
}

async function statusOf(connection: ClusterConnection, namespace: string, signal: AbortSignal): Promise<number> {
  try {
    const answer = await connection.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, signal);
    return answer.status;
  } catch (error) {
    signal.throwIfAborted();
    // Credentials that cannot be renewed.
    if (error instanceof EvidenceError) throw error;
    throw undecided(connection.context, namespace, error);
  }
}

function undecided(context: string, namespace: string, cause: unknown): EvidenceError {
  const quoted = JSON.stringify(namespace);
  return new EvidenceError(
    `Namespace ${quoted} of context ${JSON.stringify(context)} holds nothing, and whether it exists cannot be told: ${describeCause(cause)}.`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: 'Leave it out of --namespace, or grant {apiGroups: [""], resources: ["namespaces"], verbs: ["get"]}.',
      details: { context, namespace },
      cause,
    },
  );
}
