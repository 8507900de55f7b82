// Options and environment to the decided settings of a record. It reads no policy file: what it states is for whoever cleans later.

import { formatRepository, isDigest } from '../model/reference.ts';
import type { RawOptions } from '../options.ts';
import { chooseBuilt, findSource } from './choose-built.ts';
import { readLooks } from './choose-output.ts';
import { chooseProviders, type ProviderOf } from './choose-provider.ts';
import { chooseRegistry } from './choose-registry.ts';
import { addWrong, createFindings, type Findings, placeOf, readList, type SettingsSource } from './findings.ts';
import { mistakesError, quote } from './mistake.ts';
import { readCommand } from './read-command.ts';
import { readPlainText } from './read-plain-text.ts';
import type { RecordedImage, RecordSettings } from './record-settings.ts';
import { readTarget } from './repository-target.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Decided settings, and what the user should know about them. */
export interface NormalizedRecord {
  readonly settings: RecordSettings;
  readonly notes: readonly string[];
}

/** Whether the options are those of a record, whose settings are others. */
export function isRecord(raw: RawOptions): boolean {
  return raw.command?.trim() === 'record';
}

/** How to get at a digest, for messages. */
const HOW_TO_GET_IT =
  "the output digest of docker/build-push-action, containerimage.digest in the file of docker buildx build --metadata-file, or docker buildx imagetools inspect REPO:TAG --format '{{.Manifest.Digest}}'";

/**
 * Decides all settings of a record.
 * @throws UsageError USAGE; every mistake is a line of the message.
 */
export async function normalizeRecord(raw: RawOptions, source: SettingsSource): Promise<NormalizedRecord> {
  const findings = createFindings(raw, source);
  readCommand(findings);
  const images = readImages(findings, chooseProviders(findings).providerOf);
  const registry = await chooseRegistry(
    findings,
    images.map(({ target }) => target),
  );
  const built = await chooseBuilt(findings);
  const imageName = readPlainText(findings, 'image-name');
  const looks = readLooks(findings);
  if (findings.mistakes.length > 0 || built === undefined) throw mistakesError(findings.mistakes);
  const optional = withoutUndefined({ imageName, source: findSource(findings) });
  const directory = findings.workingDirectory;
  return { settings: { images, built, directory, registry, ...optional, ...looks }, notes: findings.notes };
}

function readImages(findings: Findings, providerOf: ProviderOf): readonly RecordedImage[] {
  const images: RecordedImage[] = [];
  const written = readList(findings, 'image');
  if (written === undefined)
    addWrong(findings, { name: 'image', got: 'none', expected: 'the image that was published, as REPO@sha256:…' });
  for (const text of written ?? []) {
    const image = readImage(findings, text, providerOf);
    if (image !== undefined && !images.some((other) => isSame(other, image))) images.push(image);
  }
  return images;
}

/** A tag before the digest is what builders print, and says nothing more: https://docs.docker.com/reference/cli/docker/image/pull/ */
const TAG_AT_END = /:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

function readImage(findings: Findings, text: string, providerOf: ProviderOf): RecordedImage | undefined {
  const at = text.lastIndexOf('@');
  const digest = text.slice(at + 1);
  if (at === -1 || !isDigest(digest)) {
    const expected = `REPO@sha256:… with 64 hex digits: a tag may have moved to another image by now; ${HOW_TO_GET_IT}`;
    addWrong(findings, { name: 'image', got: quote(text), expected });
    return undefined;
  }
  const name = text.slice(0, at).replace(TAG_AT_END, '');
  const target = readTarget(findings, name, { place: placeOf('image', findings.frontEnd), providerOf });
  return target === undefined ? undefined : { target, digest };
}

function isSame(one: RecordedImage, other: RecordedImage): boolean {
  const nameOf = ({ target }: RecordedImage) => formatRepository(target.repository);
  return one.digest === other.digest && nameOf(one) === nameOf(other);
}
