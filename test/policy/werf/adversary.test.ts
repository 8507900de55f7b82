// Ways in which records could come to cost an image that is needed, each as a table of what must not happen.

import { describe, expect, it } from 'vitest';
import { RECORD_KEYS, RECORD_TYPE } from '../../../src/model/build-record.ts';
import { type Digest, parseRepository } from '../../../src/model/reference.ts';
import { decideCopy } from '../../../src/policy/werf/decide-copy.ts';
import { decideMetaRepository } from '../../../src/policy/werf/decide-records.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { commitIdOf } from '../../builders/history.ts';
import {
  ANY_AGE,
  digestOf,
  LONG_AGO,
  NOW,
  type NodeSpec,
  policyOf,
  snapshotOf,
  usageOf,
} from '../../builders/snapshot.ts';
import { imageMetadata, managedImage, stage, stageIdOf } from '../../builders/werf-snapshot.ts';
import { branch, decideOn, GONE, HISTORY, recordsOf } from './world.ts';

const OURS = 'registry.example.com/shop/app';
const MAIN = [branch('main')];
const ONLY_MAIN = { ...ANY_AGE, git: { enabled: true, keepPolicies: MAIN } };

function own(image: string, commit: string, more: Partial<NodeSpec> & { readonly as?: string } = {}): NodeSpec {
  const { as, ...rest } = more;
  return {
    name: `record of ${image} for ${commit}`,
    subject: image,
    artifactType: RECORD_TYPE,
    created: LONG_AGO,
    annotations: {
      [RECORD_KEYS.commit]: commitIdOf(commit),
      ...(as === undefined ? {} : { [RECORD_KEYS.imageName]: as }),
    },
    ...rest,
  };
}

function labelled(name: string, commit: string): NodeSpec {
  return {
    name,
    tags: [name],
    created: LONG_AGO,
    labels: {
      'org.opencontainers.image.revision': commitIdOf(commit),
      'org.opencontainers.image.source': 'https://github.com/acme/shop',
    },
  };
}

describe('the last record that says which product an image is', () => {
  // `base` is kept by its label as `web`; without a record it would take the only place of `other`, which is no product.
  const other = labelled('other', 'c2');

  it('stays beside a label of another commit that the image is kept by', () => {
    const nodes = [labelled('base', 'c4'), own('base', 'off', { as: 'web' }), other];
    const made = decisionsOn({ nodes, history: HISTORY, policy: ONLY_MAIN });
    expect(made.doomed).toEqual([]);
  });

  it('stays although its commit is gone', () => {
    const nodes = [labelled('base', 'c4'), own('base', GONE, { as: 'web' }), other];
    const usage = usageOf([`${OURS}:base`]);
    expect(decisionsOn({ nodes, history: HISTORY, policy: ONLY_MAIN, usage }).doomed).toEqual([]);
    const alone: NodeSpec = { name: 'base', tags: ['base'], created: LONG_AGO };
    const made = decisionsOn({ nodes: [alone, ...nodes.slice(1)], history: HISTORY, policy: ONLY_MAIN, usage });
    expect(made.doomed).toEqual([`record of base for ${GONE}`]);
  });

  it('goes beside another one of the same product that the image is kept by', () => {
    const records = ['c4', 'c1'].map((commit) => own('base', commit, { as: 'web' }));
    const made = decisionsOn({ nodes: [labelled('base', 'c4'), ...records], history: HISTORY, policy: ONLY_MAIN });
    expect(made.doomed).toEqual(['record of base for c1']);
  });
});

describe('a meta repository that two projects share', () => {
  const theirs = imageMetadata({ image: 'web', commit: 'c4', stage: stageIdOf('theirs'), project: 'blog' });
  const lost = imageMetadata({ image: 'web', commit: 'c4', stage: stageIdOf('lost') });
  const meta = snapshotOf([...recordsOf('new', ['c4']), theirs, lost]);
  const doomed = (stages: readonly NodeSpec[]): readonly Digest[] => {
    const primary = decideOn(stages, MAIN, { werf: { meta } });
    const { decisions } = decideMetaRepository({ snapshot: meta, primary }, policyOf(ANY_AGE));
    return [...decisions.values()].filter(({ decision }) => decision === 'delete').map(({ digest }) => digest);
  };

  it('loses no record of the other one, whose stages are elsewhere', () => {
    expect(doomed([stage({ name: 'new' })])).toEqual([digestOf(lost.name)]);
  });

  it('loses none where nobody knows which project the stages are of', () => {
    expect(doomed([stage({ name: 'new', project: null })])).toEqual([]);
    expect(doomed([stage({ name: 'new' }), stage({ name: 'other', project: 'blog' })])).toEqual([]);
  });
});

describe('a final repository that holds stages of another project alone, beside a record of ours', () => {
  it('loses none of them', () => {
    const copies = [stage({ name: 'theirs', project: 'blog' }), managedImage('web')];
    const snapshot = { ...snapshotOf(copies), repository: parseRepository('registry.example.com/shop/final') };
    const primary = decideOn([stage({ name: 'new' }), ...recordsOf('new', ['c4'])], MAIN);
    const evidence = {
      snapshot,
      usage: undefined,
      firstSeen: undefined,
      primary,
      role: 'final',
      repository: 'app',
    } as const;
    const { decisions } = decideCopy(evidence, policyOf(ANY_AGE), NOW);
    expect(decisions.get(digestOf('theirs'))?.decision).toBe('keep');
  });
});
