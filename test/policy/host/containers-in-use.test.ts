import { describe, expect, it } from 'vitest';
import { decideWorld, type HostWorld, type LocalContainerSpec, localId } from '../../builders/local-store.ts';

/** Everything that can take an image, at once. */
const TAKES_ALL: NonNullable<HostWorld['policy']> = {
  mrproper: 'all',
  dangling: true,
  flush: true,
  disk: { high: { kind: 'percent', percent: 0 }, low: { kind: 'percent', percent: 0 } },
};
const APP = { name: 'app', names: ['registry.example.com/shop/app:1'] };
const OTHER = { name: 'other', names: ['registry.example.com/shop/other:1'] };

function going(container: LocalContainerSpec, images: HostWorld['images'] = [APP, OTHER]): readonly string[] {
  return [
    ...decideWorld({ images, containers: [container], disk: { capacity: 1000, available: 0 }, policy: TAKES_ALL })
      .going,
  ].sort();
}

describe('an image that a container uses', () => {
  it.each(['running', 'paused', 'restarting', 'removing', 'unknown'] as const)(
    'stays while its container is %s, whatever asks for it',
    (state) => {
      expect(going({ name: 'x', of: 'app', state })).toEqual(['other']);
    },
  );

  it('stays for a container that has ended and is too young to go', () => {
    expect(going({ name: 'x', of: 'app', state: 'created', created: 1 })).toEqual(['other']);
  });

  it('stays for a container that was made long ago and ended a moment ago', () => {
    expect(going({ name: 'x', of: 'app', created: 90, finished: 0 })).toEqual(['other']);
  });

  it('stays for an ended container whose age is unknown', () => {
    expect(going({ name: 'x', of: 'app', created: null })).toEqual(['other']);
  });

  it.each([
    'registry.example.com/shop/app:1',
    localId('app'),
    localId('app').slice(7, 19),
    localId('app').slice(0, 19),
  ])('stays when only what the engine shows means it: %s', (image) => {
    expect(going({ name: 'x', of: 'other', image, state: 'running' })).toEqual([]);
  });

  it('stays by a name in another spelling', () => {
    const hub = { name: 'app', names: ['docker.io/library/busybox:latest'] };
    expect(going({ name: 'x', of: 'other', image: 'busybox', state: 'running' }, [hub, OTHER])).toEqual([]);
  });

  it('stays by the digest with which it was pulled', () => {
    const digest = `registry.example.com/shop/app@sha256:${'a'.repeat(64)}`;
    const image = `registry.example.com/shop/app:2@sha256:${'a'.repeat(64)}`;
    expect(going({ name: 'x', of: 'other', image, state: 'running' }, [{ ...APP, digests: [digest] }, OTHER])).toEqual(
      [],
    );
  });

  it('is every image while the engine does not tell what a container uses', () => {
    expect(going({ name: 'x', of: null, state: 'running' })).toEqual([]);
    expect(going({ name: 'x', of: null, created: 1 })).toEqual([]);
  });

  it('is every image while something runs from an image that the store does not show', () => {
    expect(going({ name: 'x', of: 'nobody', state: 'running' })).toEqual([]);
  });

  it('is none when an ended container has lost its image', () => {
    expect(going({ name: 'x', of: 'nobody', created: 1 })).toEqual(['app', 'other']);
  });

  it('is the list for a container of one of its platforms', () => {
    const list = { name: 'list', names: ['registry.example.com/shop/list:1'], lists: [localId('child')] };
    expect(going({ name: 'x', of: 'child', state: 'running' }, [list, OTHER])).toEqual(['other']);
  });

  it('keeps all its names', () => {
    const { decisionOf } = decideWorld({
      images: [{ name: 'app', names: ['registry.example.com/a:1', 'registry.example.com/b:1'] }],
      containers: [{ name: 'x', of: 'app', state: 'running' }],
      policy: { absentFromRegistry: true },
      evidence: {
        repositories: [
          {
            repository: 'registry.example.com/a',
            state: 'read',
            words: new Map([['registry.example.com/a:1', 'absent']]),
          },
        ],
      },
    });
    expect(decisionOf('app')).toMatchObject({
      decision: 'keep',
      reasons: [{ rule: 'container', container: 'x', state: 'running' }],
    });
  });
});

describe('an image that a container has mounted', () => {
  const CHILD = { name: 'child', names: ['registry.example.com/shop/child:1'] };
  const LIST = { name: 'list', names: ['registry.example.com/shop/list:1'], lists: [localId('child')] };
  const NAMELESS = { name: 'nameless' };

  it('stays, by its id and by its name', () => {
    expect(going({ name: 'x', of: 'other', state: 'running', mounts: [localId('app')] })).toEqual([]);
    expect(going({ name: 'x', of: 'other', state: 'running', mounts: [APP.names[0] ?? ''] })).toEqual([]);
  });

  it('stays for a container that has ended too, which may be started again', () => {
    expect(going({ name: 'x', of: 'other', created: 1, mounts: [localId('app')] })).toEqual([]);
  });

  it('is every image while something runs that has one mounted of which the engine knows no more', () => {
    expect(going({ name: 'x', of: 'other', state: 'running', mounts: ['localhost/gone:1'] })).toEqual([]);
  });

  it('is none when a container that has ended has lost it', () => {
    expect(going({ name: 'x', of: 'other', created: 1, mounts: ['localhost/gone:1'] })).toEqual(['app']);
  });

  it('may be any without a name while the container runs, since a name moves', () => {
    const images = [APP, OTHER, NAMELESS];
    expect(going({ name: 'x', of: 'other', state: 'running', mounts: [localId('app')] }, images)).toEqual([]);
    expect(going({ name: 'x', of: 'other', created: 1, mounts: [localId('app')] }, images)).toEqual(['nameless']);
  });

  it('keeps the list that it is of', () => {
    const images = [CHILD, LIST, OTHER];
    expect(going({ name: 'x', of: 'child', created: 1, mounts: [localId('child')] }, images)).toEqual(['other']);
  });

  it('takes the container with it when all that this uses goes', () => {
    expect(going({ name: 'x', of: 'other', mounts: [localId('app')] })).toEqual(['app', 'other']);
  });
});
