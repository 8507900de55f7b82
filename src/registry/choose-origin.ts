// Decides between https and plain http. Plain http is for loopback, or where the user allows it, and only when the server
// does not speak TLS at all; a certificate that is not trusted never leads there.

import { NetworkError } from '../errors.ts';
import { isNotTls } from '../http/explain-failure.ts';
import type { RegistryHost } from '../model/reference.ts';
import { isLoopbackHost } from '../util/loopback-host.ts';
import type { ConnectionSettings } from './connection.ts';

/** Docker Hub's API has another host than its images: https://distribution.github.io/distribution/spec/api/ */
const DOCKER_HUB_ORIGIN = 'https://registry-1.docker.io';

/**
 * The origins to try for a host, in this order: https always comes first; http follows for a loopback host without an
 * own authority, and for any host with `plainHttp`.
 */
export function candidateOrigins(host: RegistryHost, settings: ConnectionSettings): readonly string[] {
  if (host === 'docker.io') return [DOCKER_HUB_ORIGIN];
  const secure = new URL(`https://${host}`);
  const isPlainAllowed = settings.plainHttp || (isLoopbackHost(secure.hostname) && settings.caFile === undefined);
  return isPlainAllowed ? [secure.origin, new URL(`http://${host}`).origin] : [secure.origin];
}

/**
 * The first origin that `probe` gets any answer from, with that answer. Goes on to the next one only when this one does not
 * speak TLS.
 * @throws what the last probe threw.
 */
export async function chooseOrigin<T>(
  origins: readonly string[],
  probe: (origin: string) => Promise<T>,
): Promise<{ readonly origin: string; readonly answer: T }> {
  const [origin = '', ...others] = origins;
  try {
    return { origin, answer: await probe(origin) };
  } catch (cause) {
    if (others.length > 0 && cause instanceof NetworkError && isNotTls(cause)) return chooseOrigin(others, probe);
    throw cause;
  }
}
