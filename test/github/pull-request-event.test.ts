// The event file of a pull request: what it says, and that anything else is refused.

import { describe, expect, it } from 'vitest';
import { decodePullRequestEvent } from '../../src/github/pull-request-event.ts';

const HEAD = 'a'.repeat(40);
const BASE = 'b'.repeat(40);
const OURS = { id: 1, full_name: 'team/app', private: false };
const THEIRS = { id: 2, full_name: 'mallory/app', fork: true };

function event(change: { head?: object; base?: object; number?: unknown } = {}): unknown {
  return {
    action: 'synchronize',
    repository: OURS,
    pull_request: {
      number: change.number ?? 7,
      head: { sha: HEAD, ref: 'feature', repo: OURS, ...change.head },
      base: { sha: BASE, ref: 'main', repo: OURS, ...change.base },
    },
  };
}

describe('the event of a pull request', () => {
  it('tells what it is about', () => {
    expect(decodePullRequestEvent(event())).toEqual({
      number: 7,
      headCommit: HEAD,
      headRepository: 'team/app',
      baseBranch: 'main',
      baseCommit: BASE,
      baseRepository: 'team/app',
      isFork: false,
    });
  });

  it('comes from a fork when its head lies elsewhere', () => {
    expect(decodePullRequestEvent(event({ head: { repo: THEIRS } }))).toMatchObject({
      isFork: true,
      headRepository: 'mallory/app',
    });
  });

  it('comes from a fork when the fork is gone', () => {
    expect(decodePullRequestEvent(event({ head: { repo: null } }))).toMatchObject({
      isFork: true,
      headRepository: undefined,
    });
  });

  it('tells repositories apart by their ids: a name may have been taken over', () => {
    expect(decodePullRequestEvent(event({ head: { repo: { id: 3, full_name: 'team/app' } } })).isFork).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a push', { ref: 'refs/heads/main', repository: OURS }],
    ['nothing', undefined],
    ['a number of zero', event({ number: 0 })],
    ['a head that is no commit', event({ head: { sha: 'main' } })],
    ['a base without a branch', event({ base: { ref: '' } })],
    ['a head without a word on its repository', event({ head: { repo: undefined } })],
    ['a name that is a path', event({ base: { repo: { id: 1, full_name: 'team/app/../x' } } })],
  ])('is not %s', (_, payload) => {
    expect(() => decodePullRequestEvent(payload)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'PROTOCOL' }),
    );
  });
});
