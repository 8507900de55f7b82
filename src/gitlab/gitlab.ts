// GitLab's REST interface as the adapters see it: requests that are limited, retried and explained. Types only.

import type { GitlabToken } from '../config/settings.ts';

/** One request. */
export interface GitlabRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /**
   * A path below `/api/v4` with its placeholders, as `/projects/{id}/repository/branches`. `parameters` fill them, escaped (`group/name`
   * becomes `group%2Fname`); the others become the query of a GET or DELETE, and the JSON body of everything else.
   */
  readonly route: string;
  readonly parameters?: { readonly [name: string]: unknown };
  /** Statuses that are answers for the caller; every other becomes the error that fits. */
  readonly expect: readonly number[];
  /** What is being done, for messages: `list the branches of team/app`. */
  readonly purpose: string;
  /** What the token needs for it, for messages: `the scope read_api and the role Reporter`. */
  readonly permission: string;
  /** What a 200 holds is a file and no JSON: `data` is its text, undefined for an empty one. */
  readonly answersFile?: boolean;
  /** A POST that may be sent again when its answer was lost: done twice, it has done the same. Every other method may anyway. */
  readonly repeatable?: boolean;
}

/** An answer with one of the expected statuses. */
export interface GitlabResponse {
  readonly status: number;
  /** The parsed JSON, or undefined when there was none; untrusted, to be decoded by the caller. */
  readonly data: unknown;
  /** A header's value by lower-case name. */
  header(name: string): string | undefined;
}

/** A list that comes in pages. */
export interface GitlabListRequest extends Pick<GitlabRequest, 'route' | 'parameters' | 'purpose' | 'permission'> {
  /** What tells one item from another. */
  readonly key: 'id' | 'iid' | 'name' | 'tag_name';
}

/**
 * One GitLab with one token (or none). Keeps requests in flight bounded, waits when it is told to, retries what may be retried. Methods
 * throw `AuthError` (with the permission), `RegistryError`, `NetworkError` or `ProtocolError`.
 */
export interface Gitlab {
  /** `https://gitlab.com/api/v4`, without a slash at the end. */
  readonly apiUrl: string;
  request(request: GitlabRequest): Promise<GitlabResponse>;
  /**
   * All items of all pages, in order, none twice. Whether the list moved while it was read is found out, and then it is read again, a few
   * times.
   * @throws ProtocolError PROTOCOL when it never stands still, when a page is no array, or a page link leads elsewhere.
   */
  list(request: GitlabListRequest): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

/** What it takes to reach a GitLab. */
export interface GitlabSettings {
  /** `https://gitlab.com/api/v4`. */
  readonly apiUrl: string;
  /** Absent: what everybody may read. */
  readonly token?: GitlabToken;
  /** PEM file with further certificate authorities. */
  readonly caFile?: string;
}
