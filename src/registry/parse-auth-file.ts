// Reads the text of docker's config.json and podman's auth.json. No message ever quotes a value of it.

import * as z from 'zod';
import { UsageError } from '../errors.ts';
import type { Credentials } from './credentials.ts';

const authEntry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

/** https://github.com/docker/cli/blob/v27.0.0/cli/config/configfile/file.go ; everything else in the file is not ours. */
const authFile = z.object({
  auths: z.record(z.string(), authEntry).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

/** One entry of `auths`. */
export type AuthEntry = z.infer<typeof authEntry>;

/** The parts of a credentials file that matter here. */
export interface AuthFile {
  readonly auths: { readonly [key: string]: AuthEntry };
  readonly credHelpers: { readonly [key: string]: string };
  readonly credsStore: string | undefined;
}

/** @throws UsageError USAGE when the text is no JSON object of the known form; `file` names it. */
export function parseAuthFile(text: string, file: string): AuthFile {
  const parsed = authFile.safeParse(parseJson(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.length ? issue.path.join('.') : 'the file';
    throw malformed(file, `${path} has the wrong form`);
  }
  const { auths, credHelpers, credsStore } = parsed.data;
  return { auths: auths ?? {}, credHelpers: credHelpers ?? {}, credsStore: credsStore ?? undefined };
}

/**
 * The credentials of an entry; undefined when it holds none, as the entries that Docker Desktop leaves behind do.
 * A registry token outranks an identity token, that one `auth`, and `auth` the separate fields.
 * @throws UsageError USAGE when `auth` is not base64 of `user:password`.
 */
export function credentialsOfEntry(
  entry: AuthEntry,
  place: { readonly key: string; readonly file: string },
): Exclude<Credentials, { readonly kind: 'anonymous' }> | undefined {
  const source = `auths in ${place.file}`;
  const { registrytoken = '', identitytoken = '', auth = '' } = entry;
  if (registrytoken !== '') return { kind: 'registry-token', token: registrytoken, source };
  const pair =
    auth === '' ? { username: entry.username ?? '', password: entry.password ?? '' } : decodePair(auth, place);
  if (identitytoken !== '') {
    const username = pair.username === '' ? {} : { username: pair.username };
    return { kind: 'identity-token', token: identitytoken, ...username, source };
  }
  if (pair.username === '' || pair.password === '') return undefined;
  return { kind: 'password', ...pair, source };
}

function decodePair(
  auth: string,
  place: { readonly key: string; readonly file: string },
): { readonly username: string; readonly password: string } {
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(auth.trim());
  const text = isBase64 ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon === -1)
    throw malformed(place.file, `the auth of ${JSON.stringify(place.key)} is not base64 of user:password`);
  // Docker pads with NUL what it once encrypted: https://github.com/docker/cli/blob/v27.0.0/cli/config/configfile/file.go
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replaceAll('\0', '') };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and the text is full of secrets.
    throw malformed(file, 'it is not JSON');
  }
}

function malformed(file: string, what: string): UsageError {
  return new UsageError(`The credentials in ${file} cannot be used: ${what}.`, {
    code: 'USAGE',
    hint: 'Repair or remove it, for example by logging in again.',
  });
}
