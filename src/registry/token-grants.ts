// What a registry's token says that its bearer may do. Only read where it tells why an answer can be believed, and what a plan may
// announce: the registry itself decides.
// https://distribution.github.io/distribution/spec/auth/jwt/

import * as z from 'zod';

const claims = z.object({
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })),
});

/**
 * Whether the token server granted the right to pull from this very repository. False for a token that does not say: many are opaque, and
 * those of registries that hide repositories name no rights.
 */
export function grantsPull(token: string, repository: string): boolean {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return false;
  const { data } = claims.safeParse(parseJson(payload));
  return (data?.access ?? []).some(
    ({ type, name, actions }) => type === 'repository' && name === repository && actions.includes('pull'),
  );
}

/** What a token server granted on one repository. */
export interface RepositoryGrants {
  /** `pull`, `push`, `delete`, `*`; empty when nothing was granted. */
  readonly actions: readonly string[];
  /** Expressions (RE2, not anchored) for tags that this very bearer may not delete. GitLab tells them for actions that it granted. */
  readonly undeletable: readonly string[];
  /** Expressions for tags that nobody may move or delete. */
  readonly immutable: readonly string[];
}

const patterns = z.array(z.string()).nullish();

/** GitLab's addition: https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/services/auth/container_registry_authentication_service.rb */
const detailedClaims = z.object({
  access: z
    .array(
      z.object({
        type: z.string(),
        name: z.string(),
        actions: z.array(z.string()).nullable(),
        meta: z
          .object({
            tag_deny_access_patterns: z.object({ delete: patterns }).nullish(),
            tag_immutable_patterns: patterns,
          })
          .nullish(),
      }),
    )
    .nullable(),
});

/** What the token says about this very repository; undefined for one that does not say, or not in this form. */
export function decodeGrants(token: string, repository: string): RepositoryGrants | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  const { data } = detailedClaims.safeParse(parseJson(payload));
  if (data === undefined) return undefined;
  const own = (data.access ?? []).filter(({ type, name }) => type === 'repository' && name === repository);
  return {
    actions: own.flatMap(({ actions }) => actions ?? []),
    undeletable: own.flatMap(({ meta }) => meta?.tag_deny_access_patterns?.delete ?? []),
    immutable: own.flatMap(({ meta }) => meta?.tag_immutable_patterns ?? []),
  };
}

function parseJson(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    // No token of this kind: the schema says so.
    return undefined;
  }
}
