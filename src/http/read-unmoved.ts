// Reads what comes in several requests while others change it: again, until nothing has moved between them.

import { ProtocolError } from '../errors.ts';

/** Why what was read is not the whole as it was at any moment. */
export interface Moved {
  readonly moved: string;
}

const TRIES = 3;

/**
 * What `read` gives once nothing moved meanwhile. `purpose`: `list the branches of team/app`.
 * @throws ProtocolError PROTOCOL when it moves every time; and what `read` throws.
 */
export async function readUnmoved<Whole extends object>(
  purpose: string,
  read: () => Promise<Whole | Moved>,
): Promise<Whole> {
  let why = '';
  for (let tries = 0; tries < TRIES; tries += 1) {
    const whole = await read();
    if (!('moved' in whole)) return whole;
    why = whole.moved;
  }
  throw new ProtocolError(`Cannot ${purpose}: the list keeps changing while it is read (${why}).`, {
    code: 'PROTOCOL',
    hint: 'Run again when nothing is being made or deleted there.',
    temporary: true,
  });
}
