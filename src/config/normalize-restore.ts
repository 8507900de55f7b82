// Options and environment to the decided settings of a restore. It reads no policy file: what it brings back stands in the journal.

import {
  formatRepository,
  isSameRepository,
  parseRepository,
  type RegistryHost,
  type RepositoryReference,
} from '../model/reference.ts';
import type { RawOptions } from '../options.ts';
import { checkInputFile } from './check-files.ts';
import { chooseCache } from './choose-cache.ts';
import { chooseGitlabAccess } from './choose-gitlab.ts';
import { checkNamedOutput, readJournal, readLooks } from './choose-output.ts';
import { chooseGithubAccess, chooseProviders, type Providers, readBudgetShare, readToken } from './choose-provider.ts';
import { chooseConnection } from './choose-registry.ts';
import { addMistake, addWrong, createFindings, type Findings, readList, type SettingsSource } from './findings.ts';
import { needGithubAddresses, registryHostOf } from './github-addresses.ts';
import { GITLAB_COM, GITLAB_COM_REGISTRY, needGitlab } from './gitlab-addresses.ts';
import { readGitlabJob } from './gitlab-job.ts';
import { mistakesError, quote } from './mistake.ts';
import { repositoryProblem } from './policy-words.ts';
import { readCommand } from './read-command.ts';
import { hasGithubToken, isToken } from './read-github-token.ts';
import { hasGitlabToken } from './read-gitlab-token.ts';
import { type Login, readLogin } from './read-login.ts';
import { spellRepository } from './repository-target.ts';
import type { GithubAccess, GitlabRegistryAccess, RestoreSettings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Decided settings, and what the user should know about them. */
export interface NormalizedRestore {
  readonly settings: RestoreSettings;
  readonly notes: readonly string[];
}

/** Whether the options are those of a restore, whose settings are others. */
export function isRestore(raw: RawOptions): boolean {
  return raw.command?.trim() === 'restore';
}

/**
 * Decides all settings of a restore.
 * @throws UsageError USAGE; every mistake is a line of the message.
 */
export async function normalizeRestore(raw: RawOptions, source: SettingsSource): Promise<NormalizedRestore> {
  const findings = createFindings(raw, source);
  readCommand(findings);
  const journal = await checkInputFile(findings, 'journal', readJournal(findings));
  const providers = chooseProviders(findings);
  const repositories = readRepositories(findings, providers);
  const access = chooseAccess(findings, providers, repositories);
  const connection = await chooseConnection(findings, access.login);
  const reportFile = await checkNamedOutput(findings, 'report-file');
  if (reportFile !== undefined && reportFile === journal)
    addMistake(findings, 'report-file', 'names the same file as journal');
  const cacheDirectory = await chooseCache(findings);
  const looks = readLooks(findings);
  if (findings.mistakes.length > 0 || journal === undefined) throw mistakesError(findings.mistakes);
  const { githubHosts, github, gitlab } = access;
  const registry = { ...connection, ...withoutUndefined({ github, gitlab }) };
  const optional = withoutUndefined({ cacheDirectory, reportFile });
  return { settings: { journal, repositories, githubHosts, registry, ...optional, ...looks }, notes: findings.notes };
}

function readRepositories(findings: Findings, { providerOf }: Providers): readonly RepositoryReference[] {
  const repositories: RepositoryReference[] = [];
  for (const written of readList(findings, 'repository') ?? []) {
    const text = spellRepository(findings, written, providerOf);
    const problem = text.startsWith('oci-layout:')
      ? 'a repository in a registry: a directory has nothing to restore from'
      : repositoryProblem(text);
    if (problem !== undefined) {
      addWrong(findings, { name: 'repository', got: quote(text), expected: problem });
      continue;
    }
    const repository = parseRepository(text);
    if (repositories.some((other) => isSameRepository(other, repository)))
      addMistake(findings, 'repository', `${formatRepository(repository)} is named twice`);
    repositories.push(repository);
  }
  return repositories;
}

interface Access {
  readonly login: Login;
  readonly githubHosts: RestoreSettings['githubHosts'];
  readonly github: GithubAccess | undefined;
  readonly gitlab: GitlabRegistryAccess | undefined;
}

/** What the journal names is not known yet: without a repository here, it may be any that belongs to the GitHub or GitLab of the token. */
function chooseAccess(findings: Findings, providers: Providers, repositories: readonly RepositoryReference[]): Access {
  const access = chooseGithub(findings, providers, repositories);
  return { ...access, gitlab: chooseGitlab(findings, { providers, repositories, login: access.login }) };
}

/** A registry of GitLab's needs nothing but its login: without one it is like any other. */
function chooseGitlab(
  findings: Findings,
  from: { readonly providers: Providers; readonly repositories: readonly RepositoryReference[]; readonly login: Login },
): GitlabRegistryAccess | undefined {
  const { providers, repositories, login } = from;
  const named = repositories.map(({ host }) => host).filter((host) => providers.providerOf(host) === 'gitlab');
  const isMeant = repositories.length === 0 && providers.choice !== 'oci' && providers.choice !== 'github';
  const usual = isMeant ? findUsualRegistry(findings) : undefined;
  const hosts = usual === undefined ? [...new Set(named)] : [usual];
  const access = chooseGitlabAccess(findings, hosts, login);
  return access?.login === undefined ? undefined : access;
}

/** The registry that tokens are for by themselves; undefined for none. */
function findUsualRegistry(findings: Findings): RegistryHost | undefined {
  const job = readGitlabJob(findings);
  if (job?.isOwnRegistry === true) return job.registry;
  return hasGitlabToken(findings.raw, 'gitlab-token') && needGitlab(findings)?.serverUrl === GITLAB_COM.serverUrl
    ? GITLAB_COM_REGISTRY
    : undefined;
}

function chooseGithub(
  findings: Findings,
  { choice, providerOf }: Providers,
  repositories: readonly RepositoryReference[],
): Omit<Access, 'gitlab'> {
  if (choice === 'oci' || choice === 'gitlab')
    return { login: readLogin(findings, true), githubHosts: [], github: undefined };
  const hosts = [...new Set(repositories.map(({ host }) => host))];
  const githubHosts = hosts.filter((host) => providerOf(host) === 'github');
  const login = readLogin(findings, githubHosts.length < hosts.length);
  if (login.password !== undefined && hosts.length > 1) {
    const text = `one user name is for one registry, and the repositories are on ${hosts.length}: ${hosts.join(', ')}`;
    addMistake(findings, 'username', `${text}; log in with docker instead`);
  }
  const github = hosts.length === 0 ? undefined : chooseGithubAccess(findings, githubHosts, login.password);
  const known = hosts.length === 0 ? chooseAnyGithub(findings, choice, login) : { login, githubHosts, github };
  return choice === 'github' ? { ...known, githubHosts: 'any' } : known;
}

function chooseAnyGithub(findings: Findings, choice: 'auto' | 'github', login: Login): Omit<Access, 'gitlab'> {
  const addresses = needGithubAddresses(findings);
  const { username, password } = login;
  // With a user name it may be another registry's, where a password may be any text.
  const isAnyText = username !== undefined && password !== undefined && !isToken(password.trim());
  // Without a token only what is not GitHub's can be reached: that shows when the journal is read.
  const isGiven = password === undefined ? hasGithubToken(findings) : !isAnyText;
  const token =
    isGiven || choice === 'github'
      ? readToken(findings, { subject: 'the journal', password, other: undefined })
      : undefined;
  const own = addresses === undefined ? undefined : registryHostOf(addresses);
  const github =
    addresses === undefined || token === undefined
      ? undefined
      : { apiUrl: addresses.apiUrl, token, budgetShare: readBudgetShare(findings) };
  return { login, githubHosts: own === undefined ? [] : [own], github };
}
