// A clone of the user's that may lend its commits to a history whose references come from a forge. Never needed, never written to.

import type { GitSettings } from '../config/settings.ts';
import { describeCause, EvidenceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Environment } from './git-environment.ts';
import { type Clone, inspectClone } from './inspect-clone.ts';
import { refuseShallow } from './refuse-shallow.ts';
import { remoteUrlsOf } from './remote-urls.ts';
import { secretsOf } from './secrets.ts';

/** Which clone, and what it must be a clone of. */
export interface LenderOptions {
  readonly git: GitSettings;
  /** `https://github.com/acme/shop`. */
  readonly address: string;
  readonly environment: Environment;
  readonly log: Log;
}

/**
 * The clone, when it is one of that repository and holds its whole history; else undefined. A clone that the user named must be one
 * of that repository; where nobody named it, anything else is passed over.
 * @throws EvidenceError EVIDENCE_GIT for a named folder that is no clone, or one of another repository; for a shallow clone that may
 *   not be completed; and for none at all where commits may not be fetched.
 */
export async function findLender(options: LenderOptions): Promise<Clone | undefined> {
  const { git, address, environment, log } = options;
  const clone = await inspect(options, environment);
  for (const secret of secretsOf(clone?.config ?? [])) log.secret(secret);
  if (clone === undefined || !isCloneOf(clone, address)) {
    if (clone !== undefined) refuseStranger(clone, options);
    if (!git.allowFetch) throw noCommits(options);
    return undefined;
  }
  refuseShallow(clone, git);
  if (!clone.shallow) return clone;
  log.debug(`The clone in ${git.directory} is shallow; the commits come from ${address}.`);
  return undefined;
}

async function inspect({ git, log }: LenderOptions, environment: Environment): Promise<Clone | undefined> {
  try {
    return await inspectClone(git.directory, environment);
  } catch (cause) {
    if (!(cause instanceof EvidenceError) || git.isNamed) throw cause;
    log.debug(`No clone lends its commits: ${describeCause(cause)}`);
    return undefined;
  }
}

/** Whether any address of the clone's origin is that of the repository, whatever the protocol and the case of its letters. */
function isCloneOf(clone: Clone, address: string): boolean {
  const wanted = new Set(remoteUrlsOf(address).map(comparable));
  return clone.originUrls.flatMap(remoteUrlsOf).some((url) => wanted.has(comparable(url)));
}

/** GitHub speaks SSH on `ssh.github.com` too, and GitLab on `altssh.gitlab.com`, for networks that let HTTPS out only. */
function comparable(url: string): string {
  return url.toLowerCase().replace(/^https:\/\/(?:alt)?ssh\.(?=[^/]+\.[^/]+\/)/, 'https://');
}

function refuseStranger(clone: Clone, { git, address, log }: LenderOptions): void {
  const origin = clone.redact(clone.originUrls[0] ?? '');
  if (!git.isNamed) {
    log.debug(`The clone in ${git.directory} is one of ${origin} and lends nothing to ${address}.`);
    return;
  }
  throw new EvidenceError(`The clone in ${git.directory} is one of ${origin}, not of ${address}.`, {
    code: 'EVIDENCE_GIT',
    hint: 'Name the repository of the clone with github-repository (gitlab-project on GitLab), ask no forge with without-forge, or leave git-dir out.',
  });
}

function noCommits({ git, address }: LenderOptions): EvidenceError {
  return new EvidenceError(
    `Fetching is switched off (allowFetchOriginBranchesAndTags: false), and ${git.directory} is no clone of ${address}.`,
    { code: 'EVIDENCE_GIT', hint: 'Allow fetching, or give a clone with its whole history with git-dir.' },
  );
}
