// Parses `git rev-list --parents --timestamp` byte by byte from the stream, without a string per line.

import { EvidenceError } from '../errors.ts';
import type { CommitTable } from './commit-table.ts';

/** Takes the output in chunks of any size. */
export interface RevListParser {
  /**
   * Parses a chunk and returns the number of commits so far.
   * @throws EvidenceError EVIDENCE_GIT when the text is anything but `SECONDS ID PARENT…` lines.
   */
  push(chunk: Uint8Array): number;
  /** @throws EvidenceError EVIDENCE_GIT when the output ended in the middle of a line. */
  end(): void;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const MAX_ID_BYTES = 32;

/** A parser that adds every commit to the table. */
export function createRevListParser(table: CommitTable): RevListParser {
  const id = new Uint8Array(MAX_ID_BYTES);
  const parents: number[] = [];
  /** Which word of the line is being read: 0 the date, 1 the commit, 2 and up its parents. */
  let word = 0;
  let digits = 0;
  let seconds = 0;
  let commit = 0;
  let commits = 0;

  function endWord(): void {
    if (digits === 0) throw notUnderstood(commits);
    if (word > 0) {
      if (digits !== 40 && digits !== 64) throw notUnderstood(commits);
      const position = table.positionOf(id, digits / 2);
      if (word === 1) commit = position;
      else parents.push(position);
    }
    word += 1;
    digits = 0;
  }

  function endLine(): void {
    if (word < 2) throw notUnderstood(commits);
    table.add(commit, seconds, parents);
    commits += 1;
    parents.length = 0;
    word = 0;
    seconds = 0;
  }

  function addDigit(byte: number): void {
    const digit = hexDigit(byte);
    if (digit < 0 || (word === 0 && digit > 9) || digits >= MAX_ID_BYTES * 2) throw notUnderstood(commits);
    if (word === 0) seconds = seconds * 10 + digit;
    else if (digits % 2 === 0) id[digits >> 1] = digit << 4;
    else id[digits >> 1] = (id[digits >> 1] ?? 0) | digit;
    digits += 1;
  }

  return {
    push: (chunk) => {
      for (const byte of chunk) {
        if (byte > SPACE) addDigit(byte);
        else if (byte === SPACE) endWord();
        else if (byte === NEWLINE) {
          endWord();
          endLine();
        } else throw notUnderstood(commits);
      }
      return commits;
    },
    end: () => {
      if (word !== 0 || digits !== 0) throw notUnderstood(commits);
    },
  };
}

/** The value of a lower-case hex digit, −1 for any other byte. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

function notUnderstood(commits: number): EvidenceError {
  return new EvidenceError(`git's list of commits is not understood, or cut off, after ${commits} commits.`, {
    code: 'EVIDENCE_GIT',
  });
}
