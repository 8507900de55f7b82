// What may be concluded from GitLab's list while it is read, and while tags are deleted beside it.

import { expect, it } from 'vitest';
import { parseTag, type Tag } from '../../src/model/reference.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { createGitlabBook } from '../../src/registry/gitlab-book.ts';
import type { ListedTag } from '../../src/registry/gitlab-tags.ts';
import { buildImage } from '../builders/image.ts';

type List = ReadonlyMap<Tag, ListedTag>;

const { digest } = buildImage({ seed: 'one' });
const { digest: other } = buildImage({ seed: 'other' });

function listOf(...digests: readonly (typeof digest)[]): List {
  return new Map(digests.map((one, at) => [parseTag(`t${at}`), { digest: one, taggedAt: instantFromMs(at) }]));
}

/** A book whose lists come when the test says so. */
function openBook() {
  const answers: ((list: List) => void)[] = [];
  const book = createGitlabBook(() => new Promise((resolve) => void answers.push(resolve)));
  return { book, answer: (at: number, list: List) => answers[at]?.(list) };
}

it('shows nothing that changed while the list was read, and shows it again by the next one', async () => {
  const { book, answer } = openBook();
  const first = book.list();
  book.noteChange(digest);
  answer(0, listOf(digest));
  await first;
  expect(book.isShown(digest)).toBe(false);
  const second = book.list();
  answer(1, listOf(digest));
  await second;
  expect(book.isShown(digest)).toBe(true);
});

it('goes by the list that began last, whichever comes last', async () => {
  const { book, answer } = openBook();
  const both = [book.list(), book.list()];
  answer(1, listOf(other));
  await both[1];
  answer(0, listOf(digest));
  await both[0];
  expect([book.isShown(digest), book.isShown(other)]).toEqual([false, true]);
});

it('shows what an index lists as long as the index is shown', async () => {
  const { book, answer } = openBook();
  book.noteChildren(digest, [other]);
  // A circle leads nowhere.
  book.noteChildren(other, [digest]);
  expect(book.isShown(other)).toBe(false);
  const list = book.list();
  answer(0, listOf(digest));
  await list;
  expect(book.isShown(other)).toBe(true);
  book.noteChange(digest);
  expect(book.isShown(other)).toBe(false);
});
