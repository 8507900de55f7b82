// Rule `releases`: what was released, and what is about to be, is kept.

import type { KeepReason } from '../../model/decision.ts';
import type { Release } from '../../model/forge.ts';
import type { CommitId, History } from '../../model/history.ts';
import type { Digest, Tag } from '../../model/reference.ts';
import { parseReferrerTag } from '../../model/referrer-tag.ts';
import { appendTo } from '../../util/append-to.ts';
import { compareText } from '../../util/compare-text.ts';
import { collectReasons } from '../collect-reasons.ts';
import type { Claim, Claims, ForgeRuleInput } from '../commit-claims.ts';
import { addEventReasons, type EventClaim, oldestOfNewest } from '../event-claims.ts';
import { makeProducts } from '../products.ts';
import { indexReferenceSlugs } from '../reference-slugs.ts';
import { matchTagPattern, selectTagPatterns, type TagPattern } from '../tag-pattern.ts';

/**
 * Reasons to keep, by image; empty when the rule is off or the forge was not asked. Kept are the images of every draft, and those of the
 * newest `last` published releases among those that have images here; equal dates share a place. An image is of a release when any link
 * leads to the release's commit, or when a tag names the release's Git tag by a pattern with `{tag}`, commit or not.
 */
export function keepReleases(input: ForgeRuleInput, claims: Claims): ReadonlyMap<Digest, readonly KeepReason[]> {
  const { releases: wish } = input.policy.forge;
  const reasons = collectReasons();
  if (wish === 'off') return reasons.keep;
  const releases = (input.forge.releases ?? []).toSorted(newestFirst);
  const named = claimsByName(input, releases);
  const commits = new Map(releases.map((release) => [release, commitOfRelease(release, input.history)]));
  const about = releases.flatMap((release): readonly EventClaim<Release>[] => {
    const commit = commits.get(release);
    const all = [...(commit === undefined ? [] : claims.find(commit)), ...(named.get(release) ?? [])];
    return all.map((claim) => ({ ...claim, event: release }));
  });
  addEventReasons(reasons, about, {
    select: (events) => selectReleases(events, wish.last),
    subjectOf: ({ tag }) => `release ${tag}`,
    reasonOf(release, { found }) {
      const commit = commits.get(release);
      return { rule: 'release', tag: release.tag, ...(commit === undefined ? {} : { commit }), found };
    },
  });
  return reasons.keep;
}

function selectReleases(releases: readonly Release[], last: number): readonly Release[] {
  const published = releases.filter(({ isDraft }) => !isDraft);
  const oldest = oldestOfNewest(
    published.map(({ date }) => date),
    last,
  );
  return releases.filter(({ isDraft, date }) => isDraft || date >= oldest);
}

/** The commit that the release says, else that of its tag; undefined when nobody knows it. */
export function commitOfRelease({ tag, commit }: Release, { references }: History): CommitId | undefined {
  return commit ?? references.find((reference) => reference.kind === 'tag' && reference.name === tag)?.commit;
}

function newestFirst(a: Release, b: Release): number {
  return b.date - a.date || compareText(a.tag, b.tag) || compareText(a.commit ?? '', b.commit ?? '');
}

/** Images with a tag that names the release, by release. */
function claimsByName(input: ForgeRuleInput, releases: readonly Release[]): ReadonlyMap<Release, readonly Claim[]> {
  const { graph, policy, links } = input;
  const slugs = indexReferenceSlugs(releases.map((release) => ({ kind: 'tag' as const, name: release.tag, release })));
  const patterns = selectTagPatterns(policy.images.tagPatterns).filter(({ placeholders }) =>
    placeholders.includes('tag'),
  );
  const allProducts = makeProducts(graph, policy.images.groupBy, links);
  const named = new Map<Release, Claim[]>();
  for (const { digest, tags } of graph.nodes.values()) {
    const products = allProducts.ofImage(digest);
    for (const { tag, pattern, text } of tags.flatMap((each) => namesInTag(each, patterns))) {
      const found = { kind: 'tag-pattern', name: pattern.source, tag } as const;
      const claim: Claim = { digest, products, found, isSure: pattern.declared };
      for (const { release } of slugs.find('tag', text)) appendTo(named, release, claim);
    }
  }
  return named;
}

interface NameInTag {
  readonly tag: Tag;
  readonly pattern: TagPattern;
  readonly text: string;
}

/** Every text in an ordinary tag that may be a Git tag's name. */
function namesInTag(tag: Tag, patterns: readonly TagPattern[]): readonly NameInTag[] {
  if (parseReferrerTag(tag) !== undefined) return [];
  return patterns.flatMap((pattern) =>
    (matchTagPattern(pattern, tag)?.readings ?? []).flatMap(({ name, text }) =>
      name === 'tag' ? { tag, pattern, text } : [],
    ),
  );
}
