import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createNesting,
  endOfPlainString,
  endOfScalar,
  endOfValue,
  jsonBytes,
  MALFORMED,
  UNFINISHED,
} from '../../../src/kubernetes/lists/json-bytes.ts';

function endOf(text: string): number {
  return endOfValue(createNesting(), jsonBytes(Buffer.from(text)), 0);
}

describe('the end of a value', () => {
  it.each([
    ['{}', '{}'],
    ['{"a":[1,{"b":"c"}]},{"next":1}', '{"a":[1,{"b":"c"}]}'],
    ['"text","next"', '"text"'],
    ['"a \\" quote"}', '"a \\" quote"'],
    ['"ends in a backslash \\\\","next"', '"ends in a backslash \\\\"'],
    ['["brackets in texts: }]{["]]', '["brackets in texts: }]{["]'],
    ['{"ключ":"значение – 値"}x', '{"ключ":"значение – 値"}'],
  ])('of %s is that of %s', (text, value) => {
    expect(endOf(text)).toBe(Buffer.byteLength(value));
  });

  it.each(['{', '{"a', '{"a\\', '{"a\\"', '["a"', '"', '[[]'])('of %s is not there yet', (text) => {
    expect(endOf(text)).toBe(UNFINISHED);
  });

  it.each(['{]', '[}', '[{]}', '}', ']'])('of %s does not exist', (text) => {
    expect(endOf(text)).toBe(MALFORMED);
  });

  it('of lists in lists is found as deep as Go reads them, and no deeper', () => {
    expect(endOf('['.repeat(10_000) + ']'.repeat(10_000))).toBe(20_000);
    expect(endOf('['.repeat(10_001) + ']'.repeat(10_001))).toBe(MALFORMED);
  });

  it('is the same wherever the text is cut', () => {
    fc.assert(
      fc.property(
        fc.json({ noUnicodeString: false }).filter((text) => /^["[{]/.test(text)),
        fc.array(fc.nat(), { maxLength: 8 }),
        (text, cuts) => {
          const bytes = Buffer.from(`${text}}tail`);
          const length = Buffer.byteLength(text);
          const nesting = createNesting();
          const places = [...new Set(cuts.map((cut) => cut % length))].sort((a, b) => a - b);
          let from = 0;
          for (const to of places.filter((place) => place > 0)) {
            expect(endOfValue(nesting, jsonBytes(bytes.subarray(from, to)), 0)).toBe(UNFINISHED);
            from = to;
          }
          expect(from + endOfValue(nesting, jsonBytes(bytes.subarray(from)), 0)).toBe(length);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the end of a plain text', () => {
  it.each([
    ['', 1],
    ['abc', 4],
    ['registry.test/a:1', 18],
    [' ~', 3],
  ])('of "%s" is at %i', (text, end) => {
    for (const tail of ['', 'x', '","more":"é\n"'])
      expect(endOfPlainString(jsonBytes(Buffer.from(`${text}"${tail}`)), 0)).toBe(end);
  });

  it.each(['a\\n', '\\u0061', 'é', 'a\nb', 'a\u0000', '\u001f', 'no end', 'abcdefg\\', 'abcdé', '\u0080'])(
    'of %j is none: it is for somebody else to read',
    (text) => {
      const end = text === 'no end' ? '' : '"';
      for (let before = 0; before < 8; before++)
        for (const tail of ['', '123456'])
          expect(
            endOfPlainString(jsonBytes(Buffer.from(`${'x'.repeat(before)}${text}${end}${end && tail}`)), 0),
          ).toBeLessThan(0);
    },
  );

  it('is found exactly for printable ASCII without quotes and backslashes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.string(), (text, tail) => {
        const isPlain = /^[ !#-[\]-\x7f]*$/.test(text);
        const end = endOfPlainString(jsonBytes(Buffer.from(`${text}"${tail}`)), 0);
        const quote = text.indexOf('"');
        if (quote === -1) expect(end).toBe(isPlain ? text.length + 1 : UNFINISHED);
        else if (/^[ !#-[\]-\x7f]*$/.test(text.slice(0, quote))) expect(end).toBe(quote + 1);
        else expect(end).toBe(UNFINISHED);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the end of a number or word', () => {
  it.each([
    ['12,', 2],
    ['-1.5E+7}', 7],
    ['true]', 4],
    ['null ', 4],
    ['}', 0],
    ['12', UNFINISHED],
  ])('of %s is at %i', (text, end) => {
    expect(endOfScalar(Buffer.from(text), 0)).toBe(end);
  });
});
