// Values of YAML that stand on one line and have one meaning beyond doubt. Pure.

/** A plain text that begins with no indicator. Characters of other alphabets are left to the full parser. */
const PLAIN = /^(?:[A-Za-z0-9_./$(+^~;=<]|-(?=[^\s]))[^\u0080-\uffff]*$/;
/** Parts that end a plain text, or that make it a mistake. */
const NOT_PLAIN = /:(?: |$)|\t/;
const COMMENT = / +#.*$/;
const DOUBLE_QUOTED = /^("(?:[^"\\]|\\["\\/bfnrt])*")(?: +#.*)?$/;
const SINGLE_QUOTED = /^'((?:[^']|'')*)'(?: +#.*)?$/;
const QUOTED_LIST = /^(\[ *(?:"[^"\\]*"(?:, *"[^"\\]*")*)? *\])(?: +#.*)?$/;
const EMPTY_MAPPING = /^\{\}(?: +#.*)?$/;

/**
 * What stands behind a key or a dash: a text, `null`, `true`, `false`, `{}`, `["a", "b"]`. Numbers are texts, as they are written. Undefined for
 * everything else, which the full parser must read.
 */
export function parsePlainScalar(rest: string): { readonly value: unknown } | undefined {
  if (rest.includes('\t')) return undefined;
  const double = DOUBLE_QUOTED.exec(rest)?.[1];
  if (double !== undefined) return { value: JSON.parse(double) };
  const single = SINGLE_QUOTED.exec(rest)?.[1];
  if (single !== undefined) return { value: single.replaceAll("''", "'") };
  const list = QUOTED_LIST.exec(rest)?.[1];
  if (list !== undefined) return { value: JSON.parse(list) };
  if (EMPTY_MAPPING.test(rest)) return { value: {} };
  if (!PLAIN.test(rest)) return undefined;
  const text = rest.replace(COMMENT, '');
  return NOT_PLAIN.test(text) ? undefined : { value: resolve(text) };
}

/** https://yaml.org/spec/1.2.2/#1032-tag-resolution, without numbers. */
function resolve(text: string): string | boolean | null {
  if (/^(?:~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  return /^(?:false|False|FALSE)$/.test(text) ? false : text;
}
