// What single words of the policy file must look like. Each function returns what is expected instead, or undefined
// when the word is right; nothing here knows where the word stands.

import { UsageError } from '../errors.ts';
import { isRepositoryName, parseRegistryHost, parseRepository } from '../model/reference.ts';
import { type Duration, parseDuration } from '../model/time.ts';
import { nearestName } from '../util/nearest-name.ts';
import { translateTagPattern } from './gitlab-tag-words.ts';

/** Go's grammar of durations, and days and weeks; no sign. */
export const DURATION = /^(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h|d|w))+)$/;

/** Far longer than any image is old, and short enough for dates to stay dates. */
const LONGEST: Duration = parseDuration('100000w');

const PLACEHOLDERS = ['branch', 'tag', 'commit', 'number', 'build'];
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** A duration such as `168h`, at most some 1900 years. */
export function durationProblem(text: string): string | undefined {
  const expected = 'a duration such as 168h, 7d, 2w or 1h30m, without a sign';
  return DURATION.test(text) && parseDuration(text) <= LONGEST ? undefined : expected;
}

/** What stands between the slashes of `/REGEX/`, or undefined when the text is a literal name. */
export function regexSource(text: string): string | undefined {
  return text.length > 1 && text.startsWith('/') && text.endsWith('/') ? text.slice(1, -1) : undefined;
}

/** A glob that some tag can match. */
export function globProblem(text: string): string | undefined {
  const expected = 'a pattern for tags: letters, digits, "_", "." and "-", with * for any characters and ? for one';
  return /^[A-Za-z0-9_.*?-]{1,128}$/.test(text) ? undefined : expected;
}

/** A glob that some environment can match: https://docs.github.com/rest/deployments/environments (at most 255 characters). */
export function environmentProblem(text: string): string | undefined {
  const expected = 'the name of an environment, with * for any characters and ? for one';
  return /^[^\p{Cc}]{1,255}$/u.test(text) && text.trim() !== '' ? undefined : expected;
}

/** A tag pattern: literal characters of a tag, and placeholders of which any two are apart by a literal. Variables of GitLab CI stand for placeholders too. */
export function tagPatternProblem(text: string): string | undefined {
  const translated = translateTagPattern(text);
  if ('problem' in translated) return translated.problem;
  return translated.patterns.map(placeholdersProblem).find((problem) => problem !== undefined);
}

function placeholdersProblem(text: string): string | undefined {
  const names = [...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  const unknown = names.find((name) => !PLACEHOLDERS.includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, PLACEHOLDERS);
    const question = near === undefined ? '' : `; did you mean {${near}}?`;
    return `only the placeholders {branch}, {tag}, {commit}, {number} and {build}${question}`;
  }
  if (names.every((name) => name === 'build')) return 'a pattern with one of {branch}, {tag}, {commit} and {number}';
  if (text.includes('}{')) return 'something between two placeholders';
  const literal = text.replaceAll(PLACEHOLDER, '');
  return /^[A-Za-z0-9_.-]*$/.test(literal) ? undefined : 'only characters that a tag can have around the placeholders';
}

/** A registry with or without the beginning of a path: `docker.io`, `mirror.example.com/hub`. */
export function registryPrefixProblem(text: string): string | undefined {
  const [host = '', ...path] = text.split('/');
  const isHost = /[.:]/.test(host) || host === 'localhost';
  const isPath = path.length === 0 || isRepositoryName(path.join('/'));
  const isFine = isHost && isPath && accepts(() => parseRegistryHost(host));
  return isFine ? undefined : 'a registry, or the beginning of a repository: mirror.example.com/hub';
}

/** A repository, or a directory that stands for one. */
export function repositoryProblem(text: string): string | undefined {
  const equals = text.lastIndexOf('=');
  const isLayout = text.startsWith('oci-layout:');
  const hasDirectory = equals > 'oci-layout:'.length;
  const isFine =
    (!isLayout || hasDirectory) && accepts(() => parseRepository(isLayout ? text.slice(equals + 1) : text));
  if (isFine) return undefined;
  if (isLayout) return 'oci-layout:DIR=NAME with a repository as the name: oci-layout:./images=ghcr.io/team/app';
  return 'a repository such as ghcr.io/team/app, in lower case, without https://, tag and digest';
}

/** An address of a source repository, or at least something like one. */
export function sourceAddressProblem(text: string): string | undefined {
  return /^[^\s]+[/:][^\s]+$/.test(text)
    ? undefined
    : 'the address of a repository with sources: https://github.com/team/app';
}

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (cause) {
    if (cause instanceof UsageError) return false;
    throw cause;
  }
}
