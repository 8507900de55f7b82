import { describe, expect, it } from 'vitest';
import type { HostDecisions } from '../../../src/model/host-plan.ts';
import { buildHostPlan } from '../../../src/plan/host/build-host-plan.ts';
import { decideWorld, hostEvidence } from '../../builders/local-store.ts';
import { NOW } from '../../builders/snapshot.ts';

const EMPTY = { images: [] };

function plan(changes: Partial<HostDecisions>, maxDeleteShare = 0.8) {
  return buildHostPlan({
    engine: hostEvidence(EMPTY).store.engine,
    decisions: { ...decideWorld(EMPTY).decisions, ...changes },
    folders: [{ action: 'delete-folder', path: '/cache/git/1', unusedFor: undefined, freesBytes: 1 }],
    maxDeleteShare,
    now: NOW,
  });
}

describe('the plan of a host', () => {
  it('has our own folders last', () => {
    const { steps } = plan({
      steps: [{ action: 'prune-build-cache', olderThan: 0 as never, entries: 1, freesBytes: 1 }],
    });
    expect(steps.map(({ action }) => action)).toEqual(['prune-build-cache', 'delete-folder']);
  });

  it.each([
    { gone: 0, asked: 0, refused: false },
    { gone: 8, asked: 10, refused: false },
    { gone: 9, asked: 10, refused: true },
    { gone: 1, asked: 1, refused: true },
  ])('with $gone of $asked images of one repository absent is refused: $refused', ({ gone, asked, refused }) => {
    const { findings } = plan({
      absent: [
        { repository: 'r/large', gone: 0, asked: 100 },
        { repository: 'r/app', gone, asked },
      ],
    });
    expect(findings.map(({ guard }) => guard)).toEqual(refused ? ['max-delete-share'] : []);
  });

  it('lets a larger share go when that is asked for', () => {
    expect(plan({ absent: [{ repository: 'r/app', gone: 1, asked: 1 }] }, 1).findings).toEqual([]);
  });

  it('hands on what the decisions found', () => {
    const finding = { guard: 'empty-repository', text: 'a is empty', hint: 'look' } as const;
    expect(plan({ findings: [finding] }).findings).toEqual([finding]);
  });
});
