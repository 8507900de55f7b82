// What a user should know of images that tag schemes do not touch.

import type { Decision, Remark } from '../../model/decision.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';

/** What remarks are drawn from. */
export interface SchemeRemarkInput {
  readonly graph: ImageGraph;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  readonly policy: Pick<Policy, 'schemes'>;
}

const WAYS =
  'dapp and werf 1 label what they publish; of other images, patterns under schemes.branch.tags, schemes.commit.tags and schemes.tag.tags tell';

/** How many images stay because they are of no scheme, and for want of knowledge. Empty where tag schemes are off. */
export function remarkOnSchemes({ graph, decisions, policy }: SchemeRemarkInput): readonly Remark[] {
  if (policy.schemes === 'off') return [];
  const images = [...decisions.values()].filter(({ digest }) => graph.roleOf(digest) === 'image');
  const isOf = ({ reasons }: Decision, wanted: string): boolean => reasons.some(({ rule }) => rule === wanted);
  const strange = images.filter((image) => isOf(image, 'no-scheme') && !isOf(image, 'scheme')).length;
  const untold = images.filter(({ reasons }) => reasons.every(({ rule }) => rule === 'scheme-unknown')).length;
  const of = `of ${images.length} ${images.length === 1 ? 'image' : 'images'}`;
  const stays = strange === 1 ? 'stays: it, or a tag of it, is' : 'stay: they, or tags of them, are';
  const kept = untold === 1 ? 'is kept only because its tags' : 'are kept only because their tags';
  return [
    ...remark(strange, `${strange} ${of} ${stays} of no tag scheme; ${WAYS}`),
    ...remark(untold, `${untold} ${of} ${kept} do not tell what became of what they were made of; explain says why`),
  ];
}

function remark(count: number, text: string): readonly Remark[] {
  return count === 0 ? [] : [{ code: 'no-scheme', text }];
}
