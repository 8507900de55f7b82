// A run on a pull request: what its event says, the policy that it would replace, and the comment that shows the plan there.
// Nothing here decides: what cannot be found out is said, and never taken for "no difference".

import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Comparison, comparePolicy } from '../config/compare-policy.ts';
import type { PolicyText } from '../config/find-policy-sources.ts';
import type { PullRequestAccess } from '../config/read-pull-request.ts';
import type { ComparedPolicy } from '../config/settings.ts';
import { CleanupError, describeCause } from '../errors.ts';
import type { Github } from '../github/github.ts';
import type { CommentOutcome } from '../github/post-comment.ts';
import type { PullRequestEvent } from '../github/pull-request-event.ts';
import type { Log } from '../log.ts';

/** A workflow's run on a pull request. */
export interface PullRequestRun {
  readonly event: PullRequestEvent;
  /** Why the workflow's secrets are not to be had; undefined where they are. */
  readonly withoutSecrets: string | undefined;
}

/** How GitHub is reached. */
export interface PullRequestContext {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly access: PullRequestAccess;
  /** PEM file with further certificate authorities. */
  readonly caFile: string | undefined;
}

/**
 * The pull request that started this workflow; undefined where something else did. An event that cannot be understood is told as a
 * warning and counts as something else: then nothing is compared, and an empty secret is a mistake.
 */
export async function readPullRequest(environment: NodeJS.ProcessEnv, log: Log): Promise<PullRequestRun | undefined> {
  const { GITHUB_EVENT_NAME: name = '', GITHUB_EVENT_PATH: path = '' } = environment;
  if (name !== 'pull_request' && name !== 'pull_request_target') return undefined;
  try {
    const { decodePullRequestEvent } = await import('../github/pull-request-event.ts');
    const event = decodePullRequestEvent(JSON.parse(await readFile(path, 'utf8')));
    return { event, withoutSecrets: whyWithoutSecrets(event, environment) };
  } catch (cause) {
    log.warn(`the event of this pull request cannot be read: ${describeCause(cause)}`);
    return undefined;
  }
}

/** https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflows-in-forked-repositories */
function whyWithoutSecrets({ isFork }: PullRequestEvent, environment: NodeJS.ProcessEnv): string | undefined {
  // A workflow of `pull_request_target` is the base's own, and has its secrets.
  if (environment['GITHUB_EVENT_NAME'] !== 'pull_request') return undefined;
  if (isFork) return 'secrets are not given to pull requests of forks';
  // https://docs.github.com/code-security/reference/supply-chain-security/troubleshoot-dependabot/dependabot-on-actions
  return environment['GITHUB_ACTOR'] === 'dependabot[bot]' ? 'secrets are not given to runs of Dependabot' : undefined;
}

/** What a comparison goes by. */
export interface PolicyChange extends Comparison {
  readonly event: PullRequestEvent;
  /** The policy file of this run. */
  readonly own: PolicyText;
}

/**
 * The policy of the pull request's base, where its file differs from the one here; `same` where it does not, `unknown` where the file
 * here is not known to be one of the base's repository. An error of GitHub's is no difference that nobody sees: it is `broken`.
 */
export async function findComparedPolicy(
  change: PolicyChange,
  context: PullRequestContext,
): Promise<ComparedPolicy | 'same' | 'unknown'> {
  const { event, own } = change;
  const path = await findInCheckout(own.path, event);
  if (path === undefined) return 'unknown';
  const base = `${event.baseBranch} at ${event.baseCommit.slice(0, 10)}`;
  const file = { ...splitName(event.baseRepository), path, ref: event.baseCommit };
  const { readFileAt } = await import('../github/read-file.ts');
  try {
    const content = await withGithub(context, (github) => readFileAt(github, file));
    const text = content.kind === 'file' ? content.text : undefined;
    return text === own.text ? 'same' : await comparePolicy(change, { base, path, text });
  } catch (error) {
    if (!(error instanceof CleanupError)) throw error;
    return { kind: 'broken', base, why: error.message };
  }
}

/** Writes the one comment, or rewrites it. Throws what GitHub's connection throws, save for a missing right. */
export async function commentOnPullRequest(
  event: PullRequestEvent,
  comment: { readonly marker: string; readonly body: string },
  context: PullRequestContext,
): Promise<CommentOutcome> {
  const { postComment } = await import('../github/post-comment.ts');
  const repository = splitName(event.baseRepository);
  return await withGithub(context, (github) =>
    postComment(github, { ...repository, number: event.number, ...comment }),
  );
}

async function withGithub<Result>(
  { access: { apiUrl, token }, environment, log, caFile }: PullRequestContext,
  use: (github: Github) => Promise<Result>,
): Promise<Result> {
  const { openGithub } = await import('../github/open-github.ts');
  const settings = { apiUrl, token, ...(caFile === undefined ? {} : { caFile }) };
  const github = await openGithub(settings, { environment, log });
  try {
    return await use(github);
  } finally {
    await github.close();
  }
}

/** The path from the top of the checkout, with slashes; undefined outside of one of the pull request's repositories. */
async function findInCheckout(path: string, event: PullRequestEvent): Promise<string | undefined> {
  const file = resolve(path);
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const config = await readIfThere(join(folder, '.git', 'config'));
    if (config !== undefined)
      return isCheckoutOf(config, event) ? relative(folder, file).split(sep).join('/') : undefined;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Whether the clone's configuration names one of the two: another repository's file says nothing of this one's. */
function isCheckoutOf(config: string, { baseRepository, headRepository }: PullRequestEvent): boolean {
  const addresses = [...config.matchAll(/^\s*url\s*=\s*(\S+)\s*$/gim)].map(([, url = '']) => url.toLowerCase());
  const names = [baseRepository, headRepository].filter((name) => name !== undefined).map((name) => name.toLowerCase());
  return addresses.some((url) => {
    const bare = url.replace(/(?:\.git)?\/?$/, '');
    return names.some((name) => bare.endsWith(`/${name}`) || bare.endsWith(`:${name}`));
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Not there, or not to be read: this is no checkout that anything can be told of.
    return undefined;
  }
}

function splitName(repository: string): { readonly owner: string; readonly name: string } {
  const [owner = '', name = ''] = repository.split('/');
  return { owner, name };
}
