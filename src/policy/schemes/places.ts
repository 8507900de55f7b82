// The places among the newest N of a scheme: the newest stay, and what is equally old shares a place.

import type { SchemeKind } from '../../model/decision.ts';
import type { Instant } from '../../model/time.ts';
import { appendTo } from '../../util/append-to.ts';
import { oldestOfNewest } from '../event-claims.ts';
import type { ActiveScheme } from './scheme-patterns.ts';

/** An image of a scheme that is there and young enough. */
export interface Candidate {
  readonly scheme: SchemeKind;
  /** At least one. */
  readonly products: readonly string[];
  readonly at: Instant;
}

/** Whether an image is among the newest of its scheme, as at least one of its products. */
export type HasPlace = (candidate: Candidate) => boolean;

/** Counts the candidates; each counts once for each of its products. */
export function sharePlaces(active: readonly ActiveScheme[], candidates: readonly Candidate[]): HasPlace {
  const dates = new Map<string, Instant[]>();
  for (const { scheme, products, at } of candidates) {
    for (const product of new Set(products)) appendTo(dates, `${scheme} ${product}`, at);
  }
  const oldest = new Map<string, number>();
  for (const { kind, limits } of active) {
    for (const [key, of] of dates) if (key.startsWith(`${kind} `)) oldest.set(key, oldestOfNewest(of, limits.last));
  }
  const limits = new Map(active.map(({ kind, limits: { last } }) => [kind, last]));
  return ({ scheme, products, at }) =>
    // What was not counted itself (it is in use) may still be newer than all, or alone.
    products.some(
      (product) => at >= (oldest.get(`${scheme} ${product}`) ?? oldestOfNewest([], limits.get(scheme) ?? -1)),
    );
}
