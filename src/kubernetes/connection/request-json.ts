// One small JSON document from an issuer of tokens. Follows no redirect.

import * as http from 'node:http';
import * as https from 'node:https';

/** A request that has a small answer. */
export interface JsonRequest {
  readonly url: URL;
  readonly agent: http.Agent;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: a GET. */
  readonly form?: URLSearchParams;
  readonly signal: AbortSignal;
}

/** The answer, whatever its status. */
export interface JsonAnswer {
  readonly status: number;
  /** Undefined when it is no JSON. */
  readonly value: unknown;
}

const MAX_BODY_BYTES = 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** @throws Error when there is no whole answer in time. Its text holds nothing of the request or the answer. */
export async function requestJson(request: JsonRequest): Promise<JsonAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const body = request.form?.toString();
  const send = request.url.protocol === 'http:' ? http.request : https.request;
  const sent = send(request.url, {
    method: body === undefined ? 'GET' : 'POST',
    agent: request.agent,
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
      ...request.headers,
    },
    signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  sent.once('response', resolve);
  sent.on('error', reject);
  sent.end(body);
  const response = await promise;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
  }
  return { status: response.statusCode ?? 0, value: parseJson(Buffer.concat(chunks).toString('utf8')) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The reader's schema refuses it: V8's message quotes the text, and here that may be a token.
    return undefined;
  }
}
