// What an engine's answer to a deed means. Only its own 404 is "gone"; what it refuses comes back in its words.

import { CleanupError } from '../errors.ts';
import { quoteFirstLine } from '../http/redact-text.ts';
import { wordsOf } from './ask-json.ts';
import type { EngineAnswer, EngineConnection, EngineRequest } from './connection.ts';
import type { EngineOutcome } from './port.ts';

/** An answer, or why there is none: it is not known then whether the deed was done. */
export type DeedAnswer =
  | { readonly kind: 'answer'; readonly answer: EngineAnswer }
  | { readonly kind: 'failed'; readonly why: string };

/** Asks once. */
export async function askDeed(connection: EngineConnection, request: EngineRequest): Promise<DeedAnswer> {
  try {
    return { kind: 'answer', answer: await connection.ask({ ...request, isSlow: true }) };
  } catch (error) {
    if (error instanceof CleanupError) return { kind: 'failed', why: error.message };
    throw error;
  }
}

/**
 * Deletes something. `isInUse` is asked where the engine gives a server's error (500) for what is only in use, as Podman does: without
 * reading its words.
 */
export async function askDelete(
  connection: EngineConnection,
  request: Omit<EngineRequest, 'method'>,
  isInUse?: () => Promise<boolean>,
): Promise<EngineOutcome> {
  const asked = await askDeed(connection, { ...request, method: 'DELETE' });
  if (asked.kind === 'failed') return asked;
  const { status, text } = asked.answer;
  if (status === 200 || status === 204) return { kind: 'deleted' };
  const words = wordsOf(text);
  if (status === 404 && words !== undefined) return { kind: 'already-gone' };
  const why = `the engine answered ${status}: ${quoteFirstLine(words ?? text) ?? 'no text'}`;
  if (status === 409 || (status === 500 && isInUse !== undefined && (await isInUse()))) return { kind: 'refused', why };
  return { kind: 'failed', why };
}
