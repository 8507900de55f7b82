// The stages that tags name.

import { parseWerfTag, type StageId } from '../../model/werf-tag.ts';

/** The ids of stages and of indexes of several platforms among the tags. */
export function stageIdsOf(tags: readonly string[]): readonly StageId[] {
  return tags.flatMap((tag) => {
    const said = parseWerfTag(tag);
    return said?.kind === 'stage' || said?.kind === 'index' ? [said.stage] : [];
  });
}
