// The event of a workflow that a pull request started, as the runner's event file has it. Pure.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request

import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { type CommitId, isCommitId } from '../model/history.ts';

/** A pull request at the moment of the event. Names are untrusted text. */
export interface PullRequestEvent {
  readonly number: number;
  readonly headCommit: CommitId;
  /** `someone/app`; undefined when the fork is gone. */
  readonly headRepository: string | undefined;
  readonly baseBranch: string;
  readonly baseCommit: CommitId;
  /** `team/app`. */
  readonly baseRepository: string;
  /** The head lies in another repository, or in one that is gone: then the workflow has no secrets. */
  readonly isFork: boolean;
}

const commitSchema = z.string().refine(isCommitId, 'is no commit id');
const repositorySchema = z.object({ id: z.int(), full_name: z.string().regex(/^[^/\s]+\/[^/\s]+$/) });

const eventSchema = z.object({
  pull_request: z.object({
    number: z.int().positive(),
    head: z.object({ sha: commitSchema, repo: repositorySchema.nullable() }),
    base: z.object({ sha: commitSchema, ref: z.string().min(1), repo: repositorySchema }),
  }),
});

/**
 * The event of `pull_request` or `pull_request_target`, from the parsed event file.
 * @throws ProtocolError PROTOCOL for any other event, naming the part that is missing.
 */
export function decodePullRequestEvent(payload: unknown): PullRequestEvent {
  const result = eventSchema.safeParse(payload);
  if (!result.success) {
    const at = result.error.issues[0]?.path.map(String).join('.') ?? '';
    throw new ProtocolError(
      `The event file is not that of a pull request: ${at === '' ? 'it' : at} is not as described.`,
      {
        code: 'PROTOCOL',
        hint: 'GITHUB_EVENT_PATH names the event file; the runner writes it.',
      },
    );
  }
  const { number, head, base } = result.data.pull_request;
  return {
    number,
    headCommit: head.sha,
    headRepository: head.repo?.full_name,
    baseBranch: base.ref,
    baseCommit: base.sha,
    baseRepository: base.repo.full_name,
    isFork: head.repo?.id !== base.repo.id,
  };
}
