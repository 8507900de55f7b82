// What a list hands its objects to. A list that starts over starts with a new reader, so that half a list leaves no trace.

import type { JsonBytes } from './json-bytes.ts';

/** Takes the objects of one list, one after the other, and says at the end what they came to. */
export interface ObjectReader<Result> {
  /**
   * One object as the JSON text that the server sent, in UTF-8. The bytes are good only during the call: they lie in a buffer that is used
   * again.
   * @throws EvidenceError EVIDENCE_KUBERNETES for an object that cannot be understood.
   */
  read(item: Uint8Array): void;
  /**
   * The quick way for readers that can tell by themselves where an object ends: reads the one that begins at `from` and gives the position
   * behind it. Negative, and nothing was read: it is cut off by the end of the bytes, or must be handed to `read`.
   */
  readAt?(json: JsonBytes, from: number): number;
  /** After the last object of the last page. */
  finish(): Result;
}
