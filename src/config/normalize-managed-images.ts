// Words and options of the command line to the decided settings of `managed-images`. It decides nothing about images, so it reads no policy.

import type { RawOptions } from '../options.ts';
import { nearestName } from '../util/nearest-name.ts';
import { checkOutputFile, resolvePath } from './check-files.ts';
import { chooseCache } from './choose-cache.ts';
import { readJournal } from './choose-output.ts';
import { chooseProviders, type ProviderOf } from './choose-provider.ts';
import { chooseRegistry } from './choose-registry.ts';
import { chooseWerfRepositories } from './choose-werf-repositories.ts';
import {
  addMistake,
  addWrong,
  createFindings,
  type Findings,
  placeOf,
  readChoice,
  readList,
  readText,
  type SettingsSource,
} from './findings.ts';
import type { ManagedImagesSettings, ManagedImagesWish } from './managed-images-settings.ts';
import { mistakesError, quote, suggest, wrongValue } from './mistake.ts';
import { parseImageName } from './parse-image-name.ts';
import { readCommand } from './read-command.ts';
import { readTarget } from './repository-target.ts';
import type { RepositoryTarget } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Decided settings, and what the user should know about them. */
export interface NormalizedManagedImages {
  readonly settings: ManagedImagesSettings;
  readonly notes: readonly string[];
}

const PLACE = 'managed-images';
const ACTIONS = ['ls', 'add', 'rm'] as const;

/**
 * Decides all settings of `managed-images`.
 * @throws UsageError USAGE; every mistake is a line of the message.
 */
export async function normalizeManagedImages(
  raw: RawOptions,
  source: SettingsSource,
): Promise<NormalizedManagedImages> {
  const findings = createFindings(raw, source);
  readCommand(findings);
  const wish = readWish(findings, raw.words ?? []);
  const places = readPlaces(findings);
  const registry = await chooseRegistry(findings, Object.values(places));
  const journalText = readJournal(findings);
  const journal =
    wish?.action === 'rm'
      ? await checkOutputFile(findings, 'journal', journalText)
      : resolvePath(findings, journalText);
  const cacheDirectory = await chooseCache(findings);
  const format = readChoice(findings, 'format', ['text', 'json']);
  const logLevel = readChoice(findings, 'log-level', ['debug', 'info', 'warn', 'error']);
  if (findings.mistakes.length > 0 || wish === undefined) throw mistakesError(findings.mistakes);
  const settings = { wish, ...places, registry, ...withoutUndefined({ cacheDirectory }), journal, format, logLevel };
  return { settings, notes: findings.notes };
}

/** Undefined with a mistake among the findings. */
function readWish(findings: Findings, [word, text, ...more]: readonly string[]): ManagedImagesWish | undefined {
  const { mistakes } = findings;
  const action = ACTIONS.find((one) => one === word);
  if (action === undefined) {
    const wrong = wrongValue(PLACE, word === undefined ? 'nothing' : quote(word), 'ls, add NAME or rm NAME');
    const nearest = word === undefined ? undefined : nearestName(word, ACTIONS);
    mistakes.push({ ...wrong, text: wrong.text + suggest(nearest) });
    return undefined;
  }
  const place = `${PLACE} ${action}`;
  const [tooMuch] = action === 'ls' ? [text] : more;
  if (tooMuch !== undefined) {
    mistakes.push({
      place,
      text: `${quote(tooMuch)} is too much: ${action === 'ls' ? 'ls takes no name' : 'one name at a time'}`,
    });
    return undefined;
  }
  if (action === 'ls') return { action };
  const parsed = parseImageName(text);
  if ('name' in parsed) return { action, name: parsed.name };
  mistakes.push(wrongValue(place, text === undefined ? 'nothing' : quote(text), parsed.expected));
  return undefined;
}

function readPlaces(findings: Findings): Pick<ManagedImagesSettings, 'repository' | 'metaRepository'> {
  const { providerOf } = chooseProviders(findings);
  const place = placeOf('repository', findings.frontEnd);
  const written = readList(findings, 'repository') ?? [];
  if (written.length > 1) addMistake(findings, 'repository', 'one at a time: name one repository');
  const repository = written
    .map((text) => readTarget(findings, text, { place, providerOf }))
    .find((target) => target !== undefined);
  const metaRepository = readMeta(findings, repository, providerOf);
  if (written.length === 0 && findings.raw['meta-repo'] === undefined)
    addWrong(findings, { name: 'repository', got: 'none', expected: 'the repository that werf made' });
  return withoutUndefined({ repository, metaRepository });
}

function readMeta(
  findings: Findings,
  repository: RepositoryTarget | undefined,
  providerOf: ProviderOf,
): RepositoryTarget | undefined {
  if (repository !== undefined) return chooseWerfRepositories(findings, [repository], providerOf)[0];
  const text = readText(findings, 'meta-repo');
  const place = placeOf('meta-repo', findings.frontEnd);
  return text === undefined ? undefined : readTarget(findings, text, { place, providerOf });
}
