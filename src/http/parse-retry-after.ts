// Reads `Retry-After`: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3

/**
 * Milliseconds to wait by a `Retry-After` of seconds (`120`) or an HTTP date, never negative; undefined without a usable
 * one. A date is compared with the answer's own `Date`, so that a wrong clock here does no harm, else with `nowMs`.
 */
export function parseRetryAfter(
  retryAfter: string | undefined,
  date: string | undefined,
  nowMs: number,
): number | undefined {
  const text = retryAfter?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = parseHttpDate(text);
  if (at === undefined) return undefined;
  return Math.max(0, at - (parseHttpDate(date ?? '') ?? nowMs));
}

/** IMF-fixdate only, the one form that RFC 9110 lets servers send: `Sun, 06 Nov 1994 08:49:37 GMT`. */
function parseHttpDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
