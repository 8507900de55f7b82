// The addresses that origin goes by, without credentials, so that an image's source label can be recognised.

/**
 * The address as configured and, for anything on a host, its https form without `.git`:
 * `git@github.com:o/r.git` → `ssh://github.com/o/r.git`, `https://github.com/o/r`. No duplicates; empty for an address that
 * is not understood.
 */
export function remoteUrlsOf(url: string): readonly string[] {
  // scp's form: a host of at least two characters (one would be a Windows drive) and a path, with no slash before the colon.
  const [, scpHost, scpPath] = /^(?:[^@/\s]+@)?([^@:/\s\\]{2,}):(?!\/\/)(.+)$/.exec(url) ?? [];
  const address = scpHost === undefined ? url : `ssh://${scpHost}/${(scpPath ?? '').replace(/^\/+/, '')}`;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return [address];
  if (!URL.canParse(address)) return [];
  const parsed = new URL(address);
  parsed.username = '';
  parsed.password = '';
  if (parsed.hostname === '') return [parsed.href];
  const host = /^https?:$/.test(parsed.protocol) ? parsed.host : parsed.hostname;
  const path = parsed.pathname.replace(/\/+$/, '').replace(/\.git$/, '');
  return [...new Set([parsed.href, `https://${host}${path}`])];
}
