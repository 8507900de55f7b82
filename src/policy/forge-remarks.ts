// What a user should know about pull or merge requests, releases and deployments that is no decision.

import type { Remark } from '../model/decision.ts';
import type { Forge } from '../model/forge.ts';
import type { History } from '../model/history.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Policy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';
import type { Link } from './link.ts';
import { matchEnvironment } from './rules/deployments.ts';
import { commitOfRelease } from './rules/releases.ts';

/** What remarks are drawn from. */
export interface ForgeRemarkInput {
  readonly graph: ImageGraph;
  readonly history: History | undefined;
  readonly forge: Forge | undefined;
  readonly policy: Pick<Policy, 'forge'>;
  /** Empty when the Git rule is off. */
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
}

const MAX_NAMES = 3;

/** At most one remark of each kind. */
export function collectForgeRemarks(input: ForgeRemarkInput): readonly Remark[] {
  return [...releasesWithoutTag(input), ...missingEnvironments(input), ...unknownPullRequests(input)];
}

function releasesWithoutTag({ history, forge, policy }: ForgeRemarkInput): readonly Remark[] {
  if (history === undefined || policy.forge.releases === 'off') return [];
  const lost = (forge?.releases ?? []).filter(
    (release) => !release.isDraft && commitOfRelease(release, history) === undefined,
  );
  const names = lost.map(({ tag }) => tag).toSorted();
  if (names.length === 0) return [];
  const what = names.length === 1 ? 'a release has no Git tag' : `${names.length} releases have no Git tag`;
  return [
    { code: 'release-without-tag', text: `${what}, so that only tags of images can name it: ${listSome(names)}` },
  ];
}

/** A misspelt environment would protect nothing, and nobody would see it. */
function missingEnvironments({ forge, policy }: ForgeRemarkInput): readonly Remark[] {
  const { deployments: wish } = policy.forge;
  if (forge?.deployments === undefined || wish === 'off') return [];
  const environments = [...new Set(forge.deployments.map(({ environment }) => environment))];
  const idle = wish.environments.filter((glob) => !environments.some(matchEnvironment([glob])));
  if (idle.length === 0) return [];
  return [
    {
      code: 'no-such-environment',
      text: `nothing was ever deployed to an environment that deployments.environments names: ${listSome(idle)}`,
    },
  ];
}

function unknownPullRequests({ graph, forge, links }: ForgeRemarkInput): readonly Remark[] {
  // A rule that is off while the forge is asked is the user's word.
  if (forge !== undefined) return [];
  let count = 0;
  for (const [digest, all] of links) {
    const isWaiting = all.some((link) => link.kind === 'unknown' && link.needsForge === true);
    if (isWaiting && graph.roleOf(digest) === 'image') count += 1;
  }
  if (count === 0) return [];
  const images =
    count === 1
      ? '1 image is kept because its tag names a pull or merge request'
      : `${count} images are kept because their tags name pull or merge requests`;
  return [
    {
      code: 'pattern-needs-forge',
      text: `${images}, and nobody knows which are still open: name the repository on GitHub with --github-repository, or the project on GitLab with --gitlab-project`,
    },
  ];
}

/** `a, b, c and 4 more`. */
function listSome(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return `${names.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
