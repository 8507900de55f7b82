// Since when an image is here, and when it was used last, as far as anybody knows. What nobody knows is never long ago.

import type { LocalImage } from '../../model/local-store.ts';
import { type Duration, durationFromMs, type Instant, instantFromMs } from '../../model/time.ts';
import { ageAt, type HostContext } from './host-context.ts';

/** One image's past. */
export interface KnownUse {
  /** When a name was last put on it; else when a run first saw it; else now. */
  readonly since: Instant;
  /** Absent: no container was ever seen to use it. */
  readonly lastUsed?: Instant;
}

/** The past of an image. Times in the future count as now. */
export function useOf({ id, tagged }: LocalImage, { evidence, now }: HostContext): KnownUse {
  const use = evidence.uses.get(id);
  const since = tagged.kind === 'known' ? tagged.at : (use?.firstSeen ?? now);
  return {
    since: noLaterThan(now, since),
    ...(use?.lastUsed === undefined ? {} : { lastUsed: noLaterThan(now, use.lastUsed) }),
  };
}

/** For how long nobody used it. What was never seen in use is unused since it came. */
export function unusedFor({ since, lastUsed }: KnownUse, now: Instant): Duration {
  const age = ageAt(since, now);
  return durationFromMs(Math.min(age, lastUsed === undefined ? age : ageAt(lastUsed, now)));
}

function noLaterThan(now: Instant, at: Instant): Instant {
  return instantFromMs(Math.min(now, at));
}
