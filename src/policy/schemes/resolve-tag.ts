// What became of what one tag was made of. A tag that can be understood in several ways is gone only when it is so in each of them.

import type { DeleteReason, LinkSource, SchemeKind } from '../../model/decision.ts';
import { type Forge, nameOfRequest } from '../../model/forge.ts';
import type { Tag } from '../../model/reference.ts';
import type { Link } from '../link.ts';
import type { FindName } from './find-name.ts';
import type { DoubtOf } from './project-doubts.ts';
import type { NodeReading, TagReading } from './read-schemes.ts';

/** What became of it. */
export type TagFate =
  /** The tag is of no scheme. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly scheme: SchemeKind; readonly why: string }
  | { readonly kind: 'gone'; readonly reasons: readonly DeleteReason[] }
  /** At least one, each scheme once. */
  | { readonly kind: 'there'; readonly names: readonly { readonly scheme: SchemeKind; readonly name: string }[] };

/** What tags are resolved by. */
export interface ResolveInput {
  /** Undefined where Git was not asked. */
  readonly findName: FindName | undefined;
  readonly forge: Pick<Forge, 'pullRequests' | 'requestName'> | undefined;
  /** Why nothing can be called gone that labels name, for images of other projects. */
  readonly doubtOf: DoubtOf;
}

/** Tags that many pipelines move along, and that name no branch, tag or commit unless one is called so. */
const MOVING: ReadonlySet<string> = new Set(['latest', 'edge', 'nightly']);
/** Where others say what an image was built from. */
const BY_BUILDERS: ReadonlySet<LinkSource['kind']> = new Set(['label', 'annotation', 'provenance']);
const NUMBERED = /^(?:pr|mr|pull|(?:pull|merge)-request)-(\d+)(?:$|[_.-])/;

/** What became of what the tag was made of. `links`: of its image. */
export function resolveTag(
  { tag, readings }: TagReading,
  { node, links }: { readonly node: NodeReading; readonly links: readonly Link[] },
  input: ResolveInput,
): TagFate {
  const [first] = readings;
  if (first === undefined) return { kind: 'none' };
  const { scheme } = first;
  const doubt = whyUntold(node, input);
  if (doubt !== undefined || input.findName === undefined) {
    return { kind: 'unknown', scheme, why: doubt ?? 'Git was not asked whether it is there' };
  }
  const { findName } = input;
  const found = readings.flatMap(({ texts, ...reading }) =>
    texts.map((text) => ({ ...reading, ...findName(reading.scheme, text) })),
  );
  const there = found.flatMap((one) => (one.kind === 'there' ? [[one.scheme, one.name] as const] : []));
  if (there.length > 0) {
    return { kind: 'there', names: [...new Map(there)].map(([of, name]) => ({ scheme: of, name })) };
  }
  const unknown = found.find((one) => one.kind === 'unknown');
  if (unknown?.kind === 'unknown') return { kind: 'unknown', scheme: unknown.scheme, why: unknown.why };
  if (MOVING.has(tag)) return { kind: 'none' };
  // A label says which of its readings is meant; of a pattern, nobody knows that the tag was made by it.
  const other = node.isLabelled ? describeOtherBuilder(links) : otherMeaning(tag, links, input.forge);
  if (other !== undefined) return { kind: 'unknown', scheme, why: other };
  const reasons = found.flatMap((one): DeleteReason[] =>
    one.kind === 'gone' ? [{ rule: 'scheme-gone', scheme: one.scheme, what: one.what, proof: one.proof }] : [],
  );
  return { kind: 'gone', reasons };
}

function whyUntold(node: NodeReading, { doubtOf }: ResolveInput): string | undefined {
  if (node.unread !== undefined) return `its config could not be read (${node.unread})`;
  return node.isLabelled ? doubtOf(node) : undefined;
}

/** dapp and werf 1 write no commit into an image as others do: such an image was built on one of theirs, whose labels it has inherited. */
function describeOtherBuilder(links: readonly Link[]): string | undefined {
  const live = links.find((link) => isLive(link) && BY_BUILDERS.has(link.found.kind));
  if (live === undefined || live.kind === 'unknown') return undefined;
  return `its ${live.found.kind} ${live.found.name} names a commit that is there: another builder made it, and its tag may mean anything`;
}

/** What else the tag may stand for, that is there. */
function otherMeaning(tag: Tag, links: readonly Link[], forge: ResolveInput['forge']): string | undefined {
  const number = NUMBERED.exec(tag)?.[1];
  if (number !== undefined && forge?.pullRequests === undefined) {
    return `tag ${tag} may name a pull or merge request, and these are known only with a forge`;
  }
  const request = nameOfRequest(forge ?? {});
  if (number !== undefined && forge?.pullRequests?.some((open) => open.number === Number(number)) === true) {
    return `tag ${tag} may be of ${request} ${number}, which is open`;
  }
  const live = links.find((link) => isLive(link) && link.found.tag === tag);
  if (live === undefined || live.kind === 'unknown') return undefined;
  return `tag ${tag} also stands for something that is there (${live.found.name})`;
}

function isLive(link: Link): link is Extract<Link, { kind: 'commit' | 'proposed' | 'pull-request' }> {
  return link.kind === 'commit' || link.kind === 'proposed' || link.kind === 'pull-request';
}
