// Every error this project throws on purpose: one base, one class per row of the exit-code table in the README.
// No field may hold a secret or an unredacted URL.

/** Closed set of machine-readable error codes. Retry and exit decisions read these, never message text. */
export type ErrorCode =
  | 'USAGE'
  | 'POLICY_INVALID'
  | 'PLAN_INVALID'
  | 'PLAN_FOREIGN'
  | 'AUTH'
  | 'AUTH_REQUIRED'
  | 'FORBIDDEN'
  | 'REPOSITORY_UNKNOWN'
  | 'REGISTRY_REFUSED'
  | 'REGISTRY_UNSUPPORTED'
  | 'RATE_LIMITED'
  | 'QUOTA'
  | 'NETWORK'
  | 'TLS'
  | 'TIMEOUT'
  | 'PROTOCOL'
  | 'DIGEST_MISMATCH'
  | 'TOO_LARGE'
  | 'EVIDENCE_GIT'
  | 'EVIDENCE_KUBERNETES'
  | 'EVIDENCE_FILE'
  | 'EVIDENCE_FORGE'
  | 'EVIDENCE_RECORDS'
  | 'EVIDENCE_ENGINE'
  | 'VERIFY_ALARM'
  | 'INTERNAL';

/** A value that survives `JSON.stringify` unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What an error carries besides its message. */
export interface ErrorContext {
  readonly code: ErrorCode;
  /** What the user can do next, one sentence. */
  readonly hint?: string;
  /** True when the same call may succeed later without any change by the user. */
  readonly temporary?: boolean;
  readonly details?: { readonly [key: string]: Json };
  readonly cause?: unknown;
}

/** The base of every deliberate error. `exitCode` is what the process ends with when nobody handles it. */
export abstract class CleanupError extends Error {
  abstract override readonly name: string;
  abstract readonly exitCode: number;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly temporary: boolean;
  readonly details: { readonly [key: string]: Json };

  constructor(message: string, context: ErrorContext) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = context.code;
    this.hint = context.hint;
    this.temporary = context.temporary ?? false;
    this.details = context.details ?? {};
  }
}

/** The user's words are wrong: an option, the policy file, a plan file. All mistakes of one input at once. */
export class UsageError extends CleanupError {
  override readonly name = 'UsageError';
  override readonly exitCode = 2;
}

/** 401, 403, or a missing right that shows as 404: host, operation and the permission needed. */
export class AuthError extends CleanupError {
  override readonly name = 'AuthError';
  override readonly exitCode = 3;
}

/** The registry understood and said no. */
export class RegistryError extends CleanupError {
  override readonly name = 'RegistryError';
  override readonly exitCode = 4;
}

/** No usable answer: refused, reset, timed out, TLS failed, or 5xx after the last retry. */
export class NetworkError extends CleanupError {
  override readonly name = 'NetworkError';
  override readonly exitCode = 4;
}

/** An answer that the specification forbids (HTML for JSON, a wrong digest, a looping page link). */
export class ProtocolError extends CleanupError {
  override readonly name = 'ProtocolError';
  override readonly exitCode = 4;
}

/** Something that protects images could not be read in full. Nothing has been deleted. */
export class EvidenceError extends CleanupError {
  override readonly name = 'EvidenceError';
  override readonly exitCode = 5;
}

/** Something that a cluster uses was there before an apply, and is gone after it. */
export class VerifyAlarm extends CleanupError {
  override readonly name = 'VerifyAlarm';
  override readonly exitCode = 7;
}

/** Our own fault. */
export class InternalError extends CleanupError {
  override readonly name = 'InternalError';
  override readonly exitCode = 70;
}

/** The text of anything thrown, for messages that wrap it. Never empty. */
export function describeCause(cause: unknown): string {
  if (cause instanceof Error) return cause.message === '' ? cause.name : cause.message;
  return String(cause);
}
