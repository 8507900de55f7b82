// Makes texts and URLs of other parties fit for a message: short, printable, without secrets.

const MAX_QUOTED = 200;

/**
 * A URL as `https://host/path`, with `?…` in place of a query: user names, passwords, signatures and fragments never show.
 * A text that is no URL becomes `an invalid URL`.
 */
export function redactUrl(url: string | URL): string {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (parsed === undefined) return 'an invalid URL';
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}

/** The first line that is not blank, in quotes, without control and direction characters; undefined when there is none. */
export function quoteFirstLine(text: string): string | undefined {
  const line = text
    .split(/[\r\n]/)
    .map((part) => part.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ').trim())
    .find((part) => part !== '');
  if (line === undefined) return undefined;
  return line.length <= MAX_QUOTED ? `"${line}"` : `"${line.slice(0, MAX_QUOTED - 1)}…"`;
}
