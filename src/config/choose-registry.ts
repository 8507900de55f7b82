// How to reach the registries: user name, password, authorities, and what GitHub's and GitLab's have beside that.

import type { RepositoryReference } from '../model/reference.ts';
import { isFolder, readNamedFile, resolvePath } from './check-files.ts';
import { chooseGitlabAccess, noteForeignRegistry } from './choose-gitlab.ts';
import { chooseGithubAccess } from './choose-provider.ts';
import { addMistake, addWrong, type Findings, readFlag, readText } from './findings.ts';
import { quote, wrongValue } from './mistake.ts';
import { type Login, readLogin } from './read-login.ts';
import type { Provider, RegistrySettings } from './settings.ts';
import { withoutUndefined } from './without-undefined.ts';

/** A place that is spoken to: of a registry only the host matters here. */
export type RegistryPlace =
  | {
      readonly kind: 'registry';
      readonly provider: Provider;
      readonly repository: Pick<RepositoryReference, 'host'>;
    }
  | { readonly kind: 'oci-layout' };

/** User name, password, authorities. One user name is for one registry: it is sent nowhere else. */
export async function chooseRegistry(findings: Findings, targets: readonly RegistryPlace[]): Promise<RegistrySettings> {
  const registries = targets.filter((target) => target.kind === 'registry');
  const github = registries.filter(({ provider }) => provider === 'github');
  // GitHub takes a token with any user name: it need not be given.
  const needsUsername = github.length === 0 || github.length < registries.length;
  const { username, password } = readLogin(findings, needsUsername);
  const hosts = new Set(registries.map(({ repository }) => repository.host));
  if (password !== undefined && hosts.size > 1) {
    const list = [...hosts].join(', ');
    addMistake(
      findings,
      'username',
      `one user name is for one registry, and the repositories are on ${hosts.size}: ${list}; log in with docker instead`,
    );
  }
  const githubHosts = [...new Set(github.map(({ repository }) => repository.host))];
  const others = registries.filter(({ provider }) => provider === 'oci');
  noteForeignRegistry(
    findings,
    others.map(({ repository }) => repository.host),
  );
  const gitlab = registries.filter(({ provider }) => provider === 'gitlab');
  const gitlabHosts = [...new Set(gitlab.map(({ repository }) => repository.host))];
  return {
    ...(await chooseConnection(findings, { username, password })),
    ...withoutUndefined({
      github: chooseGithubAccess(findings, githubHosts, password),
      gitlab: chooseGitlabAccess(findings, gitlabHosts, { username, password }),
    }),
  };
}

/** What every registry is reached by. A password without a user name is GitHub's token, and no registry's password. */
export async function chooseConnection(findings: Findings, { username, password }: Login): Promise<RegistrySettings> {
  const caFile = await checkCaFile(findings);
  const { skipTlsVerify, dockerConfig } = findings.raw.werf ?? {};
  return {
    ...(username === undefined ? {} : { username }),
    ...(username === undefined || password === undefined ? {} : { password }),
    ...(caFile === undefined ? {} : { caFile }),
    plainHttp: readFlag(findings, 'plain-http') ?? false,
    ...withoutUndefined({ skipTlsVerify, dockerConfig: await checkDockerConfig(findings, dockerConfig) }),
  };
}

/** Named on purpose: a folder that is not there would mean that nobody has logged in. */
async function checkDockerConfig(findings: Findings, folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const path = resolvePath(findings, folder);
  if (await isFolder(path)) return path;
  findings.mistakes.push(wrongValue('docker-config', quote(folder), "the folder of docker's config.json"));
  return undefined;
}

async function checkCaFile(findings: Findings): Promise<string | undefined> {
  const path = readText(findings, 'ca-file');
  if (path === undefined) return undefined;
  const text = await readNamedFile(findings, 'ca-file', path);
  if (text === undefined) return undefined;
  if (text.includes('-----BEGIN CERTIFICATE-----')) return resolvePath(findings, path);
  addWrong(findings, {
    name: 'ca-file',
    got: `${quote(path)}, which holds no certificate`,
    expected: 'a file in PEM form',
  });
  return undefined;
}
