// What GitHub shows of a token's right to delete, before the first delete.
// https://docs.github.com/en/packages/learn-github-packages/about-permissions-for-github-packages

import type { DeleteRight } from '../model/snapshot.ts';

/** How fine-grained personal tokens begin. */
const FINE_GRAINED = 'github_pat_';

/**
 * The right by what the answers told: only those to classic tokens name scopes. `scopes` undefined: none were named.
 */
export function deleteRightOf(scopes: readonly string[] | undefined, token: string): DeleteRight {
  if (scopes === undefined) {
    const why = token.startsWith(FINE_GRAINED)
      ? 'GitHub documents no fine-grained tokens for packages; whether this one may delete, the first delete will tell'
      : "a workflow's own token does not show its rights; the first delete goes alone";
    return { kind: 'unproved', why };
  }
  const canRead = scopes.includes('read:packages') || scopes.includes('write:packages');
  const missing = [
    ...(canRead ? [] : ['read:packages']),
    ...(scopes.includes('delete:packages') ? [] : ['delete:packages']),
  ];
  return missing.length === 0
    ? { kind: 'granted' }
    : { kind: 'missing', permission: `the scope ${missing.join(' and ')}` };
}
