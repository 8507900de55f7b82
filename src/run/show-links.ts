// The links of one image as `explain` shows them: every one of them, with what it says and where it came from.

import { describeLinkSource } from '../model/describe-reason.ts';
import { nameOfRequest } from '../model/forge.ts';
import type { CommitIndex } from '../model/history.ts';
import type { Digest } from '../model/reference.ts';
import type { Decisions } from '../policy/decisions.ts';
import { reachedFrom } from '../policy/history/reach.ts';
import type { Link } from '../policy/link.ts';
import { asInherited } from '../policy/links.ts';
import type { LinkOrigin, ShownLink } from '../report/explanation.ts';
import type { Collected } from './collect-evidence.ts';

/** What links are told by. */
export interface LinkContext {
  readonly decided: Pick<Decisions, 'graph' | 'links' | 'ownLinks' | 'werf'>;
  readonly collected: Pick<Collected, 'history' | 'forge'>;
}

/** Every link of the image, in the order in which the rules know them. Empty while the Git rule is off. */
export function showLinks(digest: Digest, context: LinkContext): readonly ShownLink[] {
  const originOf = makeOriginOf(digest, context.decided);
  return (context.decided.links.get(digest) ?? []).map((link) => showLink(link, originOf(link), context));
}

function showLink(link: Link, origin: LinkOrigin | undefined, context: LinkContext): ShownLink {
  const from = origin === undefined ? {} : { origin };
  if (link.kind === 'unknown') return { kind: 'unknown', why: link.why, inHistory: false, ...from };
  const { found, ...told } = { found: describeLinkSource(link.found), ...productOf(link, context), ...from };
  const { history, forge } = context.collected;
  const idOf = (commit: CommitIndex): string => history?.graph.idOf(commit) ?? '';
  switch (link.kind) {
    case 'commit': {
      const strength = link.mayCondemn ? 'sure' : link.isGuess === true ? 'guess' : 'undeclared';
      return { kind: 'commit', commit: idOf(link.commit), strength, found, inHistory: true, ...told };
    }
    case 'proposed': {
      const merge = link.merge === undefined ? {} : { merge: link.merge };
      const requests = requestsOf(link.commit, context.collected);
      const proof = link.proof === undefined ? {} : { proof: link.proof };
      const commit = idOf(link.commit);
      return { kind: 'proposed', commit, ...merge, requests, ...proof, found, inHistory: true, ...told };
    }
    case 'pull-request': {
      const named = link.commit === undefined ? {} : { commit: link.commit };
      const request = `${nameOfRequest(forge ?? {})} ${link.number}`;
      return { kind: 'pull-request', request, ...named, found, inHistory: false, ...told };
    }
    case 'gone': {
      const proof = link.proof === undefined ? {} : { proof: link.proof };
      return { kind: 'gone', commit: link.what, ...proof, found, inHistory: false, ...told };
    }
    case 'named':
      return { kind: 'named', commit: link.commit, found, inHistory: false, ...told };
  }
}

/** The image's name in werf's words where a record has only its hash. */
function productOf(
  link: Exclude<Link, { kind: 'unknown' }>,
  { decided }: LinkContext,
): { readonly imageName?: string } {
  if (link.kind === 'pull-request' || link.product === undefined) return {};
  const name = link.found.kind === 'werf-record' ? decided.werf?.names.get(link.product) : undefined;
  return { imageName: name ?? link.product };
}

/** The open requests that lead to the commit: `pull request 12`. */
function requestsOf(commit: CommitIndex, { history, forge }: LinkContext['collected']): readonly string[] {
  if (history === undefined || forge === undefined) return [];
  const open = (forge.pullRequests ?? []).flatMap(({ number, head }) => {
    const at = history.graph.indexOf(head);
    return at === undefined ? [] : [{ number, at }];
  });
  const heads = open.map(({ at }) => at);
  const reached = reachedFrom(history.graph, heads, [commit]);
  return open.flatMap(({ number }, index) =>
    (reached[index] ?? []).length > 0 ? `${nameOfRequest(forge)} ${number}` : [],
  );
}

/** Tells where a link came from when the image does not say it itself; undefined when it does. */
function makeOriginOf(
  digest: Digest,
  { graph, ownLinks }: LinkContext['decided'],
): (link: Link) => LinkOrigin | undefined {
  if (ownLinks === undefined) return () => undefined;
  const textsOf = (of: Digest, change: (link: Link) => readonly Link[]): ReadonlySet<string> =>
    new Set((ownLinks.get(of) ?? []).flatMap((link) => [link, ...change(link)]).map((link) => JSON.stringify(link)));
  const own = textsOf(digest, () => []);
  const below = reach([digest], (node) => graph.childrenOf(node));
  const above = reach([digest], (node) => [...graph.parentsOf(node), ...graph.subjectsOf(node)]);
  const beside = reach(above, (node) => graph.childrenOf(node));
  const places = [
    ...below.map((node) => ({ node, relation: 'child' as const, texts: textsOf(node, () => []) })),
    ...above.map((node) => ({ node, relation: 'owner' as const, texts: textsOf(node, asInherited) })),
    ...beside.map((node) => ({ node, relation: 'sibling' as const, texts: textsOf(node, asInherited) })),
  ];
  return (link) => {
    const text = JSON.stringify(link);
    if (own.has(text)) return undefined;
    const place = places.find(({ texts }) => texts.has(text));
    if (place === undefined) return undefined;
    const { node, relation } = place;
    return {
      relation,
      digest: node,
      tags: graph.nodes.get(node)?.tags ?? [],
      isAttestation: graph.isAttestation(node),
    };
  };
}

/** Everything that the steps lead to, without the start; each once. */
function reach(start: readonly Digest[], step: (digest: Digest) => readonly Digest[]): readonly Digest[] {
  const seen = new Set(start);
  const found: Digest[] = [];
  const queue = [...start];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const digest of step(next)) {
      if (seen.has(digest)) continue;
      seen.add(digest);
      found.push(digest);
      queue.push(digest);
    }
  }
  return found;
}
