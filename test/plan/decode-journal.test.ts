import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseDigest, parseTag } from '../../src/model/reference.ts';
import { decodeJournal } from '../../src/plan/decode-journal.ts';
import type { JournalLine } from '../../src/plan/journal-line.ts';
import { listLosses } from '../../src/plan/list-losses.ts';

const AT = '2026-11-21T20:24:00Z';
const NAME = 'ghcr.io/team/app';

/** Bytes that a name stands for, and their digest. */
const bytesOf = (name: string): Buffer => Buffer.from(`{"name":"${name}"}`);
const digestOf = (name: string) => parseDigest(`sha256:${createHash('sha256').update(bytesOf(name)).digest('hex')}`);

function intent(name: string, ...tags: readonly string[]): JournalLine {
  return {
    kind: 'intent',
    at: AT,
    repository: NAME,
    action: 'delete',
    digest: digestOf(name),
    tags: tags.map(parseTag),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    manifestBase64: bytesOf(name).toString('base64'),
    undo: 'restore',
  };
}

function untagIntent(name: string, tag: string): JournalLine {
  return { ...intent(name, tag), action: 'untag' } as JournalLine;
}

type Outcome = Extract<JournalLine, { readonly kind: 'outcome' }>['outcome'];

function outcome(
  name: string,
  kind: Outcome,
  extra: { readonly left?: boolean; readonly tag?: string } = {},
): JournalLine {
  const { left, tag } = extra;
  return {
    kind: 'outcome',
    at: AT,
    repository: NAME,
    digest: digestOf(name),
    outcome: kind,
    ...(left === undefined ? {} : { left }),
    ...(tag === undefined ? {} : { tag: parseTag(tag) }),
  };
}

function restored(name: string, tag?: string): JournalLine {
  const line = { kind: 'restored', at: AT, repository: NAME, digest: digestOf(name) } as const;
  return tag === undefined ? line : { ...line, tag: parseTag(tag) };
}

const textOf = (...lines: readonly (JournalLine | string)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

describe('a journal that is read back', () => {
  it('is the lines that were written', () => {
    const lines = [intent('a', 'v1'), outcome('a', 'deleted'), outcome('b', 'skipped', { left: true }), restored('a')];
    expect(decodeJournal(textOf(...lines), 'journal.jsonl')).toEqual({ lines, cut: [] });
  });

  it('is empty for an empty file', () => {
    expect(decodeJournal('', 'journal.jsonl')).toEqual({ lines: [], cut: [] });
  });

  it('takes lines of versions that wrote no undo', () => {
    const { undo: _undo, ...old } = intent('a') as JournalLine & { undo?: string };
    expect(decodeJournal(textOf(JSON.stringify(old)), 'journal.jsonl').lines).toEqual([old]);
  });

  it('lets go of a last line that was cut short, wherever it was cut', () => {
    const whole = textOf(intent('a', 'v1'), outcome('a', 'deleted'));
    const last = JSON.stringify(intent('b', 'v2'));
    for (let length = 1; length < last.length; length += 1) {
      const { lines, cut } = decodeJournal(whole + last.slice(0, length), 'journal.jsonl');
      expect(lines).toHaveLength(2);
      expect(cut).toEqual([3]);
    }
  });

  it('lets go of a line cut short after which a later run went on', () => {
    const text = textOf(intent('a'), '{"kind":"intent","at":"2026-11-21T20:2', intent('b'));
    const { lines, cut } = decodeJournal(text, 'journal.jsonl');
    expect(lines).toEqual([intent('a'), intent('b')]);
    expect(cut).toEqual([2]);
  });

  it.each([
    ['words', 'hello', 'not JSON'],
    ['a list', '[]', 'object'],
    ['an end that is none of a cut', '{"kind":"intent"}}', 'not JSON'],
    ['a line of another kind', '{"kind":"surprise"}', 'kind'],
    ['a digest that is none', JSON.stringify({ ...outcome('a', 'deleted'), digest: 'sha256:12' }), 'not a digest'],
    ['an outcome that is none', JSON.stringify({ ...outcome('a', 'deleted'), outcome: 'done' }), 'outcome'],
    [
      'bytes of another manifest',
      JSON.stringify({ ...intent('a'), digest: digestOf('b') }),
      'its bytes are not those of',
    ],
  ])('tells the number of a line with %s', (_what, line, expected) => {
    const read = () => decodeJournal(textOf(intent('a'), line, 'also wrong'), 'journal.jsonl');
    expect(read).toThrow(expect.objectContaining({ name: 'UsageError', code: 'USAGE' }));
    expect(read).toThrow('journal.jsonl is not a journal of this version:\n  line 2: ');
    expect(read).toThrow(expected);
    expect(read).toThrow('line 3: not JSON');
  });

  it('does not name a thousand wrong lines', () => {
    expect(() => decodeJournal('x\n'.repeat(1000), 'journal.jsonl')).toThrow('and 980 more');
  });
});

describe('what a journal says is lost', () => {
  const lostIn = (...lines: readonly JournalLine[]) => {
    const [losses] = listLosses(lines);
    return {
      images: losses?.images.map(({ digest }) => digest) ?? [],
      tags: losses?.tags.map(({ tags }) => tags[0]) ?? [],
      restoredBefore: losses?.restoredBefore ?? 0,
    };
  };
  const digests = (...names: readonly string[]) => names.map(digestOf);

  it('is what was deleted, in the reverse order of deletion: what is listed before what lists it', () => {
    const found = lostIn(...['index', 'amd', 'arm'].flatMap((name) => [intent(name), outcome(name, 'deleted')]));
    expect(found.images).toEqual(digests('arm', 'amd', 'index'));
  });

  it.each<[string, JournalLine[], readonly string[]]>([
    ['no outcome: the process died', [intent('a')], ['a']],
    ['a failure: its answer may have got lost', [intent('a'), outcome('a', 'failed')], ['a']],
    [
      'a delete that found nothing any more: a first try may have done it',
      [intent('a'), outcome('a', 'already-gone')],
      ['a'],
    ],
    ['a quota that showed only after the request', [intent('a'), outcome('a', 'skipped', { left: true })], ['a']],
    ['a registry that keeps it', [intent('a'), outcome('a', 'skipped')], []],
    ['a step that was never tried', [outcome('a', 'skipped')], []],
    ['something that was gone before', [outcome('a', 'already-gone')], []],
  ])('goes by %s', (_what, lines, names) => {
    expect(lostIn(...lines).images).toEqual(digests(...names));
  });

  it('holds a digest once that was deleted twice, at its last place', () => {
    const found = lostIn(
      intent('a'),
      outcome('a', 'deleted'),
      intent('b'),
      outcome('b', 'deleted'),
      intent('a', 'v2'),
      outcome('a', 'deleted'),
    );
    expect(found.images).toEqual(digests('a', 'b'));
  });

  it('holds no longer what was brought back, and again what was deleted after that', () => {
    const once = [intent('a'), outcome('a', 'deleted'), restored('a')];
    expect(lostIn(...once)).toMatchObject({ images: [], restoredBefore: 1 });
    expect(lostIn(...once, intent('a'))).toMatchObject({ images: digests('a'), restoredBefore: 0 });
  });

  it('is not made undone by a later run that found nothing to do', () => {
    expect(lostIn(intent('a'), outcome('a', 'deleted'), outcome('a', 'skipped')).images).toEqual(digests('a'));
  });

  it('holds single tags apart from images', () => {
    const untagged = [untagIntent('a', 'v1'), outcome('a', 'deleted', { tag: 'v1' })];
    expect(lostIn(...untagged)).toMatchObject({ images: [], tags: ['v1'] });
    expect(lostIn(...untagged, intent('a', 'v2'), outcome('a', 'deleted'), restored('a'))).toMatchObject({
      images: [],
      tags: ['v1'],
      restoredBefore: 1,
    });
    expect(lostIn(...untagged, restored('a', 'v1'))).toMatchObject({ tags: [], restoredBefore: 1 });
  });

  it('is told by repository, with how its registry takes a deletion back', () => {
    const other = { ...intent('b'), repository: 'registry.example.com/team/b', undo: 'put-manifest' } as JournalLine;
    expect(listLosses([intent('a'), other, outcome('a', 'deleted')])).toMatchObject([
      { name: NAME, undo: 'restore', images: [{ digest: digestOf('a') }] },
      { name: 'registry.example.com/team/b', undo: 'put-manifest', images: [{ digest: digestOf('b') }] },
    ]);
  });
});
