import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../src/errors.ts';
import { createHelmReader } from '../../../src/kubernetes/images/helm-reader.ts';
import {
  type HelmRevision,
  helmConfigMap,
  helmReleaseJson,
  helmReleaseText,
  helmSecret,
  renderedDeployment,
} from '../../builders/helm-release.ts';
import { type ReadSourceChanges, readSource } from '../../builders/read-source.ts';
import { linesOf } from '../objects.ts';

type Part = Readonly<Record<string, unknown>>;

function usageOf(objects: readonly unknown[], changes: ReadSourceChanges & { kind?: string } = {}) {
  const { kind = 'Secret', ...rest } = changes;
  const reader = createHelmReader(readSource(kind, { ...rest, reading: { by: 'helm-release' } }));
  for (const object of objects) reader.read(Buffer.from(JSON.stringify(object)));
  return reader.finish().build([]);
}

function lines(objects: readonly unknown[], changes: ReadSourceChanges & { kind?: string } = {}): string[] {
  return linesOf(usageOf(objects, changes)).map((line) => line.replaceAll('registry.test/', ''));
}

/** `web` in revision N has the image `web:N`. */
function web(revision: number, status = 'superseded', more: Partial<HelmRevision> = {}) {
  const manifest = renderedDeployment('web', `registry.test/web:${revision}`);
  return helmSecret({ name: 'web', revision, status, manifest, ...more });
}

function used(revision: number, release = 'shop/Helm release/web'): string {
  return `web:${revision} < prod: ${release} (revision ${revision})`;
}

function history(statuses: Readonly<Record<number, string>>) {
  return Object.entries(statuses).map(([revision, status]) => web(Number(revision), status));
}

function withRelease(release: unknown, more: Part = {}) {
  return { ...helmSecret({ name: 'web' }), data: { release }, ...more };
}

function twice(bytes: string | Buffer): string {
  return Buffer.from(Buffer.from(bytes).toString('base64')).toString('base64');
}

function failure(objects: readonly unknown[], changes: ReadSourceChanges & { kind?: string } = {}): EvidenceError {
  try {
    usageOf(objects, changes);
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
  throw new Error('It was read.');
}

describe('the revisions of a Helm release that count', () => {
  it.each<[string, Readonly<Record<number, string>>, number | 'all', readonly number[]]>([
    ['are the newest ones', { 1: 'superseded', 2: 'superseded', 3: 'superseded', 4: 'deployed' }, 2, [3, 4]],
    ['are all of them when asked', { 1: 'superseded', 2: 'failed', 3: 'deployed' }, 'all', [1, 2, 3]],
    ['are all of them when there are fewer', { 1: 'superseded', 2: 'deployed' }, 10, [1, 2]],
    [
      'are told by number, not by text',
      { 2: 'superseded', 9: 'superseded', 10: 'superseded', 11: 'deployed' },
      2,
      [10, 11],
    ],
    [
      'include the deployed one when newer ones failed',
      { 1: 'superseded', 2: 'deployed', 3: 'failed', 4: 'failed' },
      1,
      [2, 4],
    ],
    [
      'include the newest that worked when newer ones failed: a rollback goes to them',
      {
        1: 'superseded',
        2: 'superseded',
        3: 'superseded',
        4: 'deployed',
        5: 'failed',
        6: 'failed',
        7: 'failed',
      },
      3,
      [2, 3, 4, 5, 6, 7],
    ],
    [
      'include the newest that worked, whatever failed between them',
      { 1: 'superseded', 2: 'superseded', 3: 'failed', 4: 'superseded', 5: 'failed', 6: 'failed', 7: 'deployed' },
      3,
      [2, 4, 5, 6, 7],
    ],
    [
      'include what worked before an install or upgrade that never ended',
      { 1: 'superseded', 2: 'superseded', 3: 'failed', 4: 'pending-upgrade', 5: 'pending-upgrade' },
      2,
      [1, 2, 4, 5],
    ],
    ['are only the newest ones when none worked', { 1: 'failed', 2: 'failed', 3: 'failed' }, 2, [2, 3]],
    ['include every one that says deployed', { 1: 'deployed', 2: 'deployed', 3: 'superseded' }, 1, [1, 2, 3]],
    ['are only the deployed one without a history', { 1: 'superseded', 2: 'deployed', 3: 'failed' }, 0, [2]],
    ['are none of an uninstalled release without a history', { 1: 'superseded', 2: 'uninstalled' }, 0, []],
    [
      'are the newest of a release that was uninstalled and kept (--keep-history)',
      { 1: 'superseded', 2: 'superseded', 3: 'uninstalled' },
      2,
      [2, 3],
    ],
    [
      'count gaps as nothing: what is gone takes no place',
      { 3: 'superseded', 8: 'superseded', 20: 'deployed' },
      2,
      [8, 20],
    ],
    [
      'reach back to what a rollback made new',
      { 1: 'superseded', 2: 'superseded', 3: 'superseded', 4: 'superseded', 5: 'deployed' },
      3,
      [3, 4, 5],
    ],
    ...['pending-install', 'pending-upgrade', 'pending-rollback', 'uninstalling', 'unknown', 'something-new', ''].map(
      (status): [string, Record<number, string>, number, number[]] => [
        `include one that is ${JSON.stringify(status)}, however old`,
        { 1: status, 2: 'superseded', 3: 'deployed' },
        1,
        [1, 3],
      ],
    ),
  ])('%s', (_, statuses, helmHistory, expected) => {
    const objects = history(statuses);
    const counting = expected.map((revision) => used(revision)).sort();
    expect(lines(objects, { helmHistory }).sort()).toEqual(counting);
    expect(lines(objects.toReversed(), { helmHistory }).sort()).toEqual(counting);
  });

  it('are the same in every order: what is live, the newest, and the newest that worked', () => {
    const status = fc.constantFrom(
      'superseded',
      'superseded',
      'failed',
      'failed',
      'uninstalled',
      'deployed',
      'unknown',
    );
    const draw = fc.array(status, { minLength: 1, maxLength: 9 }).chain((statuses) =>
      fc.record({
        statuses: fc.constant(statuses),
        order: fc.shuffledSubarray([...statuses.keys()], { minLength: statuses.length }),
        helmHistory: fc.integer({ min: 0, max: 4 }),
      }),
    );
    fc.assert(
      fc.property(draw, ({ statuses, order, helmHistory }) => {
        const newestOf = (revisions: readonly number[]) => revisions.slice(Math.max(0, revisions.length - helmHistory));
        const worked = [...statuses.keys()].filter((at) => !['failed', 'unknown'].includes(statuses[at] ?? ''));
        const live = [...statuses.keys()].filter((at) => ['deployed', 'unknown'].includes(statuses[at] ?? ''));
        const counting = new Set([...newestOf([...statuses.keys()]), ...newestOf(worked), ...live]);
        const objects = order.map((at) => web(at + 1, statuses[at] ?? ''));
        expect(lines(objects, { helmHistory }).sort()).toEqual([...counting].map((at) => used(at + 1)).sort());
      }),
      { numRuns: 200 },
    );
  });

  it('are told apart by namespace', () => {
    const there = [7, 8].map((revision) => web(revision, 'superseded', { namespace: 'test' }));
    expect(lines([...history({ 1: 'superseded', 2: 'superseded' }), ...there], { helmHistory: 1 })).toEqual([
      used(2),
      used(8, 'test/Helm release/web'),
    ]);
  });

  it('are told apart by release', () => {
    const other = helmSecret({
      name: 'api',
      revision: 9,
      status: 'superseded',
      manifest: renderedDeployment('api', 'registry.test/api:9'),
    });
    expect(lines([web(1), other], { helmHistory: 1 })).toEqual([
      'api:9 < prod: shop/Helm release/api (revision 9)',
      used(1),
    ]);
  });

  it('include one of which nothing says what became of it', () => {
    const json = { ...helmReleaseJson({ name: 'web', manifest: 'image: registry.test/web:1' }), info: {} };
    const labels = { owner: 'helm', name: 'web', version: '1' };
    const object = { ...withRelease(twice(JSON.stringify(json))), metadata: { name: 'x', namespace: 'shop', labels } };
    expect(lines([object, web(2), web(3, 'deployed')], { helmHistory: 1 })).toEqual([used(1), used(3)]);
  });

  it('are the same when the store breaks the base64 into lines', () => {
    const text = helmReleaseText(helmReleaseJson({ name: 'web', manifest: 'image: registry.test/web:1' }));
    const broken = Buffer.from(text.replace(/.{76}/g, '$&\r\n')).toString('base64');
    expect(lines([withRelease(broken)])).toEqual([used(1)]);
  });

  it('include a copy of a revision under another name', () => {
    const copy = web(2, 'superseded', { manifest: renderedDeployment('web', 'registry.test/web:copy') });
    const renamed = { ...copy, metadata: { ...(copy['metadata'] as Part), name: 'backup' } };
    expect(lines([...history({ 2: 'superseded', 3: 'deployed' }), renamed, web(1)], { helmHistory: 3 })).toEqual([
      used(1),
      used(2),
      used(3),
      'web:copy < prod: shop/Helm release/web (revision 2)',
    ]);
  });

  it.each<[string, Part]>([
    ['without a status label', { name: 'web', owner: 'helm', version: '1' }],
    ['without a version label', { name: 'web', owner: 'helm', status: 'superseded' }],
    ['without any label', {}],
  ])('are told by the content %s', (_, labels) => {
    const old = web(1, 'superseded');
    const object = { ...old, metadata: { ...(old['metadata'] as Part), labels } };
    expect(lines([object, web(2, 'deployed')], { helmHistory: 1 })).toEqual([used(2)]);
    expect(lines([object, web(2, 'deployed')], { helmHistory: 2 })).toEqual([used(1), used(2)]);
  });

  it.each<[string, Part]>([
    ['the status', { status: 'deployed' }],
    ['whether it failed', { status: 'failed' }],
    ['the revision', { version: '7' }],
    ['the name', { name: 'api' }],
  ])('include one whose label contradicts its content in %s', (_, label) => {
    const old = web(1, 'superseded');
    const metadata = old['metadata'] as Part;
    const object = { ...old, metadata: { ...metadata, labels: { ...(metadata['labels'] as Part), ...label } } };
    const api = [1, 2].map((revision) => helmSecret({ name: 'api', revision }));
    expect(lines([object, web(8, 'superseded'), web(9, 'deployed'), ...api], { helmHistory: 1 }).join('\n')).toContain(
      'web:1 <',
    );
  });

  it('include those that worked when newer ones contradict themselves', () => {
    const doubtful = [3, 4].map((revision) => {
      const object = web(revision, 'superseded');
      const metadata = object['metadata'] as Part;
      const labels = { ...(metadata['labels'] as Part), status: 'uninstalled' };
      return { ...object, metadata: { ...metadata, labels } };
    });
    expect(lines([web(1), web(2), ...doubtful], { helmHistory: 2 })).toEqual([1, 2, 3, 4].map((one) => used(one)));
  });
});

describe('the images of a revision', () => {
  const config = { image: { repository: 'registry.test/given-value', tag: 'x' } };

  it.each<[string, Partial<HelmRevision>, readonly string[]]>([
    ['are those of its manifest', { manifest: renderedDeployment('web', 'registry.test/a:1') }, ['a:1']],
    [
      'include those of sub-charts, which stand in the same manifest',
      {
        manifest:
          renderedDeployment('web', 'registry.test/a:1') +
          renderedDeployment('web/charts/redis', 'registry.test/redis:7'),
      },
      ['a:1', 'redis:7'],
    ],
    [
      'include those of hooks',
      {
        manifest: renderedDeployment('web', 'registry.test/a:1'),
        hooks: [
          'apiVersion: batch/v1\nkind: Job\nmetadata: {name: m}\nspec: {template: {spec: {containers: [{image: registry.test/migrate:1}]}}}',
          'apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec: {containers: [{name: t, image: registry.test/test:1}]}',
        ],
      },
      ['a:1', 'migrate:1', 'test:1'],
    ],
    [
      'may be those of hooks alone',
      { hooks: ['kind: Job\nspec: {template: {spec: {containers: [{image: registry.test/m:1}]}}}'] },
      ['m:1'],
    ],
    ['are none without a manifest', {}, []],
    ['are none in comments and empty documents', { manifest: '---\n# image: registry.test/a:1\n---\n\n---\n' }, []],
    ['are not the values, which no cluster ever sees', { manifest: '', values: config }, []],
    ['are the same without gzip', { manifest: renderedDeployment('web', 'registry.test/a:1'), gzip: false }, ['a:1']],
    [
      'are those of unknown kinds by what looks like one',
      { manifest: '---\napiVersion: example.test/v1\nkind: Shop\nspec:\n  image: registry.test/shop:1\n' },
      ['shop:1'],
    ],
    [
      'are those of lists',
      { manifest: '---\nkind: List\nitems:\n- kind: Pod\n  spec:\n    containers: [{image: registry.test/l:1}]\n' },
      ['l:1'],
    ],
    [
      'are read when keys stand twice, as Helm takes them: the last one counts',
      {
        manifest:
          '---\nkind: Pod\nmetadata:\n  labels: {a: b}\n  labels: {a: c}\nspec:\n  containers:\n  - image: registry.test/a:1\n',
      },
      ['a:1'],
    ],
    [
      'are read when a list is closed as far left as its key stands',
      {
        manifest: '---\nkind: Pod\nspec:\n  containers:\n  - image: registry.test/a:1\n    args: [\n      "x"\n    ]\n',
      },
      ['a:1'],
    ],
    [
      'are found behind anchors, aliases and merge keys',
      { manifest: '---\nkind: Shop\nbase: &b {image: "registry.test/a:1"}\nspec:\n  <<: *b\n' },
      ['a:1'],
    ],
    [
      'are found under escaped keys',
      { manifest: '---\nkind: Shop\nspec: {"im\\u0061ge": "registry.test/a:\\x31"}\n' },
      ['a:1'],
    ],
    [
      'are found with Windows line ends',
      { manifest: renderedDeployment('web', 'registry.test/a:1').replaceAll('\n', '\r\n') },
      ['a:1'],
    ],
    [
      'are found behind a mark with text',
      { manifest: '--- {kind: Shop, image: "registry.test/a:1"}\n--- # b\nimage: registry.test/b:1\n' },
      ['a:1', 'b:1'],
    ],
    [
      'are found behind tags that a directive explains',
      { manifest: '%TAG !e! tag:example.test,2000:\n---\nimage: !e!x registry.test/a:1\n' },
      ['a:1'],
    ],
    [
      'are those of an image stream with a status, as it was exported',
      {
        manifest:
          'apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: s}\nspec:\n  tags:\n  - name: v1\n    from: {kind: DockerImage, name: "registry.test/s:1"}\nstatus: {}\n',
      },
      ['s:1'],
    ],
    [
      'are found behind directives',
      { manifest: '%YAML 1.1\n---\nimage: registry.test/a:1\n---\nimage: registry.test/b:1\n' },
      ['a:1', 'b:1'],
    ],
    [
      'are not parted at a mark within a text',
      { manifest: 'image: registry.test/a:1\ndata: |\n  a\n  ---\n  b: {\nlast: {image: "registry.test/b:1"}\n' },
      ['a:1', 'b:1'],
    ],
  ])('%s', (_, revision, expected) => {
    const images = lines([helmSecret({ name: 'web', ...revision })]).map((line) => line.split(' < ')[0]);
    expect(images).toEqual(expected);
  });

  it('are the same in a ConfigMap', () => {
    const manifest = renderedDeployment('web', 'registry.test/web:4');
    for (const gzip of [true, false])
      expect(lines([helmConfigMap({ name: 'web', revision: 4, manifest, gzip })], { kind: 'ConfigMap' })).toEqual([
        used(4),
      ]);
  });

  it('include texts that are no image reference, for the run to judge', () => {
    const { unparsable } = usageOf([web(1, 'deployed', { manifest: renderedDeployment('web', 'registry.test/web:') })]);
    expect(unparsable.map(({ text }) => text)).toEqual(['registry.test/web:']);
  });

  it('are those of each revision when revisions repeat each other', () => {
    const shared = renderedDeployment('redis', 'registry.test/redis:7');
    const objects = [1, 2].map((revision) =>
      web(revision, 'deployed', { manifest: shared + renderedDeployment('web', `registry.test/web:${revision}`) }),
    );
    expect(lines(objects)).toEqual([
      'redis:7 < prod: shop/Helm release/web (revision 1), prod: shop/Helm release/web (revision 2)',
      used(1),
      used(2),
    ]);
  });
});

describe('an object with the label owner=helm', () => {
  const labels = (more: Part) => ({ name: 'mine', namespace: 'shop', labels: { owner: 'helm', ...more } });

  it.each<[string, Part]>([
    [
      'a Secret of somebody else without release data',
      { metadata: labels({}), type: 'Opaque', data: { password: 'eA==' } },
    ],
    [
      'a Secret of somebody else with a key of that name',
      { metadata: labels({ name: 'x' }), type: 'Opaque', data: { release: 'eA==' } },
    ],
    ['a Secret without data', { metadata: labels({ name: 'x', version: '1' }), type: 'Opaque' }],
  ])('that is no release protects nothing: %s', (_, object) => {
    expect(lines([object])).toEqual([]);
  });

  it('is a release by what it holds, too: a copy with another type', () => {
    expect(lines([{ ...web(3, 'deployed'), type: 'Opaque' }])).toEqual([used(3)]);
    const copy = web(3, 'deployed');
    const renamed = { ...copy, type: 'Opaque', metadata: { ...(copy['metadata'] as Part), name: 'restored' } };
    expect(lines([renamed])).toEqual([used(3)]);
  });
});

describe('a release that cannot be read', () => {
  const json = helmReleaseJson({ name: 'web', manifest: 'password: hunter2' });
  const secret = 'hunter2';

  const whole = JSON.stringify(json);
  const latin1 = Buffer.from(JSON.stringify({ ...json, manifest: 'a: é' }), 'latin1');

  it.each<[string, string, unknown]>([
    ['without data', 'no text in data.release', { ...helmSecret({ name: 'web' }), data: undefined }],
    ['without its key', 'no text in data.release', { ...helmSecret({ name: 'web' }), data: { other: 'eA==' } }],
    ['with an empty text', 'no text in data.release', withRelease('')],
    ['with a number', 'no text in data.release', withRelease(7)],
    ['with a text that is no base64', 'not base64', withRelease(`${secret}!`)],
    [
      'with signs that are no base64 in the middle',
      'not base64',
      withRelease(twice(whole).replace(/^(.{8})..../, '$1!!!!')),
    ],
    ['with base64 that is cut off', 'not base64', withRelease(twice(`${whole} `).slice(0, -3))],
    ['with one layer of base64 too few', 'damaged gzip', withRelease(twice(Buffer.from([0x1f, 0x8b, 8, 0])))],
    ['with one layer of base64 for a Secret', 'not base64', withRelease(helmReleaseText(json))],
    ['with gzip that is cut off', 'damaged gzip', withRelease(twice(gzipSync(whole).subarray(0, -9)))],
    ['with damaged gzip', 'damaged gzip', withRelease(twice(Buffer.from(gzipSync(whole).fill(0, 30, 34))))],
    ['with a text that is no JSON', 'not JSON', withRelease(twice(`{"password": ${secret}`))],
    ['with bytes that are no UTF-8', 'not UTF-8', withRelease(twice(latin1))],
    ['with JSON of another form', 'unexpected form', withRelease(twice(JSON.stringify([secret])))],
    ['with JSON without a name', '"name"', withRelease(twice(JSON.stringify({ ...json, name: undefined })))],
    ['with JSON with an empty name', '"name"', withRelease(twice(JSON.stringify({ ...json, name: '' })))],
    ['with JSON without a revision', '"version"', withRelease(twice(JSON.stringify({ ...json, version: undefined })))],
    [
      'with a manifest that is no text',
      '"manifest"',
      withRelease(twice(JSON.stringify({ ...json, manifest: { a: secret } }))),
    ],
    [
      'with hooks that are no list',
      '"hooks"',
      withRelease(twice(JSON.stringify({ ...json, hooks: { a: { manifest: secret } } }))),
    ],
    [
      'with a hook whose manifest is no text',
      '"hooks.0.manifest"',
      withRelease(twice(JSON.stringify({ ...json, hooks: [{ manifest: 7 }] }))),
    ],
    ['with a manifest that is no YAML', 'not YAML', web(1, 'deployed', { manifest: `a: b: ${secret}` })],
    ['with a hook that is no YAML', 'not YAML', web(1, 'deployed', { hooks: [`a: [${secret}`] })],
    ['with a manifest that is a single text', 'a single text', web(1, 'deployed', { manifest: secret })],
    [
      'with a pod whose containers are an object',
      'unexpected form',
      web(1, 'deployed', { manifest: `kind: Pod\nspec: {containers: {a: ${secret}}}` }),
    ],
    [
      'without data and without any label, by its type',
      'no text in data.release',
      { type: 'helm.sh/release.v1', metadata: { name: 'sh.helm.release.v1.web.v1', namespace: 'shop' } },
    ],
    [
      'without data and with another type, by its name',
      'no text in data.release',
      { type: 'Opaque', metadata: { name: 'sh.helm.release.v1.web.v1', namespace: 'shop' } },
    ],
  ])('stops the run and is named, never quoted: %s', (_, why, object) => {
    const error = failure([object]);
    expect(error.code).toBe('EVIDENCE_KUBERNETES');
    expect(error.message).toContain('The Helm release in the Secret shop/sh.helm.release.v1.web.v1 of context "prod"');
    expect(error.message).toContain(why);
    const said = JSON.stringify([error.message, error.hint, error.details, String(error.cause)]);
    expect(said).not.toContain(secret);
    expect(said).not.toContain(secret.slice(0, 4));
  });

  it('stops the run when it inflates to more than a release can have', () => {
    expect(failure([withRelease(twice(gzipSync(Buffer.alloc(129 * 1024 * 1024))))]).message).toContain(
      'inflates to more than',
    );
  });

  it.each<[string, unknown]>([
    ['a text', 'x'],
    ['an object without metadata', { data: {} }],
    ['an object with labels of another form', { metadata: { name: 'x', labels: ['owner'] } }],
  ])('stops the run when it is %s', (_, object) => {
    expect(failure([object]).code).toBe('EVIDENCE_KUBERNETES');
  });

  it("stops the run when it has Helm's type and any name", () => {
    const object = { type: 'helm.sh/release.v1', metadata: { name: 'mine', namespace: 'shop' }, data: {} };
    expect(failure([object]).message).toContain('shop/mine');
  });

  it('stops the run when it is no JSON, without quoting it', () => {
    const reader = createHelmReader(readSource('Secret', { reading: { by: 'helm-release' } }));
    expect(() => reader.read(Buffer.from(`{"x": ${secret}`))).toThrow(EvidenceError);
    expect(() => reader.read(Buffer.from(`{"x": ${secret}`))).not.toThrow(new RegExp(secret.slice(0, 4)));
  });

  it('does not matter when it is older than what counts', () => {
    const broken = [{ ...web(1), data: { release: 'no' } }, web(2, 'superseded', { manifest: 'a: b: c' })];
    const objects = [...broken, web(3, 'superseded'), web(4, 'deployed')];
    for (const order of [objects, objects.toReversed()]) {
      expect(lines(order, { helmHistory: 2 })).toEqual([used(3), used(4)]);
      expect(failure(order, { helmHistory: 3 }).message).toContain('web.v2');
      expect(failure(order, { helmHistory: 4 }).message).toContain('web.v1');
    }
  });

  it.each<[string, Part]>([
    ['which revision it is', { owner: 'helm', status: 'superseded', name: 'web' }],
    ['of which release it is', { owner: 'helm', status: 'superseded', version: '1' }],
    ['what became of it', { owner: 'helm', name: 'web', version: '1' }],
    [
      'which revision it is, for its label is no number',
      { owner: 'helm', status: 'superseded', name: 'web', version: '0' },
    ],
  ])('matters when nobody knows %s', (_, labels) => {
    const object = withRelease('no', { metadata: { name: 'sh.helm.release.v1.web.v1', namespace: 'shop', labels } });
    const metadata = { name: 'newer', namespace: 'shop', labels: { ...labels, version: '9' } };
    const newer = [web(2), web(3, 'deployed'), withRelease('no', { metadata })];
    expect(failure([object, ...newer], { helmHistory: 1 }).message).toContain('web.v1');
  });
});
