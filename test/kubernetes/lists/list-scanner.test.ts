import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createListScanner } from '../../../src/kubernetes/lists/list-scanner.ts';

/** What a scan came to: the objects as texts, and the token. */
interface Scanned {
  readonly objects: readonly string[];
  readonly next: string | undefined;
  /** How many objects the answer says are still to come. */
  readonly remaining: number | undefined;
}

function scan(text: string | Buffer, cuts: readonly number[] = []): Scanned {
  const bytes = Buffer.from(text as string);
  const objects: string[] = [];
  const scanner = createListScanner({
    kind: 'PodList',
    reader: { read: (item) => void objects.push(Buffer.from(item).toString('utf8')) },
    wrong: (why) => new Error(why),
  });
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  // As the connection does it: the memory of a part is used again.
  for (let at = 1; at < places.length; at++) {
    const part = Buffer.from(bytes.subarray(places[at - 1], places[at]));
    scanner.write(part);
    part.fill('}');
  }
  scanner.end();
  return { objects, next: scanner.next(), remaining: scanner.remaining() };
}

/** With the head before or behind the items, as built-in kinds and custom ones have it. */
function list(
  items: readonly unknown[],
  order: 'head first' | 'items first' = 'head first',
  token = 'next page',
): string {
  const metadata = { resourceVersion: '1', continue: token, remainingItemCount: 3 };
  const head = { kind: 'PodList', apiVersion: 'v1', metadata };
  return JSON.stringify(
    order === 'head first' ? { ...head, items } : { apiVersion: 'v1', items, kind: 'PodList', metadata },
  );
}

const NAME = '{"metadata":{"name":"a"}}';

describe('the scan of a list', () => {
  it.each(['head first', 'items first'] as const)('hands over every object as it was sent: %s', (order) => {
    const objects = [{ a: 1 }, { b: ['}', '{', '\\', '"'] }, {}, { c: { d: null } }];
    expect(scan(list(objects, order))).toEqual({
      objects: objects.map((object) => JSON.stringify(object)),
      next: 'next page',
      remaining: 3,
    });
  });

  it('is the same wherever the answer is cut, also within escapes and characters', () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 4 });
    const order = fc.constantFrom('head first', 'items first');
    fc.assert(
      fc.property(
        objects,
        order,
        fc.string({ unit: 'binary' }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (items, by, token, cuts) => {
          const text = list(items, by as 'head first', token);
          const length = Buffer.byteLength(text);
          expect(
            scan(
              text,
              cuts.map((cut) => cut % (length + 1)),
            ),
          ).toEqual({
            objects: items.map((item) => JSON.stringify(item)),
            next: token,
            remaining: 3,
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is the same byte by byte', () => {
    const text = list([{ 'ключ "\\"': 'значение \\ 値 🎉', deep: [[{}]] }, {}]);
    expect(
      scan(
        text,
        Array.from({ length: Buffer.byteLength(text) }, (_, at) => at),
      ),
    ).toEqual(scan(text));
  });

  it('takes white space anywhere between the parts', () => {
    const text = JSON.stringify(JSON.parse(list([{ a: 1 }, {}])), null, 2);
    expect(scan(` \n${text}\r\n\t `)).toMatchObject({ next: 'next page' });
    expect(scan(text).objects).toHaveLength(2);
  });

  it('tells the token before the first object has come', () => {
    const scanner = createListScanner({ kind: 'PodList', reader: { read: () => undefined }, wrong: Error });
    scanner.write(Buffer.from('{"kind":"PodList","metadata":{"continue":"abc"'));
    expect(scanner.next()).toBeUndefined();
    scanner.write(Buffer.from('},"items":['));
    expect(scanner.next()).toBe('abc');
  });

  it.each([
    ['no token', '{"resourceVersion":"1"}'],
    ['a null token', '{"continue":null}'],
    ['an empty token', '{"continue":""}'],
    ['no metadata', 'null'],
    ['nothing in its metadata', '{}'],
  ])('takes a list with %s for the last page', (_, metadata) => {
    expect(scan(`{"kind":"PodList","metadata":${metadata},"items":[]}`)).toEqual({
      objects: [],
      next: '',
      remaining: undefined,
    });
  });

  it.each([
    ['nothing', '{"continue":"a"}', undefined],
    ['null', '{"continue":"a","remainingItemCount":null}', undefined],
    ['a number', '{"continue":"a","remainingItemCount":12}', 12],
    ['a number and no token', '{"remainingItemCount":12}', 12],
    ['no metadata', 'null', undefined],
  ])('tells how many objects are to come, by %s', (_, metadata, expected) => {
    expect(scan(`{"kind":"PodList","metadata":${metadata},"items":[]}`).remaining).toBe(expected);
  });

  it('lets a reader find the end of objects by itself, and hands over those that it does not', () => {
    const seen: string[] = [];
    const reader = {
      read: (item: Uint8Array) => void seen.push(`read ${Buffer.from(item).toString()}`),
      readAt: ({ bytes }: { readonly bytes: Buffer }, from: number) => {
        const end = bytes.indexOf('}', from) + 1;
        if (end === 0 || bytes.subarray(from, end).includes('slow')) return -1;
        seen.push(`found ${bytes.toString('utf8', from, end)}`);
        return end;
      },
    };
    const scanner = createListScanner({ kind: 'PodList', reader, wrong: Error });
    const text = '{"kind":"PodList","items":[{"a":1},{"slow":2},{"b":3}, {"c":4}]}';
    const cut = text.indexOf('"b"');
    scanner.write(Buffer.from(text.slice(0, cut)));
    scanner.write(Buffer.from(text.slice(cut)));
    scanner.end();
    expect(seen).toEqual(['found {"a":1}', 'read {"slow":2}', 'read {"b":3}', 'found {"c":4}']);
  });
});

describe('an answer that is no whole list of the kind', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['is empty', '', /not JSON/],
    ['is HTML', '<html>', /not JSON/],
    ['is a list in JSON', '[]', /not JSON/],
    ['is a text', '"x"', /not JSON/],
    ['ends within an object', `{"kind":"PodList","items":[${NAME},{"metadata":{"na`, /ends in its middle/],
    ['ends between objects', `{"kind":"PodList","items":[${NAME},`, /ends in its middle/],
    ['ends behind its objects', `{"kind":"PodList","items":[${NAME}]`, /ends in its middle/],
    ['goes on behind its end', `{"kind":"PodList","items":[]}{}`, /comes after its end/],
    ['has another kind', `{"kind":"ServiceList","items":[]}`, /"ServiceList", not PodList/],
    ['tells another kind at its end', `{"items":[${NAME}],"kind":"ServiceList"}`, /"ServiceList", not PodList/],
    ['is an error in place of a list', '{"kind":"Status","status":"Failure"}', /"Status", not PodList/],
    ['has no kind', '{"items":[]}', /no kind/],
    ['has a kind that is a number', '{"kind":7,"items":[]}', /not PodList/],
    ['has no items', '{"kind":"PodList"}', /no items/],
    ['has items that are null', '{"kind":"PodList","items":null}', /items/],
    ['has items that are an object', '{"kind":"PodList","items":{}}', /items/],
    ['has items twice', '{"kind":"PodList","items":[],"items":[]}', /"items" twice/],
    ['has items twice, once in disguise', '{"kind":"PodList","items":[],"\\u0069tems":[]}', /"items" twice/],
    ['has its metadata twice', '{"kind":"PodList","metadata":{},"metadata":{},"items":[]}', /"metadata" twice/],
    ['has two tokens', '{"kind":"PodList","metadata":{"continue":"a","continue":"b"},"items":[]}', /metadata/],
    [
      'has two tokens, one in disguise',
      '{"kind":"PodList","metadata":{"continue":"a","contin\\u0075e":""},"items":[]}',
      /metadata/,
    ],
    ['has a token that is a number', '{"kind":"PodList","metadata":{"continue":7},"items":[]}', /metadata/],
    [
      'says twice how much is to come',
      '{"kind":"PodList","metadata":{"remainingItemCount":1,"remainingItemCount":0},"items":[]}',
      /metadata/,
    ],
    [
      'says in words how much is to come',
      '{"kind":"PodList","metadata":{"remainingItemCount":"1"},"items":[]}',
      /metadata/,
    ],
    ['has metadata that is a list', '{"kind":"PodList","metadata":[],"items":[]}', /metadata/],
    ['has an item that is null', '{"kind":"PodList","items":[null]}', /one of its items/],
    ['has an item that is a text', '{"kind":"PodList","items":["{}"]}', /one of its items/],
    ['lacks a comma between items', `{"kind":"PodList","items":[${NAME}${NAME}]}`, /not JSON/],
    ['has a comma behind the last item', `{"kind":"PodList","items":[${NAME},]}`, /one of its items/],
    ['has a comma before the first item', `{"kind":"PodList","items":[,${NAME}]}`, /one of its items/],
    ['has a comma behind the last key', '{"kind":"PodList","items":[],}', /a key is no text/],
    ['lacks a colon', '{"kind" "PodList"}', /not JSON/],
    ['has a key that is a number', '{7:1}', /a key is no text/],
    ['lacks a value', '{"kind":,"items":[]}', /not JSON/],
    ['has brackets that do not match', '{"kind":"PodList","items":[{"a":[}]}]}', /brackets do not match/],
    ['has a word that is none', '{"kind":"PodList","selfLink":nil,"items":[]}', /not JSON/],
    ['is not in UTF-8', Buffer.from('{"kind":"PodList","items":[{"a":"\xff"}]}', 'latin1'), /UTF-8/],
  ])('is an error: it %s', (_, text, why) => {
    expect(() => scan(text)).toThrow(why);
    const length = Buffer.from(text as string).length;
    // However it is cut.
    expect(() =>
      scan(
        text,
        [1, 2, Math.floor(length / 2), length - 1].filter((cut) => cut > 0 && cut < length),
      ),
    ).toThrow(why);
  });

  it('is an error when it breaks off anywhere', () => {
    const text = list([{ metadata: { name: 'a' }, spec: { x: ['y', 1, null] } }, {}]);
    for (let length = 0; length < text.length; length++) expect(() => scan(text.slice(0, length))).toThrow(/./);
  });

  it('is an error when an object is larger than 32 MiB, whatever comes after', () => {
    const seen: number[] = [];
    const scanner = createListScanner({
      kind: 'PodList',
      reader: { read: ({ length }) => void seen.push(length) },
      wrong: (why) => new Error(why),
    });
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    const write = (count: number): void => {
      for (let part = 0; part < count; part++) scanner.write(mebibyte);
    };
    scanner.write(Buffer.from('{"kind":"PodList","items":[{"a":"'));
    write(31);
    scanner.write(Buffer.from('"},{"a":"'));
    expect(() => write(33)).toThrow(/more than 33554\d+ bytes/);
    expect(seen).toEqual([31 * 1024 * 1024 + 8]);
  });

  it('is an error when it tells endless things about itself', () => {
    const text = `{"kind":"PodList","metadata":{"selfLink":"${'x'.repeat(1024 * 1024)}"},"items":[]}`;
    expect(() => scan(text)).toThrow(/more than/);
  });
});
