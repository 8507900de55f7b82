// HTML as elements and texts, for tests that hold untrusted text to being text. Strict: what is no plain tag makes it throw.

/** A piece of HTML between two tags. */
export interface HtmlText {
  /** As it is written, entities and all. */
  readonly raw: string;
  /** As it is read. */
  readonly text: string;
  /** Names of the elements around it, the outermost first. */
  readonly within: readonly string[];
}

/** What the HTML is made of. */
export interface HtmlStructure {
  /** `<td align="right">`, `</td>`, in order, without elements that never come alone: `wbr`, `br`, `span`, `code`. */
  readonly tags: readonly string[];
  /** Names of all elements. */
  readonly names: ReadonlySet<string>;
  readonly comments: readonly string[];
  readonly texts: readonly HtmlText[];
}

const TOKEN = /<!--([\s\S]*?)-->|<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>|[^<]+|</g;
const INLINE: ReadonlySet<string> = new Set(['wbr', 'br', 'span', 'code']);
const VOID: ReadonlySet<string> = new Set(['wbr', 'br', 'hr', 'img', 'input']);
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0' };

/** @throws Error for a `<` that begins neither a tag nor a comment, and for elements that are not closed as they were opened. */
export function readHtml(html: string): HtmlStructure {
  const tags: string[] = [];
  const names = new Set<string>();
  const comments: string[] = [];
  const texts: HtmlText[] = [];
  const open: string[] = [];
  for (const [whole, comment, slash, name, attributes] of html.matchAll(TOKEN)) {
    if (whole === '<') throw new Error('a < that begins no tag');
    if (comment !== undefined) comments.push(comment);
    else if (name === undefined) texts.push({ raw: whole, text: decode(whole), within: [...open] });
    else {
      names.add(name);
      if (!INLINE.has(name)) tags.push(`<${slash}${name}${attributes}>`);
      if (slash === '' && !VOID.has(name)) open.push(name);
      if (slash === '/' && open.pop() !== name) throw new Error(`</${name}> closes nothing that is open`);
    }
  }
  if (open.length > 0) throw new Error(`<${open.join('><')}> is not closed`);
  return { tags, names, comments, texts };
}

function decode(raw: string): string {
  return raw.replace(/&(?:#(\d+)|#x([\da-f]+)|([a-z]+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name ?? ''] ?? whole;
  });
}
