// What a registry's token says that its bearer may do. Only read where it tells why an answer can be believed.
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

function parseJson(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    // No token of this kind: the schema says so.
    return undefined;
  }
}
