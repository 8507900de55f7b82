// Makes untrusted text harmless on a terminal and in a CI log. Nothing here knows what the text means.

/**
 * Everything that moves a cursor, starts a control sequence, hides or reorders text: control characters (C0, DEL, C1),
 * format characters (bidirectional overrides, zero-width ones), line and paragraph separators, lone surrogates, private use.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

const SHORT_FORMS: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text on one line with every unprintable character written out: `\n`, `\u{1b}`, `\u{202e}`. Printable text of any
 * language comes back unchanged. Idempotent; never shorter than the input.
 */
export function escapeTerminal(text: string): string {
  return text.replace(UNPRINTABLE, (char) => SHORT_FORMS[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * A finished line that no CI runner takes for a command to itself. GitHub's runner obeys `::name::` at the start of a line
 * and `##[name]` anywhere in it, Azure's `##vso[…]`; a space is put in between.
 * Source: https://github.com/actions/runner/blob/v2.330.0/src/Runner.Common/ActionCommand.cs (TryParse, TryParseV2).
 */
export function defuseWorkflowCommand(line: string): string {
  return line.replace(/^(\s*):(?=:)/, '$1: ').replace(/#(?=#\w*\[)/g, '# ');
}
