// Texts that somebody else fills in: `registry.example.com/team/app:$(params.tag)`, `{{inputs.parameters.image}}`. Which parts of
// them are fixed, and whether they could come to name a given repository. Pure; linear in the text's length.

import { formatRepository, parseRepositoryPrefix, type RepositoryReference } from './reference.ts';

/** Stands for an open part: any text, also none. No text of the API can hold it in an image. */
export const OPEN = '\0';
/** What opens a part that is filled in, and the brackets that are counted to find its end. */
const OPENERS: readonly { readonly start: string; readonly open: string; readonly close: string }[] = [
  { start: '{{', open: '{', close: '}' },
  { start: '${', open: '{', close: '}' },
  { start: '$(', open: '(', close: ')' },
];
/** Within a path component, from the first to the last character that no reference has. */
const FOREIGN = /[^\w.:@\0/-](?:[^/]*[^\w.:@\0/-])?/g;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//;
const DOCKER_HUB_HOSTS = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

/** Whether something in the text is written as a part to be filled in: `{{…}}`, `${…}`, `$(…)`, `$NAME`. */
export function isOpenText(text: string): boolean {
  return withoutTemplates(text).includes(OPEN);
}

/**
 * The fixed texts before, between and after the open parts, in order and lower case; one text when nothing is open. Open is what is
 * written to be filled in, and what no image reference can hold: `a/<b>:$(c)d` is `a/`, `:`, `d`.
 */
export function fixedParts(text: string): readonly string[] {
  return mergedGlobOf(text).split(OPEN);
}

/**
 * Whether a text that is no reference could come to mean an image of the repository, when its open parts are filled in: by the
 * repository's name, by a mirror's name for it, or by the same path on another host. Some letter of the name must be fixed: a text that
 * is wholly open (`$(image)`, `{{registry}}/{{name}}:v1`) could mean anything, and says nothing about this repository.
 */
export function couldName(
  text: string,
  repository: RepositoryReference,
  mirrors: ReadonlyMap<string, string>,
): boolean {
  const glob = mergedGlobOf(text);
  if (namesOf(repository, mirrors).some((name) => couldBegin(glob, name, [0]))) return true;
  // On our own host the whole path counts; on another one ours may stand behind a path of that host's.
  if (glob.startsWith(`${repository.host}/`)) return false;
  return couldBegin(glob, repository.name, pathStarts(glob));
}

/** The text with {@link OPEN} for every open part, in lower case and without a scheme (`oci://`). */
export function globOf(text: string): string {
  return withoutTemplates(text.toLowerCase()).replace(SCHEME, '').replace(FOREIGN, OPEN);
}

function mergedGlobOf(text: string): string {
  return globOf(text).replace(/\0+/g, OPEN);
}

function withoutTemplates(text: string): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const end = endOfTemplate(text, at);
    result += end === at ? text[at] : OPEN;
    at = end === at ? at + 1 : end;
  }
  return result;
}

/** Where the open part that begins here ends; the same position when none begins. One that is not closed goes on to the end. */
function endOfTemplate(text: string, at: number): number {
  const opener = OPENERS.find(({ start }) => text.startsWith(start, at));
  if (opener === undefined) {
    const [name] = /^\$[a-z_]\w*/i.exec(text.slice(at, at + 256)) ?? [''];
    return at + name.length;
  }
  let depth = 0;
  for (let end = at; end < text.length; end++) {
    if (text[end] === opener.open) depth++;
    if (text[end] === opener.close) depth--;
    if (depth === 0 && text[end] === opener.close) return end + 1;
  }
  return text.length;
}

/** Every way to write the repository in full. */
export function namesOf({ host, name }: RepositoryReference, mirrors: ReadonlyMap<string, string>): readonly string[] {
  const short = name.startsWith('library/') ? [name, name.slice('library/'.length)] : [name];
  const names =
    host === 'docker.io'
      ? short.flatMap((path) => [path, ...DOCKER_HUB_HOSTS.map((hub) => `${hub}/${path}`)])
      : [formatRepository({ host, name })];
  const mirrored = [...mirrors].flatMap(([prefix, original]) => {
    const full = parseRepositoryPrefix(original);
    return names
      .filter((known) => known === full || known.startsWith(`${full}/`))
      .map((known) => `${parseRepositoryPrefix(prefix)}${known.slice(full.length)}`);
  });
  return [...names, ...mirrored];
}

/** Where a repository's path may begin: at the start, behind every slash, and in every open part. */
function pathStarts(glob: string): readonly number[] {
  return [0, ...Array.from(glob, (char, at) => (char === '/' ? [at + 1] : char === OPEN ? [at] : [])).flat()];
}

/** Whether the name and then nothing, a tag or a digest can be read from one of the positions, with a fixed letter or digit in the name. */
function couldBegin(glob: string, name: string, starts: readonly number[]): boolean {
  // Position in the glob → whether a fixed letter or digit of the name led there; each reached at most twice.
  let states = starts.map((at) => ({ at, isFixed: false }));
  for (const char of name) {
    const next = new Map<string, { at: number; isFixed: boolean }>();
    for (const { at, isFixed } of states.flatMap((state) => withOpenPassed(glob, state))) {
      const isOpen = glob[at] === OPEN;
      if (!isOpen && glob[at] !== char) continue;
      const state = isOpen ? { at, isFixed } : { at: at + 1, isFixed: isFixed || /[a-z0-9]/.test(char) };
      next.set(`${state.at} ${state.isFixed}`, state);
    }
    states = [...next.values()];
  }
  return states.some(({ at, isFixed }) => isFixed && /^(?:$|[:@\0])[^/]*$/.test(glob.slice(at)));
}

/** An open part may also hold nothing more. */
function withOpenPassed(glob: string, state: { readonly at: number; readonly isFixed: boolean }) {
  return glob[state.at] === OPEN ? [state, { ...state, at: state.at + 1 }] : [state];
}
