// A reason in a few words names images as the list that it stands in does.

import { expect, it } from 'vitest';
import type { Reason } from '../../src/model/decision.ts';
import { describeReason } from '../../src/model/describe-reason.ts';
import { shortDigest } from '../../src/model/reference.ts';
import { briefReason } from '../../src/report/brief-reason.ts';
import { listChanges } from '../../src/report/list-changes.ts';
import { commitIdOf } from '../builders/history.ts';
import { because, decisionOf, digestOf, planOf, reportOf, repositoryPlan } from '../builders/report.ts';

it.each([
  ['its first tag', ['v1.1.0', 'v1.1'], 'goes with v1.1.0'],
  ['its short digest when it has no tag', [], `goes with ${shortDigest(digestOf('index'))}`],
])('what goes with its owner calls it by %s', (_, tags, brief) => {
  const plan = repositoryPlan([
    decisionOf({ decision: 'delete', name: 'index', tags, reasons: [because.gone('old')] }),
    decisionOf({ decision: 'delete', name: 'part', tags: [], reasons: [because.ownerGoes('index')] }),
  ]);
  const { deletions } = listChanges(reportOf({ plan: planOf([plan]) }), plan);
  expect(deletions.find(({ digest }) => digest === digestOf('part'))?.brief).toBe(brief);
});

it.each<[string, Reason, string]>([
  [
    'no policy keeps',
    { rule: 'git-superseded', commit: commitIdOf('c1'), found: { kind: 'werf-record', name: 'of backend' } },
    `of backend: no keep policy for commit ${commitIdOf('c1').slice(0, 10)}`,
  ],
  [
    'is gone',
    { rule: 'git-gone', what: 'commit abc', found: { kind: 'werf-record', name: 'of ~' }, proof: 'its record' },
    'of ~: commit abc is gone',
  ],
  [
    'only a label names',
    { rule: 'git-superseded', commit: commitIdOf('c1'), found: { kind: 'label', name: 'revision' } },
    `no keep policy for commit ${commitIdOf('c1').slice(0, 10)}`,
  ],
])('a stage whose commit %s is told by the image of its record', (_, reason, brief) => {
  expect(briefReason({ ...reason, text: describeReason(reason) }, () => '')).toBe(brief);
});
