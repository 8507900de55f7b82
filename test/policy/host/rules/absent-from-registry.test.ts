import { describe, expect, it } from 'vitest';
import type { RegistryWord, RepositoryWords } from '../../../../src/policy/host/host-evidence.ts';
import { decideWorld, type HostWorld, OURS } from '../../../builders/local-store.ts';

const REPOSITORY = 'registry.example.com/shop/app';
const OTHER = 'registry.example.com/shop/other';

function said(
  words: Readonly<Record<string, RegistryWord>>,
  state: RepositoryWords['state'] = 'read',
): RepositoryWords {
  return {
    repository: REPOSITORY,
    state,
    words: new Map(Object.entries(words).map(([tag, word]) => [`${REPOSITORY}:${tag}`, word])),
  };
}

function decide(world: Omit<HostWorld, 'evidence'>, ...repositories: readonly RepositoryWords[]) {
  return decideWorld({ ...world, policy: { absentFromRegistry: true, ...world.policy }, evidence: { repositories } });
}

const APP = { name: 'app', names: [`${REPOSITORY}:1`] };

describe('an image of a repository', () => {
  it('goes when the registry has it no more', () => {
    const { decisionOf, going } = decide({ images: [APP] }, said({ 1: 'absent' }));
    expect(going).toEqual(['app']);
    expect(decisionOf('app')).toMatchObject({
      decision: 'delete',
      reasons: [{ rule: 'absent-from-registry', reference: `${REPOSITORY}:1` }],
    });
  });

  it('stays while the registry has it', () => {
    const { rulesOf, going } = decide({ images: [APP] }, said({ 1: 'there' }));
    expect(going).toEqual([]);
    expect(rulesOf('app')).toEqual(['in-registry']);
  });

  it('stays when nothing proves that it was ever there', () => {
    const { rulesOf, going } = decide({ images: [APP] }, said({ 1: 'never-pushed' }));
    expect(going).toEqual([]);
    expect(rulesOf('app')).toEqual(['never-pushed']);
  });

  it('stays when the registry contradicts itself', () => {
    const { rulesOf, going } = decide({ images: [APP] }, said({ 1: 'in-doubt' }));
    expect(going).toEqual([]);
    expect(rulesOf('app')).toEqual(['in-doubt']);
  });

  it('stays when nobody asked for it', () => {
    const { rulesOf, going } = decide({ images: [APP] }, said({}));
    expect(going).toEqual([]);
    expect(rulesOf('app')).toEqual(['not-asked']);
  });

  it('stays when the rule is off, whatever the registry says', () => {
    expect(decide({ images: [APP], policy: { absentFromRegistry: false } }, said({ 1: 'absent' })).going).toEqual([]);
  });

  it('stays while it is young, by its making or by its name', () => {
    const young = [
      { ...APP, created: 1 },
      { ...APP, tagged: 1 },
    ];
    for (const image of young) {
      const { going, rulesOf } = decide({ images: [image] }, said({ 1: 'absent' }));
      expect(going).toEqual([]);
      expect(rulesOf('app')).toEqual(['young']);
    }
  });

  it('stays when neither its making nor its name has a time', () => {
    const { rulesOf } = decide({ images: [{ ...APP, created: null, tagged: null }] }, said({ 1: 'absent' }));
    expect(rulesOf('app')).toEqual(['age-unknown']);
  });

  it('goes by the one time that is known', () => {
    expect(decide({ images: [{ ...APP, tagged: null }] }, said({ 1: 'absent' })).going).toEqual(['app']);
    expect(decide({ images: [{ ...APP, created: null }] }, said({ 1: 'absent' })).going).toEqual(['app']);
  });

  it('is of the repository whoever built it: no label is needed', () => {
    expect(decide({ images: [APP], policy: { project: [] } }, said({ 1: 'absent' })).going).toEqual(['app']);
  });
});

describe('an image with several names', () => {
  const both = { name: 'app', names: [`${REPOSITORY}:1`, `${REPOSITORY}:2`] };

  it('loses only those that the registry has no more', () => {
    const { decisionOf, steps } = decide({ images: [both] }, said({ 1: 'absent', 2: 'there' }));
    expect(decisionOf('app')).toMatchObject({
      decision: 'untag',
      remove: [`${REPOSITORY}:1`],
      reasons: [{ rule: 'absent-from-registry' }],
      keptFor: [{ rule: 'in-registry', reference: `${REPOSITORY}:2` }],
    });
    expect(steps).toMatchObject([{ action: 'untag-image', names: [`${REPOSITORY}:1`] }]);
  });

  it('goes when all of them are gone there', () => {
    const { steps } = decide({ images: [both] }, said({ 1: 'absent', 2: 'absent' }));
    expect(steps).toMatchObject([{ action: 'delete-image', names: both.names }]);
  });

  it("keeps the name that is nobody's to judge", () => {
    const image = { name: 'app', names: [`${REPOSITORY}:1`, 'localhost/mine:latest'] };
    expect(decide({ images: [image] }, said({ 1: 'absent' })).decisionOf('app')).toMatchObject({
      decision: 'untag',
      remove: [`${REPOSITORY}:1`],
      keptFor: [{ rule: 'not-asked' }],
    });
  });

  it('keeps all of them when one is pinned', () => {
    const { decisionOf } = decide(
      { images: [both], policy: { keep: { labels: [], names: ['*:2'] } } },
      said({ 1: 'absent', 2: 'there' }),
    );
    expect(decisionOf('app')).toMatchObject({ decision: 'keep', reasons: [{ rule: 'pin', pin: '*:2' }, {}] });
  });
});

describe('what speaks against a whole plan', () => {
  it.each([
    ['unknown', 'unknown-repository'],
    ['empty', 'empty-repository'],
  ] as const)('is a repository that is %s while images of it are here', (state, guard) => {
    const { decisions, going } = decide({ images: [APP] }, said({}, state));
    expect(going).toEqual([]);
    expect(decisions.findings).toMatchObject([{ guard }]);
  });

  it('is not an empty repository of which nothing is here', () => {
    const images = [{ name: 'other', names: [`${REPOSITORY}-two:1`, `${OTHER}:1`] }];
    expect(decide({ images }, said({}, 'empty')).decisions.findings).toEqual([]);
  });

  it('is an empty repository while stages of the project wait for its word', () => {
    const stage = { name: 's', names: ['dimgstage-shop:1'], labels: { 'dapp-dimg': 'false', ...OURS } };
    const { decisions } = decide({ images: [stage], policy: { improperRepoCache: true } }, said({}, 'empty'));
    expect(decisions.findings).toMatchObject([{ guard: 'empty-repository' }]);
  });

  it('is not an empty repository when all of the project is to go anyhow', () => {
    const { decisions, going } = decide(
      { images: [{ ...APP, labels: OURS }], policy: { flush: true } },
      said({}, 'empty'),
    );
    expect(decisions.findings).toEqual([]);
    expect(going).toEqual(['app']);
  });

  it('never lets words of an unread repository count', () => {
    expect(decide({ images: [APP] }, said({ 1: 'absent' }, 'unknown')).going).toEqual([]);
  });

  it('counts what is absent and what was asked for, held or not', () => {
    const images = [1, 2, 3].map((tag) => ({ name: `i${tag}`, names: [`${REPOSITORY}:${tag}`] }));
    const { decisions } = decide(
      { images, containers: [{ name: 'x', of: 'i1', state: 'running' }] },
      said({ 1: 'absent', 2: 'absent', 3: 'there' }),
    );
    expect(decisions.absent).toEqual([{ repository: REPOSITORY, gone: 2, asked: 3 }]);
  });

  it('counts nothing when nothing goes for being absent', () => {
    const { decisions } = decide(
      { images: [APP], containers: [{ name: 'x', of: 'app', state: 'running' }] },
      said({ 1: 'absent' }),
    );
    expect(decisions.absent).toEqual([{ repository: REPOSITORY, gone: 0, asked: 1 }]);
  });
});
