// The tag schemes of a policy: those of the file, and what options say of them.

import type { TagScheme, TagSchemes } from '../model/policy.ts';
import { type Duration, parseDuration } from '../model/time.ts';
import { translateTagPattern } from './gitlab-tag-words.ts';
import type { PolicyFile } from './policy-schema.ts';
import { SCHEME_KINDS, type SchemeKind } from './schemes-schema.ts';

/** What options say of a limit; absent: nothing. */
export interface SchemeLimit {
  /** 0: none stay, negative: all. */
  readonly last?: number;
  /** `none`: none is too old. */
  readonly in?: Duration | 'none';
}

/** What options say. */
export interface SchemeChoices {
  /** Those that are on. Absent: the file's. */
  readonly on?: readonly SchemeKind[];
  readonly commit?: SchemeLimit;
  readonly tag?: SchemeLimit;
}

/** What dapp has; werf 1 in a job of GitLab CI, too. */
const DEFAULTS = {
  commit: { last: 50, in: parseDuration('30d') },
  tag: { last: 10, in: parseDuration('30d') },
} as const;

/** The schemes that a file names, in the order in which they are told; undefined where it names none. */
export function schemesInFile(file: PolicyFile): readonly SchemeKind[] | undefined {
  return file.schemes === undefined ? undefined : SCHEME_KINDS.filter((kind) => file.schemes?.[kind] !== undefined);
}

/** The schemes that are on; `off` where none is. */
export function buildSchemes(file: PolicyFile, choices: SchemeChoices): TagSchemes | 'off' {
  const on = choices.on ?? schemesInFile(file) ?? [];
  if (on.length === 0) return 'off';
  return Object.fromEntries(on.map((kind) => [kind, buildScheme(kind, file, choices)]));
}

function buildScheme(kind: SchemeKind, { schemes }: PolicyFile, choices: SchemeChoices): TagScheme {
  const { branch, commit, tag } = schemes ?? {};
  const written = { branch, commit, tag }[kind];
  const tags = typeof written === 'object' ? (written.tags ?? []).flatMap(patternsOf) : [];
  if (kind === 'branch') return { last: -1, tags };
  const limited = kind === 'commit' ? commit : tag;
  const { last, in: age } = typeof limited === 'object' ? limited : {};
  const chosen = choices[kind] ?? {};
  const within = chosen.in ?? readAge(age) ?? DEFAULTS[kind].in;
  return { last: chosen.last ?? last ?? DEFAULTS[kind].last, ...(within === 'none' ? {} : { in: within }), tags };
}

function readAge(text: string | undefined): Duration | 'none' | undefined {
  return text === undefined || text === 'none' ? text : parseDuration(text);
}

function patternsOf(text: string): readonly string[] {
  const translated = translateTagPattern(text);
  return 'patterns' in translated ? translated.patterns : [text];
}
