// Which objects of a page the reader has already, so that a page that is asked for again hands it none twice and none less.

import { crc32 } from 'node:zlib';
import type { JsonBytes } from './json-bytes.ts';
import type { ObjectReader } from './object-reader.ts';

/** The objects of one page that a reader has, in the order of the page. */
export interface ObjectCounter {
  objects: number;
  /** Tells whether another answer begins with the same objects. */
  mark: number;
}

/** A reader for the same page again. */
export interface RepeatedReader {
  readonly reader: Pick<ObjectReader<unknown>, 'read' | 'readAt'>;
  /** After the last object. @throws `wrong` when there are fewer than before. */
  end(): void;
}

/** Name, namespace, uid and version of an object stand in its beginning. */
const MARKED_BYTES = 512;

/** No object yet. */
export function countObjects(): ObjectCounter {
  return { objects: 0, mark: 0 };
}

/**
 * Keeps from a reader what it has, and counts what it gets. The page behind a token is always the same one, objects of one moment in one
 * order; @throws `wrong` when it is not.
 */
export function skipCounted(
  reader: ObjectReader<unknown>,
  counter: ObjectCounter,
  wrong: (why: string) => Error,
): RepeatedReader {
  const { objects: had, mark: expected } = counter;
  const again = countObjects();
  const isRepeating = (): boolean => again.objects < had;
  const read = (item: Uint8Array): void => {
    if (isRepeating()) {
      count(again, item);
      if (!isRepeating() && again.mark !== expected) throw wrong(OTHER_PAGE);
    } else {
      reader.read(item);
      count(counter, item);
    }
  };
  const readAt = (json: JsonBytes, from: number): number => {
    if (isRepeating() || reader.readAt === undefined) return -1;
    const end = reader.readAt(json, from);
    if (end > 0) count(counter, json.bytes.subarray(from, end));
    return end;
  };
  return {
    reader: { read, readAt },
    end() {
      if (isRepeating()) throw wrong(OTHER_PAGE);
    },
  };
}

const OTHER_PAGE = 'the server answers the same continue token with another page';

function count(counter: ObjectCounter, item: Uint8Array): void {
  counter.objects++;
  counter.mark = crc32(item.subarray(0, MARKED_BYTES), (counter.mark ^ item.length) >>> 0);
}
