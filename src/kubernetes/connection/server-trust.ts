// Whom we trust to be the server, and the certificate that we show it. Decided by the kubeconfig alone, never by
// NODE_TLS_REJECT_UNAUTHORIZED.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { KubeCluster, KubeUser } from '../kubeconfig/kube-entries.ts';

/** How a server is checked. */
export interface ServerTrust {
  /** PEM. Absent: what Node and the system trust. */
  readonly authorities?: string;
  /** False only when the kubeconfig says insecure-skip-tls-verify. */
  readonly isChecked: boolean;
  /** The name that its certificate must have. Absent: the one in its address. */
  readonly name?: string;
}

/** A certificate with its key, both PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Reads the authorities; data goes before a file, as kubectl has it. @throws Error when they cannot be read or hold no certificate. */
export async function readServerTrust(cluster: KubeCluster): Promise<ServerTrust> {
  const what = 'the certificate authority';
  const authorities = await readPart(what, cluster['certificate-authority-data'], cluster['certificate-authority']);
  if (authorities !== undefined) checkCertificates(what, authorities);
  const name = cluster['tls-server-name'];
  return {
    isChecked: cluster['insecure-skip-tls-verify'] !== true,
    ...(authorities === undefined ? {} : { authorities }),
    ...(name ? { name } : {}),
  };
}

/** The certificate of a user entry, read anew from its files; undefined when it has none. @throws Error as {@link readServerTrust}. */
export async function readClientCertificate(user: KubeUser): Promise<ClientCertificate | undefined> {
  const cert = await readPart('the client certificate', user['client-certificate-data'], user['client-certificate']);
  const key = await readPart('the client key', user['client-key-data'], user['client-key']);
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** One context for all connections to a server. @throws Error for a certificate and key that are none or do not fit. */
export function createServerContext(trust: ServerTrust, certificate: ClientCertificate | undefined): SecureContext {
  const ca = trust.authorities ?? [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  try {
    return createSecureContext({ ca, ...certificate });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new Error(`the client certificate and its key cannot be used${code}`, { cause: error });
  }
}

async function readPart(
  what: string,
  data: string | null | undefined,
  file: string | null | undefined,
): Promise<string | undefined> {
  if (data) return decodeBase64(what, data);
  if (!file) return undefined;
  const text = await readFile(file, 'utf8');
  if (text.trim() === '') throw new Error(`${what} ${JSON.stringify(file)} is empty`);
  return text;
}

function decodeBase64(what: string, data: string): string {
  const compact = data.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) throw new Error(`the data of ${what} is not base64`);
  return Buffer.from(compact, 'base64').toString('utf8');
}

/** Node takes a text without any certificate, and then trusts nobody, with a message that misleads. */
function checkCertificates(what: string, text: string): void {
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0) throw new Error(`${what} holds no PEM certificate`);
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw new Error(`${what} holds a certificate that cannot be parsed`, { cause: error });
    }
  }
}
