// Trying one way to the commits before another. Only missing evidence leads on; whatever else is thrown ends the run.

import { EvidenceError } from '../errors.ts';
import type { Log } from '../log.ts';

/** What was read, or undefined when this way did not supply it, which is told at level debug. */
export async function unlessEvidenceFails<Result>(read: () => Promise<Result>, log: Log): Promise<Result | undefined> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause;
    log.debug(`Trying another way: ${cause.message}`);
    return undefined;
  }
}
