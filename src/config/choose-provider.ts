// How registries are spoken to: by the distribution protocol alone, by GitHub's packages interface, or as GitLab's registry; and with
// which token of GitHub's.

import type { RegistryHost } from '../model/reference.ts';
import { findOption } from '../options.ts';
import { addMistake, type Findings, placeOf, readChoice, readShare } from './findings.ts';
import { type GithubAddresses, knownApiUrl, needGithubAddresses, readGithubAddresses } from './github-addresses.ts';
import { GITLAB_COM_REGISTRY, needGitlab } from './gitlab-addresses.ts';
import { readGitlabJob } from './gitlab-job.ts';
import { hasGithubToken, isToken, readGithubToken } from './read-github-token.ts';
import type { GithubAccess, Provider } from './settings.ts';

/** The provider of a registry's host. */
export type ProviderOf = (host: RegistryHost) => Provider;

/** What the user says of all registries, and what follows for one. */
export interface Providers {
  readonly choice: 'auto' | Provider;
  readonly providerOf: ProviderOf;
}

/**
 * What the user says of all registries, else what the host tells: those of github.com and gitlab.com are known by their names, and the one
 * of the GitLab that runs this job by CI_REGISTRY, unless CI_REGISTRY_IMAGE shows that somebody has put another registry there.
 */
export function chooseProviders(findings: Findings): Providers {
  const choice = readChoice(findings, 'provider', ['auto', 'oci', 'github', 'gitlab']);
  // A wrong address is told, whatever it would have been used for.
  if (findings.raw['gitlab-url'] !== undefined) needGitlab(findings);
  if (choice !== 'auto') return { choice, providerOf: () => choice };
  const read = readGithubAddresses(findings.environment);
  const addresses = 'mistakes' in read ? undefined : read;
  const job = readGitlabJob(findings);
  const ofJob = job?.isOwnRegistry === true || job?.image === undefined ? job?.registry : undefined;
  return {
    choice,
    providerOf: (host) => {
      if (knownApiUrl(host, addresses) !== undefined) return 'github';
      return host === GITLAB_COM_REGISTRY || host === ofJob ? 'gitlab' : 'oci';
    },
  };
}

/**
 * How to reach the packages interface beside these registries (with the provider `github`); undefined for none. A password that was
 * given for the registry is the token of the interface too; else it is GitHub's token, where the registry belongs to the same GitHub.
 */
export function chooseGithubAccess(
  findings: Findings,
  hosts: readonly RegistryHost[],
  password: string | undefined,
): GithubAccess | undefined {
  if (hosts.length === 0) return undefined;
  const addresses = needGithubAddresses(findings);
  if (addresses === undefined) return undefined;
  const apiUrls = new Set(hosts.map((host) => findApiUrl(findings, host, addresses)));
  const [apiUrl] = apiUrls;
  if (apiUrl === undefined || apiUrls.has(undefined)) return undefined;
  if (apiUrls.size > 1) {
    addMistake(
      findings,
      'repository',
      `${hosts.join(' and ')} belong to different GitHubs: one run is for one of them`,
    );
    return undefined;
  }
  const isOwn = apiUrl === addresses.apiUrl;
  // werf has a token for packages alone, beside the one that GitHub gives to a job.
  const secret = password ?? findings.raw.werf?.packagesToken;
  const token = readToken(findings, {
    subject: hosts.join(', '),
    password: secret,
    other: isOwn ? undefined : addresses,
  });
  return token === undefined ? undefined : { apiUrl, token, budgetShare: readBudgetShare(findings) };
}

/** The share of the hourly quota that writes may use. */
export function readBudgetShare(findings: Findings): number {
  return readShare(findings, 'api-budget') ?? Number(findOption('api-budget').default);
}

function findApiUrl(findings: Findings, host: RegistryHost, addresses: GithubAddresses): string | undefined {
  const known = knownApiUrl(host, addresses);
  const { GITHUB_API_URL: api = '', GITHUB_SERVER_URL: server = '' } = findings.environment;
  if (known !== undefined) return known;
  if (api.trim() !== '' || server.trim() !== '') return addresses.apiUrl;
  addMistake(findings, 'provider', `nobody can tell where GitHub's interface for ${host} is: set GITHUB_API_URL`);
  return undefined;
}

/** For what a token is needed. */
export interface TokenRequest {
  /** For messages: `ghcr.io`. */
  readonly subject: string;
  /** The registry's, which is taken before any other. */
  readonly password: string | undefined;
  /** The GitHub that GitHub's token is for, where that is another one. */
  readonly other: GithubAddresses | undefined;
}

/** The token; undefined when there is none that would do, which is among the mistakes then. */
export function readToken(findings: Findings, { subject, password, other }: TokenRequest): string | undefined {
  if (password !== undefined) return checkPassword(findings, password);
  // An empty one is told already.
  if (findings.raw.password !== undefined) return undefined;
  const isCli = findings.frontEnd === 'cli';
  const place = isCli ? 'repository' : 'github-token';
  const login = isCli ? '--username and --password-stdin' : 'the inputs username and password';
  if (!hasGithubToken(findings)) {
    const text = isCli
      ? `${subject} needs a token: set GITHUB_TOKEN or GH_TOKEN, or give ${login}`
      : `got none, and ${subject} needs one: leave the input out to use the workflow's own, or give ${login}`;
    addMistake(findings, place, text);
    return undefined;
  }
  if (other === undefined) return readGithubToken(findings);
  // A token goes to its own GitHub and nowhere else.
  addMistake(findings, place, `the token is for ${other.serverUrl}, and ${subject} is elsewhere: give ${login}`);
  return undefined;
}

function checkPassword(findings: Findings, password: string): string | undefined {
  const token = password.trim();
  if (isToken(token)) return token;
  const place = placeOf(findings.frontEnd === 'cli' ? 'password-stdin' : 'password', findings.frontEnd);
  const text = `got ${password.length} characters that are no token, expected one of GitHub's`;
  findings.mistakes.push({ place, text });
  return undefined;
}
