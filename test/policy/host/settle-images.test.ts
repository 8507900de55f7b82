import { describe, expect, it } from 'vitest';
import type { HostPolicy } from '../../../src/model/host-policy.ts';
import { decideWorld, type HostWorld, localId, OURS } from '../../builders/local-store.ts';

const DANGLING: Partial<HostPolicy> = { dangling: true };
const named = (name: string): readonly string[] => [`a.example.com/${name}:1`];

function going(images: HostWorld['images'], policy: Partial<HostPolicy> = DANGLING): readonly string[] {
  return decideWorld({ images, policy }).going;
}

describe('what an image that stays was built on', () => {
  it('stays, whatever asks for it', () => {
    const images = [
      { name: 'base', labels: OURS },
      { name: 'app', names: named('app'), parent: 'base' },
    ];
    expect(decideWorld({ images, policy: DANGLING }).decisionOf('base')).toMatchObject({
      decision: 'keep',
      reasons: [{ rule: 'needed-by', of: localId('app'), how: 'ancestor' }],
    });
  });

  it('stays at any depth', () => {
    const images = [
      { name: 'a', labels: OURS },
      { name: 'b', labels: OURS, parent: 'a' },
      { name: 'c', labels: OURS, parent: 'b' },
      { name: 'app', names: named('app'), parent: 'c' },
    ];
    expect(going(images)).toEqual([]);
  });

  it('goes after it when both go', () => {
    const images = [
      { name: 'a', labels: OURS },
      { name: 'b', labels: OURS, parent: 'a' },
      { name: 'c', labels: OURS, parent: 'b' },
    ];
    expect(going(images)).toEqual(['c', 'b', 'a']);
  });

  it('stays when one of two that were built on it stays', () => {
    const images = [
      { name: 'base', labels: OURS },
      { name: 'old', labels: OURS, parent: 'base' },
      { name: 'app', names: named('app'), parent: 'base' },
    ];
    expect(going(images)).toEqual(['old']);
  });

  it('stays for an image that a container holds', () => {
    const { going: gone } = decideWorld({
      images: [
        { name: 'base', labels: OURS },
        { name: 'old', labels: OURS, parent: 'base' },
      ],
      containers: [{ name: 'x', of: 'old' }],
      policy: DANGLING,
    });
    expect(gone).toEqual([]);
  });

  it('may go when it is not in the store at all', () => {
    expect(going([{ name: 'old', labels: OURS, parent: 'elsewhere' }])).toEqual(['old']);
  });
});

describe('an ancestor without a name', () => {
  const step = { name: 'step' };

  it('goes with everything that was made from it', () => {
    const images = [step, { name: 'a', labels: OURS, parent: 'step' }, { name: 'b', labels: OURS, parent: 'step' }];
    const decided = decideWorld({ images, policy: DANGLING });
    expect([...decided.going].sort()).toEqual(['a', 'b', 'step']);
    expect(decided.going.at(-1)).toBe('step');
    expect(decided.rulesOf('step')).toEqual(['intermediate']);
  });

  it('lets what it was made from itself go too', () => {
    const images = [
      { name: 'first', labels: OURS },
      { ...step, parent: 'first' },
      { name: 'a', labels: OURS, parent: 'step' },
    ];
    expect(going(images)).toEqual(['a', 'step', 'first']);
  });

  it.each([
    { why: 'it has a name', step: { names: named('step') } },
    { why: 'it was pulled by its digest', step: { digests: [`a.example.com/step@sha256:${'a'.repeat(64)}`] } },
    { why: 'a list needs it', more: [{ name: 'list', names: named('list'), lists: [localId('step')] }] },
    { why: 'nothing was made from it', parent: 'elsewhere' },
  ])('stays when $why', ({ step: spec = {}, more = [], parent = 'step' }) => {
    const images = [{ ...step, ...spec }, { name: 'a', labels: OURS, parent }, ...more];
    expect(going(images)).toEqual(['a']);
  });

  it('stays when it is pinned', () => {
    const images = [
      { ...step, labels: { keep: '' } },
      { name: 'a', labels: OURS, parent: 'step' },
    ];
    expect(going(images, { ...DANGLING, keep: { labels: [{ label: 'keep' }], names: [] } })).toEqual(['a']);
  });

  it('stays when a container uses it', () => {
    const { going: gone } = decideWorld({
      images: [step, { name: 'a', labels: OURS, parent: 'step' }],
      containers: [{ name: 'x', of: 'step', state: 'running' }],
      policy: DANGLING,
    });
    expect(gone).toEqual(['a']);
  });
});

describe('what a list holds', () => {
  const child = { name: 'child', labels: OURS };

  it('stays with it, by its id', () => {
    expect(going([child, { name: 'list', names: named('list'), lists: [localId('child')] }])).toEqual([]);
  });

  it('stays with it, by its digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const images = [
      { ...child, digests: [`a.example.com/x@${digest}`] },
      { name: 'list', names: named('list'), lists: [digest] },
    ];
    expect(going(images)).toEqual([]);
  });

  it('goes after it', () => {
    expect(going([child, { name: 'list', labels: OURS, lists: [localId('child')] }])).toEqual(['list', 'child']);
  });

  it('stays when only the list goes: nobody made it for that', () => {
    const images = [{ name: 'child' }, { name: 'list', labels: OURS, lists: [localId('child')] }];
    expect(going(images)).toEqual(['list']);
  });

  it('may be any image without name and digest, while the list names one that nobody recognises', () => {
    const images = [child, { name: 'list', names: named('list'), lists: [`sha256:${'a'.repeat(64)}`] }];
    expect(going(images)).toEqual([]);
    const known = { ...child, digests: [`a.example.com/x@sha256:${'b'.repeat(64)}`] };
    expect(going([known, ...images.slice(1)])).toEqual(['child']);
  });

  it('may be any image without a name, while nobody can look into it, and the list stays too', () => {
    const images = [child, { name: 'list', names: named('list'), labels: OURS, lists: null }];
    const { going: gone, decisions } = decideWorld({ images, policy: { dangling: true, flush: true } });
    expect(gone).toEqual([]);
    expect(decisions.remarks).toEqual([expect.stringContaining('no image without a name goes')]);
  });

  it('is nothing that was made from it, and no other list', () => {
    const unknown = [`sha256:${'a'.repeat(64)}`];
    const images = [
      { name: 'list', lists: unknown },
      { name: 'made', labels: OURS, parent: 'list' },
      { name: 'other', labels: OURS, lists: [] },
    ];
    expect([...going(images)].sort()).toEqual(['made', 'other']);
  });

  it('is no image with a name, even then: that has a life of its own', () => {
    const images = [
      { name: 'app', names: named('app'), labels: OURS },
      { name: 'list', names: named('list'), lists: null },
    ];
    expect(going(images, { flush: true })).toEqual(['app']);
  });
});
