// The HTTP seam of the generic adapter: one function that speaks to one origin with its credentials, retries and limits.

import type { RepositoryGrants } from './token-grants.ts';

/** One request to the registry's origin. */
export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query on the registry's origin: `/v2/team/app/tags/list?n=1000`. Never a whole URL. */
  readonly path: string;
  /** Actions on the repository that the token must allow, for example `pull` or `delete`. */
  readonly actions: readonly ('pull' | 'push' | 'delete')[];
  readonly headers?: { readonly [name: string]: string };
  readonly body?: Uint8Array;
  /** Larger answers end in `ProtocolError` TOO_LARGE; nothing beyond it is buffered. */
  readonly maxBytes: number;
  /** Statuses that are answers for the caller; every other becomes the error that fits. */
  readonly expect: readonly number[];
  /** What is being done, for messages: `list tags of ghcr.io/team/app`. */
  readonly purpose: string;
  /** A POST that is tried again like everything else, because sending it twice does no more than sending it once. */
  readonly mayRepeat?: true;
}

/** An answer with one of the expected statuses. */
export interface RegistryResponse {
  readonly status: number;
  /** A header's value by lower-case name; when it came several times, the first one, or for `link` all of them joined by commas. */
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  /**
   * Whether nothing is hidden from whoever asked: the registry's token grants the right to pull here, or the registry never asked for
   * credentials, neither at `/v2/` nor for this. Absent: nobody can tell.
   */
  readonly maySee?: true;
}

/** What can be done with a repository. */
export type RegistryActions = RegistryRequest['actions'];

/** Requests are limited in number, retried where that is safe, authenticated, and never leave the origin with credentials. */
export interface Transport {
  /** `https://ghcr.io`, the origin that all requests go to. */
  readonly origin: string;
  request(request: RegistryRequest): Promise<RegistryResponse>;
  /**
   * What the registry's token server grants of these actions; undefined where the registry asks for no token, or its tokens do not say.
   * Sends nothing to the repository.
   * @throws AuthError when the token server gives no token at all.
   */
  grants(actions: RegistryActions): Promise<RepositoryGrants | undefined>;
  close(): Promise<void>;
}
