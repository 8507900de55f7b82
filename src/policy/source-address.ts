// Addresses of source repositories, brought to one form so that a `source` label can be compared with the Git remote.

/**
 * The comparable form of an address: host and path in lower case, without scheme, user, port 22/443, `.git` and slashes at
 * the end. `git@github.com:Team/App.git`, `https://github.com/team/app` → `github.com/team/app`. Empty for an empty text.
 */
export function comparableAddress(address: string): string {
  return address
    .trim()
    .toLowerCase()
    .replace(/^[a-z+]+:\/\//, '')
    .replace(/^[^@/]*@/, '')
    .replace(/^([^/:]+):(?!\d+\/)/, '$1/')
    .replace(/^([^/:]+):(?:22|443)\//, '$1/')
    .replace(/[#?].*$/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}
