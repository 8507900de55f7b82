// Reads `WWW-Authenticate`: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
// An own parser, because the value is a list whose items hold commas (`scope="repository:a:pull,push"`), and none of the
// packages in use exports a reader for it.

/** One way to authenticate that a server offers. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By lower-case name, values unquoted; the first one of several with the same name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const SCHEME = /[!#$%&'*+.^_`|~0-9A-Za-z-]+(?=[\s,]|$)/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
const SEPARATORS = /[\s,]*/y;

/**
 * The challenges of all `WWW-Authenticate` headers of an answer, in their order. What cannot be read ends the reading of
 * that header; the challenges before it stand. Empty when there is none.
 */
export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  return headers.flatMap(parseHeader);
}

function parseHeader(header: string): readonly Challenge[] {
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  let at = 0;
  const read = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match ?? undefined;
  };
  for (;;) {
    read(SEPARATORS);
    const parameter = read(PARAMETER);
    const current = challenges.at(-1);
    if (parameter !== undefined && current !== undefined) {
      addParameter(current.parameters, parameter);
      continue;
    }
    const scheme = parameter === undefined ? read(SCHEME) : undefined;
    if (scheme === undefined) return challenges;
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: new Map() });
  }
}

function addParameter(parameters: Map<string, string>, match: RegExpExecArray): void {
  const name = (match[1] ?? '').toLowerCase();
  const value = match[3] ?? (match[2] ?? '').replaceAll(/\\(.)/g, '$1');
  if (!parameters.has(name)) parameters.set(name, value);
}
