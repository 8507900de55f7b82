// Reads the user's certificate authorities. They come on top of the usual ones, never in their place.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { describeCause, UsageError } from '../errors.ts';

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/**
 * A TLS context that trusts Node's authorities, the system's, and those of a PEM file. One context for all connections:
 * parsing some hundred authorities takes longer than a handshake.
 * @throws UsageError USAGE when the file cannot be read, holds no certificate, or holds a broken one.
 */
export async function readAuthorities(caFile: string): Promise<SecureContext> {
  const own = certificatesOf(caFile, await readPem(caFile));
  const all = new Set([...getCACertificates('default'), ...getCACertificates('system'), ...own]);
  return createSecureContext({ ca: [...all] });
}

async function readPem(caFile: string): Promise<string> {
  try {
    return await readFile(caFile, 'latin1');
  } catch (cause) {
    throw badFile(caFile, `cannot be read: ${describeCause(cause)}`, cause);
  }
}

function certificatesOf(caFile: string, text: string): readonly string[] {
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0) throw badFile(caFile, 'holds no PEM certificate');
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw badFile(caFile, 'holds a certificate that cannot be parsed', cause);
    }
  }
  return blocks;
}

function badFile(caFile: string, what: string, cause?: unknown): UsageError {
  return new UsageError(`The file of certificate authorities ${JSON.stringify(caFile)} ${what}.`, {
    code: 'USAGE',
    hint: 'It holds one or more blocks of -----BEGIN CERTIFICATE-----.',
    cause,
  });
}
