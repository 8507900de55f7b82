// What of a context must never be shown.

import type { KubeContext } from '../kubeconfig/load-kube-contexts.ts';
import { SECRET_NAME } from './redact-output.ts';

/** Fields of an oidc auth-provider that are secrets. */
const PROVIDER_SECRETS = ['client-secret', 'id-token', 'refresh-token', 'access-token'];

/** Every secret that stands in the entries, in each form in which it may show; blank ones are left out. */
export function secretsOf({ cluster, user }: Pick<KubeContext, 'cluster' | 'user'>): readonly string[] {
  const config = user['auth-provider']?.config ?? {};
  const key = user['client-key-data'];
  const found = [
    user.token?.trim(),
    user.password,
    key,
    key ? Buffer.from(key, 'base64').toString('utf8') : undefined,
    ...PROVIDER_SECRETS.map((name) => config[name]),
    ...(user.exec?.env ?? []).flatMap(({ name, value }) => (SECRET_NAME.test(name) ? [value] : [])),
    ...argumentSecrets(user.exec?.args ?? []),
    ...proxySecrets(cluster['proxy-url'] ?? ''),
  ];
  return found.flatMap((secret) => (typeof secret === 'string' && secret.trim() !== '' ? [secret] : []));
}

/** The password of a proxy's address, as it stands there and as it is sent. */
export function proxySecrets(address: string): readonly string[] {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.password === '') return [];
  try {
    return [url.password, decodeURIComponent(url.password)];
  } catch {
    // Not percent-encoded as it should be, which the connection will tell.
    return [url.password];
  }
}

/** `--client-secret=x` and `--client-secret x`. */
function argumentSecrets(args: readonly string[]): readonly string[] {
  return args.flatMap((argument, at) => {
    const [, name = '', value] = /^--?([\w-]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (!SECRET_NAME.test(name)) return [];
    const secret = value ?? args[at + 1] ?? '';
    return secret === '' || secret.startsWith('-') ? [] : [secret];
  });
}
