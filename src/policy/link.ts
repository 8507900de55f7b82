// One statement of an image about where it comes from. Who makes it: `collectLinks`.

import type { LinkSource } from '../model/decision.ts';
import type { CommitId, CommitIndex } from '../model/history.ts';

/**
 * - `commit`: a commit that a branch or tag leads to. `mayCondemn` is false for a pattern nobody declared.
 * - `proposed`: a commit that only open pull requests lead to, or the test merge of one. It condemns with the same proof as a link to a
 *   gone commit, and only protects without. `isStranger`: it says so itself, and nothing proves that the image is ours.
 * - `pull-request`: a tag of an open pull request, bare or with a commit that nobody knows; the rule for pull requests keeps it.
 * - `gone`: it names a commit, a reference or a pull request that is not there; `proof` tells why the image is ours all the same.
 * - `named`: it names a commit that is not there, and nothing follows from that; only for rules that know commits by their bare ids.
 * - `unknown`: something that could be a link and cannot be read; it always protects.
 *
 * `product`: which of several images of the repository a record says it is; policies count for that one.
 */
export type Link =
  | {
      readonly kind: 'commit';
      readonly commit: CommitIndex;
      readonly found: LinkSource;
      readonly mayCondemn: boolean;
      readonly product?: string;
      /** Made of a tag for want of anything better; it takes no place among the newest from a link that is none. */
      readonly isGuess?: true;
    }
  | {
      readonly kind: 'proposed';
      readonly product?: string;
      /** Of a test merge, the commit of the pull request that it merges. */
      readonly commit: CommitIndex;
      readonly merge?: CommitId;
      readonly found: LinkSource;
      readonly proof: string | undefined;
      readonly isStranger: boolean;
    }
  | {
      readonly kind: 'pull-request';
      readonly number: number;
      /** As named: 7 to 64 hex digits. */
      readonly commit?: string;
      readonly found: LinkSource;
    }
  | {
      readonly kind: 'gone';
      readonly product?: string;
      readonly what: string;
      /** As named: 7 to 64 hex digits. Absent when it names none. */
      readonly commit?: string;
      readonly found: LinkSource;
      readonly proof: string | undefined;
    }
  | {
      readonly kind: 'named';
      readonly product?: string;
      /** As named: 7 to 64 hex digits. */
      readonly commit: string;
      readonly found: LinkSource;
    }
  | {
      readonly kind: 'unknown';
      readonly why: string;
      /** A forge would know it. */
      readonly needsForge?: true;
    };

/** Whether a record says so: one of the given kind, or else any. */
export function isRecorded(link: Link, by?: 'record' | 'werf-record'): boolean {
  if (link.kind === 'unknown') return false;
  const { kind } = link.found;
  return by === undefined ? kind === 'record' || kind === 'werf-record' : kind === by;
}

/** What is left of a link to a gone commit where it may not condemn. */
export function onlyNamed({ commit, found, product }: Extract<Link, { kind: 'gone' }>): readonly Link[] {
  return commit === undefined ? [] : [{ kind: 'named', commit, found, ...(product === undefined ? {} : { product }) }];
}
