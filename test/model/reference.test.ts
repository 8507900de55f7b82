import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  effectiveTag,
  formatImageReference,
  formatRepository,
  isDigest,
  isTag,
  parseImageReference,
  parseRegistryHost,
  parseRepository,
} from '../../src/model/reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('an image reference', () => {
  it.each<[string, string, string]>([
    ['nginx', 'docker.io/library/nginx', 'latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27', '1.27'],
    ['team/app', 'docker.io/team/app', 'latest'],
    ['docker.io/nginx', 'docker.io/library/nginx', 'latest'],
    ['index.docker.io/library/nginx:1', 'docker.io/library/nginx:1', '1'],
    ['registry-1.docker.io/team/app', 'docker.io/team/app', 'latest'],
    ['localhost/app', 'localhost/app', 'latest'],
    ['localhost:5000/app', 'localhost:5000/app', 'latest'],
    ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'v1'],
    ['GHCR.io/team/app:V1', 'ghcr.io/team/app:V1', 'V1'],
    ['ghcr.io/team/app/web', 'ghcr.io/team/app/web', 'latest'],
    ['registry:5000/app', 'registry:5000/app', 'latest'],
    ['[::1]:5000/app', '[::1]:5000/app', 'latest'],
    [`ghcr.io/team/app@${DIGEST}`, `ghcr.io/team/app@${DIGEST}`, 'none'],
    [`ghcr.io/team/app:v1@${DIGEST}`, `ghcr.io/team/app:v1@${DIGEST}`, 'v1'],
    [`localhost:5000/app@${DIGEST}`, `localhost:5000/app@${DIGEST}`, 'none'],
    ['a__b/c--d.e:x', 'docker.io/a__b/c--d.e:x', 'x'],
  ])('%s is %s, tag %s', (text, expected, tag) => {
    const reference = parseImageReference(text);
    expect(formatImageReference(reference)).toBe(expected);
    expect(effectiveTag(reference) ?? 'none').toBe(tag);
  });

  it.each([
    '',
    ' ',
    'https://ghcr.io/team/app',
    'ghcr.io/Team/app',
    'ghcr.io/team/app:',
    'ghcr.io/team/app:-x',
    'ghcr.io/team/app@sha256:abc',
    `ghcr.io/team/app@${DIGEST}@${DIGEST}`,
    'ghcr.io/team//app',
    'ghcr.io/team/app/',
    '$IMAGE:v1',
    'app:v1:v2',
    `ghcr.io/${'a'.repeat(256)}`,
    `app:${'x'.repeat(129)}`,
    'app:v1\n',
  ])('%j is none', (text) => {
    expect(() => parseImageReference(text)).toThrow(UsageError);
  });
});

describe('a repository', () => {
  it('has neither tag nor digest', () => {
    expect(formatRepository(parseRepository('ghcr.io/team/app'))).toBe('ghcr.io/team/app');
    expect(() => parseRepository('ghcr.io/team/app:v1')).toThrow(/is not a repository/);
    expect(() => parseRepository(`ghcr.io/team/app@${DIGEST}`)).toThrow(/is not a repository/);
  });

  it.each(['ghcr.io/x', 'a b', '', 'host:port', 'user@host'])('has no host like %j', (text) => {
    expect(() => parseRegistryHost(text)).toThrow(/is not a registry host/);
  });
});

describe('digests and tags', () => {
  it.each<[string, boolean]>([
    [DIGEST, true],
    [`sha512:${'a'.repeat(128)}`, true],
    [`sha512:${'a'.repeat(64)}`, false],
    [DIGEST.toUpperCase(), false],
    [`${DIGEST}\n`, false],
    [` ${DIGEST}`, false],
    [`md5:${'a'.repeat(32)}`, false],
  ])('%j is a digest: %s', (text, expected) => {
    expect(isDigest(text)).toBe(expected);
  });

  it.each<[string, boolean]>([
    ['v1.0_x-y', true],
    ['_x', true],
    ['.x', false],
    ['-x', false],
    ['', false],
    ['a/b', false],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['v1\n', false],
  ])('%j is a tag: %s', (text, expected) => {
    expect(isTag(text)).toBe(expected);
  });
});
