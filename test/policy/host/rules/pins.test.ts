import { describe, expect, it } from 'vitest';
import { decideWorld, localId } from '../../../builders/local-store.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function isKept(pin: string, name: string, digests: readonly string[] = []): boolean {
  const images = [{ name: 'app', names: name === '' ? [] : [name], digests }];
  const { going } = decideWorld({ images, policy: { mrproper: 'all', keep: { labels: [], names: [pin] } } });
  return going.length === 0;
}

describe('a pinned name', () => {
  it.each([
    ['docker.io/library/python:3.12', 'docker.io/library/python:3.12'],
    ['python:3.12', 'docker.io/library/python:3.12'],
    ['python:*', 'docker.io/library/python:3.12'],
    ['python', 'docker.io/library/python:3.12'],
    ['team/app:1', 'docker.io/team/app:1'],
    ['team/app', 'docker.io/team/app:1'],
    ['tools:1', 'localhost/tools:1'],
    ['registry.example.com:5000/team/app', 'registry.example.com:5000/team/app:1'],
    ['registry.example.com:5000/team/*', 'registry.example.com:5000/team/app:1'],
  ])('%s keeps %s', (pin, name) => {
    expect(isKept(pin, name)).toBe(true);
  });

  it('keeps what was pulled by its digest alone', () => {
    expect(isKept('registry.example.com/team/app', '', [`registry.example.com/team/app@${DIGEST}`])).toBe(true);
    expect(isKept(`team/app@${DIGEST}`, '', [`docker.io/team/app@${DIGEST}`])).toBe(true);
  });

  it('keeps by the id of the image', () => {
    expect(isKept(localId('app'), '')).toBe(true);
    expect(isKept(`${localId('app').slice(7, 19)}*`, '')).toBe(true);
  });

  it.each([
    ['python', 'registry.example.com/python:3.12'],
    ['app', 'docker.io/team/app:1'],
    ['python:3.1', 'docker.io/library/python:3.12'],
    ['registry.example.com', 'registry.example.com:5000/app'],
    ['Python', 'docker.io/library/python:3.12'],
  ])('%s does not keep %s', (pin, name) => {
    expect(isKept(pin, name)).toBe(false);
  });
});
