// Which commits of the history belong to what is proposed: the heads of open pull requests, and all that is behind them.

import type { CommitId } from '../model/history.ts';
import type { TestMergeSearch } from './forge-source.ts';

/** Whether a head leads to a commit of the history; false for a commit that the history does not have. */
export function reachedFromHeads({
  graph,
  heads,
}: Pick<TestMergeSearch, 'graph' | 'heads'>): (commit: CommitId) => boolean {
  const reached = new Uint8Array(graph.size);
  const queue = heads.flatMap((head) => graph.indexOf(head) ?? []);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (reached[next] === 1) continue;
    reached[next] = 1;
    for (const parent of graph.parentsOf(next)) if (reached[parent] !== 1) queue.push(parent);
  }
  return (commit) => {
    const index = graph.indexOf(commit);
    return index !== undefined && reached[index] === 1;
  };
}
