// Makes what a program complained fit for a message: short, printable, and without what looks like a secret.

const MAX_QUOTED = 400;

/** Names of options, variables and fields whose values are secrets. */
export const SECRET_NAME =
  /token|secret|passw|credential|api-?_?key|access-?_?key|private-?_?key|authorization|cookie/i;

const JWT = /\beyJ[\w-]+(?:\.[\w-]*)*/g;
const BEARER = /\b(bearer|basic)\s+[^\s"',;]+/gi;
const NAMED = /([\w-]*(?:token|secret|passw\w*|credential|key|authorization)[\w-]*["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi;
const USER_INFO = /(\w:\/\/)[^\s/@]+@/g;
const QUERY = /(\w:\/\/[^\s?]+)\?\S+/g;
/** Long, and with letters and digits: a key, a hash or a token. Words and paths are not. */
const LONG = /(?=[\w+=~-]*\d)(?=[\w+=~-]*[A-Za-z])[\w+=~-]{20,}/g;

/** The end of an output on one line, in quotes; undefined when nothing was printed. Known secrets go in `secrets`. */
export function redactOutput(text: string, secrets: readonly string[]): string | undefined {
  const plain = text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S}]+/gu, ' ').trim();
  if (plain === '') return undefined;
  const known = [...secrets].filter((secret) => secret.trim().length >= 4).sort((a, b) => b.length - a.length);
  const redacted = known
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), plain)
    .replaceAll(JWT, '***')
    .replaceAll(BEARER, '$1 ***')
    .replaceAll(USER_INFO, '$1***@')
    .replaceAll(QUERY, '$1?…')
    .replaceAll(NAMED, '$1***')
    .replaceAll(LONG, '***');
  return redacted.length <= MAX_QUOTED ? `"${redacted}"` : `"…${redacted.slice(1 - MAX_QUOTED)}"`;
}
