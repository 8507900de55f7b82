import { describe, expect, it } from 'vitest';
import type { RegistryFinal } from '../../../../src/policy/host/host-evidence.ts';
import { decideWorld, type HostWorld, type LocalImageSpec, localId, OURS } from '../../../builders/local-store.ts';

const REPOSITORY = 'registry.example.com/shop/app';

/** A stage of dapp's. */
function stage(name: string, spec: Partial<LocalImageSpec> = {}): LocalImageSpec {
  return {
    name,
    names: [`dimgstage-shop:${name}`],
    labels: { ...OURS, 'dapp-dimg': 'false', ...spec.labels },
    ...spec,
  };
}

function final(facts: Partial<RegistryFinal> = {}): RegistryFinal {
  return { reference: `${REPOSITORY}:1`, madeFrom: localId('nobody'), labels: { 'dapp-dimg': 'true' }, ...facts };
}

function decide(
  images: HostWorld['images'],
  finals: readonly RegistryFinal[] | undefined,
  more: Partial<HostWorld> = {},
) {
  return decideWorld({
    images,
    ...more,
    policy: { improperRepoCache: true, ...more.policy },
    evidence: {
      repositories: [{ repository: REPOSITORY, state: 'read', words: new Map() }],
      ...(finals === undefined ? {} : { finals }),
      ...more.evidence,
    },
  });
}

describe('a stage', () => {
  it('goes when no image in the registry was made from it', () => {
    const { going, rulesOf } = decide([stage('s')], [final()]);
    expect(going).toEqual(['s']);
    expect(rulesOf('s')).toEqual(['improper-repo-cache']);
  });

  it('stays when an image in the registry was made from it', () => {
    expect(decide([stage('s')], [final({ madeFrom: localId('s') })]).rulesOf('s')).toEqual(['in-registry']);
  });

  it('stays when one that is needed was built on it, at any depth', () => {
    const images = [stage('a'), stage('b', { parent: 'a' }), stage('c', { parent: 'b' }), stage('d')];
    expect(decide(images, [final({ madeFrom: localId('c') })]).going).toEqual(['d']);
  });

  it('stays when one that others were built on took files from it', () => {
    const labels = { ...OURS, 'dapp-dimg': 'false', 'dapp-artifact-assets': 'c' };
    const images = [stage('a', { labels }), stage('b', { parent: 'a' }), stage('c')];
    expect(decide(images, [final({ madeFrom: localId('b') })]).going).toEqual([]);
  });

  it('stays when the layers of one that is needed begin with its own, though the engine tells no parent', () => {
    const images = [
      stage('a', { layers: ['1'] }),
      stage('b', { layers: ['1', '2'] }),
      stage('c', { layers: ['1', '3'] }),
    ];
    expect(decide(images, [final({ madeFrom: localId('b') })]).going).toEqual(['c']);
  });

  it('stays when files were taken from it, by its id', () => {
    const labels = { 'dapp-dimg': 'true', 'dapp-artifact-assets': localId('s') };
    expect(decide([stage('s')], [final({ labels })]).going).toEqual([]);
  });

  it('stays when files were taken from it, by its signature, as later versions of dapp write it', () => {
    const labels = { 'dapp-dimg': 'true', 'dapp-artifact-assets': 's' };
    expect(decide([stage('s'), stage('s2')], [final({ labels })]).going).toEqual(['s2']);
  });

  it('stays when werf 1 took files from it for a stage that is needed', () => {
    const werf = (name: string, labels = {}): LocalImageSpec => ({
      name,
      names: [`werf-stages-storage/shop:${name}-1589000000000`],
      labels: { ...OURS, 'werf-image': 'false', ...labels },
    });
    const images = [werf('a'), werf('b', { 'werf-import-assets': 'a' }), werf('c')];
    const one = final({ labels: { 'werf-image': 'true' }, madeFrom: localId('b') });
    expect(decide(images, [one]).going).toEqual(['c']);
  });

  it('stays when the image that was made from it is here and in the registry', () => {
    const app = { name: 'app', names: [`${REPOSITORY}:1`], labels: { 'dapp-dimg': 'true' }, parent: 's' };
    const one: RegistryFinal = { reference: `${REPOSITORY}:1`, configDigest: localId('app'), labels: app.labels };
    expect(decide([stage('s'), app], [one]).going).toEqual([]);
  });

  it('stays when the image that was made from it was never pushed: a build may be about to', () => {
    const app = { name: 'app', names: [`${REPOSITORY}:2`], labels: { 'dapp-dimg': 'true' }, layers: ['s', 'app'] };
    const { going } = decide([stage('s'), app], [final()], {
      evidence: {
        repositories: [
          { repository: REPOSITORY, state: 'read', words: new Map([[`${REPOSITORY}:2`, 'never-pushed']]) },
        ],
        finals: [final()],
      },
    });
    expect(going).toEqual([]);
  });

  it('goes with the last image that was made from it, when the registry has that no more', () => {
    const app = { name: 'app', names: [`${REPOSITORY}:2`], labels: { 'dapp-dimg': 'true' }, parent: 's' };
    const { going } = decide([stage('s'), app], [final()], {
      policy: { improperRepoCache: true, absentFromRegistry: true },
      evidence: {
        repositories: [{ repository: REPOSITORY, state: 'read', words: new Map([[`${REPOSITORY}:2`, 'absent']]) }],
        finals: [final()],
      },
    });
    expect(going).toEqual(['app', 's']);
  });

  it('stays while it is young: dapp had this guard here alone', () => {
    expect(decide([stage('s', { created: 1 })], [final()]).rulesOf('s')).toEqual(['young']);
  });

  it('stays while a container uses it', () => {
    const { going } = decide([stage('s')], [final()], { containers: [{ name: 'x', of: 's' }] });
    expect(going).toEqual([]);
  });

  it('of another project stays', () => {
    const labels = { 'dapp-dimg': 'false', 'com.example.project': 'else' };
    expect(decide([stage('s', { labels })], [final()]).going).toEqual([]);
  });

  it('of development mode stays', () => {
    const labels = { ...OURS, 'dapp-dimg': 'false', 'dapp-dev-mode': 'true' };
    expect(decide([stage('s', { labels })], [final()]).going).toEqual([]);
  });

  it('is none without the label, whatever it is called', () => {
    expect(decide([stage('s', { labels: OURS })], [final()]).going).toEqual([]);
  });

  it('is none by its label alone, when it is called otherwise', () => {
    expect(decide([stage('s', { names: ['a.example.com/b:1'] })], [final()]).going).toEqual([]);
  });
});

describe('every stage stays', () => {
  const doubtful = (finals: readonly RegistryFinal[] | undefined, more: Partial<HostWorld> = {}) =>
    decide([stage('s')], finals, more).rulesOf('s');

  it('when the images of the registry were not read', () => {
    expect(doubtful(undefined)).toEqual(['in-doubt']);
  });

  it('before the first push, when the registry has no image: dapp deleted the whole cache then', () => {
    expect(doubtful([])).toEqual(['in-doubt']);
  });

  it.each(['unknown', 'empty'] as const)('when one of the repositories is %s', (state) => {
    const repositories = [{ repository: REPOSITORY, state, words: new Map() }];
    expect(doubtful([final()], { evidence: { repositories, finals: [final()] } })).toEqual(['in-doubt']);
  });

  it('when an image in the registry cannot be read', () => {
    expect(doubtful([final({ labels: undefined })])).toEqual(['in-doubt']);
  });

  it('when a final image in the registry does not tell what it was made from, and is not here', () => {
    expect(doubtful([{ reference: `${REPOSITORY}:1`, labels: { 'dapp-dimg': 'true' } }])).toEqual(['in-doubt']);
  });

  it('when the engine does not tell what a final image here was made from', () => {
    const app = { name: 'app', names: [`${REPOSITORY}:2`], labels: { 'dapp-dimg': 'true' }, layers: null };
    expect(decide([stage('s'), app], [final()]).rulesOf('s')).toEqual(['in-doubt']);
  });

  it('of which the engine does not tell the layers', () => {
    expect(decide([stage('s', { layers: null }), stage('t')], [final()]).going).toEqual(['t']);
  });

  it('but other images of the registry, that dapp did not make, hold none', () => {
    expect(decide([stage('s')], [{ reference: `${REPOSITORY}:tools`, labels: {} }]).going).toEqual(['s']);
  });

  it('unless all of the project is to go', () => {
    expect(decide([stage('s')], [], { policy: { improperRepoCache: true, flush: true } }).going).toEqual(['s']);
  });
});
