// Looks for the wanted images of one repository and says how each stands. No answer is never absent.

import { AuthError, type ErrorCode, NetworkError, ProtocolError, RegistryError } from '../errors.ts';
import { type Digest, isDigest, type Tag } from '../model/reference.ts';
import type { Availability, NoAnswer, VerifiedImage } from '../model/verification.ts';
import type { Registry } from '../registry/port.ts';
import { isRepositoryAbsent } from '../registry/registry-answer.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import { createLookup, type Look, type Lookup } from './verify-lookup.ts';
import type { WantedImage } from './verify-select.ts';

/** An image with what its look found missing. */
export interface LookedImage extends VerifiedImage {
  readonly missing: readonly (Tag | Digest)[];
}

/** What is looked for, and where. */
export interface RepositoryLook {
  readonly registry: Pick<Registry, 'resolveTag' | 'readManifest' | 'readDigests'>;
  readonly images: readonly WantedImage[];
  readonly foreign: readonly WantedImage[];
  /** Manifests that must be there whatever platform they are for. */
  readonly expected?: { has(digest: Digest): boolean };
  /** Hears of each image that was looked at. */
  readonly onImage?: () => void;
}

/** What the looks at one repository's images came to. */
export interface LookedRepository {
  readonly images: readonly LookedImage[];
  /** Why nobody can tell whether digests under other names are here. */
  readonly doubt?: NoAnswer;
}

/** Images of one repository that are looked at at a time. */
const IMAGES_IN_FLIGHT = 8;
/** Images in a row without an answer, after each of which every request was tried several times: the rest is not asked for. */
const MAX_FAILURES_IN_A_ROW = 8;

/** What is not in it is another reason. */
const REASONS: Readonly<Partial<Record<ErrorCode, NoAnswer['why']>>> = {
  AUTH: 'unauthenticated',
  AUTH_REQUIRED: 'unauthenticated',
  FORBIDDEN: 'forbidden',
  REPOSITORY_UNKNOWN: 'forbidden',
  NETWORK: 'unavailable',
  TIMEOUT: 'unavailable',
  TLS: 'unavailable',
  RATE_LIMITED: 'unavailable',
  QUOTA: 'unavailable',
};

/**
 * How each image stands, in their order, then the digests under other names that are here.
 * @throws what is no registry's fault.
 */
export async function lookAtRepository(look: RepositoryLook): Promise<LookedRepository> {
  const { registry, images, foreign, expected, onImage } = look;
  const lookup = createLookup({ registry, ...(expected === undefined ? {} : { expected }) });
  const breaker = { failures: 0, error: undefined as unknown };
  const work = async (wanted: WantedImage): Promise<Looked> => {
    const found = breaker.failures >= MAX_FAILURES_IN_A_ROW ? notAsked(breaker.error) : await lookAtAll(wanted, lookup);
    const [error] = found.errors;
    breaker.failures = error === undefined ? 0 : breaker.failures + 1;
    breaker.error = error;
    onImage?.();
    return { wanted, found };
  };
  const own = await mapConcurrently(images, IMAGES_IN_FLIGHT, work);
  const others = await findForeign(foreign, registry);
  const looked = [...own, ...(await mapConcurrently(others.here, IMAGES_IN_FLIGHT, work))];
  const { doubt } = others;
  return {
    images: looked.map((one) => imageOf(one, lookup)),
    ...(doubt === undefined ? {} : { doubt }),
  };
}

/** The images when their registry cannot even be opened. @throws what is no registry's fault */
export function withoutAnswer(images: readonly WantedImage[], error: unknown): readonly LookedImage[] {
  const answer = noAnswerOf(error);
  return images.map((wanted) => ({
    ...shownOf(wanted),
    availability: { kind: 'unknown', error: answer },
    missing: [],
  }));
}

/** An error of a registry as an answer that did not come. @throws what is no registry's fault */
export function noAnswerOf(error: unknown): NoAnswer {
  const isRegistrys =
    error instanceof AuthError ||
    error instanceof RegistryError ||
    error instanceof NetworkError ||
    error instanceof ProtocolError;
  if (!isRegistrys) throw error;
  const { name, code, message, hint, exitCode } = error;
  return {
    why: REASONS[error.code] ?? 'other',
    name,
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    exitCode,
  };
}

interface Looked {
  readonly wanted: WantedImage;
  readonly found: Look;
}

async function lookAtAll({ ask, platforms }: WantedImage, lookup: Lookup): Promise<Look> {
  const looks: Look[] = [];
  for (const asked of ask) looks.push(await lookup.look(asked, platforms));
  return {
    isAbsent: looks.some(({ isAbsent }) => isAbsent),
    missing: [...new Set(looks.flatMap(({ missing }) => missing))],
    errors: looks.flatMap(({ errors }) => errors),
  };
}

function notAsked(error: unknown): Look {
  return { isAbsent: false, missing: [], errors: [error] };
}

/** A registry that answers 500 for a config's digest must not be asked for manifests: its adapter knows how. */
async function findForeign(
  foreign: readonly WantedImage[],
  registry: RepositoryLook['registry'],
): Promise<{ readonly here: readonly WantedImage[]; readonly doubt?: NoAnswer }> {
  const digests = [...new Set(foreign.flatMap(({ ask }) => ask.filter((asked) => isDigest(asked))))];
  if (digests.length === 0) return { here: [] };
  try {
    const { nodes } = await registry.readDigests(digests);
    return { here: foreign.filter(({ ask }) => ask.every((asked) => isDigest(asked) && nodes.has(asked))) };
  } catch (error) {
    return isRepositoryAbsent(error) ? { here: [] } : { here: [], doubt: noAnswerOf(error) };
  }
}

/** Only now, when all is read, is it known which digests are those of configs. */
function imageOf({ wanted, found }: Looked, lookup: Lookup): LookedImage {
  const missing = found.missing.filter((one) => !isDigest(one) || !lookup.isConfig(one));
  const isAbsent = found.isAbsent && missing.length > 0;
  const withoutRepository = lookup.isWithoutRepository();
  return {
    ...shownOf(wanted),
    availability: availabilityOf({ ...found, missing, isAbsent }, withoutRepository),
    missing,
  };
}

function availabilityOf({ isAbsent, missing, errors }: Look, withoutRepository: boolean): Availability {
  if (isAbsent) return { kind: 'absent', ...(withoutRepository ? { withoutRepository } : {}) };
  const digests = missing.filter((one) => isDigest(one));
  if (digests.length > 0) return { kind: 'incomplete', missing: digests };
  return errors.length > 0 ? { kind: 'unknown', error: noAnswerOf(errors[0]) } : { kind: 'available' };
}

function shownOf({ image, askedIn, workloads, unlisted }: WantedImage): Omit<VerifiedImage, 'availability'> {
  return {
    image,
    ...(askedIn === undefined ? {} : { askedIn }),
    workloads,
    ...(unlisted === undefined ? {} : { unlisted }),
  };
}
