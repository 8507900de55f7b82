// Times as engines write them. Go's zero time, 0001-01-01, stands for "not known".

import { believableCreated, type Instant, instantFromMs, type KnownOrUnknown, unknownTime } from '../model/time.ts';

/** A time that the engine itself took, as text. `what`: `when it ended`. */
export function timeFromText(text: string | null | undefined, what: string, now: Instant): KnownOrUnknown {
  if (text === undefined || text === null || text === '' || text.startsWith('0001-')) return untold(what);
  return believableCreated(text, now);
}

/** The same in seconds since 1970; podman writes the zero time as a negative number. */
export function timeFromSeconds(seconds: number | null | undefined, what: string, now: Instant): KnownOrUnknown {
  if (seconds === undefined || seconds === null || !Number.isFinite(seconds) || seconds <= 0) return untold(what);
  if (seconds > 8.64e12) return untold(what);
  return believableCreated(new Date(instantFromMs(seconds * 1000)).toISOString(), now);
}

function untold(what: string): KnownOrUnknown {
  return unknownTime(`the engine does not tell ${what}`);
}
