// Why something stays or goes on a build machine, in words. The words may hold untrusted names; whoever shows them escapes them.

import type { ContainerReason, HostDropReason, HostKeepReason } from '../model/host-plan.ts';
import type { ImageId } from '../model/local-store.ts';
import { formatDuration, formatInstant } from '../model/time.ts';

/** One sentence without a full stop: `the container ci-42 (exited) is made from it`. */
export function describeHostKeep(reason: HostKeepReason): string {
  switch (reason.rule) {
    case 'container':
      return `the container ${reason.container} (${reason.state}) is made from it`;
    case 'young':
      return `${formatDuration(reason.age)} old, younger than ${formatDuration(reason.within)}`;
    case 'age-unknown':
      return `nobody knows how old it is: ${reason.why}`;
    case 'pin':
      return `pinned by ${reason.pin}`;
    case 'in-registry':
      return `the registry still has ${reason.reference}`;
    case 'never-pushed':
      return 'nothing proves that a registry ever had it';
    case 'needed-by':
      return `${shortId(reason.of)} needs it as ${reason.how === 'list' ? 'a list' : `an ${reason.how}`}`;
    case 'development':
      return 'of development mode, which nothing else touches';
    case 'new-here':
      return `here for ${formatDuration(reason.age)} as far as anybody knows, less than ${formatDuration(reason.within)}`;
    case 'used-lately':
      return `unused for ${formatDuration(reason.unused)}, not longer than ${formatDuration(reason.within)}`;
    case 'room':
      return 'the disk needs no more room';
    case 'not-asked':
      return 'no rule that is on speaks of it';
    case 'in-doubt':
      return `in doubt: ${reason.why}`;
  }
}

/** One sentence without a full stop: `the registry has it no more`. */
export function describeHostDrop(reason: HostDropReason): string {
  switch (reason.rule) {
    case 'absent-from-registry':
      return 'the registry has it no more';
    case 'dangling':
      return 'of the project, and no name leads to it';
    case 'improper-repo-cache':
      return 'a cached stage that no image in the registry needs';
    case 'improper-cache-version':
      return `a cached stage of another version: ${reason.label} is ${reason.value}, now ${reason.current}`;
    case 'improper-git-commit':
      return `${reason.what} is not in Git any more (by ${reason.found.name})`;
    case 'flush':
      return 'of the project, all of which goes';
    case 'mrproper':
      return `whosever it is, by mrproper ${reason.what}`;
    case 'unused':
      return `unused for ${formatDuration(reason.unused)}, longer than ${formatDuration(reason.within)}`;
    case 'disk':
      return reason.lastUsed === undefined
        ? `the disk is too full; no use was ever seen, here since ${formatInstant(reason.since)}`
        : `the disk is too full; last used ${formatInstant(reason.lastUsed)}`;
    case 'intermediate':
      return `only ${shortId(reason.of)} was built on it, which goes`;
  }
}

/** One sentence without a full stop. */
export function describeContainerReason(reason: ContainerReason): string {
  switch (reason.rule) {
    case 'max-per-pod-container':
      return `it has ended, and ${newer(reason.limit)} of ${reason.unit} may stay`;
    case 'max-containers':
      return `it has ended, and ${newer(reason.limit)} may stay in all`;
    case 'image-goes':
      return `it has ended, and its image ${shortId(reason.image)} goes by ${reason.by}`;
  }
}

function newer(limit: number): string {
  return limit === 0 ? 'none' : `only ${limit} newer`;
}

/** `sha256:0123456789ab`, as engines show it. */
export function shortId(id: ImageId | string): string {
  return id.startsWith('sha256:') ? id.slice(0, 19) : id.slice(0, 12);
}
