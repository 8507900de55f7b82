// Values of YAML that stand on one line and have one meaning beyond doubt. Pure.

/** Regular expressions with alternatives exhaust the stack on texts of millions of characters. */
const MAX_LENGTH = 100_000;

/** A plain text that begins with no indicator. Characters of other alphabets are left to the full parser. */
const PLAIN = /^(?:[A-Za-z0-9_./$(+^~;=<]|-(?=[^\s]))[^\u0080-\uffff]*$/;
/** Parts that end a plain text, or that make it a mistake. */
const NOT_PLAIN = /:(?: |$)|\t/;
const DOUBLE_QUOTED = /^("(?:[^"\\]|\\["\\/bfnrt])*")(?: +#.*)?$/;
const SINGLE_QUOTED = /^'((?:[^']|'')*)'(?: +#.*)?$/;
const QUOTED_LIST = /^(\[ ?(?:"[^"\\]*"(?:, ?"[^"\\]*")*)? ?\])(?: +#.*)?$/;
const EMPTY_MAPPING = /^\{\}(?: +#.*)?$/;

/**
 * What stands behind a key or a dash: a text, `null`, `true`, `false`, `{}`, `["a", "b"]`. Numbers are texts, as they are written. Undefined for
 * everything else, which the full parser must read.
 */
export function parsePlainScalar(rest: string): { readonly value: unknown } | undefined {
  if (rest.length > MAX_LENGTH || rest.includes('\t')) return undefined;
  const double = DOUBLE_QUOTED.exec(rest)?.[1];
  if (double !== undefined) return { value: JSON.parse(double) };
  const single = SINGLE_QUOTED.exec(rest)?.[1];
  if (single !== undefined) return { value: single.replaceAll("''", "'") };
  const list = QUOTED_LIST.exec(rest)?.[1];
  if (list !== undefined) return { value: JSON.parse(list) };
  if (EMPTY_MAPPING.test(rest)) return { value: {} };
  if (!PLAIN.test(rest)) return undefined;
  const comment = rest.indexOf(' #');
  const text = comment === -1 ? rest : withoutSpacesAtEnd(rest.slice(0, comment));
  return NOT_PLAIN.test(text) ? undefined : { value: resolve(text) };
}

/** The text up to its last character that is no space. A regular expression would look at long runs of spaces again and again. */
export function withoutSpacesAtEnd(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0x20) end--;
  return text.slice(0, end);
}

/** https://yaml.org/spec/1.2.2/#1032-tag-resolution, without numbers. */
function resolve(text: string): string | boolean | null {
  if (/^(?:~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  return /^(?:false|False|FALSE)$/.test(text) ? false : text;
}
