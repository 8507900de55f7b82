// One question to an engine and its whole answer. dockerode makes the connection; what comes back is read here, with a limit on time and
// size, since dockerode waits forever for an answer that breaks off.

import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import { UsageError } from '../errors.ts';
import { type EnginePlace, formatPlace } from './engine-place.ts';
import { explainLoss, explainNonsense } from './explain-engine.ts';
import type { EngineSurroundings } from './port.ts';

/** One request. */
export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With everything that needs it percent-encoded: `/images/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** What is being done, for messages: `list the images`. */
  readonly purpose: string;
  /** A deed on a large store takes longer than an answer. */
  readonly isSlow?: boolean;
}

/** One answer, read to its end. */
export interface EngineAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Asks the same engine again and again. */
export interface EngineConnection {
  readonly address: string;
  /**
   * The answer, whatever its status.
   * @throws EvidenceError EVIDENCE_ENGINE, AuthError FORBIDDEN when there is none, or not all of it.
   */
  ask(request: EngineRequest): Promise<EngineAnswer>;
}

const ANSWER_TIMEOUT_MS = 120_000;
/** A thousand layers are deleted in a minute or so on a slow disk. */
const SLOW_FACTOR = 5;
/** Lists of 10,000 images have some 10 MB. */
const MAX_BYTES = 128 * 1024 * 1024;

/** With these none of dockerode's own readings of a status applies. */
const EVERY_STATUS = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]));

/** The part of dockerode that is used: https://github.com/apocas/docker-modem#readme */
interface Modem {
  dial(options: object, callback: (error: unknown, answer: IncomingMessage | null) => void): void;
}

/** Gets ready to ask. No request is sent yet. */
export async function connect(place: EnginePlace, surroundings: EngineSurroundings): Promise<EngineConnection> {
  const address = formatPlace(place);
  const modem = await openModem(place);
  const { answerTimeoutMs = ANSWER_TIMEOUT_MS, signal } = surroundings;
  return {
    address,
    ask: async (request) => {
      const question = { address, purpose: request.purpose };
      const limit = AbortSignal.timeout(answerTimeoutMs * (request.isSlow === true ? SLOW_FACTOR : 1));
      const abort = signal === undefined ? limit : AbortSignal.any([limit, signal]);
      try {
        const answer = await dial(modem, request, abort);
        const text = await readBody(answer, abort);
        if (text !== undefined) return { status: answer.statusCode ?? 0, headers: answer.headers, text };
      } catch (error) {
        throw explainLoss(question, abort.aborted ? abort.reason : error);
      }
      throw explainNonsense(question, `it has more than ${MAX_BYTES} bytes`);
    },
  };
}

async function openModem(place: EnginePlace): Promise<Modem> {
  const { default: Client } = await import('dockerode');
  // Every field is named: what is missing dockerode takes from the environment.
  const nothing = { version: undefined, timeout: undefined, pathPrefix: undefined, sshOptions: undefined };
  try {
    const client: Docker = new Client({ ...nothing, ...addressOf(place) } as Docker.DockerOptions);
    return client.modem as Modem;
  } catch (cause) {
    // It reads these variables whatever it is told.
    throw new UsageError('DOCKER_HOST or DOCKER_CERT_PATH does not lead anywhere.', {
      code: 'USAGE',
      hint: 'Unset both, and name the engine with --engine.',
      cause,
    });
  }
}

function addressOf(place: EnginePlace): object {
  const none = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  if (place.kind === 'unix') return { ...none, protocol: 'http', socketPath: place.path };
  const protocol = place.tls === undefined ? 'http' : 'https';
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  return { ...none, protocol, host: `${protocol}://${host}`, port: place.port, ...place.tls };
}

function dial(
  modem: Modem,
  { method, path, query = {} }: EngineRequest,
  abortSignal: AbortSignal,
): Promise<IncomingMessage> {
  const hasQuery = Object.keys(query).length > 0;
  // The body of a POST is empty; without these dockerode would send the query a second time.
  const options = hasQuery ? { _query: query, _body: {} } : {};
  const words = { path: hasQuery ? `${path}?` : path, method, options, abortSignal };
  return new Promise((resolve, reject) => {
    modem.dial({ ...words, isStream: true, statusCodes: EVERY_STATUS }, (error, answer) => {
      if (answer === null) reject(error);
      else resolve(answer);
    });
  });
}

/** The text; undefined when it is too long. @throws Error when it breaks off or takes too long. */
async function readBody(answer: IncomingMessage, abort: AbortSignal): Promise<string | undefined> {
  const stop = () => answer.destroy(abort.reason as Error);
  abort.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    if (abort.aborted) stop();
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) return undefined;
    }
  } finally {
    abort.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks).toString('utf8');
}
