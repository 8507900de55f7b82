// Globs, as users write them for tags and environments.

import { RE2JS } from 're2js';

/** How a glob is held against a text. */
interface GlobOptions {
  /** Default false. */
  readonly ignoreCase?: boolean;
}

/** A predicate for a whole text: `*` is any run of characters, `?` is one; everything else is itself. */
export function compileGlob(glob: string, { ignoreCase = false }: GlobOptions = {}): (text: string) => boolean {
  const body = glob.replace(/[^*?]+|[*?]/g, (part) => (part === '*' ? '.*' : part === '?' ? '.' : RE2JS.quote(part)));
  const expression = RE2JS.compile(body, RE2JS.DOTALL | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0));
  return (text) => expression.matches(text);
}
