// Opens the engine that is meant, and finds out which one it is.

import type * as z from 'zod';
import type { EngineAddress } from '../config/host-settings.ts';
import { askFor } from './ask-json.ts';
import { connect, type EngineConnection } from './connection.ts';
import { openDocker } from './docker-gateway.ts';
import { explainNonsense } from './explain-engine.ts';
import { findEngine } from './find-engine.ts';
import { openPodman } from './podman-gateway.ts';
import type { EngineGateway, EngineSurroundings } from './port.ts';
import { versionSchema } from './wire.ts';

type Version = z.infer<typeof versionSchema>;

/** The newest version of Docker's API whose answers are known here; later ones leave fields out. */
const NEWEST_KNOWN = '1.51';
/** Docker 20.10's. */
const OLDEST_KNOWN = '1.41';

/**
 * The engine, after it said who it is.
 * @throws UsageError USAGE for an address that leads nowhere, AuthError FORBIDDEN where this user may not ask, EvidenceError EVIDENCE_ENGINE
 * when it does not answer, or is too old.
 */
export async function openEngine(address: EngineAddress, surroundings: EngineSurroundings): Promise<EngineGateway> {
  const place = await findEngine(address, surroundings.environment);
  const connection = await connect(place, surroundings);
  const version = await askFor(connection, { path: '/version', purpose: 'ask who it is' }, versionSchema);
  const podman = version.Components.find(({ Name }) => Name === 'Podman Engine');
  if (podman !== undefined) return await openPodman({ connection, place, surroundings, version: podman.Version });
  const prefix = `/v${chooseApi(connection, version)}`;
  const docker = { ...connection, ask: withPrefix(connection, prefix) };
  return await openDocker({ connection: docker, place, surroundings, version: version.Version });
}

function withPrefix(connection: EngineConnection, prefix: string): EngineConnection['ask'] {
  return async (request) => await connection.ask({ ...request, path: `${prefix}${request.path}` });
}

function chooseApi(connection: EngineConnection, { ApiVersion, MinAPIVersion, Version }: Version): string {
  const newest = isOlder(ApiVersion, NEWEST_KNOWN) ? ApiVersion : NEWEST_KNOWN;
  if (!isOlder(newest, OLDEST_KNOWN) && !(MinAPIVersion !== undefined && isOlder(newest, MinAPIVersion))) return newest;
  const problem = `it speaks the versions ${MinAPIVersion ?? ApiVersion} to ${ApiVersion} of the Engine API (${Version}), not ${OLDEST_KNOWN} to ${NEWEST_KNOWN}`;
  throw explainNonsense({ address: connection.address, purpose: 'ask who it is' }, problem);
}

function isOlder(a: string, b: string): boolean {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor < bMajor || (aMajor === bMajor && aMinor < bMinor);
}
