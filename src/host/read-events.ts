// What an engine's events tell of its images. Events protect nothing: an engine that keeps none, or few, is no error.

import { CleanupError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ImageId, LocalImage, LocalStore } from '../model/local-store.ts';
import { type Instant, instantFromMs } from '../model/time.ts';
import { appendTo } from '../util/append-to.ts';
import type { EngineConnection, EngineRequest } from './connection.ts';
import { imageIdOf, realNames } from './image-names.ts';
import type { EngineMemory } from './port.ts';
import { eventSchema } from './wire.ts';

/** How one engine is asked, and what its events prove. */
export interface EventSource {
  readonly request: Pick<EngineRequest, 'path' | 'query'>;
  /** Whether `pull` and `push` are written down only when they were done. */
  readonly provesExchange: boolean;
}

interface EngineEvent {
  readonly type: string;
  readonly action: string;
  /** The id or name of what it happened to. */
  readonly subject: string;
  /** How a container's image was called. */
  readonly image: string;
  /** Podman tells there what it has built. */
  readonly name: string;
  /** As exactly as the engine tells it, and never later than it was. */
  readonly at: Instant;
}

/** Podman says `died` where Docker says `die`. */
const USES: ReadonlySet<string> = new Set(['create', 'start', 'restart', 'unpause', 'die', 'died']);
const EXCHANGES: ReadonlySet<string> = new Set(['pull', 'push']);
/** Of images, by both engines. */
const HANDLINGS: ReadonlySet<string> = new Set([...EXCHANGES, 'build', 'tag', 'load', 'loadfromarchive', 'import']);
const NANOS_PER_MS = 1_000_000;
const NOTHING: EngineMemory = { uses: new Map(), exchanged: new Map() };

/** The memory of the images in the store; without any when the engine does not give its events. */
export async function readEvents(
  connection: EngineConnection,
  source: EventSource,
  { store, log }: { readonly store: LocalStore; readonly log: Log },
): Promise<EngineMemory> {
  try {
    const answer = await connection.ask({ method: 'GET', ...source.request, purpose: 'read its events' });
    if (answer.status === 200) return tellMemory(decodeEvents(answer.text), source, store);
    log.debug(`The engine gives no events (${answer.status}).`);
  } catch (error) {
    if (!(error instanceof CleanupError)) throw error;
    log.warn(`What the engine remembers of earlier uses is not known: ${error.message}`);
  }
  return NOTHING;
}

/** One JSON value a line. What does not fit is left out: no event proves anything by its absence. */
function decodeEvents(text: string): readonly EngineEvent[] {
  return text.split('\n').flatMap((line) => {
    const decoded = eventSchema.safeParse(parse(line));
    if (!decoded.success) return [];
    const { Type: type, Action: action, Actor, time, timeNano } = decoded.data;
    const at = instantFromMs(typeof timeNano === 'number' ? Math.floor(timeNano / NANOS_PER_MS) : time * 1000);
    const { image = '', name = '' } = Actor.Attributes;
    return [{ type, action, subject: Actor.ID, image, name, at }];
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function tellMemory(events: readonly EngineEvent[], { provesExchange }: EventSource, store: LocalStore): EngineMemory {
  const find = indexImages(store);
  const uses = new Map<ImageId, Instant>();
  const handled = new Map<ImageId, Instant>();
  const exchanged = new Map<ImageId, string[]>();
  for (const { type, action, subject, image, name, at } of events) {
    if (type === 'container' && USES.has(action)) noteLatest(uses, find(image, at), at);
    if (type !== 'image') continue;
    if (HANDLINGS.has(action)) for (const text of [subject, name]) noteLatest(handled, find(text, at), at);
    if (!provesExchange || !EXCHANGES.has(action)) continue;
    const moved = find(subject, at);
    if (moved !== undefined && hadItsNamesBy(store.images.get(moved), at)) appendTo(exchanged, moved, subject);
  }
  return { uses, exchanged, handled };
}

function noteLatest(times: Map<ImageId, Instant>, id: ImageId | undefined, at: Instant): void {
  if (id !== undefined && (times.get(id) ?? 0) < at) times.set(id, at);
}

/** A push proves something of an image only when it is certain that the name was on this one then. */
function hadItsNamesBy(image: LocalImage | undefined, at: Instant): boolean {
  return image?.tagged.kind === 'known' && image.tagged.at <= at;
}

/**
 * The image that was meant. A name means the image that has it now, unless the engine tells that it got it later. Where the engine does not
 * tell that, a use may be counted for a younger image of the same name: that one stays longer.
 */
function indexImages({ images }: LocalStore): (text: string, at: Instant) => ImageId | undefined {
  const byName = new Map<string, LocalImage>();
  for (const image of images.values()) for (const name of image.names) byName.set(name, image);
  return (text, at) => {
    const id = imageIdOf(text);
    if (id !== undefined && images.has(id)) return id;
    const [name = ''] = realNames([text]);
    const image = byName.get(name) ?? byName.get(`${name}:latest`);
    if (image === undefined) return undefined;
    // Events have whole seconds.
    return image.tagged.kind === 'known' && image.tagged.at > at + 999 ? undefined : image.id;
  };
}
