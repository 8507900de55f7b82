// What one run knows of its logins, so that each is made once: by every connection that has the same user. Never on disk.

import type { ClientCertificate } from './server-trust.ts';

/** What is shown to the server. */
export interface Credentials {
  /** The header of that name. */
  readonly authorization?: string;
  readonly certificate?: ClientCertificate;
  /** Milliseconds since 1970 from which on they must be got again. Absent: good until a server refuses them. */
  readonly staleAtMs?: number;
  /** Gets the next ones, in place of the one that the kubeconfig holds. No server of a cluster ever sees it. */
  readonly refreshToken?: string;
}

/** Somebody who needs credentials. */
export interface CredentialRequest {
  /** All that decides which credentials there are: who has the same key gets the same ones. Holds secrets. */
  readonly key: string;
  /** What was got here before and a server did not accept. */
  readonly refused: Credentials | undefined;
  readonly nowMs: () => number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Gets new ones; `before` are those that are no longer good. Its signal aborts when nobody waits any more. */
  readonly obtain: (before: Credentials | undefined, signal: AbortSignal) => Promise<Credentials>;
}

/** Credentials by their key. */
export interface CredentialMemory {
  /**
   * Those that are kept, while they are not stale and nobody was refused with them; else new ones, got once for all who wait.
   * @throws what `obtain` throws, to all who wait: nothing is kept of it. Or the signal's reason.
   */
  get(request: CredentialRequest): Promise<Credentials>;
}

interface Entry {
  kept: Credentials | undefined;
  isRefused: boolean;
  getting: Getting | undefined;
}

interface Getting {
  readonly result: Promise<Credentials>;
  readonly abort: AbortController;
  waiting: number;
}

/** A memory that holds nothing yet. */
export function createCredentialMemory(): CredentialMemory {
  const entries = new Map<string, Entry>();
  return {
    async get(request) {
      request.signal.throwIfAborted();
      const entry = entries.get(request.key) ?? { kept: undefined, isRefused: false, getting: undefined };
      entries.set(request.key, entry);
      const { kept } = entry;
      // Who was refused with older ones is helped by those that came since.
      if (kept !== undefined && kept === request.refused) entry.isRefused = true;
      if (kept !== undefined && !entry.isRefused && !isStale(kept, request)) return kept;
      // It aborts when the last who waits has gone: with the answer, or without, and then it ends with an error that is meant for nobody.
      if (entry.getting === undefined || entry.getting.abort.signal.aborted) entry.getting = begin(entry, request);
      return await waitFor(entry.getting, request.signal);
    },
  };
}

function isStale({ staleAtMs }: Credentials, { nowMs }: CredentialRequest): boolean {
  return staleAtMs !== undefined && staleAtMs <= nowMs();
}

function begin(entry: Entry, { obtain }: CredentialRequest): Getting {
  const abort = new AbortController();
  const work = async (): Promise<Credentials> => {
    const fresh = await obtain(entry.kept, abort.signal);
    // Given up, and somebody else has begun anew: theirs are the ones to keep.
    if (entry.getting !== getting) return fresh;
    entry.kept = fresh;
    entry.isRefused = false;
    return fresh;
  };
  const getting: Getting = { result: Promise.resolve().then(work), abort, waiting: 0 };
  // Whoever waits hears of it.
  getting.result.catch(() => undefined);
  return getting;
}

async function waitFor(getting: Getting, signal: AbortSignal): Promise<Credentials> {
  const gone = Promise.withResolvers<never>();
  const onAbort = (): void => gone.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  getting.waiting++;
  try {
    return await Promise.race([getting.result, gone.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    getting.waiting--;
    if (getting.waiting === 0) getting.abort.abort();
  }
}
