// Claims about things that happened on a forge (a release, a deployment), and which of them are among the newest.

import type { KeepReason } from '../model/decision.ts';
import type { Digest } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import { appendTo } from '../util/append-to.ts';
import type { ReasonCollector } from './collect-reasons.ts';
import { type Claim, listCountings, reasonsByImage } from './commit-claims.ts';

/** An image of an event. */
export interface EventClaim<Event> extends Claim {
  readonly event: Event;
}

/** How events become reasons. */
export interface EventRule<Event> {
  /** Gets the events that have images, for every product and trust by itself, each event once; says which of them stay. */
  select(events: readonly Event[]): Iterable<Event>;
  /** What the event is of, for counting reasons: `environment production`. */
  subjectOf(event: Event): string;
  reasonOf(event: Event, claim: Claim): KeepReason;
}

/** Adds a reason for every image that stays because of an event; the events that come first are told first. */
export function addEventReasons<Event>(
  reasons: ReasonCollector,
  claims: readonly EventClaim<Event>[],
  rule: EventRule<Event>,
): void {
  const kept = new Map<Event, Set<Digest>>();
  for (const counted of listCountings(claims)) {
    const staying = new Set(rule.select([...new Set(counted.map(({ event }) => event))]));
    for (const { event, digest } of counted) {
      if (staying.has(event)) kept.set(event, (kept.get(event) ?? new Set()).add(digest));
    }
  }
  const byEvent = new Map<Event, Claim[]>();
  for (const { event, ...claim } of claims) {
    if (kept.get(event)?.has(claim.digest)) appendTo(byEvent, event, claim);
  }
  for (const [event, staying] of byEvent) {
    const byImage = reasonsByImage(staying, (claim) => rule.reasonOf(event, claim));
    for (const [digest, found] of byImage) reasons.add(digest, rule.subjectOf(event), found);
  }
}

/**
 * The date from which on things are among the newest `last` of the given, inclusive: equal dates share a place, so that neither the
 * order of a list nor a tie takes it from anybody. With a negative `last`, or no more dates than that, everything is.
 */
export function oldestOfNewest(dates: readonly Instant[], last: number): number {
  if (last < 0) return Number.NEGATIVE_INFINITY;
  if (last === 0) return Number.POSITIVE_INFINITY;
  return dates.toSorted((a, b) => b - a)[last - 1] ?? Number.NEGATIVE_INFINITY;
}
