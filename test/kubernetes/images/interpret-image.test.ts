import { describe, expect, it } from 'vitest';
import { interpretImage } from '../../../src/kubernetes/images/interpret-image.ts';
import { formatImageReference } from '../../../src/model/reference.ts';
import { DIGEST_A } from '../objects.ts';

const HEX = 'a'.repeat(64);

function show(text: string): string {
  const meaning = interpretImage(text);
  switch (meaning.kind) {
    case 'reference':
      return formatImageReference(meaning.reference);
    case 'digest':
      return `digest ${meaning.digest}`;
    case 'blank':
    case 'unparsable':
      return meaning.kind;
  }
}

describe('an image text', () => {
  it.each([
    ['a bare name is Docker Hub, library and latest', 'nginx', 'docker.io/library/nginx:latest'],
    ['a name with a tag keeps it', 'nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['a Docker Hub user keeps its path', 'bitnami/redis:7', 'docker.io/bitnami/redis:7'],
    ['aliases of Docker Hub are one host', 'index.docker.io/library/nginx:1', 'docker.io/library/nginx:1'],
    ['a host with a port is a host', 'localhost:5000/app', 'localhost:5000/app:latest'],
    ['a port is not a tag', 'registry.test:5000/team/app:v1', 'registry.test:5000/team/app:v1'],
    ['an upper-case host is the same host', 'REGISTRY.test/app:v1', 'registry.test/app:v1'],
    ['a path of any depth is kept', 'registry.test/a/b/c/d:1', 'registry.test/a/b/c/d:1'],
    ['a digest gets no default tag', `registry.test/app@${DIGEST_A}`, `registry.test/app@${DIGEST_A}`],
    ['tag and digest stand together', `registry.test/app:v1@${DIGEST_A}`, `registry.test/app:v1@${DIGEST_A}`],
    ['space around it does not count', '  registry.test/app:v1\n', 'registry.test/app:v1'],
    [
      'the scheme of dockershim is no part of it',
      `docker-pullable://registry.test/app@${DIGEST_A}`,
      `registry.test/app@${DIGEST_A}`,
    ],
    ['a digest alone names no repository', DIGEST_A, `digest ${DIGEST_A}`],
    ['a digest alone with the scheme of dockershim', `docker://${DIGEST_A}`, `digest ${DIGEST_A}`],
    ['64 hex digits alone are the id that CRI-O reports', HEX, `digest ${DIGEST_A}`],
    ['an empty text is blank', '', 'blank'],
    ['space alone is blank', ' \t', 'blank'],
    ['an address is no reference', 'https://registry.test/app:v1', 'unparsable'],
    ['a template is no reference', '{{ .Values.image }}', 'unparsable'],
    ['upper case in a path is no reference', 'registry.test/App:v1', 'unparsable'],
    ['a short digest is no reference', 'registry.test/app@sha256:abc', 'unparsable'],
    ['two digests are no reference', `registry.test/app@${DIGEST_A}@${DIGEST_A}`, 'unparsable'],
  ])('%s', (_, text, meaning) => {
    expect(show(text)).toBe(meaning);
  });
});
