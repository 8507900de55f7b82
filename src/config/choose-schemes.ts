// What options say of tag schemes. A limit alone switches them on, as they always were in dapp and werf 1.

import { parseDuration } from '../model/time.ts';
import type { OptionName } from '../options.ts';
import { nearestName } from '../util/nearest-name.ts';
import { type SchemeChoices, type SchemeLimit, schemesInFile } from './build-schemes.ts';
import { addMistake, addWrong, type Findings, placeOf, readList, readText } from './findings.ts';
import { quote, suggest } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { durationProblem } from './policy-words.ts';
import { SCHEME_KINDS, type SchemeKind } from './schemes-schema.ts';
import { withoutUndefined } from './without-undefined.ts';

const LIMITS = {
  'git-commit-strategy-limit': 'commit',
  'git-commit-strategy-expiry-days': 'commit',
  'git-tag-strategy-limit': 'tag',
  'git-tag-strategy-expiry-days': 'tag',
} as const satisfies Partial<Record<OptionName, SchemeKind>>;
type LimitOption = keyof typeof LIMITS;

/** The choices. With mistakes among the findings the answer is not to be used. */
export function chooseSchemes(
  findings: Findings,
  file: PolicyFile,
  { gitEnabled }: { readonly gitEnabled: boolean },
): SchemeChoices {
  const named = readKinds(findings);
  const given = (Object.keys(LIMITS) as readonly LimitOption[]).filter((name) => findings.raw[name] !== undefined);
  const chosen = named ?? schemesInFile(file);
  const on = chosen ?? (given.length > 0 ? SCHEME_KINDS : undefined);
  const choices = {
    ...withoutUndefined({ on }),
    commit: readLimit(findings, 'git-commit-strategy-limit', 'git-commit-strategy-expiry-days'),
    tag: readLimit(findings, 'git-tag-strategy-limit', 'git-tag-strategy-expiry-days'),
  };
  if (on === undefined) return choices;
  if (!gitEnabled) tellWithoutGit(findings, named === undefined ? given[0] : 'tag-scheme');
  else if (chosen === undefined)
    findings.notes.push(
      `the tag schemes ${SCHEME_KINDS.join(', ')} are on, because of ${given.map((name) => placeOf(name, findings.frontEnd)).join(', ')}: they decide in place of Git's default keep policies`,
    );
  const idle = given.filter((name) => !on.includes(LIMITS[name]));
  if (idle.length > 0) {
    const where = named === undefined ? 'schemes in the policy file' : placeOf('tag-scheme', findings.frontEnd);
    findings.notes.push(`${idle.join(', ')}: no effect, ${where} does not name the scheme`);
  }
  return choices;
}

/** Nobody can call a branch gone without asking. */
function tellWithoutGit(findings: Findings, option: OptionName | undefined): void {
  const text = 'tag schemes need Git, which is not asked: without it nothing can be called gone';
  if (option === undefined) findings.mistakes.push({ place: 'schemes in the policy file', text });
  else addMistake(findings, option, text);
}

function readKinds(findings: Findings): readonly SchemeKind[] | undefined {
  const texts = readList(findings, 'tag-scheme');
  if (texts === undefined) return undefined;
  for (const text of texts) {
    if (SCHEME_KINDS.some((kind) => kind === text)) continue;
    const expected = `one of ${SCHEME_KINDS.join(', ')}${suggest(nearestName(text, SCHEME_KINDS))}`;
    addWrong(findings, { name: 'tag-scheme', got: quote(text), expected });
  }
  return SCHEME_KINDS.filter((kind) => texts.includes(kind));
}

function readLimit(findings: Findings, last: LimitOption, days: LimitOption): SchemeLimit {
  return withoutUndefined({ last: readCount(findings, last), in: readDays(findings, days) });
}

function readCount(findings: Findings, name: LimitOption): number | undefined {
  const text = readText(findings, name);
  if (text === undefined || /^-?\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  addWrong(findings, { name, got: quote(text), expected: 'a whole number; 0: none stay, -1: all' });
  return undefined;
}

function readDays(findings: Findings, name: LimitOption): SchemeLimit['in'] {
  const text = readText(findings, name);
  if (text === undefined) return undefined;
  if (/^-\d{1,9}$/.test(text)) return 'none';
  const duration = /^\d{1,9}$/.test(text) ? `${text}d` : text;
  if (durationProblem(duration) === undefined) return parseDuration(duration);
  addWrong(findings, {
    name,
    got: quote(text),
    expected: 'a whole number of days, or a duration such as 36h; -1: no limit',
  });
  return undefined;
}
