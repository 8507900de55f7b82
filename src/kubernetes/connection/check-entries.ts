// What a kubeconfig asks for and cannot get, or contradicts: said before anything is sent. What would be ignored is refused.

import { isLoopbackHost } from '../../util/loopback-host.ts';
import type { KubeCluster, KubeExec, KubeUser } from '../kubeconfig/kube-entries.ts';
import type { KubeContext } from '../kubeconfig/load-kube-contexts.ts';

/** Keys of a cluster or user entry that are obeyed here, or that change nothing that is read. */
const CLUSTER_KEYS = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'proxy-url',
  'disable-compression',
  'extensions',
]);
const USER_KEYS = new Set([
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'token',
  'tokenFile',
  'username',
  'password',
  'as',
  'as-uid',
  'as-groups',
  'as-user-extra',
  'exec',
  'auth-provider',
  'extensions',
]);

/** https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ */
const EXEC_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const INTERACTIVE_MODES = ['Never', 'IfAvailable', 'Always'];

/** Providers that Kubernetes 1.26 took out of kubectl, with the plugin that came in their place. */
const FORMER_PROVIDERS: Readonly<Record<string, string>> = {
  gcp: 'gke-gcloud-auth-plugin (https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl)',
  azure: 'kubelogin (https://azure.github.io/kubelogin/)',
};

/** @throws Error, without any value of the entries but names, when the context cannot be asked as it says. */
export function checkEntries({ cluster, user }: KubeContext): void {
  const unknown = [...unknownKeys(cluster, CLUSTER_KEYS), ...unknownKeys(user, USER_KEYS)];
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')} is not supported`);
  checkServer(cluster, user);
  checkMethods(user);
  if (user.exec) checkExec(user.exec);
  checkProvider(user);
}

function unknownKeys(entry: object, known: ReadonlySet<string>): string[] {
  return Object.entries(entry)
    .filter(([key, value]) => !known.has(key) && value !== null && value !== undefined)
    .map(([key]) => key);
}

function checkServer(cluster: KubeCluster, user: KubeUser): void {
  const server = new URL(cluster.server);
  const isUnchecked = cluster['insecure-skip-tls-verify'] === true;
  if (server.username !== '' || server.password !== '')
    throw new Error('the address of its server holds a user name or a password, which belong to the user entry');
  if (server.search !== '' || server.hash !== '')
    throw new Error('the address of its server has a query or a fragment');
  if (isUnchecked && (cluster['certificate-authority'] || cluster['certificate-authority-data']))
    throw new Error('a certificate authority and insecure-skip-tls-verify exclude each other');
  if (server.protocol === 'https:') return;
  // Whoever stands between could hide what is in use. kubectl asks, but sends no credentials either.
  if (!isLoopbackHost(server.hostname) && !isUnchecked)
    throw new Error('plain HTTP is for loopback only, unless the cluster entry says insecure-skip-tls-verify');
  if (Object.entries(user).some(([key, value]) => key !== 'extensions' && Boolean(value)))
    throw new Error('its user has credentials, and they are never sent over plain HTTP');
}

function checkMethods(user: KubeUser): void {
  const hasCertificate = Boolean(user['client-certificate'] || user['client-certificate-data']);
  const hasKey = Boolean(user['client-key'] || user['client-key-data']);
  if (hasCertificate !== hasKey) throw new Error('a client certificate and its key must come together');
  if ((user.token || user.tokenFile) && (user.username || user.password))
    throw new Error('a token and a password exclude each other');
  if (user.exec && user['auth-provider']) throw new Error('exec and auth-provider exclude each other');
  const beyondUser = (['as-uid', 'as-groups', 'as-user-extra'] as const).filter((key) => isFilled(user[key]));
  if (!user.as && beyondUser.length > 0) throw new Error(`${beyondUser.join(', ')} goes with "as" only`);
}

function isFilled(value: object | string | null | undefined): boolean {
  return value !== null && value !== undefined && Object.keys(value).length > 0;
}

function checkExec(exec: KubeExec): void {
  if (!EXEC_VERSIONS.includes(exec.apiVersion ?? ''))
    throw new Error(`the apiVersion of its credential plugin is not one of ${EXEC_VERSIONS.join(', ')}`);
  const mode = exec.interactiveMode || 'IfAvailable';
  if (!INTERACTIVE_MODES.includes(mode))
    throw new Error(`the interactiveMode of its credential plugin is not one of ${INTERACTIVE_MODES.join(', ')}`);
  if (mode === 'Always')
    throw new Error('its credential plugin wants a terminal (interactiveMode: Always), and there is none to give it');
}

function checkProvider(user: KubeUser): void {
  const provider = user['auth-provider']?.name;
  if (provider === undefined || provider === 'oidc') return;
  const successor = Object.hasOwn(FORMER_PROVIDERS, provider) ? FORMER_PROVIDERS[provider] : undefined;
  throw new Error(
    successor === undefined
      ? `the auth-provider ${JSON.stringify(provider.slice(0, 50))} is not supported`
      : `the auth-provider ${provider} is no part of Kubernetes since 1.26; use the exec plugin ${successor}`,
  );
}
