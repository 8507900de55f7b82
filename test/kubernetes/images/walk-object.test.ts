import { describe, expect, it } from 'vitest';
import { createObjectWalk } from '../../../src/kubernetes/images/walk-object.ts';
import { DIGEST_A } from '../objects.ts';

const INTERNAL = 'image-registry.openshift-image-registry.svc:5000';

interface Walk {
  readonly paths?: readonly string[];
  readonly anyText?: boolean;
  readonly namespace?: string | undefined;
}

/** The texts of an object, weak ones with a question mark. */
function walk(spec: unknown, { paths = [], anyText = false, namespace = 'shop' }: Walk = {}): readonly string[] {
  const kind = { kind: 'Widget', reading: { by: 'walk', paths, anyText } } as const;
  const metadata = { name: 'w', ...(namespace === '' ? {} : { namespace }) };
  const images = createObjectWalk({ kind, context: 'prod', from: 'cluster' })({ metadata, spec });
  return images.map(({ text, isWeak }) => (isWeak === true ? `${text} ?` : text)).toSorted((a, b) => (a < b ? -1 : 1));
}

describe('an object whose kind is walked', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['image and imageID', { a: { image: 'a:1', imageID: `b@${DIGEST_A}` } }, ['a:1', `b@${DIGEST_A}`]],
    ['an image volume', { volumes: [{ image: { reference: 'a:1' } }] }, ['a:1']],
    ['a mounted image volume', { volumeStatus: { image: { imageRef: `a@${DIGEST_A}` } } }, [`a@${DIGEST_A}`]],
    [
      'Helm values',
      { image: { registry: 'r.test', repository: 'a', tag: 7, digest: DIGEST_A } },
      [`r.test/a:7@${DIGEST_A}`],
    ],
    ['a latest reference', { latestRef: { name: 'r.test/a', tag: 'v1' } }, ['r.test/a:v1']],
    [
      'overrides of kustomize',
      { kustomize: { images: ['a=r.test/b:1', 'r.test/c:2', 7] } },
      ['r.test/b:1', 'r.test/c:2'],
    ],
    ['an image stream tag', { from: { kind: 'ImageStreamTag', name: 'a:1' } }, [`${INTERNAL}/shop/a:1`]],
    [
      'an image stream tag of another namespace',
      { from: { kind: 'ImageStreamTag', name: 'a:1', namespace: 'openshift' } },
      [`${INTERNAL}/openshift/a:1`],
    ],
    [
      'an image of a stream',
      { from: { kind: 'ImageStreamImage', name: `a@${DIGEST_A}` } },
      [`${INTERNAL}/shop/a@${DIGEST_A}`],
    ],
    ['an image outside', { to: { kind: 'DockerImage', name: 'r.test/a:1' } }, ['r.test/a:1']],
    ['no stream without a tag', { from: { kind: 'ImageStreamTag', name: 'a' } }, []],
    ['no object of another kind', { from: { kind: 'ConfigMap', name: 'a:1' } }, []],
    ['no blank image', { image: ' ' }, []],
    ['no other text', { text: 'r.test/a:1', list: ['r.test/b:1'] }, []],
  ])('protects by %s', (_, spec, expected) => {
    expect(walk(spec)).toEqual(expected);
  });

  it.each<[string, unknown, readonly string[]]>([
    ['a range that came to nothing yet', { ref: { semver: '>=1' } }, ['oci://r.test/a:{{semver}} ?']],
    ['a tag', { ref: { tag: 'v1' } }, ['oci://r.test/a:v1']],
    ['a digest before a range', { ref: { semver: '>=1', digest: DIGEST_A } }, [`oci://r.test/a@${DIGEST_A}`]],
    ['nothing but its address', {}, ['oci://r.test/a']],
  ])('protects an artifact by %s', (_, more, expected) => {
    expect(walk({ url: 'oci://r.test/a', ...(more as object) })).toEqual(expected);
  });

  it('protects what a range of an artifact came to', () => {
    const kind = { kind: 'OCIRepository', reading: { by: 'walk', paths: [] } } as const;
    const found = createObjectWalk({ kind, context: 'prod', from: 'cluster' })({
      metadata: { name: 'a' },
      spec: { url: 'oci://r.test/a', ref: { semver: '>=1' } },
      status: { artifact: { revision: `1.2.3@${DIGEST_A}` } },
    });
    expect(found.map(({ text }) => text)).toEqual([`oci://r.test/a:1.2.3@${DIGEST_A}`]);
  });

  it('leaves the namespace of a stream open where nobody says it', () => {
    expect(walk({ from: { kind: 'ImageStreamTag', name: 'a:1' } }, { namespace: '' })).toEqual([
      `${INTERNAL}/{{namespace}}/a:1 ?`,
    ]);
  });

  describe('with any text', () => {
    it.each<[string, unknown, readonly string[]]>([
      ['a reference with a tag', { value: 'r.test/a:1' }, ['r.test/a:1']],
      ['a reference with a digest', { value: `r.test/a@${DIGEST_A}` }, [`r.test/a@${DIGEST_A}`]],
      ['a digest alone', { value: DIGEST_A }, [DIGEST_A]],
      ['a text in a list', { args: ['r.test/a:1'] }, ['r.test/a:1']],
      ['a reference with a scheme', { value: 'docker://r.test/a:1' }, ['docker://r.test/a:1']],
      ['an image only once', { image: 'r.test/a:1' }, ['r.test/a:1']],
      ['a name whose tag is filled in', { value: 'r.test/a:$(params.tag)' }, ['r.test/a:$(params.tag) ?']],
      ['no name without a tag', { value: 'r.test/a', port: 'r.test:5000' }, ['r.test:5000']],
      ['no text that is wholly filled in', { value: '{{inputs.parameters.image}}', b: '$(a)/$(b):$(c)' }, []],
      ['no word that is filled in', { value: 'name-$(x)' }, []],
      ['no sentence', { value: 'docker push r.test/a:1' }, []],
      ['no time', { value: '2026-11-22T03:00:00Z' }, []],
      ['no address', { value: 'https://r.test/a:1' }, []],
      ['nothing of what the server notes for itself', { managedFields: [{ manager: 'r.test/a:1' }] }, []],
    ])('protects by %s', (_, spec, expected) => {
      expect(walk(spec, { anyText: true })).toEqual(expected);
    });
  });

  describe('with paths', () => {
    it.each<[string, unknown, readonly string[]]>([
      ['a text', { at: 'r.test/a' }, ['r.test/a']],
      ['texts', { at: ['r.test/a', 'r.test/b'] }, ['r.test/a', 'r.test/b']],
      ['null', { at: null }, []],
      ['nothing', {}, []],
      ['a text that is no image, which may matter', { at: 'Not An Image' }, ['Not An Image']],
      ['a text that is filled in', { at: 'r.test/a:$(tag)' }, ['r.test/a:$(tag) ?']],
      ['a text that is wholly filled in', { at: '$(image)' }, []],
    ])('protects by %s', (_, spec, expected) => {
      expect(walk(spec, { paths: ['$.spec.at'] })).toEqual(expected);
    });

    it.each([
      ['a number', { at: 7 }],
      ['an object', { at: { name: 'r.test/a' } }],
      ['a list of numbers', { at: [7] }],
      ['a list of lists', { at: [['r.test/a']] }],
    ])('stops the run when %s stands there', (_, spec) => {
      expect(() => walk(spec, { paths: ['$.spec.at'] })).toThrow(
        /Widget shop\/w .* path \$\.spec\.at leads to something that is no text .*policy file/,
      );
    });

    it('stops the run for an object that is nested beyond measure', () => {
      let deep: object = { image: 'a:1' };
      for (let level = 0; level < 2000; level++) deep = { deep };
      expect(() => walk(deep, { paths: ['$..at'] })).toThrow('unexpected form');
    });
  });

  it.each([
    ['a text', 'x'],
    ['null', null],
    ['without metadata', { spec: {} }],
    ['without a name', { metadata: {} }],
  ])('stops the run when it is %s', (_, object) => {
    const kind = { kind: 'Widget', reading: { by: 'walk', paths: [] } } as const;
    expect(() => createObjectWalk({ kind, context: 'prod', from: 'cluster' })(object)).toThrow('unexpected form');
  });
});
