import { describe, expect, it } from 'vitest';
import { createPaint, layoutTable, wrapText } from '../../src/report/text-layout.ts';
import { displayWidth, truncateStart, truncateText } from '../../src/report/truncate-text.ts';

const FLUSH = { indent: '', hang: '' };

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['main', 4],
    ['größe', 5],
    ['e\u0301', 1],
    ['日本', 4],
    ['🚀', 2],
  ])('gives %j %d columns', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});

describe('truncateText', () => {
  it.each([
    ['main', 4, 'main'],
    ['feature', 4, 'fea…'],
    ['日本語', 5, '日本…'],
    ['🚀🚀', 2, '…'],
    ['ab', 1, '…'],
  ])('cuts %j at %d columns to %j', (text, columns, cut) => {
    expect(truncateText(text, columns)).toBe(cut);
  });
});

describe('truncateStart', () => {
  it.each([
    ['clusters/web.yaml', 17, 'clusters/web.yaml'],
    ['clusters/web.yaml', 9, '…web.yaml'],
    ['日本語', 5, '…本語'],
    ['ab', 1, '…'],
  ])('keeps the end of %j in %d columns: %j', (text, columns, cut) => {
    expect(truncateStart(text, columns)).toBe(cut);
  });
});

describe('wrapText', () => {
  it('breaks at spaces and hangs the lines after the first', () => {
    expect(wrapText('one two three', 9, { indent: '- ', hang: '  ' })).toEqual(['- one two', '  three']);
  });

  it('breaks a word that no line can hold', () => {
    expect(wrapText('a bbbbbbb', 4, FLUSH)).toEqual(['a', 'bbbb', 'bbb']);
  });

  it('gives one line for no text', () => {
    expect(wrapText('', 10, FLUSH)).toEqual(['']);
  });
});

describe('layoutTable', () => {
  it('aligns columns and cuts only the cells that are too long', () => {
    const rows = [
      ['main', '7', 'short'],
      ['feature/long', '1,204', 'a reason that does not fit here'],
    ];
    expect(layoutTable(rows, [{ maxShare: 0.3 }, { align: 'right' }, {}], 30)).toEqual([
      'main           7  short',
      'feature/…  1,204  a reason th…',
    ]);
  });

  it('gives no line for no row', () => {
    expect(layoutTable([], [{}], 80)).toEqual([]);
  });
});

describe('createPaint', () => {
  it('writes no escape code unless colours are on', () => {
    expect(createPaint(false).bad('x')).toBe('x');
    expect(createPaint(true).bad('x')).toBe('\u001b[31mx\u001b[0m');
  });
});
