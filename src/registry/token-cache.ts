// Keeps Bearer tokens while they are good, and never asks twice for the same scope at the same time.

import type { Token } from './request-token.ts';

/** Tokens by scope. */
export interface TokenCache {
  /** A token for the scope, kept or new. Rejects with the error of the token request, which is not kept. */
  get(scope: string): Promise<string>;
  /** Forgets the scope's token if it is still this one; another request may have replaced it meanwhile. */
  drop(scope: string, value: string): Promise<void>;
}

interface Entry {
  readonly token: Promise<Token>;
  /** By `performance.now()`. Infinity while the token is being asked for: everybody waits for this one request. */
  usableUntil: number;
}

/** A token is not used in its last fifth, at most 15 seconds: a request takes time to arrive, and lifetimes are rounded. */
const MARGIN_SHARE = 0.2;
const MAX_MARGIN_MS = 15_000;

/** An empty cache that asks for tokens with this function. */
export function createTokenCache(ask: (scope: string) => Promise<Token>): TokenCache {
  const entries = new Map<string, Entry>();

  async function askFor(scope: string): Promise<Token> {
    const begin = performance.now();
    const entry: Entry = { token: ask(scope), usableUntil: Number.POSITIVE_INFINITY };
    entries.set(scope, entry);
    try {
      const token = await entry.token;
      entry.usableUntil = begin + token.lifetimeMs - Math.min(MAX_MARGIN_MS, token.lifetimeMs * MARGIN_SHARE);
      return token;
    } catch (cause) {
      if (entries.get(scope) === entry) entries.delete(scope);
      throw cause;
    }
  }

  return {
    get: async (scope) => {
      const entry = entries.get(scope);
      const isUsable = entry !== undefined && performance.now() < entry.usableUntil;
      return (await (isUsable ? entry.token : askFor(scope))).value;
    },
    drop: async (scope, value) => {
      const entry = entries.get(scope);
      if (entry === undefined || (await entry.token).value !== value) return;
      if (entries.get(scope) === entry) entries.delete(scope);
    },
  };
}
