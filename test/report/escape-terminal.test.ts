import { describe, expect, it } from 'vitest';
import { defuseWorkflowCommand, escapeTerminal } from '../../src/report/escape-terminal.ts';

describe('escapeTerminal', () => {
  it.each([
    ['a newline', 'a\nb', 'a\\nb'],
    ['a carriage return', 'a\rb', 'a\\rb'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['an ANSI colour', '\u001b[31mred', '\\u{1b}[31mred'],
    ['an OSC link', '\u001b]8;;http://x\u0007x', '\\u{1b}]8;;http://x\\u{7}x'],
    ['an 8-bit control sequence', '\u009b2J', '\\u{9b}2J'],
    ['a null character', 'a\0b', 'a\\u{0}b'],
    ['delete', 'a\u007f', 'a\\u{7f}'],
    ['a right-to-left override', 'a\u202egnp.exe', 'a\\u{202e}gnp.exe'],
    ['a zero-width space', 'a\u200bb', 'a\\u{200b}b'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
    ['an invisible tag character', 'a\u{e0041}b', 'a\\u{e0041}b'],
  ])('writes out %s', (_, text, escaped) => {
    expect(escapeTerminal(text)).toBe(escaped);
  });

  it.each(['v1.2.3', 'feature/über-größe', '日本語', '🚀', 'C:\\temp', ''])('leaves %j as it is', (text) => {
    expect(escapeTerminal(text)).toBe(text);
  });
});

describe('defuseWorkflowCommand', () => {
  it.each([
    ['::error::gone', ': :error::gone'],
    ['  ::add-mask::x', '  : :add-mask::x'],
    ['tag ##[group]x', 'tag # #[group]x'],
    ['###[error]', '## #[error]'],
    ['##vso[task.setvariable]x', '# #vso[task.setvariable]x'],
  ])('breaks %j, which a runner would obey', (line, harmless) => {
    expect(defuseWorkflowCommand(line)).toBe(harmless);
  });

  it.each(['[::1]:5000/app', 'a::b', '## heading', 'app: 3 of 4'])('leaves %j as it is', (line) => {
    expect(defuseWorkflowCommand(line)).toBe(line);
  });
});
