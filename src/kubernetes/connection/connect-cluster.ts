// A connection to one context's API server.

import type { KubeContext } from '../kubeconfig/load-kube-contexts.ts';
import { type HttpAnswer, type HttpStream, httpGet, httpOpen } from './http-get.ts';
import { openSession, type SessionOptions } from './open-session.ts';

/** A context that can be asked. */
export interface ClusterConnection {
  readonly context: string;
  /** GETs a path on the server, with whatever status it answers, as JSON or as `accept` says. @throws Error when there is no answer. */
  get(path: string, signal: AbortSignal, accept?: string): Promise<HttpAnswer>;
  /** The same, with a body that is still to be read. */
  open(path: string, signal: AbortSignal): Promise<HttpStream>;
  /** Closes its idle connections. */
  close(): void;
}

/** What a connection needs besides its context. */
export type ConnectOptions = SessionOptions;

/**
 * Prepares credentials and connections of a context; sends the server nothing yet (a credential plugin or an issuer of tokens may be
 * asked). Tokens, passwords and keys are registered as secrets.
 * @throws EvidenceError EVIDENCE_KUBERNETES when the context needs something unsupported or its credentials cannot be had.
 */
export async function connectCluster(context: KubeContext, options: ConnectOptions): Promise<ClusterConnection> {
  const session = await openSession(context, options);
  const server = context.cluster.server.replace(/\/+$/, '');
  return {
    context: context.name,
    get: (path, signal, accept) =>
      session.run((access) =>
        httpGet(new URL(server + path), accept === undefined ? access : { ...access, accept }, signal),
      ),
    open: (path, signal) =>
      session.run(
        (access) => httpOpen(new URL(server + path), access, signal),
        (answer) => answer.drop(),
      ),
    close: () => session.close(),
  };
}
