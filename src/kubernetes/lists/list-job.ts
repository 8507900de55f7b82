// What is said of one list that is to be read.

import type { ClusterConnection } from '../connection/connect-cluster.ts';
import type { RetryLimits } from '../connection/retry-temporary.ts';
import type { ListTarget } from './list-errors.ts';
import type { ObjectReader } from './object-reader.ts';

/** How lists are read. */
export interface ListLimits extends RetryLimits {
  /** Objects a page. */
  readonly pageSize: number;
}

/** One list to read. */
export interface ListJob<T> {
  readonly connection: ClusterConnection;
  readonly target: ListTarget;
  readonly limits: ListLimits;
  readonly signal: AbortSignal;
  /** Further parameters of the request: `{ labelSelector: 'owner=helm' }`. Default: none. */
  readonly query?: Readonly<Record<string, string>>;
  /** Makes a reader that has seen nothing yet; once for each time that the list begins. */
  readonly newReader: () => ObjectReader<T>;
}
