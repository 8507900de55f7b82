// What a registry's refusals mean. Only a 404 in the registry's own words ever becomes "absent".
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes

import * as z from 'zod';
import { AuthError, ProtocolError } from '../errors.ts';
import type { RegistryResponse } from './transport.ts';

/** One entry of an error answer. Both are untrusted text, shortened. */
export interface RegistryFault {
  readonly code: string;
  readonly message: string;
}

/** Artifactory leaves the code out. */
const faultsSchema = z.object({
  errors: z.array(z.object({ code: z.string().default(''), message: z.string().default('') })).min(1),
});

const HIDDEN_CODES: ReadonlySet<string> = new Set(['NAME_UNKNOWN', 'NAME_INVALID']);
const DENIED_CODES: ReadonlySet<string> = new Set(['DENIED', 'UNAUTHORIZED']);

/** The faults of an error answer, or undefined when the body is not one. Does not look at Content-Type: crane's says text/plain. */
export function decodeFaults(body: Uint8Array): readonly RegistryFault[] | undefined {
  const parsed = faultsSchema.safeParse(parseJson(body));
  if (!parsed.success) return undefined;
  return parsed.data.errors.map(({ code, message }) => ({ code: tidy(code), message: tidy(message) }));
}

/**
 * Passes a 404 by which the registry itself says that one manifest or blob is not there: its error answer, or no body
 * under the distribution API's own header.
 * @throws AuthError REPOSITORY_UNKNOWN when it does not know (or hides) the repository, FORBIDDEN when it says "denied".
 * @throws ProtocolError PROTOCOL when something else answered: a proxy's page proves nothing.
 */
export function assertProvedAbsent(response: RegistryResponse, purpose: string): void {
  if (response.body.byteLength === 0) {
    // A gateway without a route answers so too; the distribution API's own header tells the two apart.
    if (response.header('docker-distribution-api-version') === undefined) throw notTheRegistry(purpose);
    return;
  }
  const faults = decodeFaults(response.body);
  if (faults === undefined) throw notTheRegistry(purpose);
  const hidden = faults.filter(({ code }) => HIDDEN_CODES.has(code));
  if (hidden.length > 0) {
    const isProved = response.maySee === true && hidden.every(({ code }) => code === 'NAME_UNKNOWN');
    throw isProved ? repositoryAbsent(purpose) : repositoryUnknown(purpose);
  }
  if (faults.some(({ code }) => DENIED_CODES.has(code))) {
    throw new AuthError(`The registry refuses to ${purpose}: ${formatFaults(faults)}.`, {
      code: 'FORBIDDEN',
      hint: 'The credentials need the right to pull from this repository.',
    });
  }
}

/** The registry does not know the repository, or hides it from these credentials: nobody can tell which. */
export function repositoryUnknown(purpose: string): AuthError {
  return new AuthError(
    `The registry does not know the repository, or hides it from these credentials (to ${purpose}).`,
    {
      code: 'REPOSITORY_UNKNOWN',
      hint: 'Check the name of the repository, and that the credentials may pull from it.',
    },
  );
}

/** Whether this error says that there is no such repository, in the words of a registry that hides nothing from whoever asked. */
export function isRepositoryAbsent(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'REPOSITORY_UNKNOWN' && error.details['isProved'] === true;
}

function repositoryAbsent(purpose: string): AuthError {
  return new AuthError(`The registry does not know the repository (to ${purpose}).`, {
    code: 'REPOSITORY_UNKNOWN',
    hint: 'Check the name of the repository.',
    details: { isProved: true },
  });
}

/** A 404 that is not in the registry's own words. */
export function notTheRegistry(purpose: string): ProtocolError {
  return new ProtocolError(`Something answered 404 to "${purpose}" that is not the registry.`, {
    code: 'PROTOCOL',
    hint: 'Look for a proxy or a wrong host between here and the registry.',
  });
}

/** `status 405, UNSUPPORTED: The operation is unsupported.`: why the registry said no, on one line. */
export function describeRefusal(response: RegistryResponse): string {
  const faults = decodeFaults(response.body);
  return faults === undefined ? `status ${response.status}` : `status ${response.status}, ${formatFaults(faults)}`;
}

/** A body as JSON, or undefined when it is none. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Not a default that hides something: no valid JSON text is undefined, so every caller's schema refuses it.
    return undefined;
  }
}

function formatFaults(faults: readonly RegistryFault[]): string {
  return faults.map(({ code, message }) => [code, message].filter((part) => part !== '').join(': ')).join('; ');
}

/** Short, and without control characters that would act on a terminal or a log. */
function tidy(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 300);
}
