// Whether the branch, tag or commit that a tag was made of is still there, in any spelling that pipelines give it. What cannot be told is
// never gone.

import type { SchemeKind } from '../../model/decision.ts';
import { type Forge, nameOfRequest } from '../../model/forge.ts';
import type { CommitId, History } from '../../model/history.ts';
import { slugHashes } from '../../model/slug-hash.ts';
import { coarse, indexReferenceSlugs, type ReferenceSlugs } from '../reference-slugs.ts';
import { indexVersionLines, type VersionLines } from '../version-forms.ts';

/** What became of a name. `what`: `branch feature-x`. */
export type FoundName =
  | { readonly kind: 'there'; readonly name: string }
  | { readonly kind: 'gone'; readonly what: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** Looks up the text in a tag. */
export type FindName = (scheme: SchemeKind, text: string) => FoundName;

/** What names are looked up in. */
export interface NameEvidence {
  readonly history: History;
  /** Branches of open pull requests count as branches, whatever repository they are in. */
  readonly forge?: Pick<Forge, 'pullRequests' | 'testMerges' | 'requestName'> | undefined;
}

interface Name {
  readonly kind: 'branch' | 'tag';
  readonly name: string;
}

interface Names {
  readonly slugs: ReferenceSlugs<Name>;
  readonly lines: VersionLines;
  /** Names by what dapp and werf put at the end of their slugs. */
  readonly byHash: ReadonlyMap<string, string>;
  /** Coarse forms of names, by kind, sorted: what pipelines cut at lengths of their own begins one. */
  readonly forms: Readonly<Record<Name['kind'], readonly string[]>>;
  /** Kinds of which a name is no valid text: then its hash is not known. */
  readonly garbled: ReadonlySet<Name['kind']>;
}

/** As few digits as a commit is shortened to. */
const ENDS_IN_HASH = /(?:^|-)([0-9a-f]{1,8})$/;
const ENDS_IN_WHOLE_HASH = /(?:^|-)[0-9a-f]{8}$/;
/** Shorter texts begin a longer name by chance. */
const LEAST_CUT = 20;
const REPLACEMENT = '\uFFFD';
const SHOWN_DIGITS = 10;

/** A function that looks up names; one pass over all branches and tags. */
export function makeFindName(evidence: NameEvidence): FindName {
  const names = indexNames(evidence);
  return (scheme, text) => (scheme === 'commit' ? findCommit(text, evidence) : findReference(scheme, text, names));
}

function indexNames({ history, forge }: NameEvidence): Names {
  const proposed = (forge?.pullRequests ?? []).flatMap(({ headBranch }): readonly Name[] =>
    headBranch === undefined ? [] : [{ kind: 'branch', name: headBranch }],
  );
  const all: readonly Name[] = [...history.references, ...proposed];
  const byHash = new Map<string, string>();
  for (const { kind, name } of all) for (const hash of slugHashes(name)) byHash.set(`${kind} ${hash}`, name);
  const formsOf = (wanted: Name['kind']): readonly string[] =>
    all.flatMap(({ kind, name }) => (kind === wanted && name.length > LEAST_CUT ? coarse(name) : [])).sort();
  return {
    slugs: indexReferenceSlugs(all),
    forms: { branch: formsOf('branch'), tag: formsOf('tag') },
    lines: indexVersionLines(history.references),
    byHash,
    garbled: new Set(all.flatMap(({ kind, name }) => (name.includes(REPLACEMENT) ? kind : []))),
  };
}

function findReference(kind: Name['kind'], text: string, { slugs, lines, byHash, forms, garbled }: Names): FoundName {
  const hash = ENDS_IN_HASH.exec(text)?.[1];
  const hashed = hash === undefined ? undefined : byHash.get(`${kind} ${hash}`);
  const found = [
    ...slugs.find(kind, text).map(({ name }) => name),
    // `1.2` stands for what is newest of its line.
    ...(kind === 'tag' ? lines.find(text).map(({ name }) => name) : []),
  ].sort();
  const name = found.find((each) => each === text) ?? hashed ?? found[0];
  if (name !== undefined) return { kind: 'there', name };
  if (garbled.has(kind) && ENDS_IN_WHOLE_HASH.test(text)) {
    return { kind: 'unknown', why: `the name of a ${kind} is no valid text, and ${text} may be what was made of it` };
  }
  const form = coarse(text);
  if (form.length >= LEAST_CUT && beginsAny(form, forms[kind])) {
    return { kind: 'unknown', why: `${text} begins the name of a ${kind} that is there, and may be cut off it` };
  }
  return { kind: 'gone', what: `${kind} ${text}` };
}

/** Whether one of the sorted texts begins like that. */
function beginsAny(start: string, sorted: readonly string[]): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < start) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.startsWith(start) ?? false;
}

function findCommit(hex: string, { history: { graph }, forge }: NameEvidence): FoundName {
  const [at] = graph.withPrefix(hex);
  if (at !== undefined) return { kind: 'there', name: shorten(graph.idOf(at)) };
  const merge = findTestMerge(hex, forge);
  if (merge !== undefined) {
    const request = nameOfRequest(forge ?? {});
    if (graph.indexOf(merge.head) !== undefined) return { kind: 'there', name: `${shorten(merge.id)} of a ${request}` };
    return { kind: 'unknown', why: `it was built from a test merge of ${shorten(merge.head)}, a commit nobody knows` };
  }
  if (hex.length < 40 && !/[a-f]/.test(hex)) {
    return { kind: 'unknown', why: `${hex} is no commit here, and may be a date or the number of a build` };
  }
  if (graph.size > 0 && hex.length > graph.idOf(0).length) {
    return { kind: 'unknown', why: `${shorten(hex)}… has more digits than a commit here has` };
  }
  return { kind: 'gone', what: `commit ${shorten(hex)}` };
}

function findTestMerge(
  hex: string,
  forge: NameEvidence['forge'],
): { readonly id: CommitId; readonly head: CommitId } | undefined {
  const found = [...(forge?.testMerges ?? [])].find(([merge]) => merge.startsWith(hex));
  return found === undefined ? undefined : { id: found[0], head: found[1] };
}

function shorten(hex: string): string {
  return hex.slice(0, SHOWN_DIGITS);
}
