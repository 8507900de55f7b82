// When a repository was cleaned, as werf's builds read it.

import type { Place } from './place.ts';

const ACCEPT = 'application/vnd.docker.distribution.manifest.v2+json';

/** What the label of the `cleanup` record says, milliseconds since 1970; undefined when there is no record. */
export async function readCleanupTime(place: Place, name: string = place.name): Promise<number | undefined> {
  const read = async (path: string): Promise<unknown> => {
    const response = await fetch(`${place.server.origin}/v2/${name}/${path}`, { headers: { accept: ACCEPT } });
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    return response.json();
  };
  const manifest = (await read('manifests/cleanup')) as { config: { digest: string } } | undefined;
  if (manifest === undefined) return undefined;
  const said = (await read(`blobs/${manifest.config.digest}`)) as { config: { Labels: Record<string, string> } };
  return Number(said.config.Labels['lastcleanuptimestamp']);
}
