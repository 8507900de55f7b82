// Reading a repository on GitLab: its list of tags, and that nothing odd about it passes for a whole list.

import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { parseTag } from '../../src/model/reference.ts';
import { openBlobCache } from '../../src/registry/blob-cache.ts';
import { buildImage, buildMultiArch } from '../builders/image.ts';
import type { Reply } from '../support/scripted-server.ts';
import { fault, listed, openStage } from './gitlab-stage.ts';

const LIST = '/gitlab/v1/repositories/team/app/tags/list/';
const image = buildImage({ seed: 'one' });
const other = buildImage({ seed: 'other' });

function page(entries: readonly object[], next?: string): Reply {
  const headers = next === undefined ? {} : { link: `<${next}>; rel="next"` };
  return { status: 200, headers, body: JSON.stringify(entries) };
}

describe("GitLab's list", () => {
  it('gives tags, digests and the newest time of each', async () => {
    const stage = await openStage({
      script: ({ url }) => {
        if (!url.startsWith(LIST)) return undefined;
        if (!url.includes('last='))
          return page(
            [
              listed('a', image.digest, {
                updated_at: '2026-03-01T00:00:00.000Z',
                published_at: '2026-03-01T00:00:00.000Z',
              }),
              listed('b', image.digest, { published_at: '0001-01-01T00:00:00.000Z' }),
            ],
            `${LIST}?last=b&n=1000`,
          );
        return page([listed('c', other.digest, { created_at: '2026-02-01T00:00:00.000+00:00' })]);
      },
    });
    stage.add(image, 'a', 'b');
    stage.add(other, 'c');
    const snapshot = await stage.registry.readSnapshot([]);
    expect(snapshot.tags).toEqual(
      new Map([
        ['a', image.digest],
        ['b', image.digest],
        ['c', other.digest],
      ]),
    );
    expect(snapshot.nodes.get(image.digest)?.times).toEqual({ tagged: Date.UTC(2026, 2, 1) });
    expect(snapshot.nodes.get(other.digest)?.times).toEqual({ tagged: Date.UTC(2026, 1, 1) });
    expect(snapshot.capabilities).toMatchObject({ listTimes: true, collectsUntagged: true, undo: 'put-manifest' });
  });

  it('is asked a thousand tags at a time, and each manifest is read once, however many tags are on it', async () => {
    const stage = await openStage();
    stage.add(image, 'a', 'b', 'c');
    await stage.registry.readSnapshot([]);
    expect(stage.requests()).toEqual([
      `GET ${LIST}?n=1000`,
      `GET /v2/team/app/manifests/${image.digest}`,
      `GET /v2/team/app/blobs/${image.blobs[0]?.digest}`,
      `GET /v2/team/app/referrers/${image.digest}`,
    ]);
  });

  it('of 20,000 tags takes 20 requests, and so does every look around', async () => {
    const stage = await openStage();
    for (let at = 0; at < 200; at += 1) {
      const tags = Array.from({ length: 100 }, (_, number) => `t${at * 100 + number}`);
      stage.add(buildImage({ seed: `many ${at}` }), ...tags);
    }
    const snapshot = await stage.registry.readSnapshot([]);
    expect(snapshot.tags.size).toBe(20_000);
    const count = (part: string): number => stage.requests().filter((line) => line.includes(part)).length;
    expect(['tags/list/?', 'manifests/', 'blobs/', 'referrers/'].map(count)).toEqual([20, 200, 200, 1]);
    expect(stage.requests()).toHaveLength(421);
    stage.forget();
    await stage.registry.lookAround(
      { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) },
      { everyTag: true },
    );
    expect(stage.requests()).toHaveLength(20);
  });

  it('is all that a second run asks for what the first one has read, children included', async () => {
    const cache = await openBlobCache({ path: undefined, log: silentLog });
    const index = buildMultiArch('cached');
    const first = await openStage({ cache });
    first.add(index, 'v1');
    const before = await first.registry.readSnapshot([]);
    const second = await openStage({ cache });
    second.add(index, 'v1');
    const after = await second.registry.readSnapshot([]);
    expect(second.requests()).toEqual([
      `GET ${LIST}?n=1000`,
      `GET /v2/team/app/referrers/${[...before.nodes.keys()].sort()[0]}`,
    ]);
    expect(after.nodes).toEqual(before.nodes);
  });

  it('proves nothing about what it does not lead to: a cached subject is asked for', async () => {
    const cache = await openBlobCache({ path: undefined, log: silentLog });
    const signature = buildImage({ seed: 'signature', subject: image });
    const first = await openStage({ cache });
    first.add(image);
    first.add(signature, 'signature');
    expect((await first.registry.readSnapshot([])).nodes.has(image.digest)).toBe(true);
    const second = await openStage({ cache });
    second.add(signature, 'signature');
    const snapshot = await second.registry.readSnapshot([]);
    expect([...snapshot.absent.keys()]).toEqual([image.digest]);
  });

  it('that is not there makes every tag be asked for, by name', async () => {
    const stage = await openStage({ hasList: false });
    stage.add(image, 'a', 'b');
    const snapshot = await stage.registry.readSnapshot([]);
    expect(snapshot.capabilities.listTimes).toBe(false);
    expect(snapshot.nodes.get(image.digest)).toMatchObject({ tags: ['a', 'b'], times: {} });
    expect(stage.requests()).toEqual(
      expect.arrayContaining([
        'GET /v2/team/app/tags/list?n=1000',
        'GET /v2/team/app/manifests/a',
        'GET /v2/team/app/manifests/b',
      ]),
    );
    stage.forget();
    expect([...(await stage.registry.lookAround({ tags: new Map(), digests: new Set() })).tags.keys()]).toEqual([
      'a',
      'b',
    ]);
    expect(stage.requests().filter((line) => line.includes('/gitlab/'))).toEqual([]);
  });

  it('that shows a tag whose manifest has gone makes the tag be looked at, and moves it or lets it vanish', async () => {
    const stage = await openStage({
      script: ({ url }) =>
        url.startsWith(LIST)
          ? page([listed('gone', other.digest), listed('moved', other.digest), listed('v1', image.digest)])
          : undefined,
    });
    stage.add(image, 'v1', 'moved');
    const snapshot = await stage.registry.readSnapshot([]);
    expect(snapshot.vanishedTags).toEqual(['gone']);
    expect(snapshot.nodes.get(image.digest)?.tags).toEqual(['moved', 'v1']);
    // Tagged a moment ago, whatever the list says.
    expect(snapshot.nodes.get(image.digest)?.times.tagged).toBeGreaterThan(Date.UTC(2026, 5, 1));
  });

  it('is not believed a second time about a tag that has gone, when its manifest comes back', async () => {
    const stage = await openStage({
      script: ({ method, url }, content) => {
        if (url.startsWith(LIST)) return page([listed('gone', other.digest), listed('v1', image.digest)]);
        if (`${method} ${url}` === 'GET /v2/team/app/manifests/gone') content.add(other);
        return undefined;
      },
    });
    stage.add(image, 'v1');
    const snapshot = await stage.registry.readSnapshot([]);
    expect([snapshot.vanishedTags, snapshot.tags.size]).toEqual([['gone'], 1]);
  });

  it('in the order of a locale is as good as any', async () => {
    const stage = await openStage({
      script: ({ url }) =>
        url.startsWith(LIST) ? page([listed('a', image.digest), listed('B', image.digest)]) : undefined,
    });
    expect(await stage.registry.listTags()).toEqual(['a', 'B']);
  });

  it.each<[string, Reply, object]>([
    ['says that the repository is unknown', fault(404, 'NAME_UNKNOWN'), { code: 'REPOSITORY_UNKNOWN' }],
    ['refuses', { status: 403 }, { code: 'FORBIDDEN' }],
    ['wants other credentials', { status: 401 }, { name: 'AuthError' }],
    ['does not like the question', fault(400, 'INVALID_QUERY_PARAMETER_VALUE'), { code: 'REGISTRY_REFUSED' }],
    ['breaks down', { status: 500 }, { code: 'NETWORK' }],
    ['is a page of a proxy', { status: 200, body: '<html>' }, { code: 'PROTOCOL' }],
    ['is no array', { status: 200, body: '{}' }, { code: 'PROTOCOL' }],
    ['has a bad digest', page([listed('a', 'sha256:1')]), { code: 'PROTOCOL' }],
    ['has a bad name', page([listed('-a', image.digest)]), { code: 'PROTOCOL' }],
    ['has a bad time', page([listed('a', image.digest, { updated_at: 'yesterday' })]), { code: 'PROTOCOL' }],
    ['has no time', page([listed('a', image.digest, { created_at: undefined })]), { code: 'PROTOCOL' }],
    ['has a tag twice', page([listed('a', image.digest), listed('a', other.digest)]), { code: 'PROTOCOL' }],
    ['leads back to itself', page([listed('a', image.digest)], `${LIST}?n=1000`), { code: 'PROTOCOL' }],
    [
      'leads to another host',
      page([], 'http://evil.example/gitlab/v1/repositories/team/app/tags/list/?last=a'),
      { code: 'PROTOCOL' },
    ],
    ['leads to another list', page([], '/gitlab/v1/repositories/team/other/tags/list/?last=a'), { code: 'PROTOCOL' }],
  ])('that %s is an error and no absent list', async (_name, reply, error) => {
    const stage = await openStage({ script: ({ url }) => (url.startsWith(LIST) ? reply : undefined) });
    stage.add(image, 'a');
    await expect(stage.registry.readSnapshot([])).rejects.toMatchObject(error);
    expect(stage.requests().filter((line) => line.startsWith('GET /v2/team/app/tags'))).toEqual([]);
  });

  it('whose second page is missing is an error', async () => {
    const stage = await openStage({
      script: ({ url }) => {
        if (!url.startsWith(LIST)) return undefined;
        return url.includes('last=') ? { status: 404 } : page([listed('a', image.digest)], `${LIST}?last=a&n=1000`);
      },
    });
    await expect(stage.registry.listTags()).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  it('that has been there may not be missing afterwards', async () => {
    let isThere = true;
    const stage = await openStage({
      script: ({ url }) => (url.startsWith(LIST) && !isThere ? { status: 404 } : undefined),
    });
    stage.add(image, 'a');
    expect(await stage.registry.listTags()).toEqual(['a']);
    isThere = false;
    await expect(stage.registry.listTags()).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  it('of an unknown repository comes with what GitLab users need to know', async () => {
    const stage = await openStage({
      script: ({ url }) => (url.startsWith(LIST) ? fault(404, 'NAME_UNKNOWN') : undefined),
    });
    await expect(stage.registry.readSnapshot([])).rejects.toMatchObject({
      code: 'REPOSITORY_UNKNOWN',
      hint: expect.stringContaining('CI_JOB_TOKEN') as string,
      details: { isProved: true },
    });
  });
});

it('does not take a manifest for there, whose tag it deleted a moment ago', async () => {
  const stage = await openStage();
  stage.add(image, 'v1', 'v2');
  await stage.registry.readSnapshot([]);
  stage.forget();
  expect(await stage.registry.readManifest(image.digest)).not.toBe('absent');
  expect(stage.requests()).toEqual([]);
  await stage.registry.deleteTag(parseTag('v1'), image.digest);
  // A registry that takes the manifest with the tag.
  stage.manifests.delete(image.digest);
  expect(await stage.registry.readManifest(image.digest)).toBe('absent');
});
