// A reason in a few words names images as the list that it stands in does.

import { expect, it } from 'vitest';
import { shortDigest } from '../../src/model/reference.ts';
import { listChanges } from '../../src/report/list-changes.ts';
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
