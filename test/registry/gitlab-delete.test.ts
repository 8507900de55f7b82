// Deleting on GitLab: tags only, each looked at before and after, by the first way that works; and what every refusal means.

import { describe, expect, it } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import type { Gitlab, GitlabRequest, GitlabResponse } from '../../src/gitlab/gitlab.ts';
import { parseDigest, parseRepository, parseTag } from '../../src/model/reference.ts';
import { createInterfaceRequest } from '../../src/registry/gitlab-interface.ts';
import { openOnce } from '../../src/util/open-once.ts';
import { buildImage, buildMultiArch } from '../builders/image.ts';
import type { Reply, SeenRequest } from '../support/scripted-server.ts';
import { matching } from '../support/typed-matchers.ts';
import { fault, openStage, type Stage, type StageContent, type StageOptions } from './gitlab-stage.ts';

const image = buildImage({ seed: 'to go' });
const other = buildImage({ seed: 'to stay' });
const [V1, V2, V3] = ['v1', 'v2', 'v3'].map(parseTag) as [
  ReturnType<typeof parseTag>,
  ReturnType<typeof parseTag>,
  ReturnType<typeof parseTag>,
];
const MANIFEST = 'DELETE /v2/team/app/manifests/v1';
const REFERENCE = 'DELETE /v2/team/app/tags/reference/v1';
const WHOLE = `DELETE /v2/team/app/manifests/${image.digest}`;
const NOT_FOUND: Reply = { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };

/** `image` as v1 and v2, another one as v3. */
async function begin(options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage(options);
  stage.add(image, 'v1', 'v2');
  stage.add(other, 'v3');
  await stage.registry.readSnapshot([]);
  stage.forget();
  return stage;
}

/** Answers to requests by how they begin. */
function scripted(
  replies: Readonly<Record<string, Reply | ((stage: StageContent) => Reply)>>,
): NonNullable<StageOptions['script']> {
  return ({ method, url }: SeenRequest, stage) => {
    const line = `${method} ${url}`;
    const reply = replies[Object.keys(replies).find((start) => line.startsWith(start)) ?? ''];
    return typeof reply === 'function' ? reply(stage) : reply;
  };
}

const deletesByReference = (stage: StageContent): Reply =>
  stage.tags.delete('v1') ? { status: 202 } : fault(404, 'MANIFEST_UNKNOWN');

function deletesOf(stage: Stage): readonly string[] {
  return stage.requests().filter((line) => line.startsWith('DELETE'));
}

/** An interface that answers in this order and remembers what it was asked. */
function fakeInterface(
  answers: readonly (Partial<GitlabResponse> | Error | (() => void))[],
  repositories: readonly object[] = [{ id: 7, path: 'team/app' }],
): Gitlab & { readonly asked: string[] } {
  const asked: string[] = [];
  const left = [...answers];
  return {
    apiUrl: 'http://gitlab/api/v4',
    asked,
    request: ({ method, route, parameters }: GitlabRequest) => {
      asked.push(
        `${method} ${route} ${Object.values(parameters ?? {})
          .map(String)
          .join(' ')}`,
      );
      const next = left.shift();
      if (next instanceof Error) return Promise.reject(next);
      if (typeof next === 'function') next();
      const response = typeof next === 'object' ? next : {};
      return Promise.resolve({ status: 200, data: undefined, header: () => undefined, ...response });
    },
    list: () => Promise.resolve(repositories),
    close: () => Promise.resolve(),
  };
}

describe('a tag', () => {
  it('is looked at, deleted by its name, and looked at again', async () => {
    const stage = await begin();
    expect(await stage.registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect(stage.requests()).toEqual(['HEAD /v2/team/app/manifests/v1', MANIFEST, 'GET /v2/team/app/manifests/v1']);
    expect([...stage.tags.keys()]).toEqual(['v2', 'v3']);
    expect(stage.manifests.has(image.digest)).toBe(true);
  });

  it.each([
    ['has moved is left alone', other.digest, { kind: 'refused', why: matching(/v1 points at .* now/) }],
    ['has gone is gone already', undefined, { kind: 'already-gone' }],
  ])('that %s', async (_name, target, answer) => {
    const stage = await begin();
    if (target === undefined) stage.tags.delete('v1');
    else stage.tags.set('v1', target);
    expect(await stage.registry.deleteTag(V1, image.digest)).toEqual(answer);
    expect(deletesOf(stage)).toEqual([]);
  });

  it('that is there after its delete was accepted was not deleted', async () => {
    const stage = await begin({ script: scripted({ [MANIFEST]: { status: 202 } }) });
    expect(await stage.registry.deleteTag(V1, image.digest)).toEqual({
      kind: 'refused',
      why: matching(/said that the tag v1 was deleted, but it points at/),
    });
  });

  it('that somebody else deletes meanwhile is gone already', async () => {
    const stage = await begin({
      script: scripted({
        [MANIFEST]: ({ tags }) => {
          tags.delete('v1');
          return fault(404, 'MANIFEST_UNKNOWN');
        },
      }),
    });
    expect(await stage.registry.deleteTag(V1, image.digest)).toEqual({ kind: 'already-gone' });
  });

  it('that GitLab denies although it is there shows a missing right', async () => {
    const unknown = fault(404, 'MANIFEST_UNKNOWN');
    const stage = await begin({ script: scripted({ [MANIFEST]: unknown, [REFERENCE]: unknown }) });
    await expect(stage.registry.deleteTag(V1, image.digest)).rejects.toMatchObject({
      name: 'AuthError',
      code: 'FORBIDDEN',
      hint: matching(/scope api and the role Maintainer/),
    });
    expect(stage.tags.has('v1')).toBe(true);
  });

  it.each<[string, Reply]>([
    ['takes digests only', fault(400, 'DIGEST_INVALID')],
    ['does not support it', fault(405, 'UNSUPPORTED')],
    ['has no such route', NOT_FOUND],
  ])('goes by its reference where the route of manifests %s, which is remembered', async (_name, reply) => {
    const stage = await begin({
      script: scripted({
        'DELETE /v2/team/app/manifests/': reply,
        [REFERENCE]: deletesByReference,
        'DELETE /v2/team/app/tags/reference/v2': ({ tags }) => {
          tags.delete('v2');
          return { status: 202 };
        },
      }),
    });
    expect(await stage.registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect(deletesOf(stage)).toEqual([MANIFEST, REFERENCE]);
    stage.forget();
    expect(await stage.registry.deleteTag(V2, image.digest)).toEqual({ kind: 'deleted' });
    expect(deletesOf(stage)).toEqual(['DELETE /v2/team/app/tags/reference/v2']);
  });

  it.each(['PROTECTED_TAG', 'IMMUTABLE_TAG', 'TAG_PATTERN_COUNT', 'INVALID_TAG_PROTECTION_PATTERN'])(
    'that a rule keeps is protected: %s, whatever the status',
    async (code) => {
      for (const status of [400, 401, 403]) {
        const stage = await begin({ script: scripted({ [MANIFEST]: fault(status, code) }) });
        expect(await stage.registry.deleteTag(V1, image.digest)).toEqual({
          kind: 'protected',
          why: matching(new RegExp(code)),
        });
        expect(deletesOf(stage)).toEqual([MANIFEST]);
      }
    },
  );

  it.each([409, 412, 423])('in conflict is refused: %i', async (status) => {
    const stage = await begin({ script: scripted({ [MANIFEST]: fault(status, 'DENIED') }) });
    expect(await stage.registry.deleteTag(V1, image.digest)).toMatchObject({ kind: 'refused' });
    expect(deletesOf(stage)).toEqual([MANIFEST]);
  });

  it.each([401, 403])('that may not be deleted shows a missing right: %i', async (status) => {
    const stage = await begin({ script: scripted({ [MANIFEST]: fault(status, 'DENIED') }) });
    await expect(stage.registry.deleteTag(V1, image.digest)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(deletesOf(stage)).toEqual([MANIFEST]);
  });

  it('is never deleted with its image, where there is no way to delete tags', async () => {
    const stage = await begin({ script: scripted({ 'DELETE /v2/team/app/manifests/v': fault(405, 'UNSUPPORTED') }) });
    expect(await stage.registry.deleteTag(V1, image.digest)).toEqual({
      kind: 'refused',
      why: matching(/no way to delete a single tag/),
    });
    expect(deletesOf(stage)).toEqual([MANIFEST, REFERENCE]);
  });
});

describe("GitLab's interface", () => {
  const denied = scripted({ 'DELETE /v2/': fault(403, 'DENIED') });

  it('finds the project that the name of the image begins with', async () => {
    const gitlab = fakeInterface(
      [{ status: 404 }, { status: 404 }, {}, { status: 200 }],
      [{ id: 7, path: 'team/app/web/prod' }],
    );
    const repository = parseRepository('registry.example.com/team/app/web/prod');
    const request = createInterfaceRequest(
      openOnce(() => Promise.resolve(gitlab)),
      repository,
    );
    expect(await request(V1)).toEqual({ kind: 'accepted' });
    expect(gitlab.asked).toEqual([
      'GET /projects/{id}/registry/repositories team/app/web/prod',
      'GET /projects/{id}/registry/repositories team/app/web',
      'GET /projects/{id}/registry/repositories team/app',
      'DELETE /projects/{id}/registry/repositories/{repository_id}/tags/{tag_name} team/app 7 v1',
    ]);
  });

  it.each<[string, readonly Partial<GitlabResponse>[], readonly object[]]>([
    ['no project is seen', [{ status: 404 }], []],
    ['the project does not list the repository', [{}], [{ id: 8, path: 'team/app/other' }]],
  ])('has no way to delete where %s', async (_name, answers, repositories) => {
    const gitlab = fakeInterface(answers, repositories);
    const request = createInterfaceRequest(
      openOnce(() => Promise.resolve(gitlab)),
      parseRepository('registry.example.com/team/app'),
    );
    expect(await request(V1)).toMatchObject({ kind: 'no-route' });
    expect(gitlab.asked.filter((line) => line.startsWith('DELETE'))).toEqual([]);
  });

  it('that gives no list of repositories is an error, and is asked again the next time', async () => {
    const gitlab = fakeInterface([{}, {}], [{ id: 'seven' }]);
    const request = createInterfaceRequest(
      openOnce(() => Promise.resolve(gitlab)),
      parseRepository('registry.example.com/team/app'),
    );
    await expect(request(V1)).rejects.toMatchObject({ code: 'PROTOCOL' });
    await expect(request(V1)).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(gitlab.asked).toHaveLength(2);
  });

  it('is asked once where the repository is, and for every tag after that', async () => {
    let stage: Stage | undefined;
    const gitlab = fakeInterface([{}, () => void stage?.tags.delete('v1'), () => void stage?.tags.delete('v2')]);
    stage = await begin({ gitlab, script: denied });
    expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toEqual({ kind: 'deleted' });
    expect(gitlab.asked).toEqual([
      'GET /projects/{id}/registry/repositories team/app',
      'DELETE /projects/{id}/registry/repositories/{repository_id}/tags/{tag_name} team/app 7 v1',
      'DELETE /projects/{id}/registry/repositories/{repository_id}/tags/{tag_name} team/app 7 v2',
    ]);
    expect(deletesOf(stage)).toEqual([MANIFEST]);
  });

  it('says no to everything, or to one tag: the first no is a missing right', async () => {
    let stage: Stage | undefined;
    const gitlab = fakeInterface([
      {},
      { status: 403 },
      () => void stage?.tags.delete('v1'),
      { status: 403, data: { message: '403 Forbidden' } },
    ]);
    stage = await begin({ gitlab, script: denied });
    await expect(stage.registry.deleteTag(V1, image.digest)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await stage.registry.deleteTag(V1, image.digest)).toEqual({ kind: 'deleted' });
    expect(await stage.registry.deleteTag(V2, image.digest)).toEqual({
      kind: 'protected',
      why: matching(/403 Forbidden/),
    });
  });

  it('that does not know the token leaves the missing right, in the words of both', async () => {
    const gitlab = fakeInterface([new AuthError('GitLab does not accept the token.', { code: 'AUTH' })]);
    const stage = await begin({ gitlab, script: denied });
    await expect(stage.registry.deleteTag(V1, image.digest)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: matching(/DENIED.*GitLab does not accept the token/),
    });
  });
});

describe('an image', () => {
  it('loses its tags one by one, and its manifest is left for GitLab to collect', async () => {
    const stage = await begin();
    expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toEqual({ kind: 'deleted' });
    expect(deletesOf(stage)).toEqual([MANIFEST, 'DELETE /v2/team/app/manifests/v2']);
    expect(stage.manifests.has(image.digest)).toBe(true);
    expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toEqual({ kind: 'already-gone' });
  });

  it('without tags is not touched', async () => {
    const stage = await begin();
    expect(await stage.registry.deleteManifest(image.digest, [])).toEqual({
      kind: 'protected',
      why: matching(/GitLab collects it/),
    });
    expect(stage.requests()).toEqual([]);
  });

  it('keeps a tag that has moved to another one', async () => {
    const stage = await begin();
    stage.tags.set('v1', other.digest);
    expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toEqual({ kind: 'deleted' });
    expect([...stage.tags]).toEqual([
      ['v1', other.digest],
      ['v3', other.digest],
    ]);
  });

  it.each<[string, readonly (typeof V1)[], object]>([
    ['its first tag is protected, is protected', [V2, V1], { kind: 'protected', why: matching(/^tag v2: /) }],
    [
      'its second tag is protected, has failed, and says what has gone and what not',
      [V1, V2],
      { kind: 'refused', why: matching(/tag v2: .*PROTECTED_TAG.*Deleted before: v1\. Not deleted: v2$/) },
    ],
  ])('of which %s', async (_name, tags, answer) => {
    const stage = await begin({
      script: scripted({ 'DELETE /v2/team/app/manifests/v2': fault(401, 'PROTECTED_TAG') }),
    });
    expect(await stage.registry.deleteManifest(image.digest, tags)).toEqual(answer);
    expect(stage.tags.get('v2')).toBe(image.digest);
  });

  it('that is half deleted when the right is lost tells what has gone', async () => {
    const stage = await begin({ script: scripted({ 'DELETE /v2/team/app/manifests/v2': fault(403, 'DENIED') }) });
    expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toEqual({
      kind: 'refused',
      why: matching(/DENIED.*Deleted before: v1\. Not deleted: v2$/),
    });
    await expect(stage.registry.deleteManifest(image.digest, [V2])).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('where no tag can be deleted at all, an image', () => {
  const noTagRoute = scripted({ 'DELETE /v2/team/app/manifests/v': fault(400, 'DIGEST_INVALID') });

  it('is deleted by its digest when all of its tags were to go, and the log says so', async () => {
    const stage = await begin({ script: noTagRoute });
    expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toEqual({ kind: 'deleted' });
    expect(deletesOf(stage)).toEqual([MANIFEST, REFERENCE, WHOLE]);
    expect([...stage.tags.keys()]).toEqual(['v3']);
    expect(stage.logged.filter((line) => line.includes('no way to delete tags'))).toHaveLength(1);
  });

  it('stays when another tag is on it', async () => {
    const stage = await begin({ script: noTagRoute });
    expect(await stage.registry.deleteManifest(image.digest, [V1])).toEqual({
      kind: 'refused',
      why: matching(/the tag v2 is on the image too/),
    });
    expect(deletesOf(stage)).not.toContain(WHOLE);
  });

  it('stays when an index lists it that is there', async () => {
    const stage = await openStage({ script: noTagRoute });
    const index = buildMultiArch('needs it');
    const child = index.children[0] ?? index;
    stage.add(index, 'v3');
    stage.tags.set('v1', child.digest);
    await stage.registry.readSnapshot([]);
    expect(await stage.registry.deleteManifest(child.digest, [V1])).toEqual({
      kind: 'refused',
      why: matching(new RegExp(`${index.digest}, which lists the image, is there`)),
    });
    expect(await stage.registry.deleteManifest(index.digest, [V3])).toEqual({ kind: 'deleted' });
    expect(await stage.registry.deleteManifest(child.digest, [V1])).toEqual({ kind: 'deleted' });
  });

  it('stays when nobody has looked which indexes list it', async () => {
    const stage = await openStage({ script: noTagRoute });
    stage.add(image, 'v1');
    expect(await stage.registry.deleteManifest(image.digest, [V1])).toEqual({
      kind: 'refused',
      why: matching(/nobody knows which indexes/),
    });
    expect(deletesOf(stage)).not.toContain(WHOLE);
  });

  it('is not deleted when its tags outlive its delete', async () => {
    const stage = await begin({
      script: scripted({ [WHOLE]: { status: 202 }, 'DELETE /v2/team/app/manifests/v': fault(400, 'DIGEST_INVALID') }),
    });
    expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toEqual({
      kind: 'refused',
      why: matching(/tag v1 is still there/),
    });
  });
});

it('never deletes by digest where one tag could be deleted', async () => {
  let isFirst = true;
  const stage = await begin({
    script: ({ method, url }, { tags }) => {
      if (method !== 'DELETE') return undefined;
      if (!isFirst) return fault(405, 'UNSUPPORTED');
      isFirst = false;
      tags.delete(url.slice(url.lastIndexOf('/') + 1));
      return { status: 202 };
    },
  });
  expect(await stage.registry.deleteManifest(image.digest, [V1, V2])).toMatchObject({ kind: 'refused' });
  expect(await stage.registry.deleteManifest(other.digest, [V3])).toMatchObject({ kind: 'refused' });
  expect(deletesOf(stage).filter((line) => line.includes('sha256:'))).toEqual([]);
  expect(await stage.registry.deleteManifest(parseDigest(`sha256:${'0'.repeat(64)}`), [V1])).toEqual({
    kind: 'already-gone',
  });
});
