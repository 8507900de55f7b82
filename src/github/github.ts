// GitHub's interface as the adapters see it: requests that are limited, retried and explained. Types only.

/** One request to GitHub's REST interface. */
export interface GithubRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /**
   * A path of GitHub's description with its placeholders, as `/repos/{owner}/{repo}/branches`. `parameters` fill them, escaped; the
   * others become the query of a GET and the body of everything else.
   */
  readonly route: string;
  readonly parameters?: { readonly [name: string]: unknown };
  /** Statuses that are answers for the caller; every other becomes the error that fits. */
  readonly expect: readonly number[];
  /** What is being done, for messages: `list the branches of team/app`. */
  readonly purpose: string;
  /** What the token needs for it, for messages: `contents: read`. */
  readonly permission: string;
  /** A POST that may be sent again when its answer was lost: done twice, it has done the same. Every other method may anyway. */
  readonly repeatable?: boolean;
  /** A write that may use what the budget leaves to others: a single one, as a comment. */
  readonly beyondBudget?: boolean;
}

/** An answer with one of the expected statuses. */
export interface GithubResponse {
  readonly status: number;
  /** The parsed JSON, or undefined when there was none; untrusted, to be decoded by the caller. */
  readonly data: unknown;
  /** A header's value by lower-case name. */
  header(name: string): string | undefined;
}

/** A list that comes in pages. */
export interface GithubListRequest extends Pick<GithubRequest, 'route' | 'parameters' | 'purpose' | 'permission'> {
  /** Where items that are new will stand, as the first where the newest come first. `anywhere` (default): every page is looked at twice. */
  readonly newItems?: 'start' | 'end' | 'anywhere';
}

/** One GraphQL query. */
export interface GithubQuery {
  readonly query: string;
  readonly variables: { readonly [name: string]: unknown };
  readonly purpose: string;
  readonly permission: string;
}

/** The hourly quota as of the last answer. */
export interface GithubQuota {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds since 1970. */
  readonly resetAtMs: number;
}

/**
 * One GitHub (github.com or an Enterprise Server) with one token. Keeps to GitHub's points a minute and requests in flight, waits when it
 * is told to, retries what may be retried. Methods throw `AuthError` (with the permission), `RegistryError`, `NetworkError` or `ProtocolError`.
 */
export interface Github {
  /** `https://api.github.com`, without a slash at the end. */
  readonly apiUrl: string;
  request(request: GithubRequest): Promise<GithubResponse>;
  /**
   * All items of all pages, 100 a page, in order, no `id`, `ref` or `name` (the first of them that items have) twice. Pages are read in parallel; whether the list moved meanwhile is found out, and then it is
   * read again, a few times.
   * @throws ProtocolError PROTOCOL when it never stands still, when a page is no array, or a page link leads elsewhere.
   */
  list(request: GithubListRequest): Promise<readonly unknown[]>;
  /** The `data` of the answer. @throws ProtocolError when the answer has errors, also beside data: a part is never all. */
  graphql(query: GithubQuery): Promise<unknown>;
  /** Undefined before the first answer, and where GitHub counts nothing (Enterprise Server). */
  quota(): GithubQuota | undefined;
  /** Scopes of a classic token (`X-OAuth-Scopes`); undefined for every other token, of which nobody can tell. */
  scopes(): readonly string[] | undefined;
  close(): Promise<void>;
}

/** What it takes to reach a GitHub. */
export interface GithubSettings {
  /** `https://api.github.com`, or an Enterprise Server's `https://HOST/api/v3`. */
  readonly apiUrl: string;
  readonly token: string;
  /** PEM file with further certificate authorities. */
  readonly caFile?: string;
}
