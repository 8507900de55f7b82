// One object of a list, from the bytes that the server sent. No error quotes them: Secrets come this way.

import { EvidenceError } from '../../errors.ts';
import type { ReadSource } from './read-source.ts';

/**
 * The JSON value of an item.
 * @throws EvidenceError EVIDENCE_KUBERNETES when it is not UTF-8 or not JSON.
 */
export function parseItem(item: Uint8Array, source: Pick<ReadSource, 'context' | 'kind'>): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(item));
  } catch {
    // What the parser says quotes the text.
    const { context, kind } = source;
    throw new EvidenceError(`An item of the ${kind.resource} in context ${JSON.stringify(context)} is not JSON.`, {
      code: 'EVIDENCE_KUBERNETES',
      hint: "See what answers at the server's address.",
      details: { context, kind: kind.kind },
    });
  }
}
