// How git reaches a forge's repository: by its address, with the token in the environment of git and nowhere else.

import type { Log } from '../log.ts';
import { type Environment, gitEnvironment } from './git-environment.ts';
import { parseConfig } from './inspect-clone.ts';
import type { Remote } from './own-repository.ts';
import { readGit } from './run-git.ts';
import { type ConfigEntry, redactWith, secretsOf } from './secrets.ts';

/** A forge's repository and the token for it. */
export interface ForgeAddress {
  /** `https://github.com/acme/shop`: without credentials, without `.git`. */
  readonly address: string;
  /** The user name that the forge wants beside a token: `x-access-token`. */
  readonly username: string;
  /** Empty: none, as for a public repository. */
  readonly token: string;
  /** What the token needs so that git may read, for messages: `contents: read`. */
  readonly permission: string;
}

/** Where to look for the user's own settings (proxies, certificates), and whom to tell what is secret. */
export interface ForgeRemoteOptions {
  readonly environment: Environment;
  /** A folder that exists; git runs in it. */
  readonly directory: string;
  readonly log: Log;
}

/**
 * The repository at the address, reached with the token and with what the user and the machine configured for git. Starts git once.
 * @throws EvidenceError EVIDENCE_GIT when git is missing or fails.
 */
export async function openForgeRemote(forge: ForgeAddress, options: ForgeRemoteOptions): Promise<Remote> {
  const { directory, environment, log } = options;
  const basic = Buffer.from(`${forge.username}:${forge.token}`).toString('base64');
  const configured = parseConfig(
    await readGit({
      arguments: ['config', '--list', '-z'],
      directory,
      // No repository at all, also where the folder lies in one: its settings are another repository's.
      environment: { ...gitEnvironment(environment), GIT_DIR: '/dev/null' },
      purpose: "read git's configuration",
      redact: redactWith([forge.token, basic]),
    }),
  );
  const secrets = [...(forge.token === '' ? [] : [forge.token, basic]), ...secretsOf(configured)];
  for (const secret of secrets) log.secret(secret);
  const url = `${forge.address}.git`;
  return {
    title: url,
    directory,
    config: [
      ...configured.filter((entry) => !entry.key.startsWith('remote.') && !isCredential(entry)),
      { key: 'remote.origin.url', value: url },
      // For this one address, so that the token goes nowhere else.
      ...(forge.token === '' ? [] : [{ key: `http.${url}.extraheader`, value: `AUTHORIZATION: basic ${basic}` }]),
    ],
    redact: redactWith(secrets),
  };
}

/** GitHub refuses a request with two of these headers. */
function isCredential({ key, value }: ConfigEntry): boolean {
  return key.endsWith('.extraheader') && /^\s*authorization\s*:/i.test(value);
}
