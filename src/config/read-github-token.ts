// The token for GitHub, as it is given. No message says anything of it but its length.

import { addWrong, type Findings, placeOf } from './findings.ts';

/**
 * The token, trimmed; undefined when there is none (an empty variable is none) or it cannot be one, which is a mistake by then. A
 * header can hold nothing but visible characters, and so does every token.
 */
export function readGithubToken(findings: Findings): string | undefined {
  const token = findings.raw['github-token']?.trim() ?? '';
  if (token === '' || isToken(token)) return token === '' ? undefined : token;
  const got = `${token.length} characters that are no token`;
  const place = findings.frontEnd === 'cli' ? 'GITHUB_TOKEN' : placeOf('github-token', findings.frontEnd);
  // Two things may need the token: it is told once.
  if (findings.mistakes.some((mistake) => mistake.place === place)) return undefined;
  if (findings.frontEnd === 'action') addWrong(findings, { name: 'github-token', got, expected: 'a token' });
  else findings.mistakes.push({ place, text: `got ${got}, expected a token` });
  return undefined;
}

/** Whether anything was given that should be a token. */
export function hasGithubToken(findings: Findings): boolean {
  return (findings.raw['github-token'] ?? '').trim() !== '';
}

/** Whether a text can be sent as a token at all. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** How a token travels: as it is, and in base64 to Git and to registries. Nothing of it may be shown. Of an empty one: none. */
export function listTokenForms(token: string): readonly string[] {
  if (token === '') return [];
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return [token, encode(token), encode(`x-access-token:${token}`)];
}
