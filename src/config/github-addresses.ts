// Where a GitHub is: its interface, its pages, its container registry. The runner tells the first two by variables; a laptop by
// nothing, which means github.com.

import { parseRegistryHost, type RegistryHost } from '../model/reference.ts';
import { isLoopbackHost } from '../util/loopback-host.ts';
import { addressProblem } from './address-problem.ts';
import type { Findings } from './findings.ts';
import { type Mistake, quote, wrongValue } from './mistake.ts';

/** One GitHub. Neither address ends in a slash. */
export interface GithubAddresses {
  /** `https://api.github.com`, `https://api.SUBDOMAIN.ghe.com`, or an Enterprise Server's `https://HOST/api/v3`. */
  readonly apiUrl: string;
  /** `https://github.com`: where its Git repositories are. */
  readonly serverUrl: string;
}

/** GitHub's own; https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api */
const GITHUB_COM: GithubAddresses = { apiUrl: 'https://api.github.com', serverUrl: 'https://github.com' };

/** https://docs.github.com/enterprise-cloud@latest/admin/data-residency/network-details-for-ghecom */
const DATA_RESIDENCY = /^(?:api\.)?([a-z0-9-]+\.ghe\.com)$/;
const DATA_RESIDENCY_REGISTRY = /^containers\.([a-z0-9-]+\.ghe\.com)$/;

/**
 * The addresses by GITHUB_API_URL and GITHUB_SERVER_URL. Where only one of them is set the other follows from it, so that a token
 * is never sent to another GitHub than its own; without both it is github.com.
 */
export function readGithubAddresses(
  environment: NodeJS.ProcessEnv,
): GithubAddresses | { readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = [];
  const read = (name: string): string | undefined => {
    const text = environment[name]?.trim() ?? '';
    const problem = text === '' ? undefined : addressProblem(text, 'https://github.example.com');
    // Not shown: an address with a password is one of the problems.
    if (problem !== undefined) mistakes.push(wrongValue(name, 'an address', problem));
    return text === '' || problem !== undefined ? undefined : text.replace(/\/+$/, '');
  };
  const apiUrl = read('GITHUB_API_URL');
  const serverUrl = read('GITHUB_SERVER_URL');
  if (mistakes.length > 0) return { mistakes };
  if (apiUrl === undefined) return serverUrl === undefined ? GITHUB_COM : { apiUrl: apiUrlOf(serverUrl), serverUrl };
  const server = serverUrl ?? serverUrlOf(apiUrl);
  if (server !== undefined) return { apiUrl, serverUrl: server };
  const text = `missing, and it does not follow from GITHUB_API_URL, which is ${quote(apiUrl)}`;
  return { mistakes: [{ place: 'GITHUB_SERVER_URL', text }] };
}

/** The addresses; undefined when they are wrong, which is among the mistakes then, once. */
export function needGithubAddresses(findings: Findings): GithubAddresses | undefined {
  const read = readGithubAddresses(findings.environment);
  if (!('mistakes' in read)) return read;
  const isTold = ({ place }: Mistake) => findings.mistakes.some((mistake) => mistake.place === place);
  findings.mistakes.push(...read.mistakes.filter((mistake) => !isTold(mistake)));
  return undefined;
}

/** The container registry of a GitHub: `ghcr.io`, `containers.HOST`; undefined for one that has no name of its own. */
export function registryHostOf({ serverUrl }: GithubAddresses): RegistryHost | undefined {
  const { host, hostname } = new URL(serverUrl);
  if (host === 'github.com') return parseRegistryHost('ghcr.io');
  // With subdomain isolation: https://docs.github.com/enterprise-server@latest/packages/working-with-a-github-packages-registry/working-with-the-container-registry
  const hasNames = /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/.test(hostname) && !isLoopbackHost(hostname);
  return hasNames ? parseRegistryHost(`containers.${host}`) : undefined;
}

/** The interface that is known to stand beside a registry; undefined where only the user can say. */
export function knownApiUrl(host: RegistryHost, addresses: GithubAddresses | undefined): string | undefined {
  if (host === 'ghcr.io') return GITHUB_COM.apiUrl;
  const [, residency] = DATA_RESIDENCY_REGISTRY.exec(host) ?? [];
  if (residency !== undefined) return `https://api.${residency}`;
  return addresses !== undefined && host === registryHostOf(addresses) ? addresses.apiUrl : undefined;
}

function apiUrlOf(serverUrl: string): string {
  const { host } = new URL(serverUrl);
  if (host === 'github.com') return GITHUB_COM.apiUrl;
  const [, residency] = DATA_RESIDENCY.exec(host) ?? [];
  return residency === undefined ? `${serverUrl}/api/v3` : `https://api.${residency}`;
}

function serverUrlOf(apiUrl: string): string | undefined {
  if (apiUrl === GITHUB_COM.apiUrl) return GITHUB_COM.serverUrl;
  const [, residency] = DATA_RESIDENCY.exec(new URL(apiUrl).host) ?? [];
  if (residency !== undefined) return `https://${residency}`;
  return apiUrl.endsWith('/api/v3') ? apiUrl.slice(0, -'/api/v3'.length) : undefined;
}
