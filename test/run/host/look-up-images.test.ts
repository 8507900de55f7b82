import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError, CleanupError } from '../../../src/errors.ts';
import { silentLog } from '../../../src/log.ts';
import type { LocalImage, LocalStore } from '../../../src/model/local-store.ts';
import { type Digest, parseRepository, parseTag } from '../../../src/model/reference.ts';
import { instantFromMs } from '../../../src/model/time.ts';
import type { RegistryWord } from '../../../src/policy/host/host-evidence.ts';
import { openRegistry } from '../../../src/registry/open-registry.ts';
import type { Registry } from '../../../src/registry/port.ts';
import { type ImageLookup, lookUpImages } from '../../../src/run/host/look-up-images.ts';
import { type BuiltManifest, buildImage, buildMultiArch, sha256 } from '../../builders/image.ts';
import { createMemoryEngine, localImage } from '../../builders/memory-engine.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fakes/registry-server.ts';

const NOWHERE = `sha256:${'0'.repeat(64)}` as Digest;

let server: FakeRegistry;
let registry: Registry;
let name: string;

beforeEach(async () => {
  server = await startFakeRegistry();
  registry = await open();
  name = `${server.host}/team/app`;
});

afterEach(async () => {
  await registry.close();
  await server.stop();
});

function open(): Promise<Registry> {
  return openRegistry(
    { kind: 'registry', repository: parseRepository(`${server.host}/team/app`) },
    { settings: { plainHttp: false }, environment: {}, now: instantFromMs(Date.UTC(2026, 10, 21)), log: silentLog },
  );
}

async function put(manifest: BuiltManifest, ...tags: readonly string[]): Promise<Digest> {
  for (const child of manifest.children) await put(child);
  for (const { bytes } of manifest.blobs) await registry.putBlob?.(bytes);
  for (const at of [manifest.digest, ...tags.map(parseTag)]) await registry.putManifest(manifest, at);
  return manifest.digest;
}

interface Asked {
  readonly images: readonly LocalImage[];
  readonly digestsProvePush?: boolean;
  readonly wasSeen?: ImageLookup['wasSeen'];
}

async function storeOf({ images, digestsProvePush = true }: Asked): Promise<LocalStore> {
  return await createMemoryEngine(images, [], { digestsProvePush }).gateway.readStore();
}

async function ask(asked: Asked): Promise<Readonly<Record<string, RegistryWord>>> {
  const store = await storeOf(asked);
  const found = await lookUpImages({ registry, store, wasSeen: asked.wasSeen ?? (() => false) });
  expect(found).toMatchObject({ repository: name, state: 'read' });
  return Object.fromEntries(found.words);
}

function local(tag: string, more: Partial<LocalImage> = {}): LocalImage {
  return localImage(tag, { names: [`${name}:${tag}`], ...more });
}

const wasThere = (digest: Digest): Partial<LocalImage> => ({ digests: [`${name}@${digest}`] });

describe('a local name in a repository that has something', () => {
  beforeEach(async () => {
    await put(buildImage({ seed: 'other' }), 'other');
  });

  it('is there when the registry has its digest, whatever the tag says', async () => {
    const digest = await put(buildImage({ seed: 'v1' }));
    expect(await ask({ images: [local('v1', wasThere(digest))] })).toEqual({ [`${name}:v1`]: 'there' });
  });

  it('is absent when the registry proves that it has neither digest nor tag', async () => {
    expect(await ask({ images: [local('v1', wasThere(NOWHERE))] })).toEqual({ [`${name}:v1`]: 'absent' });
  });

  it('is absent when its tag is on another image by now', async () => {
    await put(buildImage({ seed: 'newer' }), 'v1');
    expect(await ask({ images: [local('v1', wasThere(NOWHERE))] })).toEqual({ [`${name}:v1`]: 'absent' });
  });

  it('is there when its tag is on the same image in another manifest', async () => {
    const image = buildImage({ seed: 'recompressed' });
    await put(image, 'v1');
    const [config] = image.blobs;
    const same = { ...local('v1', wasThere(NOWHERE)), id: String(config?.digest) as LocalImage['id'] };
    expect(await ask({ images: [same] })).toEqual({ [`${name}:v1`]: 'there' });
  });

  it('is there when its tag is on a list that has it', async () => {
    const index = buildMultiArch('several');
    await put(index, 'v1');
    const child = index.children[0]?.digest ?? NOWHERE;
    const same = { ...local('v1', wasThere(NOWHERE)), id: String(child) as LocalImage['id'] };
    expect(await ask({ images: [same] })).toEqual({ [`${name}:v1`]: 'there' });
  });

  it('is in doubt when its tag leads to what nobody understands', async () => {
    const bytes = Buffer.from('{"schemaVersion": 2, "mediaType": "application/x-odd"}');
    await registry.putManifest({ mediaType: 'application/x-odd', bytes }, parseTag('v1'));
    await registry.putManifest({ mediaType: 'application/x-odd', bytes }, sha256(bytes));
    expect(await ask({ images: [local('v1', wasThere(NOWHERE))] })).toEqual({ [`${name}:v1`]: 'in-doubt' });
  });

  it('was never pushed when its tag leads to what nobody understands, and nothing else proves it', async () => {
    const bytes = Buffer.from('{"schemaVersion": 2, "mediaType": "application/x-odd"}');
    await registry.putManifest({ mediaType: 'application/x-odd', bytes }, parseTag('v1'));
    await registry.putManifest({ mediaType: 'application/x-odd', bytes }, sha256(bytes));
    const images = [local('v1', wasThere(NOWHERE))];
    expect(await ask({ images, digestsProvePush: false })).toEqual({ [`${name}:v1`]: 'never-pushed' });
  });

  it('is in doubt when the registry lists its tag and does not find it', async () => {
    const odd: Registry = { ...registry, listTags: () => Promise.resolve([parseTag('v1'), parseTag('other')]) };
    const store = await storeOf({ images: [local('v1', wasThere(NOWHERE)), local('v2', wasThere(NOWHERE))] });
    const { words } = await lookUpImages({ registry: odd, store, wasSeen: () => false });
    expect(Object.fromEntries(words)).toEqual({ [`${name}:v1`]: 'in-doubt', [`${name}:v2`]: 'absent' });
  });

  it('was never pushed when no digest says that it was, and is not even asked for', async () => {
    expect(await ask({ images: [local('v1')] })).toEqual({ [`${name}:v1`]: 'never-pushed' });
    expect(server.log.filter((line) => line.includes('manifests/v1'))).toEqual([]);
  });

  it('was never pushed when the engine makes up digests and nobody saw it there', async () => {
    const images = [local('v1', wasThere(NOWHERE))];
    expect(await ask({ images, digestsProvePush: false })).toEqual({ [`${name}:v1`]: 'never-pushed' });
  });

  it('is absent when the engine makes up digests and an earlier run saw it there', async () => {
    const images = [local('v1', wasThere(NOWHERE))];
    const wasSeen = (_image: unknown, repository: string) => repository === name;
    expect(await ask({ images, digestsProvePush: false, wasSeen })).toEqual({ [`${name}:v1`]: 'absent' });
  });

  it('of another repository, or of one whose name only begins alike, is not asked for', async () => {
    const digests = [`${name}@${NOWHERE}`];
    const images = [`${name}er:v1`, `${name}/sub:v1`, 'ghcr.io/team/app:v1'].map((text) =>
      localImage(text, { names: [text], digests }),
    );
    expect(await ask({ images })).toEqual({});
  });

  it('does not count as there for a digest of another repository', async () => {
    const digest = await put(buildImage({ seed: 'elsewhere' }));
    expect(await ask({ images: [local('v1', { digests: [`ghcr.io/team/app@${digest}`] })] })).toEqual({
      [`${name}:v1`]: 'never-pushed',
    });
  });

  it('is looked for without being pulled', async () => {
    const digest = await put(buildImage({ seed: 'v1' }), 'v1', 'v2');
    const image = localImage('v1', { names: [`${name}:v1`, `${name}:v2`], ...wasThere(digest) });
    const before = server.log.length;
    await ask({ images: [image] });
    const reading = server.log.slice(before).filter((line) => line.includes('/manifests/'));
    expect(reading).toEqual([`HEAD /v2/team/app/manifests/${digest}`]);
  });

  it.each([401, 403, 503])('is not judged when a look is answered by %i: the run stops', async (status) => {
    await registry.close();
    server.script = ({ path }) =>
      path.includes('/manifests/') ? { status, headers: { 'retry-after': '0' } } : undefined;
    registry = await open();
    await expect(ask({ images: [local('v1', wasThere(NOWHERE))] })).rejects.toBeInstanceOf(CleanupError);
  });

  it("is not judged by a proxy's 404", async () => {
    server.script = ({ path }) =>
      path.includes('/manifests/') ? { status: 404, body: '<html>not found</html>' } : undefined;
    await expect(ask({ images: [local('v1', wasThere(NOWHERE))] })).rejects.toMatchObject({ code: 'PROTOCOL' });
  });
});

describe('a repository', () => {
  it('that is empty is told apart, and nothing of it is asked for', async () => {
    server.script = ({ path }) =>
      path.includes('/tags/list') ? { status: 200, body: '{"name":"team/app","tags":[]}' } : undefined;
    const store = await storeOf({ images: [local('v1', wasThere(NOWHERE))] });
    const found = await lookUpImages({ registry, store, wasSeen: () => true });
    expect(found).toEqual({ repository: name, state: 'empty', words: new Map() });
    expect(server.log.some((line) => line.includes('/manifests/'))).toBe(false);
  });

  it('that the registry does not know or hides stops the run', async () => {
    const store = await storeOf({ images: [local('v1', wasThere(NOWHERE))] });
    await expect(lookUpImages({ registry, store, wasSeen: () => true })).rejects.toBeInstanceOf(AuthError);
  });
});
