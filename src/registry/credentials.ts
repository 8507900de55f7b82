// What somebody can prove to a registry who they are with.

/** Credentials, and in words where they were found (`auths in /home/me/.docker/config.json`), never with a secret in it. */
export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'password'; readonly username: string; readonly password: string; readonly source: string }
  /** A refresh token, which the token server takes. `username` goes with it where only Basic is understood. */
  | { readonly kind: 'identity-token'; readonly token: string; readonly username?: string; readonly source: string }
  /** A Bearer token, which the registry itself takes. */
  | { readonly kind: 'registry-token'; readonly token: string; readonly source: string };

/** `the user name and password from --username`: the kind and the place, for messages; undefined for anonymous. */
export function describeCredentials(credentials: Credentials): string | undefined {
  switch (credentials.kind) {
    case 'anonymous':
      return undefined;
    case 'password':
      return `the user name and password from ${credentials.source}`;
    case 'identity-token':
      return `the identity token from ${credentials.source}`;
    case 'registry-token':
      return `the registry token from ${credentials.source}`;
  }
}

/** The value of a Basic `Authorization` header. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
