// Which commits a record is for, once the clone in the working directory has been looked at.

import type { BuiltCommit, BuiltFrom } from '../config/record-settings.ts';
import { describeCause, EvidenceError, UsageError } from '../errors.ts';
import type { Checkout } from '../git/read-checkout.ts';
import type { Log } from '../log.ts';

/** Where a clone may be, and how it is looked at. */
export interface CloneLook {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/**
 * The commits, at least one. What a job says holds only where no clone contradicts it: a record of the wrong commit protects the wrong image.
 * @throws UsageError USAGE when nobody can tell which commit it is; the hint says to name it.
 */
export async function chooseCommits(built: BuiltFrom, look: CloneLook): Promise<readonly BuiltCommit[]> {
  if (built.kind === 'given') return built.commits;
  if (built.kind === 'clone') return [await takeCheckedOut(built, look)];
  const { commits, needsClone, hasNoClone, variable } = built;
  const checkout = hasNoClone ? undefined : await lookAtClone(look);
  if (typeof checkout !== 'object') {
    if (!needsClone) return commits;
    throw undecided(`${variable} is not what a job of this kind builds, as a rule, and no clone shows what was built`);
  }
  noteDirty(checkout, look.log);
  const at = commits.findIndex(({ commit }) => commit === checkout.commit);
  if (at === -1)
    throw undecided(
      `${checkout.commit} is checked out in ${look.directory}, and ${variable} is ${commits[0]?.commit}: nobody can tell which of them was built`,
    );
  // Of the merge that the forge tries, what it merges is recorded too.
  return at === 0 && !needsClone ? commits : commits.slice(at, at + 1);
}

async function takeCheckedOut({ reference }: { readonly reference?: string }, look: CloneLook): Promise<BuiltCommit> {
  const checkout = await lookAtClone(look);
  if (typeof checkout !== 'object') throw undecided(checkout ?? `nothing is checked out in ${look.directory}`);
  noteDirty(checkout, look.log);
  const named = reference ?? checkout.reference;
  return { commit: checkout.commit, ...(named === undefined ? {} : { reference: named }) };
}

/** The clone; a text says why there is none to look at. */
async function lookAtClone({ directory, environment, log }: CloneLook): Promise<Checkout | string | undefined> {
  const { readCheckout } = await import('../git/read-checkout.ts');
  try {
    return await readCheckout(directory, environment);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    log.debug(`no clone is looked at: ${describeCause(error)}`);
    return describeCause(error);
  }
}

function noteDirty({ isDirty, commit }: Checkout, log: Log): void {
  if (isDirty) log.warn(`files differ from commit ${commit}: what was built may not be that commit`);
}

function undecided(why: string): UsageError {
  return new UsageError(`Which commit was the image published for? ${why}.`, {
    code: 'USAGE',
    hint: 'Name it with commit, all its digits: git rev-parse HEAD tells it.',
  });
}
