// What a tag may mean when nothing else tells the commit: a commit's id among other words, a line of versions (`1.2`), a tag that moves with
// the default branch, or the name of a branch or Git tag between words that many tags share. Guesses only ever protect.

import type { GitReference, History } from '../model/history.ts';
import { isTag, type Tag } from '../model/reference.ts';
import { type Link, onlyNamed } from './link.ts';
import type { LinkReader } from './link-reader.ts';
import { indexReferenceSlugs } from './reference-slugs.ts';
import { type BareTag, indexSharedAffixes } from './shared-affixes.ts';
import { indexVersionLines } from './version-forms.ts';

/** Whether a link tells so much that nobody need guess: all but the bare name of a commit that is not there, and a stranger's. */
export function tellsEnough(link: Link): boolean {
  return link.kind === 'gone' ? link.proof !== undefined : link.kind !== 'named';
}

/** What guesses are made from. */
export interface GuessInput {
  /** All ordinary tags of the repository: words count only where several tags share them. */
  readonly tags: readonly Tag[];
  readonly history: Pick<History, 'references' | 'defaultBranch' | 'graph'>;
  readonly reader: Pick<LinkReader, 'ofCommit' | 'ofTag'>;
}

/** What docker/metadata-action calls images of the default branch: `type=edge` and `type=schedule`. */
const OF_DEFAULT_BRANCH: ReadonlySet<string> = new Set(['edge', 'nightly']);
/** A commit's id as a word of its own, also with the `g` of `git describe`. */
const COMMIT_WORD = /(?:^|[_.-])g?([0-9a-f]{7,64})(?=$|[_.-])/g;
const NUMBERED = /^(?:pr|mr|merge-request)-\d+$/;

/** A function that guesses what a tag says; its answer is empty for most. Where anything else speaks, nobody need ask. */
export function makeGuesser(input: GuessInput): (tag: Tag) => readonly Link[] {
  const { reader, history } = input;
  let names: Names | undefined;
  return (tag) => {
    const commits = commitLinks(tag, reader);
    if (commits.some(({ kind }) => kind !== 'named')) return commits;
    // One pass over all tags and references, which most repositories need not.
    names ??= indexNames(input);
    const found = names.find(tag).flatMap(({ reference, pattern }): readonly Link[] => {
      const commit = history.graph.indexOf(reference.commit);
      const source = { kind: 'tag-pattern', name: pattern, tag } as const;
      return commit === undefined ? [] : [{ kind: 'commit', commit, found: source, mayCondemn: false, isGuess: true }];
    });
    return [...commits, ...found, ...requestLinks(tag, { names, reader })];
  };
}

interface Names {
  find(tag: Tag): readonly { readonly reference: GitReference; readonly pattern: string }[];
  /** What is left of the tag without the words that it shares with others. */
  bareTagsOf(tag: Tag): readonly BareTag[];
}

function indexNames({ tags, history }: GuessInput): Names {
  const { references, defaultBranch } = history;
  const slugs = indexReferenceSlugs(references);
  const lines = indexVersionLines(references);
  const bareTagsOf = indexSharedAffixes(tags, references);
  const as = (pattern: string, found: readonly GitReference[]) => found.map((reference) => ({ reference, pattern }));
  return {
    bareTagsOf,
    find(tag) {
      if (OF_DEFAULT_BRANCH.has(tag)) {
        const isDefault = ({ kind, name }: GitReference): boolean => kind === 'branch' && name === defaultBranch;
        return as('{default branch}', references.filter(isDefault));
      }
      const bare = bareTagsOf(tag).flatMap(({ stem, pattern }) =>
        as(pattern, [...slugs.find('branch', stem), ...slugs.find('tag', stem), ...lines.find(stem)]),
      );
      return [...as('{line of versions}', lines.find(tag)), ...bare];
    },
  };
}

function commitLinks(tag: Tag, reader: GuessInput['reader']): readonly Link[] {
  const words = [...tag.matchAll(COMMIT_WORD)].map(([, word]) => word ?? '');
  // Digits alone are more often a date.
  const ids = words.filter((word) => /[a-f]/.test(word));
  return ids.flatMap((id) => {
    const found = { kind: 'tag-pattern', name: '…{commit}…', tag } as const;
    const links = reader.ofCommit(id, { found, mayCondemn: false, proof: undefined });
    return links.flatMap((link) => (link.kind === 'gone' ? onlyNamed(link) : [link]));
  });
}

/** Of `pr-12-alpine`, what `pr-12` says as long as that pull request is open. */
function requestLinks(
  tag: Tag,
  { names, reader }: { readonly names: Names; readonly reader: GuessInput['reader'] },
): readonly Link[] {
  const stems = names.bareTagsOf(tag).flatMap(({ stem }) => (NUMBERED.test(stem) && isTag(stem) ? [stem] : []));
  return stems.flatMap(reader.ofTag).flatMap((link): readonly Link[] => {
    if (link.kind === 'pull-request') return [{ ...link, found: { ...link.found, tag } }];
    return link.kind === 'unknown' ? [link] : [];
  });
}
