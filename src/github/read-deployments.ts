// Deployments of a repository with their latest status, by GraphQL: REST takes a request for each.

import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { commitIdSchema, decodeWire, instantSchema } from '../forge/decode-wire.ts';
import type { ListedDeployments } from '../forge/forge-source.ts';
import type { DeploymentState } from '../model/forge.ts';
import { type ForgeRepository, readAsEvidence } from './forge-evidence.ts';
import type { Github } from './github.ts';

/** Newest first, so that what is made meanwhile does not shift the pages. */
const QUERY = `query ($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    deployments(first: 100, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { id environment commitOid commit { oid } state createdAt }
    }
  }
}`;

const nodeSchema = z.object({
  id: z.string().min(1),
  environment: z.string(),
  commitOid: commitIdSchema,
  /** Null when the commit has been deleted. */
  commit: z.object({ oid: commitIdSchema }).nullable(),
  state: z.string().nullable(),
  createdAt: instantSchema,
});
const pageSchema = z.object({
  repository: z.object({
    deployments: z.object({
      totalCount: z.int().nonnegative(),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
      nodes: z.array(nodeSchema),
    }),
  }),
});
type Page = z.infer<typeof pageSchema>['repository']['deployments'];

/** A hundred thousand deployments; more would use up the quota of an hour. */
const MAX_PAGES = 1000;
const TRIES = 3;

/**
 * GitHub's words: https://docs.github.com/en/graphql/reference/enums#deploymentstate. `ABANDONED`: nobody reported for half an hour, so it
 * may well have become active. `DESTROYED`: was active for a while, as a preview.
 */
const STATES: Readonly<Record<string, DeploymentState>> = {
  ACTIVE: 'active',
  SUCCESS: 'active',
  INACTIVE: 'inactive',
  ABANDONED: 'inactive',
  DESTROYED: 'inactive',
  PENDING: 'pending',
  QUEUED: 'pending',
  WAITING: 'pending',
  IN_PROGRESS: 'pending',
  ERROR: 'failed',
  FAILURE: 'failed',
};

/**
 * All deployments to all environments, newest first, and of their commits those that GitHub still has.
 * @throws EvidenceError EVIDENCE_FORGE when they cannot be read to the end or understood, or keep changing.
 */
export async function readDeployments(github: Github, repository: ForgeRepository): Promise<ListedDeployments> {
  const purpose = `list the deployments of ${repository.owner}/${repository.name}`;
  return readAsEvidence('switch the rule off with deployments: false in the policy file', async () => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const pages = await readPages(github, repository, purpose);
      if (isWhole(pages)) return listed(pages.flatMap(({ nodes }) => nodes));
    }
    throw new ProtocolError(`Cannot ${purpose}: they keep changing while they are read.`, {
      code: 'PROTOCOL',
      hint: 'Run again when less is deployed.',
      temporary: true,
    });
  });
}

async function readPages(github: Github, repository: ForgeRepository, purpose: string): Promise<readonly Page[]> {
  const pages: Page[] = [];
  const seen = new Set<string>();
  let after: string | null = null;
  while (pages.length < MAX_PAGES) {
    const data = await github.graphql({
      query: QUERY,
      variables: { owner: repository.owner, name: repository.name, after },
      purpose,
      permission: 'deployments: read',
    });
    const page: Page = decodeWire(pageSchema, data, purpose).repository.deployments;
    pages.push(page);
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage) return pages;
    if (endCursor === null || endCursor === undefined || seen.has(endCursor)) break;
    seen.add(endCursor);
    after = endCursor;
  }
  throw new ProtocolError(`Cannot ${purpose}: the pages do not end.`, { code: 'PROTOCOL' });
}

/** Nothing was missed or came twice, and nothing was made or deleted meanwhile. */
function isWhole(pages: readonly Page[]): boolean {
  const ids = pages.flatMap(({ nodes }) => nodes.map(({ id }) => id));
  return new Set(ids).size === ids.length && pages.every(({ totalCount }) => totalCount === ids.length);
}

function listed(nodes: readonly z.infer<typeof nodeSchema>[]): ListedDeployments {
  const deployments = nodes.map(({ environment, commitOid, state, createdAt }) => ({
    environment,
    commit: commitOid,
    state: stateOf(state),
    createdAt,
  }));
  return {
    deployments: deployments.toSorted((a, b) => b.createdAt - a.createdAt),
    commits: [...new Set(nodes.flatMap(({ commit }) => commit?.oid ?? []))],
  };
}

/** Without any status a deployment waits for its first one. */
function stateOf(state: string | null): DeploymentState {
  if (state === null) return 'pending';
  return Object.hasOwn(STATES, state) ? (STATES[state] ?? 'unknown') : 'unknown';
}
