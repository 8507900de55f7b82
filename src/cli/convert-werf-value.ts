// A value of werf's as the option of ours takes it.

import { type Mistake, quote, wrongValue } from '../config/mistake.ts';
import type { WerfName } from '../options/werf-names.ts';
import type { WerfValue } from './read-werf-words.ts';

const PROVIDERS: Readonly<Record<string, string>> = {
  default: 'oci',
  harbor: 'oci',
  quay: 'oci',
  github: 'github',
  gitlab: 'gitlab',
};
const UNSPOKEN = ['ecr', 'acr', 'gcr', 'dockerhub'];

/** The value; undefined where it says nothing, or is among the mistakes by then. */
export function convertWerfValue(
  entry: WerfName,
  { values, place, isWord }: WerfValue,
  mistakes: Mistake[],
): string | boolean | readonly string[] | undefined {
  const [value = ''] = values;
  switch (entry.name) {
    case 'repo':
    case 'images-repo':
    case 'scan-context-only':
      return value === '' ? undefined : [value];
    case 'project-name':
      return value === '' ? undefined : [`werf=${value}`];
    case 'kube-scan-namespaces':
      return values.flatMap((one) => one.split(',')).map((one) => one.trim());
    case 'kube-config':
      return value.split(':').filter((path) => path !== '');
    case 'log-debug':
      return value === 'true' ? 'debug' : undefined;
    case 'log-verbose':
      return value === 'true' ? 'info' : undefined;
    case 'log-quiet':
      return value === 'true' ? 'warn' : undefined;
    case 'repo-container-registry':
      return providerOf(value, { place, mistakes });
    case 'git-tag-strategy-limit':
    case 'git-commit-strategy-limit':
      return isWord || isCount(value, { place, mistakes }, 'a whole number; 0: none stay, -1: all') ? value : undefined;
    case 'git-tag-strategy-expiry-days':
    case 'git-commit-strategy-expiry-days':
      return isWord || isCount(value, { place, mistakes }, 'a whole number of days; -1: no limit') ? value : undefined;
    default:
      if (entry.kind === 'flag') return value === 'true' ? true : undefined;
      return entry.kind === 'list' ? values : value;
  }
}

interface Told {
  readonly place: string;
  readonly mistakes: Mistake[];
}

/** Whether it is a whole number, signed or not; else that is a mistake by then. What stands on the command line is looked at as any option is. */
export function isCount(value: string, { place, mistakes }: Told, expected: string): boolean {
  const isFine = /^-?\d{1,9}$/.test(value);
  if (!isFine) mistakes.push(wrongValue(place, quote(value), expected));
  return isFine;
}

function providerOf(value: string, { place, mistakes }: Told): string | undefined {
  const provider = PROVIDERS[value];
  if (provider !== undefined) return provider;
  const expected = `one of ${Object.keys(PROVIDERS).join(', ')}`;
  const known = `${value} is spoken to only by the distribution protocol, for which it is default`;
  mistakes.push(wrongValue(place, quote(value), UNSPOKEN.includes(value) ? `${expected}; ${known}` : expected));
  return undefined;
}
