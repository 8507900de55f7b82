// The mark that version 3 leaves where its records are kept apart.

import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository, parseTag } from '../../src/model/reference.ts';
import { checkRecordsAreRead } from '../../src/run/meta-repo-marker.ts';
import { type NodeSpec, policyOf, snapshotOf } from '../builders/snapshot.ts';

const NAME = 'registry.example.com/shop/app';
const META = 'registry.example.com/shop/meta';
const MARKER = 'werf-meta-repo-marker-shop';

interface Scene {
  readonly specs: readonly NodeSpec[];
  readonly meta?: string;
  readonly project?: string;
  readonly vanished?: readonly string[];
}

/** What the check says: the error's message and hint, or what was told. */
function check({ specs, meta, project, vanished = [] }: Scene): string {
  const told: string[] = [];
  const snapshot = { ...snapshotOf(specs), vanishedTags: vanished.map(parseTag) };
  const policy = policyOf();
  const primary = { kind: 'registry', provider: 'oci', repository: parseRepository(NAME) } as const;
  const other = { kind: 'registry', provider: 'oci', repository: parseRepository(meta ?? META) } as const;
  const repositories =
    meta === undefined ? [primary] : [primary, { ...other, role: { kind: 'meta', of: NAME } as const }];
  const werf = { ...policy.werf, ...(project === undefined ? {} : { project }) };
  try {
    checkRecordsAreRead({
      name: NAME,
      snapshot,
      settings: { repositories, policy: { ...policy, werf } },
      log: { ...silentLog, info: (text) => void told.push(text) },
    });
    return told.join();
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    expect(error.code).toBe('EVIDENCE_RECORDS');
    return `${error.message} ${error.hint}`;
  }
}

const marker = (address?: string, tag = MARKER): NodeSpec => ({
  name: tag,
  tags: [tag],
  labels: { werf: 'shop', ...(address === undefined ? {} : { metarepoaddress: address }) },
});

describe('a mark that the records are elsewhere', () => {
  it.each<[what: string, written: string, given: string]>([
    ['with that repository', META, META],
    ['whatever the case of the host', 'Registry.Example.com/shop/meta', META],
    ['with and without the port of HTTPS', 'registry.example.com:443/shop/meta', META],
    ['with the port of HTTPS on our side', META, 'registry.example.com:443/shop/meta'],
    ['by all names of Docker Hub', 'index.docker.io/shop/meta', 'docker.io/shop/meta'],
    ['by the short name of Docker Hub', 'docker.io/library/meta', 'meta'],
    ['with a scheme and a slash', `https://${META}/`, META],
  ])('lets a run go on %s', (_what, written, given) => {
    expect(check({ specs: [marker(written)], meta: given })).toBe('');
  });

  it.each<[what: string, scene: Scene, said: string]>([
    ['without that repository', { specs: [marker(META)] }, `keeps the records of ${NAME} in ${META}`],
    [
      'with another one',
      { specs: [marker(META)], meta: 'registry.example.com/shop/other' },
      'would look into registry.example.com/shop/other',
    ],
    ['with another port', { specs: [marker(META)], meta: 'registry.example.com:5000/shop/meta' }, `meta-repo ${META}`],
    ['when it names none', { specs: [marker()], meta: META }, 'its label metarepoaddress is missing or empty'],
    ['when it names an empty one', { specs: [marker(' ')], meta: META }, 'missing or empty'],
    ['when it names nonsense', { specs: [marker('no name!')], meta: META }, 'is no repository: "no name!"'],
    ['when it is an index', { specs: [{ name: 'x', tags: [MARKER], lists: ['y'] }], meta: META }, 'no record'],
    [
      'when it is a stage',
      {
        specs: [{ name: 'x', tags: [MARKER], labels: { 'werf-stage-content-digest': 'a', metarepoaddress: META } }],
        meta: META,
      },
      'no record',
    ],
    ['when it cannot be read', { specs: [{ name: 'x', tags: [MARKER], unread: true }], meta: META }, 'cannot be read'],
    ['when it vanished while it was read', { specs: [], vanished: [MARKER], meta: META }, 'it leads nowhere'],
    [
      'when two of them point to two places',
      { specs: [marker(META), marker('example.com/b', `${MARKER}-b`)], meta: META },
      'example.com/b',
    ],
    ['when it is of another project and ours has none', { specs: [marker(META)], project: 'other' }, META],
  ])('stops a run %s', (_what, scene, said) => {
    expect(check(scene)).toContain(said);
  });

  it('of another project does not count beside that of ours', () => {
    const specs = [marker(META), marker('example.com/b', `${MARKER}-b`)];
    expect(check({ specs, meta: META, project: 'shop' })).toBe('');
  });

  it('need not be there: then any repository will do, which is worth a word', () => {
    expect(check({ specs: [{ name: 'x', tags: ['latest'] }] })).toBe('');
    expect(check({ specs: [], meta: META })).toContain(`no mark of werf's that its records are in ${META}`);
  });
});
