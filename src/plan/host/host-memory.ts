// What runs on one machine remember for the next: when an image was first seen, when it was last used, where a registry had it.
// Engines do not remember that. Reading never fails: what is odd is as good as nothing known, and nothing known is never old.

import * as z from 'zod';
import type { ImageId } from '../../model/local-store.ts';
import { formatInstant, type Instant, instantFromMs, parseRfc3339 } from '../../model/time.ts';

/** What is remembered of one image. */
export interface RememberedImage {
  readonly firstSeen: Instant;
  /** When a container was last seen to use it; absent: never. */
  readonly lastUsed?: Instant;
  /** Repositories that were seen to have it, sorted; absent: none was. */
  readonly seenIn?: readonly string[];
}

/** What is remembered of one store. */
export interface HostMemory {
  /** The store that it is about, as its engine calls it. */
  readonly storeId: string;
  /** When a run last looked. */
  readonly seenAt: Instant;
  readonly images: ReadonlyMap<ImageId, RememberedImage>;
}

/** Another one begins with another number; a file of it is as good as none. */
const VERSION = 1;

const instant = z.string().transform((text, context): Instant => {
  const at = parseRfc3339(text);
  if (at !== undefined) return at;
  context.addIssue('not a time');
  return z.NEVER;
});
const memorySchema = z.object({
  version: z.literal(VERSION),
  storeId: z.string(),
  seenAt: instant,
  images: z.record(
    z.string(),
    z.object({
      firstSeen: instant,
      lastUsed: instant.exactOptional(),
      seenIn: z.array(z.string()).exactOptional(),
    }),
  ),
});

/**
 * The memory in a text, or why it is of no use: no JSON, another version, another store. A first sight in the future is none; a use in
 * the future was at `now` at the latest: a clock that was wrong makes nothing look unused.
 */
export function decodeHostMemory(
  text: string,
  { storeId, now }: { readonly storeId: string; readonly now: Instant },
): HostMemory | string {
  const decoded = memorySchema.safeParse(parseJson(text));
  if (!decoded.success) return 'it is not what this version writes';
  if (decoded.data.storeId !== storeId) return 'it is about another store';
  const images = Object.entries(decoded.data.images).flatMap(([id, known]) =>
    known.firstSeen > now ? [] : [[id as ImageId, believable(known, now)] as const],
  );
  return { storeId, seenAt: earlier(decoded.data.seenAt, now), images: new Map(images) };
}

/** Whether the text is a memory of this version, of whatever store. */
export function isHostMemory(text: string): boolean {
  return memorySchema.safeParse(parseJson(text)).success;
}

/** The memory as text, one image a line, in the order of their ids. */
export function encodeHostMemory({ storeId, seenAt, images }: HostMemory): string {
  const lines = [...images]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { firstSeen, lastUsed, seenIn }]) => {
      const known = {
        firstSeen: formatInstant(firstSeen),
        ...(lastUsed === undefined ? {} : { lastUsed: formatInstant(lastUsed) }),
        ...(seenIn === undefined ? {} : { seenIn }),
      };
      return `    ${JSON.stringify(id)}: ${JSON.stringify(known)}`;
    });
  const body = lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n  }`;
  const head = `  "version": ${VERSION},\n  "storeId": ${JSON.stringify(storeId)},\n  "seenAt": "${formatInstant(seenAt)}",\n`;
  return `{\n${head}  "images": ${body}\n}\n`;
}

/** What two runs remember of one store: the earlier first sight and the later use of each image that either knows. */
export function mergeHostMemories(a: HostMemory, b: HostMemory): HostMemory {
  const images = new Map(a.images);
  for (const [id, known] of b.images) {
    const other = images.get(id);
    images.set(id, other === undefined ? known : mergeImages(known, other));
  }
  return { storeId: a.storeId, seenAt: later(a.seenAt, b.seenAt), images };
}

/** What is known of one image from two sides. */
export function mergeImages(a: RememberedImage, b: RememberedImage): RememberedImage {
  const uses = [a.lastUsed, b.lastUsed].filter((at) => at !== undefined);
  const seenIn = [...new Set([...(a.seenIn ?? []), ...(b.seenIn ?? [])])].sort();
  return {
    firstSeen: earlier(a.firstSeen, b.firstSeen),
    ...(uses.length === 0 ? {} : { lastUsed: instantFromMs(Math.max(...uses)) }),
    ...(seenIn.length === 0 ? {} : { seenIn }),
  };
}

function believable(known: RememberedImage, now: Instant): RememberedImage {
  return known.lastUsed === undefined ? known : { ...known, lastUsed: earlier(known.lastUsed, now) };
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}

function later(a: Instant, b: Instant): Instant {
  return a < b ? b : a;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No valid JSON text is undefined, so the schema refuses it.
    return undefined;
  }
}
