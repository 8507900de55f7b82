// How GitLab's registry is reached: with which user for reading, which for deleting, and GitLab's interface beside it. A token goes to the
// registry of its own GitLab and nowhere else.

import type { RegistryHost } from '../model/reference.ts';
import { addMistake, type Findings } from './findings.ts';
import { type ChosenGitlab, homeOfRegistry, needGitlab } from './gitlab-addresses.ts';
import { readGitlabJob } from './gitlab-job.ts';
import {
  chooseGitlabToken,
  hasGitlabToken,
  loginOf,
  type NamedToken,
  placeOfToken,
  readNamedToken,
} from './read-gitlab-token.ts';
import type { Login } from './read-login.ts';
import type { GitlabRegistryAccess, RegistryLogin } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Where the ancestors' users keep what may delete: https://werf.io/docs/v2/usage/cleanup/cr_cleanup.html and dapp's `cleanup repo`. */
const DELETE_VARIABLES = ['WERF_IMAGES_CLEANUP_PASSWORD', 'DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD'] as const;

/**
 * How to reach these registries (with the provider `gitlab`), of which one run takes one; undefined for none. `login`: what was given for
 * the registry, which outranks every token. With mistakes among the findings the answer is not to be used.
 */
export function chooseGitlabAccess(
  findings: Findings,
  hosts: readonly RegistryHost[],
  login: Login,
): GitlabRegistryAccess | undefined {
  const [host] = hosts;
  if (host === undefined) {
    noteIdleDeleteToken(findings);
    return undefined;
  }
  if (hosts.length > 1)
    addMistake(findings, 'repository', `${hosts.join(' and ')}: one run is for one registry of GitLab`);
  const gitlab = needGitlab(findings);
  if (gitlab === undefined) return { host };
  const home = homeOfRegistry(findings, host);
  if (home !== gitlab.serverUrl) {
    tellStranger(findings, { host, home, gitlab, login });
    return { host };
  }
  return { host, ...withoutUndefined(chooseLogins(findings, { host, gitlab, login })) };
}

interface Place {
  readonly host: RegistryHost;
  readonly gitlab: ChosenGitlab;
  readonly login: Login;
}

function chooseLogins(findings: Findings, { host, gitlab, login }: Place) {
  const named = chooseGitlabToken(findings, gitlab);
  const deleting = chooseDeleteToken(findings, gitlab);
  const deleteToken = deleting?.token;
  return {
    // What was given goes to the registry by itself.
    login: login.username === undefined ? chooseLogin(findings, host, named) : undefined,
    deleteLogin: deleting === undefined ? undefined : loginOf(deleting),
    api:
      named === undefined
        ? undefined
        : { apiUrl: gitlab.apiUrl, token: named.token, ...withoutUndefined({ deleteToken }) },
  };
}

/** A job's registry has a login of its own in CI_REGISTRY_USER, which is the job's token by another name. */
function chooseLogin(findings: Findings, host: RegistryHost, named: NamedToken | undefined): RegistryLogin | undefined {
  const job = readGitlabJob(findings);
  const isGiven = hasGitlabToken(findings.raw, 'gitlab-token');
  if (!isGiven && job?.login !== undefined && job.isOwnRegistry && host === job.registry)
    return { ...job.login, from: 'CI_REGISTRY_PASSWORD' };
  return named === undefined ? undefined : loginOf(named);
}

/** Where CI_REGISTRY is somebody else's it is no registry of GitLab, which can be meant or not. */
export function noteForeignRegistry(findings: Findings, hosts: readonly RegistryHost[]): void {
  const job = readGitlabJob(findings);
  const isUntold = (findings.raw.provider ?? 'auto').trim() === 'auto';
  if (job?.registry === undefined || job.isOwnRegistry || !isUntold || !hosts.includes(job.registry)) return;
  findings.notes.push(
    `${job.registry} is not taken for GitLab's registry: CI_REGISTRY_IMAGE is not CI_REGISTRY with the project's path in lower case. If it is, say provider gitlab and name GitLab with gitlab-url`,
  );
}

/** Only an apply deletes; a plan has no use for it. */
function chooseDeleteToken(findings: Findings, gitlab: ChosenGitlab): NamedToken | undefined {
  if (findings.raw.command?.trim() !== 'apply') return undefined;
  if (hasGitlabToken(findings.raw, 'delete-token')) {
    const text = findings.raw['delete-token'] ?? '';
    return readNamedToken(findings, { text, from: placeOfToken(findings, 'delete-token'), gitlab });
  }
  if (readGitlabJob(findings) === undefined) return undefined;
  const from = DELETE_VARIABLES.find((name) => (findings.environment[name] ?? '').trim() !== '');
  if (from === undefined) return undefined;
  findings.notes.push(`images are deleted with the token in ${from}; delete-token would outrank it`);
  return readNamedToken(findings, { text: findings.environment[from] ?? '', from, gitlab });
}

/** No token goes to this registry: nobody knows that it belongs to the token's GitLab, or it belongs to another. */
function tellStranger(findings: Findings, place: Place & { readonly home: string | undefined }): void {
  const { host, home, gitlab, login } = place;
  const why =
    home === undefined
      ? `nobody can tell which GitLab ${host} belongs to: name it with gitlab-url`
      : `${host} belongs to ${home}, and the tokens are for ${gitlab.serverUrl}: name one GitLab with gitlab-url`;
  if (findings.raw.command?.trim() === 'apply' && hasGitlabToken(findings.raw, 'delete-token'))
    findings.mistakes.push({ place: placeOfToken(findings, 'delete-token'), text: why });
  if (login.username !== undefined) return;
  const isMeant = home === undefined && hasGitlabToken(findings.raw, 'gitlab-token');
  if (isMeant) findings.mistakes.push({ place: placeOfToken(findings, 'gitlab-token'), text: why });
  else findings.notes.push(`${host} is asked by the login of docker or podman: ${why}`);
}

function noteIdleDeleteToken(findings: Findings): void {
  if (findings.raw.command?.trim() === 'apply' && hasGitlabToken(findings.raw, 'delete-token'))
    findings.notes.push('delete-token is of no use here: no repository is in a registry of GitLab');
}
