// Rule `schemes`: images whose tags were made of a branch, a commit or a Git tag stay while that is there, young enough and among the newest.
// Images of no scheme stay.

import type { DeleteReason, KeepReason, SchemeKind } from '../../model/decision.ts';
import type { Forge } from '../../model/forge.ts';
import type { History } from '../../model/history.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Policy, TagSchemes } from '../../model/policy.ts';
import type { Digest, Tag } from '../../model/reference.ts';
import { durationFromMs, formatDuration, type Instant } from '../../model/time.ts';
import { makeGroupOf } from '../group-by.ts';
import { ledBy } from '../led-by.ts';
import type { Link } from '../link.ts';
import type { Age } from '../rules/recent.ts';
import { makeFindName } from './find-name.ts';
import { type Candidate, type HasPlace, sharePlaces } from './places.ts';
import { type DoubtOf, makeDoubtOf } from './project-doubts.ts';
import { type NodeReading, readSchemes } from './read-schemes.ts';
import { resolveTag, type TagFate } from './resolve-tag.ts';
import { type ActiveScheme, listActiveSchemes } from './scheme-patterns.ts';

/** What the rule looks at. */
export interface SchemesInput {
  readonly graph: ImageGraph;
  readonly schemes: TagSchemes;
  readonly groupBy: Policy['images']['groupBy'];
  /** The project whose history it is; images that labels give to another are never called gone. */
  readonly project?: string | undefined;
  /** Undefined where Git was not asked: then everything stays. */
  readonly history: History | undefined;
  readonly forge: Forge | undefined;
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  /** What werf 1.2 or later built: it is of no scheme. */
  readonly built: { has(digest: Digest): boolean };
  /** What clusters use takes no place from others. */
  readonly inUse: { has(digest: Digest): boolean };
  /** Images that are not looked at. */
  readonly skip?: { has(digest: Digest): boolean };
  readonly ageOf: (digest: Digest) => Age;
  readonly now: Instant;
}

/** What the rule says of every image that stands for itself: it is either kept or dropped. */
export interface SchemeVerdicts {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
  /** Whether the history has anything that images here were made of, commits before names; undefined when nothing tells. */
  readonly isOfHistory: boolean | undefined;
}

interface Judged {
  readonly digest: Digest;
  readonly reading: NodeReading;
  readonly products: readonly string[];
  readonly age: Age;
  readonly tags: readonly { readonly tag: Tag; readonly fate: TagFate }[];
}

type Verdict = { readonly keep: KeepReason } | { readonly keep?: undefined; readonly drop: readonly DeleteReason[] };

/** More reasons to delete than these help nobody. */
const MAX_REASONS = 10;

/** Verdicts on every image. What cannot be told stays, and takes no place from others. */
export function judgeSchemes(input: SchemesInput): SchemeVerdicts {
  const active = listActiveSchemes(input.schemes);
  const readings = readImages(input, active);
  const doubtOf = makeDoubtOf([...readings.values()], input.project);
  const images = resolveImages(input, { readings, doubtOf });
  const limitsOf = new Map(active.map(({ kind, limits }) => [kind, limits]));
  const candidates = images
    .filter(({ digest }) => ![...ledBy(input.graph, [digest])].some((each) => input.inUse.has(each)))
    .flatMap(candidatesOf);
  const judging = { limitsOf, hasPlace: sharePlaces(active, candidates), now: input.now };
  const keep = new Map<Digest, readonly KeepReason[]>();
  const drop = new Map<Digest, readonly DeleteReason[]>();
  for (const image of images) {
    const verdicts =
      image.tags.length === 0 ? [judgeUntagged(image, doubtOf, input.history)] : judgeTags(image, judging);
    const staying = verdicts.flatMap((verdict) => verdict.keep ?? []).sort((a, b) => rankOf(a) - rankOf(b));
    if (staying.length > 0) keep.set(image.digest, staying);
    else drop.set(image.digest, verdicts.flatMap(dropsOf).slice(0, MAX_REASONS));
  }
  return { keep, drop, isOfHistory: tellsOfHistory(images) };
}

function readImages({ graph, built, skip }: SchemesInput, active: readonly ActiveScheme[]) {
  const images = [...graph.nodes.values()].filter(
    ({ digest }) => graph.roleOf(digest) === 'image' && skip?.has(digest) !== true,
  );
  return new Map(images.map((node) => [node.digest, readSchemes(node, active, built.has(node.digest))]));
}

function resolveImages(
  input: SchemesInput,
  { readings, doubtOf }: { readonly readings: ReadonlyMap<Digest, NodeReading>; readonly doubtOf: DoubtOf },
): readonly Judged[] {
  const { history, forge, graph } = input;
  const findName = history === undefined ? undefined : makeFindName({ history, forge });
  const resolving = { findName, forge, doubtOf };
  const groupOf = makeGroupOf(graph, input.groupBy);
  return [...readings].map(([digest, reading]) => ({
    digest,
    reading,
    products: reading.product === undefined ? groupOf(digest) : [`name ${reading.product}`],
    age: input.ageOf(digest),
    tags: reading.tags.map((one) => {
      const fate = resolveTag(one, { node: reading, links: input.links.get(digest) ?? [] }, resolving);
      return { tag: one.tag, fate };
    }),
  }));
}

interface Limiting {
  readonly limitsOf: ReadonlyMap<SchemeKind, ActiveScheme['limits']>;
  readonly hasPlace: HasPlace;
  readonly now: Instant;
}

/** What is there and of a known age, once for each scheme. What is too old is older than all that has a place, and takes none. */
function candidatesOf({ tags, age, products }: Judged): readonly Candidate[] {
  if (age.kind === 'unknown') return [];
  const names = tags.flatMap(({ fate }) => (fate.kind === 'there' ? fate.names : []));
  return [...new Set(names.map(({ scheme }) => scheme))].map((scheme) => ({ scheme, products, at: age.at }));
}

function judgeTags(image: Judged, judging: Limiting): readonly Verdict[] {
  return image.tags.map((each) => judgeTag(each, image, judging));
}

function judgeTag({ tag, fate }: Judged['tags'][number], image: Judged, judging: Limiting): Verdict {
  switch (fate.kind) {
    case 'none':
      return { keep: { rule: 'no-scheme', tag } };
    case 'unknown':
      return { keep: { rule: 'scheme-unknown', scheme: fate.scheme, why: fate.why, tag } };
    case 'gone':
      return { drop: fate.reasons };
    case 'there': {
      const verdicts = fate.names.map((name) => judgeByLimits({ tag, ...name }, image, judging));
      return verdicts.find((verdict) => verdict.keep !== undefined) ?? { drop: verdicts.flatMap(dropsOf) };
    }
  }
}

/** What is known to be needed is told first. */
function rankOf({ rule }: KeepReason): number {
  return ['scheme', 'scheme-unknown', 'no-scheme'].indexOf(rule);
}

function dropsOf(verdict: Verdict): readonly DeleteReason[] {
  return verdict.keep === undefined ? verdict.drop : [];
}

/** Whether what is there stays by age, then by number. */
function judgeByLimits(
  { tag, scheme, name }: { readonly tag: Tag; readonly scheme: SchemeKind; readonly name: string },
  { age, products }: Judged,
  { limitsOf, hasPlace, now }: Limiting,
): Verdict {
  const { last = -1, in: within } = limitsOf.get(scheme) ?? {};
  if (last < 0 && within === undefined) return { keep: { rule: 'scheme', scheme, tag, name } };
  if (age.kind === 'unknown') {
    return { keep: { rule: 'scheme-unknown', scheme, why: `its age is unknown: ${age.why}`, tag } };
  }
  const old = durationFromMs(Math.max(0, now - age.at));
  if (within !== undefined && old > within) return { drop: [{ rule: 'scheme-expired', scheme, age: old, within }] };
  if (last >= 0 && !hasPlace({ scheme, products, at: age.at })) {
    return { drop: [{ rule: 'scheme-over-limit', scheme, limit: last }] };
  }
  const limits = [
    ...(within === undefined ? [] : [`not older than ${formatDuration(within)}`]),
    ...(last < 0 ? [] : [`among the newest ${last}`]),
  ];
  return { keep: { rule: 'scheme', scheme, tag, name, within: limits.join(', ') } };
}

/** Nothing leads to it any more: a newer image took its tag. What young images are for, the rule `recent` knows. */
function judgeUntagged({ reading, age }: Judged, doubtOf: DoubtOf, history: SchemesInput['history']): Verdict {
  const { label } = reading;
  if (label === undefined) return { keep: { rule: 'no-scheme' } };
  const [doubt] = [
    ...(history === undefined ? ['Git was not asked'] : []),
    ...[doubtOf(reading)].flatMap((why) => why ?? []),
    ...(age.kind === 'unknown' ? [`its age is unknown: ${age.why}`] : []),
  ];
  if (doubt !== undefined) return { keep: { rule: 'scheme-unknown', scheme: label.scheme, why: doubt } };
  return { drop: [{ rule: 'scheme-superseded', proof: label.proof }] };
}

/** A branch called `main` is in every history: where images name commits, these tell. */
function tellsOfHistory(images: readonly Judged[]): boolean | undefined {
  const fates = images.flatMap(({ tags }) => tags.map(({ fate }) => fate));
  const told = fates.flatMap((fate): readonly { scheme: SchemeKind; isThere: boolean }[] => {
    if (fate.kind === 'there') return fate.names.map(({ scheme }) => ({ scheme, isThere: true }));
    if (fate.kind !== 'gone') return [];
    return fate.reasons.flatMap((reason) =>
      reason.rule === 'scheme-gone' ? [{ scheme: reason.scheme, isThere: false }] : [],
    );
  });
  const commits = told.filter(({ scheme }) => scheme === 'commit');
  const telling = commits.length > 0 ? commits : told;
  return telling.length === 0 ? undefined : telling.some(({ isThere }) => isThere);
}
