// Instants, durations, and times that may be unknown. An unknown time never compares as old or as new.

import { UsageError } from '../errors.ts';

declare const instantBrand: unique symbol;
declare const durationBrand: unique symbol;

/** A moment: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [instantBrand]: true };
/** A length of time in milliseconds, never negative. */
export type Duration = number & { readonly [durationBrand]: true };

/** A time that a source told us, or the reason why it could not. */
export type KnownOrUnknown =
  | { readonly kind: 'known'; readonly at: Instant }
  | { readonly kind: 'unknown'; readonly why: string };

/** Docker's first public release; a `created` before it is made up by a reproducible build. */
const EARLIEST_BELIEVABLE = Date.UTC(2013, 2, 1);

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The instant of a `Date`'s milliseconds. The caller guarantees that `ms` is finite. */
export function instantFromMs(ms: number): Instant {
  return ms as Instant;
}

/** The duration of so many milliseconds. The caller guarantees that `ms` is finite and not negative. */
export function durationFromMs(ms: number): Duration {
  return ms as Duration;
}

/** The duration of so many hours. */
export function hours(count: number): Duration {
  return durationFromMs(count * 3_600_000);
}

/** A known time. */
function known(at: Instant): KnownOrUnknown {
  return { kind: 'known', at };
}

/** An unknown time, with the reason in the user's words. */
export function unknownTime(why: string): KnownOrUnknown {
  return { kind: 'unknown', why };
}

/**
 * An RFC 3339 text as an instant, or undefined when it is not one. Takes `2026-11-20T10:00:00Z`, with any fraction
 * and any numeric offset; a date without a time or without an offset is refused (RFC 3339, 5.6).
 */
export function parseRfc3339(text: string): Instant | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text)) return undefined;
  const ms = Date.parse(
    text
      .replace(/(\.\d{3})\d+/, '$1')
      .replace(' ', 'T')
      .toUpperCase(),
  );
  return Number.isNaN(ms) ? undefined : instantFromMs(ms);
}

/**
 * What an image's own `created` is worth: known only when it parses, is not before Docker's birth (2013-03) and not
 * more than a day after `now`. Everything else is unknown, and unknown is never old.
 */
export function believableCreated(text: string | undefined, now: Instant): KnownOrUnknown {
  if (text === undefined || text === '') return unknownTime('the image has no creation time');
  const at = parseRfc3339(text);
  if (at === undefined) return unknownTime(`its creation time ${JSON.stringify(text)} is not a date`);
  if (at < EARLIEST_BELIEVABLE) return unknownTime(`its creation time ${text} is a reproducible build's placeholder`);
  if (at > now + 86_400_000) return unknownTime(`its creation time ${text} lies in the future`);
  return known(at);
}

/**
 * A duration from text: Go's grammar (`168h`, `1h30m`, `500ms`) plus `d` and `w` (`30d`, `2w`); a bare `0` is zero.
 * @throws UsageError USAGE for anything else, a sign included.
 */
export function parseDuration(text: string): Duration {
  const trimmed = text.trim();
  if (trimmed === '0') return durationFromMs(0);
  let total = 0;
  let rest = trimmed;
  while (rest !== '') {
    const part = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)/.exec(rest);
    const unitMs = UNIT_MS[part?.[2] ?? ''];
    if (part === null || unitMs === undefined) throw badDuration(text);
    total += Number(part[1]) * unitMs;
    rest = rest.slice(part[0].length);
  }
  if (trimmed === '') throw badDuration(text);
  return durationFromMs(total);
}

/** A duration for people: `2h`, `7d`, `1h30m`. Zero is `0s`. Seconds are the smallest unit shown. */
export function formatDuration(duration: Duration): string {
  let seconds = Math.round(duration / 1000);
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(seconds / size);
    if (count > 0) parts.push(`${count}${unit}`);
    seconds -= count * size;
  }
  return parts.length === 0 ? '0s' : parts.slice(0, 2).join('');
}

/** An instant as RFC 3339 in UTC without fraction: `2026-11-21T20:24:00Z`. */
export function formatInstant(at: Instant): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function badDuration(text: string): UsageError {
  const sign = /^[+-]/.test(text.trim()) ? ' A duration has no sign.' : '';
  return new UsageError(`${JSON.stringify(text)} is not a duration.${sign}`, {
    code: 'USAGE',
    hint: 'Write a number and a unit: 30m, 168h, 7d, 2w, 1h30m.',
  });
}
