import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CleanupError, EvidenceError, UsageError } from '../../../src/errors.ts';
import type { FoundImage } from '../../../src/kubernetes/images/found-image.ts';
import { createKindTable } from '../../../src/kubernetes/kinds/kind-table.ts';
import { findManifestFiles } from '../../../src/kubernetes/manifests/find-manifest-files.ts';
import { readManifestFile, readManifests } from '../../../src/kubernetes/manifests/read-manifests.ts';
import { formatWorkload } from '../../../src/model/usage.ts';
import { kubernetesSettings } from '../../builders/kubernetes-settings.ts';
import { NOW } from '../../builders/snapshot.ts';
import { DIGEST_A, oneOfEach, pod, templated } from '../objects.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifests-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: string | object): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** A file as reports name it: from the folder that was given. */
function shown(name: string): string {
  return join(basename(folder), name);
}

const OPTIONS = { ...kubernetesSettings(), now: NOW };

/** Everything that is found in the files of a folder, in their order. */
async function foundIn(path = folder): Promise<FoundImage[]> {
  const table = createKindTable();
  const files = await findManifestFiles(path);
  return (await Promise.all(files.map((file) => readManifestFile(path, file, table)))).flatMap(({ found }) => found);
}

async function textsIn(path = folder): Promise<string[]> {
  return (await foundIn(path)).map(({ text }) => text);
}

async function failure(path = folder): Promise<CleanupError> {
  const error: unknown = await readManifests(path, OPTIONS).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EvidenceError || error instanceof UsageError) return error;
  throw new Error('It was read.', { cause: error });
}

describe('a folder of manifests', () => {
  it('is read at any depth, in the order of its paths', async () => {
    await write('b.yml', 'image: b:1');
    await write('a/z.json', { image: 'a:1' });
    await write('a/a.yaml', 'image: z:1');
    await write('c/d/e.YAML', 'image: c:1');
    await write('README.md', 'image: no:1');
    await write('.git/config.yaml', 'image: no:2');
    expect(await textsIn()).toEqual(['z:1', 'a:1', 'b:1', 'c:1']);
  });

  it('counts its objects and no pods, because files say nothing about what runs', async () => {
    await write('a.yaml', `${JSON.stringify(pod('p', 'a:1'))}\n---\n${JSON.stringify(templated('Job', 'j', 'b:1'))}`);
    expect((await readManifests(folder, OPTIONS)).source).toEqual({
      kind: 'manifests',
      name: folder,
      pods: 0,
      objects: 2,
    });
  });

  it('may be one file, whatever its name', async () => {
    expect(await textsIn(await write('dump.txt', 'image: a:1'))).toEqual(['a:1']);
  });

  it.each([
    ['does not exist', 'gone'],
    ['is empty', 'empty'],
    ['holds no YAML or JSON', 'other'],
    ['holds YAML in a hidden folder only', 'hidden'],
  ])('is a usage error when it %s', async (_, name) => {
    await mkdir(join(folder, 'empty'));
    await write('other/notes.txt', 'image: a:1');
    await write('hidden/.git/a.yaml', 'image: a:1');
    expect(await failure(join(folder, name))).toMatchObject({ code: 'USAGE', exitCode: 2 });
  });

  it('follows links inside itself, also in circles', async () => {
    await write('..data/app.yaml', 'image: a:1');
    await symlink(join('..data', 'app.yaml'), join(folder, 'app.yaml'));
    await write('sub/b.yaml', 'image: b:1');
    await symlink('.', join(folder, 'sub', 'loop'));
    expect(new Set(await textsIn())).toEqual(new Set(['a:1', 'b:1']));
  });

  it.each([
    ['leads out of the folder', '/etc'],
    ['leads nowhere', 'gone.yaml'],
  ])('stops the run for a link that %s, because what it stands for is not read', async (_, target) => {
    await write('a.yaml', 'image: a:1');
    await symlink(target, join(folder, 'link.yaml'));
    expect(await failure()).toMatchObject({ code: 'EVIDENCE_FILE', exitCode: 5 });
  });
});

describe('a manifest', () => {
  it('is read by the rules of its kind for each of the eight kinds', async () => {
    await write(
      'all.yaml',
      oneOfEach()
        .map((object) => JSON.stringify(object))
        .join('\n---\n'),
    );
    const found = await foundIn();
    expect(found.map(({ workload, text }) => `${formatWorkload(workload)} ${text}`).sort()).toEqual(
      oneOfEach()
        .map(({ kind }) => {
          const name = kind.toLowerCase();
          return `${shown('all.yaml')}: shop/${kind}/${name} (container app) registry.test/${name}:1`;
        })
        .sort(),
    );
  });

  it.each([
    ['documents in one file', '---\nimage: a:1\n---\n# nothing\n---\nimage: b:1\n...\n', ['a:1', 'b:1']],
    ['an empty file', '', []],
    ['comments only', '# image: a:1\n', []],
    ['a byte order mark', '\uFEFFimage: a:1', ['a:1']],
    ['anchors and merge keys', 'base: &b {image: a:1}\nother: {<<: *b, name: x}', ['a:1', 'a:1']],
    ['a tag that looks like a number', 'image: {repository: app, tag: 1.10}', ['app:1.10']],
    ['a tag with a leading zero', 'image: {repository: app, tag: 007}', ['app:007']],
  ])('may be %s', async (_, text, expected) => {
    await write('a.yaml', text);
    expect((await textsIn()).sort()).toEqual(expected);
  });

  it.each([
    [
      'List',
      { kind: 'List', apiVersion: 'v1', items: [pod('a', 'a:1'), templated('Job', 'b', 'b:1')] },
      ['a:1', 'b:1'],
    ],
    [
      'PodList, whose items have no kind',
      { kind: 'PodList', apiVersion: 'v1', items: [{ ...pod('a', 'a:1'), kind: undefined }] },
      ['a:1'],
    ],
    [
      'List of lists',
      { kind: 'List', items: [{ kind: 'List', items: [pod('a', 'a:1')] }, pod('b', 'b:1')] },
      ['a:1', 'b:1'],
    ],
    ['empty List', { kind: 'List', items: [] }, []],
    [
      'custom kind that is called List and is none',
      { kind: 'AllowList', items: ['x'], spec: { image: 'a:1' } },
      ['a:1'],
    ],
  ])('may be a %s', async (_, content, expected) => {
    await write('a.json', content);
    expect(await textsIn()).toEqual(expected);
  });

  it('names the kind of a typed list for its items', async () => {
    await write('a.json', {
      kind: 'DeploymentList',
      apiVersion: 'apps/v1',
      items: [{ ...templated('Deployment', 'web', 'a:1'), kind: undefined, apiVersion: undefined }],
    });
    const found = await foundIn();
    expect(found.map(({ workload }) => formatWorkload(workload))).toEqual([
      `${shown('a.json')}: shop/Deployment/web (container app)`,
    ]);
  });
});

describe('an object of unknown form', () => {
  it.each([
    [
      'a pod template at any depth',
      'kind: Rollout\nspec: {template: {spec: {containers: [{image: a:1}], initContainers: [{image: b:1}]}}}',
      ['a:1', 'b:1'],
    ],
    [
      'imageID',
      `kind: TaskRun\nstatus: {steps: [{imageID: "registry.test/a@${DIGEST_A}"}]}`,
      [`registry.test/a@${DIGEST_A}`],
    ],
    ['an image volume', 'kind: Rollout\nspec: {volumes: [{image: {reference: a:1}}]}', ['a:1']],
    [
      'a Job of another group',
      'apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: {tasks: [{template: {spec: {containers: [{image: a:1}]}}}]}',
      ['a:1'],
    ],
    [
      'Helm values with repository and tag',
      'web: {image: {registry: registry.test, repository: team/app, tag: v1}}',
      ['registry.test/team/app:v1'],
    ],
    [
      'kustomize overrides',
      'kind: Kustomization\nimages: [{name: registry.test/app, newTag: v2}, {name: x, newName: registry.test/y, digest: "' +
        DIGEST_A +
        '"}]',
      ['registry.test/app:v2', `registry.test/y@${DIGEST_A}`],
    ],
    [
      'no image in texts that are wholly filled in by others',
      'image: "{{inputs.parameters.image}}"\nother: {image: "{{registry}}/{{name}}:{{tag}}"}',
      [],
    ],
    ['no image in other fields', 'name: a:1\nimageName: b:1\nimages: c', []],
    ['a document that is a list', '- image: a:1\n- [{image: b:1}]', ['a:1', 'b:1']],
  ])('protects by %s', async (_, text, expected) => {
    await write('a.yaml', text);
    expect((await textsIn()).sort()).toEqual(expected);
  });

  it('names its user as well as it can', async () => {
    await write('a.yaml', 'kind: Rollout\nmetadata: {name: web, namespace: shop}\nspec: {image: a:1}\n---\nimage: b:1');
    const found = await foundIn();
    const path = shown('a.yaml');
    expect(found.map(({ workload }) => formatWorkload(workload))).toEqual([
      `${path}: shop/Rollout/web`,
      `${path}: Document/2`,
    ]);
  });

  it('tells what is no image, and may still name one, from what must be one', async () => {
    await write('a.yaml', 'kind: Rollout\nspec: {image: "registry.test/app:$(tag)"}\nother: {image: Not An Image}');
    expect(new Set((await foundIn()).map(({ text, isWeak }) => `${text} ${isWeak}`))).toEqual(
      new Set(['Not An Image true', 'registry.test/app:$(tag) true']),
    );
  });

  it('may contain itself', async () => {
    await write('a.yaml', 'a: &x\n  image: a:1\n  self: *x\n');
    expect(await textsIn()).toEqual(['a:1']);
  });
});

describe('a manifest that cannot be understood', () => {
  it.each([
    ['bad indentation', 'a: 1\n  b: 2\n', /a\.yaml:\d+:\d+ is not YAML/],
    ['a duplicate key', 'image: a:1\nimage: b:1', /a\.yaml:2:1 is not YAML/],
    ['an unclosed bracket', 'kind: Pod\nspec: {', /a\.yaml:\d+:\d+/],
    ['a text that is no object', '<html>login</html>', /single text/],
    [
      'aliases without measure',
      'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]',
      /is not YAML/,
    ],
    ['a pod of another form', JSON.stringify({ ...pod('p', 'a:1'), spec: { containers: 'none' } }), /Pod shop\/p/],
    ['a List without items', 'kind: List\napiVersion: v1', /List without/],
    ['a PodList whose items are texts', 'kind: PodList\nitems: [a]', /PodList without/],
    ['nesting beyond the stack', '['.repeat(100_000), /is not YAML/],
  ])('stops the run: %s', async (_, text, why) => {
    await write('a.yaml', text);
    const error = await failure();
    expect(error).toMatchObject({ code: 'EVIDENCE_FILE', exitCode: 5 });
    expect(error.message).toMatch(why);
    expect(error.message).toContain(folder);
  });

  it.each([
    ['blocks', 'spec:\n  {{- toYaml .Values.x | nindent 2 }}\n'],
    ['an unquoted value, which is YAML of another meaning', 'kind: Rollout\nspec:\n  image: {{ .Values.image }}\n'],
    ['a quoted image of a known kind', JSON.stringify(pod('p', '{{ .Values.image }}:{{ .Values.tag }}'))],
  ])('is a template that must be rendered first: %s', async (_, text) => {
    await write('a.yaml', text);
    const error = await failure();
    expect(error.code).toBe('EVIDENCE_FILE');
    expect(error.hint).toMatch(/Render it first/);
  });

  it('may be JSON that is cut off, and is named with its position', async () => {
    await write('a.json', '{"kind":"Pod",\n"spec":{"containers":[{"image":"a:1"');
    expect((await failure()).message).toMatch(/a\.json:2:\d+ is not YAML/);
  });

  it('may be a file that is not UTF-8', async () => {
    await writeFile(join(folder, 'a.yaml'), Buffer.from([0x69, 0x3a, 0x20, 0xff, 0xfe]));
    expect((await failure()).code).toBe('EVIDENCE_FILE');
  });

  it('never shows its content', async () => {
    await write('a.yaml', 'kind: Secret\ndata: {password: s3cret} s3cret\n s3cret: [');
    const error = await failure();
    expect(`${error.message} ${error.hint} ${JSON.stringify(error.details)}`).not.toContain('s3cret');
  });
});
