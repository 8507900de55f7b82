// Everything that no log may show, as options and variables give it.

import type { Option } from '../options/option.ts';
import { OPTIONS } from '../options/option-table.ts';
import { WERF_NAMES } from '../options/werf-names.ts';
import type { RawOptions } from '../options.ts';
import { listTokenForms } from './read-github-token.ts';
import { listGitlabTokenForms } from './read-gitlab-token.ts';

/** Variables with a token for GitLab that no option reads, but the settings may. */
const TOKEN_VARIABLES = [
  'CI_JOB_TOKEN',
  'CI_REGISTRY_PASSWORD',
  'WERF_IMAGES_CLEANUP_PASSWORD',
  'DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD',
] as const;

/** The secrets in every form in which they travel; none is empty, some may be there twice. */
export function listSecrets(raw: RawOptions, environment: NodeJS.ProcessEnv): readonly string[] {
  const given = (OPTIONS as readonly Option[])
    .filter(({ secret }) => secret === true)
    .flatMap(({ name }) => formsOf(name, Reflect.get(raw, name)));
  // What an option took from a variable that this command does not look at is no less a secret.
  const unread = (OPTIONS as readonly Option[])
    .filter(({ secret }) => secret === true)
    .flatMap(({ name, environment: names = [] }) => names.flatMap((variable) => formsOf(name, environment[variable])));
  const variables = TOKEN_VARIABLES.flatMap((name) => listGitlabTokenForms(environment[name]?.trim() ?? ''));
  const ofWerf = WERF_NAMES.filter(({ secret }) => secret === true).flatMap(({ variables }) => variables);
  const werf = [...(raw.werf?.secrets ?? []), ...ofWerf.map((name) => environment[name] ?? '')];
  const { CI_REGISTRY_USER: user = '', CI_REGISTRY_PASSWORD: password = '' } = environment;
  const login = user === '' || password === '' ? [] : [Buffer.from(`${user}:${password}`).toString('base64')];
  return [...given, ...unread, ...variables, ...login, ...werf.flatMap((secret) => listTokenForms(secret.trim()))];
}

function formsOf(name: string, value: unknown): readonly string[] {
  if (typeof value !== 'string' || value === '') return [];
  if (name === 'github-token') return listTokenForms(value.trim());
  if (name === 'gitlab-token' || name === 'delete-token') return listGitlabTokenForms(value.trim());
  return [value];
}
