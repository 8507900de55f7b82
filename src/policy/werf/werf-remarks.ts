// What a user should know about a repository that werf made.

import type { Decision, Reason, Remark } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import { formatDuration } from '../../model/time.ts';
import type { Inventory } from '../inventory.ts';
import type { Werf } from './werf.ts';

/** What remarks are drawn from. */
export interface WerfRemarkInput {
  readonly inventory: Pick<Inventory, 'werf' | 'relativesOf'>;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  readonly policy: Pick<Policy, 'werf' | 'purge'>;
}

const MAX_NAMES = 3;

/** At most one remark of each kind; empty where werf made nothing. While the cleanup is disabled nothing waits for anything. */
export function remarkOnWerf({ inventory, decisions, policy }: WerfRemarkInput): readonly Remark[] {
  const { werf, relativesOf } = inventory;
  if (werf === undefined || policy.purge) return [];
  if (policy.werf.disabled !== 'no') return remarkOnProjects(werf, policy);
  // What is built upon has no record of its own: what was built on it has.
  const inside = new Set([...werf.built].flatMap((digest) => relativesOf(digest).map((relative) => relative.digest)));
  const count = (wanted: Reason['rule']): number => {
    const found = [...decisions.values()].filter(({ reasons: [first] }) => first?.rule === wanted);
    return found.filter(({ digest }) => !inside.has(digest) && !werf.ofOthers.has(digest)).length;
  };
  return [
    ...remarkOnRecords(werf),
    ...remarkOnUnrecorded({ goes: count('unrecorded'), stays: count('unrecorded-young') }, policy),
    ...remarkOnForeign(count('foreign')),
    ...remarkOnProjects(werf, policy),
  ];
}

function remarkOnRecords({ stages, hasBuildRecords }: Werf): readonly Remark[] {
  if (hasBuildRecords || stages.size === 0) return [];
  const text =
    'werf made this repository, but no record here says what its stages were built for, so Git keeps and condemns none of them: if werf is run with --meta-repo, give the same here';
  return [{ code: 'no-records', text }];
}

function remarkOnUnrecorded(
  { goes, stays }: { readonly goes: number; readonly stays: number },
  { werf }: WerfRemarkInput['policy'],
): readonly Remark[] {
  if (goes + stays === 0) return [];
  const within = formatDuration(werf.unrecordedGrace);
  const parts = [
    ...(goes === 0 ? [] : [`${countStages(goes)} older than ${within} and ${goes === 1 ? 'goes' : 'go'}`]),
    ...(stays === 0 ? [] : [`${countStages(stays)} younger and ${stays === 1 ? 'stays' : 'stay'} until then`]),
  ];
  const text = `no record that counts says what some stages were built for: ${parts.join('; ')}. Builds with --dev write none, a registry may refuse them, and those of images that are not managed any more do not count`;
  return [{ code: 'unrecorded-stages', text }];
}

function countStages(count: number): string {
  return count === 1 ? '1 is' : `${count} are`;
}

function remarkOnForeign(count: number): readonly Remark[] {
  if (count === 0) return [];
  const what = count === 1 ? '1 image has a tag that is' : `${count} images have tags that are`;
  return [
    {
      code: 'foreign-tags',
      text: `${what} none of werf's and only therefore kept: with werf.foreign: decide in the policy file the other rules decide`,
    },
  ];
}

function remarkOnProjects({ otherProjects }: Werf, { werf }: WerfRemarkInput['policy']): readonly Remark[] {
  if (otherProjects.length === 0) return [];
  const more = otherProjects.length - MAX_NAMES;
  const names = `${otherProjects.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const hint =
    werf.project === undefined
      ? 'which of them is cleaned is not known: name it with werf.project in the policy file'
      : `only ${werf.project} is cleaned`;
  return [{ code: 'foreign-project', text: `stages of other projects are here and stay (${names}); ${hint}` }];
}
