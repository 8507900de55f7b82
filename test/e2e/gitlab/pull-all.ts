// Pulls everything that the tags of a repository lead to, as an engine would, and tells what does not come.

import * as z from 'zod';
import { TYPES } from '../../builders/image.ts';
import { ask, askForToken } from '../../fakes/gitlab/ask.ts';
import type { FakeGitlab } from '../../fakes/gitlab/gitlab.ts';
import type { FakeImages } from '../../fakes/gitlab/images.ts';

const manifestSchema = z.object({
  config: z.object({ digest: z.string() }).optional(),
  layers: z.array(z.object({ digest: z.string() })).optional(),
  manifests: z.array(z.object({ digest: z.string() })).optional(),
});

interface Place {
  readonly origin: string;
  readonly token: string;
}

/** What is missing, in words: `blob sha256:… of sha256:…: 404`. Empty when every tag is whole. */
export async function pullAll(gitlab: FakeGitlab, images: FakeImages): Promise<readonly string[]> {
  const own = gitlab.addToken({ kind: 'private' });
  const granted = await askForToken(gitlab, { token: own, scope: `repository:${images.path}:pull` });
  const { token } = z.object({ token: z.string() }).parse(granted.body);
  const from: Place = { origin: `http://${gitlab.registryHost}/v2/${images.path}`, token };
  const oneTagEach = new Map(images.tags().map((tag) => [images.digestOf(tag) ?? tag, tag]));
  const faults: string[] = [];
  for (const tag of oneTagEach.values()) faults.push(...(await pull(from, tag)));
  return faults;
}

async function pull(from: Place, reference: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${from.token}`, accept: `*/*, ${Object.values(TYPES).join(', ')}` };
  const read = (where: string) => ask(`${from.origin}/${where}`, { headers });
  const { status, body } = await read(`manifests/${reference}`);
  if (status !== 200) return [`manifest ${reference}: ${status}`];
  const json: unknown = typeof body === 'string' ? JSON.parse(body) : body;
  const { config, layers = [], manifests = [] } = manifestSchema.parse(json);
  const faults: string[] = [];
  for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
    const blob = await read(`blobs/${digest}`);
    if (blob.status !== 200) faults.push(`blob ${digest} of ${reference}: ${blob.status}`);
  }
  for (const { digest } of manifests) faults.push(...(await pull(from, digest)));
  return faults;
}
