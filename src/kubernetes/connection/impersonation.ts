// The headers by which one account acts as another.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation

import type { KubeUser } from '../kubeconfig/kube-entries.ts';

/** The headers for `as` and what goes with it; none without `as`. @throws Error for a value that no header can hold. */
export function impersonationHeaders(user: KubeUser): Record<string, string | string[]> {
  if (!user.as) return {};
  return {
    'Impersonate-User': headerText(user.as),
    ...(user['as-uid'] ? { 'Impersonate-Uid': headerText(user['as-uid']) } : {}),
    ...(user['as-groups']?.length ? { 'Impersonate-Group': user['as-groups'].map(headerText) } : {}),
    ...Object.fromEntries(
      Object.entries(user['as-user-extra'] ?? {}).map(([key, values]) => [
        `Impersonate-Extra-${escapeKey(key)}`,
        values.map(headerText),
      ]),
    ),
  };
}

/** Node writes headers as Latin-1, and the server reads UTF-8. */
function headerText(text: string): string {
  if (/\p{Cc}/u.test(text)) throw new Error('a name to act as holds a control character');
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Whatever is no character of a header's name, and the percent sign itself, goes as %XX of its UTF-8 bytes. */
function escapeKey(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
