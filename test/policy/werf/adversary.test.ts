// Ways in which records could come to cost an image that is needed, each as a table of what must not happen.

import { describe, expect, it } from 'vitest';
import { RECORD_KEYS, RECORD_TYPE } from '../../../src/model/build-record.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { commitIdOf } from '../../builders/history.ts';
import { ANY_AGE, LONG_AGO, type NodeSpec, usageOf } from '../../builders/snapshot.ts';
import { branch, GONE, HISTORY } from './world.ts';

const OURS = 'registry.example.com/shop/app';
const ONLY_MAIN = { ...ANY_AGE, git: { enabled: true, keepPolicies: [branch('main')] } };

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
    const nodes = [labelled('base', 'c4'), own('base', 'side', { as: 'web' }), other];
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
