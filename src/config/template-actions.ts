// The actions of Go's templates in a text: where they stand and what they can write. None is ever carried out.
// https://pkg.go.dev/text/template#hdr-Actions

/** One `{{ … }}`. */
export interface TemplateAction {
  /** Offsets in the text, the braces included; the end is the first one after it. */
  readonly start: number;
  readonly end: number;
  /**
   * `comment`, `silent` (a variable, `break`) and the rest of a branch write nothing. `open`: a branch (`if`, `range`, `with`) or the
   * body of a template begins. `output`: it may write anything; so is all that cannot be told.
   */
  readonly kind: 'comment' | 'silent' | 'open' | 'else' | 'end' | 'output';
  /** `if`, `define`, `include`; empty where it begins with something else. */
  readonly keyword: string;
  /** As it stands there. */
  readonly text: string;
  /** `{{-`: the white space before it is taken away. */
  readonly trimsBefore: boolean;
  /** `-}}`: the white space after it is taken away. */
  readonly trimsAfter: boolean;
}

/** What an action opens, up to its `{{ end }}`, or to the end of the text where that is missing. */
export interface TemplateRegion {
  readonly start: number;
  readonly end: number;
  readonly opener: TemplateAction;
}

const OPENING = ['if', 'range', 'with', 'block', 'define'];
const ASSIGNMENT = /^\$\w*\s*(?:,\s*\$\w+\s*)?:?=/;

/** Every action, in the order of the text; one that is not closed ends with its line. */
export function listTemplateActions(text: string): readonly TemplateAction[] {
  const actions: TemplateAction[] = [];
  for (let at = text.indexOf('{{'); at !== -1; at = text.indexOf('{{', at)) {
    const end = findEnd(text, at + 2);
    actions.push(readAction(text, at, end));
    at = end;
  }
  return actions;
}

/** The regions of these actions, in the order of their openers. */
export function listRegions(text: string, actions: readonly TemplateAction[]): readonly TemplateRegion[] {
  const open: TemplateAction[] = [];
  const regions: TemplateRegion[] = [];
  for (const action of actions) {
    if (action.kind === 'open') open.push(action);
    const opener = action.kind === 'end' ? open.pop() : undefined;
    if (opener !== undefined) regions.push({ start: opener.start, end: action.end, opener });
  }
  regions.push(...open.map((opener) => ({ start: opener.start, end: text.length, opener })));
  return regions.sort((a, b) => a.start - b.start);
}

/** The text with blanks for every action and for the bodies of templates that are only defined. Lines and columns stay. */
export function maskActions(text: string, actions: readonly TemplateAction[]): string {
  const defined = listRegions(text, actions).filter(({ opener }) => opener.keyword === 'define');
  let masked = '';
  for (const { start, end } of [...actions, ...defined].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (end <= masked.length) continue;
    masked += text.slice(masked.length, Math.max(start, masked.length));
    masked += text.slice(masked.length, end).replaceAll(/[^\r\n]/g, ' ');
  }
  return masked + text.slice(masked.length);
}

function readAction(text: string, start: number, end: number): TemplateAction {
  const whole = text.slice(start, end);
  const trimsBefore = /^\{\{-\s/.test(whole);
  const trimsAfter = /\s-\}\}$/.test(whole);
  const body = whole.slice(trimsBefore ? 3 : 2, whole.endsWith('}}') ? (trimsAfter ? -3 : -2) : undefined).trim();
  const keyword = /^[a-zA-Z_]\w*/.exec(body)?.[0] ?? '';
  return { start, end, kind: kindOf(body, keyword), keyword, text: whole, trimsBefore, trimsAfter };
}

function kindOf(body: string, keyword: string): TemplateAction['kind'] {
  if (body.startsWith('/*')) return 'comment';
  if (OPENING.includes(keyword)) return 'open';
  if (keyword === 'else' || keyword === 'end') return keyword;
  return ASSIGNMENT.test(body) || keyword === 'break' || keyword === 'continue' ? 'silent' : 'output';
}

/** The first offset behind the `}}` that no text of the action's own has in it. */
function findEnd(text: string, from: number): number {
  const comment = /^(?:-\s)?\s*\/\*/.exec(text.slice(from, from + 8));
  const start = comment === null ? from : text.indexOf('*/', from + comment[0].length);
  const endOfLine = text.indexOf('\n', from);
  const fallback = endOfLine === -1 ? text.length : endOfLine;
  if (start === -1) return fallback;
  const token = /\}\}|`[^`]*`|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
  token.lastIndex = start;
  for (let found = token.exec(text); found !== null; found = token.exec(text))
    if (found[0] === '}}') return token.lastIndex;
  return fallback;
}
