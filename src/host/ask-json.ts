// Answers of an engine as checked values. What is not as the Engine API has it is no answer.

import * as z from 'zod';
import type { EngineAnswer, EngineConnection, EngineRequest } from './connection.ts';
import { explainNonsense, explainStatus } from './explain-engine.ts';

/** A GET: where, and what for. */
export type EngineRead = Pick<EngineRequest, 'path' | 'query' | 'purpose'>;

/**
 * The value that a GET gives.
 * @throws EvidenceError EVIDENCE_ENGINE, AuthError FORBIDDEN when there is none, or it does not fit.
 */
export async function askFor<Schema extends z.ZodType>(
  connection: EngineConnection,
  read: EngineRead,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const answer = await connection.ask({ method: 'GET', ...read });
  if (answer.status !== 200) throw explainStatus(questionOf(connection, read), withWords(answer));
  return decodeAnswer(connection, { ...read, text: answer.text }, schema);
}

/** The same; undefined when the engine says that it has no such thing (404). */
export async function askWhether<Schema extends z.ZodType>(
  connection: EngineConnection,
  read: EngineRead,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const answer = await connection.ask({ method: 'GET', ...read });
  // A proxy's 404 has no words of an engine's.
  if (answer.status === 404 && wordsOf(answer.text) !== undefined) return undefined;
  if (answer.status !== 200) throw explainStatus(questionOf(connection, read), withWords(answer));
  return decodeAnswer(connection, { ...read, text: answer.text }, schema);
}

/** The value in a text. @throws EvidenceError EVIDENCE_ENGINE when there is none. */
export function decodeAnswer<Schema extends z.ZodType>(
  connection: EngineConnection,
  { purpose, text }: { readonly purpose: string; readonly text: string },
  schema: Schema,
): z.infer<Schema> {
  const question = questionOf(connection, { purpose });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw explainNonsense(question, text === '' ? 'it is empty' : 'it is no JSON', cause);
  }
  const decoded = schema.safeParse(value);
  if (decoded.success) return decoded.data;
  const [issue] = decoded.error.issues;
  throw explainNonsense(
    question,
    `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it does not fit'}`,
    decoded.error,
  );
}

const errorSchema = z.looseObject({ message: z.string() });

/** What an engine says of an error; undefined when it is no answer of an engine's. Untrusted. */
export function wordsOf(text: string): string | undefined {
  try {
    return errorSchema.safeParse(JSON.parse(text)).data?.message;
  } catch {
    return undefined;
  }
}

function withWords({ status, text }: EngineAnswer): { readonly status: number; readonly words: string } {
  return { status, words: wordsOf(text) ?? text };
}

function questionOf({ address }: EngineConnection, { purpose }: { readonly purpose: string }) {
  return { address, purpose };
}
