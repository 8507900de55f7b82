// werf's words to ours. Ours outrank werf's, and werf's flags its variables; where both are on the command line and differ, nobody can
// know what is meant.

import { type Mistake, mistakesError, quote, wrongValue } from '../config/mistake.ts';
import { isForCommand, type Option, type OptionCommand } from '../options/option.ts';
import { OPTIONS } from '../options/option-table.ts';
import type { WerfGiven } from '../options/werf-given.ts';
import { WERF_NAMES, type WerfName } from '../options/werf-names.ts';
import type { RawOptions } from '../options.ts';
import { convertWerfValue } from './convert-werf-value.ts';
import { readWerfVariables, type SplitWords, type WerfValue } from './read-werf-words.ts';
import { meaningFor, readVolumeUsage } from './werf-host-words.ts';
import { buildWerfKubeConfig } from './werf-kube-config.ts';

/** A command with its options, and what the user should know about werf's words among them. */
export interface WerfTranslation {
  readonly command: OptionCommand;
  readonly raw: RawOptions;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** What was given in our words, and in werf's. */
export interface WerfRequest {
  readonly command: OptionCommand;
  readonly raw: RawOptions;
  readonly split: Omit<SplitWords, 'words'>;
  readonly environment: NodeJS.ProcessEnv;
}

interface Translation {
  command: OptionCommand;
  readonly raw: Record<string, unknown>;
  /** As `raw` was before anything of werf's came into it. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly values: ReadonlyMap<string, WerfValue>;
  readonly werf: { -readonly [Key in keyof WerfGiven]: WerfGiven[Key] };
  readonly notes: string[];
  readonly warnings: string[];
  readonly mistakes: Mistake[];
}

/** The variables about clusters say nothing to a run that asks none. */
const ABOUT_CLUSTERS = /^(?:scan-context|kube-)/;
const REPORT = '.werf-cleanup-report.json';

/**
 * The raw options with what werf's words say put in.
 * @throws UsageError USAGE for a value that is wrong, or that contradicts an option of ours; every mistake is a line of the message.
 */
export function translateWerfWords(request: WerfRequest): WerfTranslation {
  const variables = readWerfVariables(request.environment);
  const translation: Translation = {
    command: request.command,
    raw: { ...request.raw },
    own: request.raw,
    values: new Map([...variables.given, ...request.split.given]),
    werf: {},
    notes: [],
    warnings: [],
    mistakes: [...request.split.mistakes, ...variables.mistakes],
  };
  for (const entry of WERF_NAMES) {
    const value = translation.values.get(entry.name);
    if (value !== undefined) translateOne(translation, entry, value);
  }
  noteIdleVariables(translation);
  noteDecidingVariables(translation);
  chooseReport(translation);
  chooseCluster(translation);
  becomePlan(translation);
  if (translation.mistakes.length > 0) throw mistakesError(translation.mistakes);
  const { command, raw, werf, notes, warnings } = translation;
  const given = Object.keys(werf).length === 0 ? {} : { werf };
  return { command, raw: { ...raw, ...given, command }, notes, warnings };
}

function translateOne(translation: Translation, entry: WerfName, value: WerfValue): void {
  const { name, secret } = entry;
  const meaning = meaningFor(entry, value, translation.command);
  const { werf, warnings } = translation;
  if (secret === true) {
    werf.secrets = [...(werf.secrets ?? []), ...value.values];
    if (value.isWord)
      warnings.push(`${value.place}: others can see the command line; set ${entry.variables[0]} instead`);
  }
  if (meaning.kind === 'idle' && value.isWord)
    translation.notes.push(`${value.place} has no effect here: ${meaning.why}`);
  if (meaning.kind === 'refused') {
    if (value.isWord) translation.mistakes.push({ place: value.place, text: `not taken: ${meaning.instead}` });
    else warnings.push(`${value.place} has no effect here: ${meaning.instead}`);
  }
  if (meaning.kind === 'same' || (meaning.kind === 'option' && !JOINT.includes(name))) {
    const option = meaning.kind === 'same' ? name : meaning.option;
    setOption(translation, value, { name: option, value: convertWerfValue(entry, value, translation.mistakes) });
  }
  if (meaning.kind === 'here') HANDLERS[name]?.(translation, value);
}

/** Several flags that make one value together. */
const JOINT = ['save-cleanup-report', 'cleanup-report-path'];

function setOption(
  translation: Translation,
  given: WerfValue,
  { name, value }: { readonly name: string; readonly value: unknown },
): void {
  const { raw, own, notes, mistakes, command } = translation;
  if (value === undefined) return;
  const option = (OPTIONS as readonly Option[]).find((one) => one.name === name);
  if (option === undefined || !isForCommand(option, command)) {
    if (given.isWord) notes.push(`${given.place} has no effect on ${command}`);
    return;
  }
  if (!given.isWord && raw['without-kube'] === true && (ABOUT_CLUSTERS.test(name) || name === 'namespace')) return;
  const siblings =
    name === 'kube-config' || name === 'kube-config-base64' ? ['kube-config', 'kube-config-base64'] : [name];
  const taken = siblings.find((one) => own[one] !== undefined);
  if (taken === undefined) {
    if (raw[name] !== undefined) {
      if (JSON.stringify(raw[name]) !== JSON.stringify(value)) clash(translation, name, given);
      return;
    }
    raw[name] = value;
    // What is cleaned is worth a word where nobody has named it here.
    if (name === 'repository' && !given.isWord)
      notes.push(`the repository is ${given.values.join('')} (${given.place})`);
    return;
  }
  if (JSON.stringify(own[taken]) === JSON.stringify(value)) return;
  if (given.isWord)
    mistakes.push({ place: given.place, text: `it says something else than --${taken}: give one of them` });
  else notes.push(`${given.place} does not count: --${taken} is given`);
}

/** Two words of werf's for one option: a word on the command line goes before a variable. */
function clash({ mistakes, notes }: Translation, name: string, given: WerfValue): void {
  // The table has the one that tells most first.
  if (name === 'log-level') return;
  if (given.isWord) mistakes.push({ place: given.place, text: `another word for --${name} says something else` });
  else notes.push(`${given.place} does not count: --${name} is given in another word`);
}

const HANDLERS: Readonly<Record<string, (translation: Translation, given: WerfValue) => void>> = {
  'repo-github-token': ({ raw, werf, mistakes }, { values: [token = ''], place }) => {
    if (!/^[\x21-\x7e]+$/.test(token.trim())) {
      mistakes.push({ place, text: `got ${token.length} characters that are no token, expected one of GitHub's` });
      return;
    }
    werf.packagesToken = token.trim();
    if ((raw['github-token'] ?? '') === '') raw['github-token'] = token.trim();
  },
  'docker-config': ({ werf }, { values: [folder = ''] }) => {
    werf.dockerConfig = folder;
  },
  'skip-tls-verify-registry': ({ werf, warnings }, { values, place }) => {
    if (values[0] !== 'true') return;
    werf.skipTlsVerify = true;
    warnings.push(
      `${place}: no certificate of a registry is checked; whoever is on the way can read the login and change what is there. ca-file trusts one authority instead`,
    );
  },
  'keep-stages-built-within-last-n-hours': ({ werf, mistakes }, { values: [value = ''], place }) => {
    if (/^\d{1,7}$/.test(value) && Number(value) <= 1_000_000) werf.keepBuiltWithinHours = Number(value);
    else mistakes.push(wrongValue(place, quote(value), 'a whole number of hours, 0 or more'));
  },
  'scan-context-namespace-only': ({ raw, werf, values }, { values: [value], isWord }) => {
    const isOff = value !== 'true' || values.has('kube-scan-namespaces') || (!isWord && raw['without-kube'] === true);
    if (!isOff) werf.ownNamespacesOnly = true;
  },
  dir: ({ werf }, { values: [folder = ''] }) => {
    werf.directory = folder;
  },
  'git-work-tree': ({ werf }, { values: [folder = ''] }) => {
    werf.workTree = folder;
  },
  config: ({ werf }, { values: [file = ''] }) => {
    werf.config = file;
  },
  'allowed-backend-storage-volume-usage': (translation, given) => {
    const thresholds = readVolumeUsage(translation.values, translation.mistakes);
    for (const [name, value] of thresholds) setOption(translation, given, { name, value });
  },
  // werf 1 had stages in a place of their own, which may be the one of the images, too.
  'stages-storage': (translation, given) => {
    const [value = ''] = given.values;
    const { raw, notes } = translation;
    if (value === ':local') notes.push(`${given.place}: stages on build machines are for host`);
    else if (value !== '' && !(raw['repository'] as readonly string[] | undefined)?.includes(value))
      setOption(translation, given, { name: 'build-cache-repo', value: [value] });
  },
};

/** One note for all of them: a job may have many that are about other commands. */
function noteIdleVariables({ values, notes, command }: Translation): void {
  const idle = WERF_NAMES.flatMap((entry) => {
    const given = values.get(entry.name);
    if (given === undefined || given.isWord) return [];
    return meaningFor(entry, given, command).kind === 'idle' ? [given.place] : [];
  });
  if (idle.length > 0) notes.push(`without effect here: ${idle.join(', ')}`);
}

/** By these more may go than by what stands on the command line: other repositories, fewer clusters, a shorter window, another policy. */
const DECIDING = (
  'final-repo meta-repo cache-repo keep-list keep-stages-built-within-last-n-hours without-kube ' +
  'scan-context-only scan-context-namespace-only kube-config kube-config-base64 dir git-work-tree ' +
  'git-tag-strategy-limit git-tag-strategy-expiry-days git-commit-strategy-limit git-commit-strategy-expiry-days ' +
  'stages-storage allowed-backend-storage-volume-usage allowed-backend-storage-volume-usage-margin project-name'
).split(' ');

/** Nobody should have to guess what a variable of the job had a say in. */
function noteDecidingVariables({ values, notes, raw }: Translation): void {
  const isAnyCluster = raw['without-kube'] !== true;
  const places = DECIDING.flatMap((name) => {
    const given = values.get(name);
    if (given === undefined || given.isWord || given.values[0] === 'false') return [];
    const counts = isAnyCluster || !ABOUT_CLUSTERS.test(name);
    return counts && !notes.some((note) => note.startsWith(given.place)) ? [given.place] : [];
  });
  if (places.length > 0) notes.push(`set by the environment: ${places.join(', ')}`);
}

/** As werf has it, a path alone asks for nothing. */
function chooseReport(translation: Translation): void {
  const [save, path] = ['save-cleanup-report', 'cleanup-report-path'].map((name) => translation.values.get(name));
  if (save?.values[0] === 'true')
    setOption(translation, save, { name: 'report-file', value: path?.values[0] || REPORT });
  else if (path?.isWord === true) translation.notes.push(`${path.place} has no effect without --save-cleanup-report`);
}

function chooseCluster(translation: Translation): void {
  const { raw, values, notes, warnings, mistakes, werf } = translation;
  const named = ['kube-config', 'kube-config-base64'].find((name) => raw[name] !== undefined);
  const given = new Map([...values].filter(([, { isWord }]) => isWord || raw['without-kube'] !== true));
  const built = buildWerfKubeConfig(given);
  if (built.kind === 'none') return void notes.push(...built.notes);
  if (named !== undefined) return void notes.push(`${built.place} does not count: --${named} is given`);
  if (built.kind === 'wrong') return void mistakes.push(...built.mistakes);
  if (built.isUnchecked) warnings.push('--skip-tls-verify-kube: the certificate of the cluster is not checked');
  const encoded = Buffer.from(built.text).toString('base64');
  werf.secrets = [...(werf.secrets ?? []), encoded];
  const value = { values: [encoded], place: built.place, isWord: built.isWord };
  setOption(translation, value, { name: 'kube-config-base64', value: encoded });
}

/** A dry run of an apply is a plan; what only an apply takes is left out. */
function becomePlan(translation: Translation): void {
  const { raw, own, values, notes, mistakes } = translation;
  const dry = values.get('dry-run');
  if (dry?.values[0] !== 'true') return;
  if (translation.command === 'purge' || translation.command === 'host') {
    if (raw['confirm'] !== undefined) notes.push(`${dry.place}: nothing is deleted, in spite of --confirm`);
    delete raw['confirm'];
    return;
  }
  // It has no dry run, in werf neither; but who asks for one wants nothing changed.
  if (translation.command === 'managed-images' && !(Array.isArray(own['words']) && own['words'][0] === 'ls'))
    mistakes.push({ place: dry.place, text: 'managed-images has no dry run: only managed-images ls changes nothing' });
  if (translation.command !== 'apply') return;
  translation.command = 'plan';
  notes.push(`${dry.place}: this is a plan, nothing is deleted`);
  if (raw['plan-file'] !== undefined)
    mistakes.push({ place: dry.place, text: 'not together with --plan-file: a plan would be written there, not read' });
  for (const option of OPTIONS as readonly Option[])
    if (raw[option.name] !== undefined && !isForCommand(option, 'plan')) delete raw[option.name];
}
