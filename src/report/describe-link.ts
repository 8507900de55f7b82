// A link of an explained image in words.

import { shortDigest } from '../model/reference.ts';
import type { LinkOrigin, ShownLink } from './explanation.ts';

/** One line without a full stop: what the link says, where it stands, and what follows from it. Holds untrusted names: escape it. */
export function describeLink(link: ShownLink): string {
  const image = link.imageName === undefined ? '' : `, as image ${link.imageName === '' ? '~' : link.imageName}`;
  const origin = link.origin === undefined ? '' : `, ${describeOrigin(link.origin)}`;
  return `${describeStatement(link)}${image}${origin}`;
}

function describeStatement(link: ShownLink): string {
  switch (link.kind) {
    case 'commit':
      return `${link.commit} by ${link.found}, in the history${describeStrength(link.strength)}`;
    case 'proposed': {
      const merge = link.merge === undefined ? '' : `, as the test merge ${link.merge}`;
      const through = describeRequests(link.requests);
      return `${link.commit} by ${link.found}${merge}, ${through}${describeProof(link.proof)}`;
    }
    case 'pull-request': {
      const commit = link.commit === undefined ? '' : `, with commit ${link.commit}, which nobody knows`;
      return `open ${link.request} by ${link.found}${commit}`;
    }
    case 'gone':
      return `${link.commit} by ${link.found}, not in the history${describeProof(link.proof)}`;
    case 'named':
      return `${link.commit} by ${link.found}, not in the history: nothing follows from that`;
    case 'unknown':
      return `${link.why}: kept for that`;
  }
}

function describeRequests(requests: readonly string[]): string {
  if (requests.length === 0) return 'no branch or tag leads to it';
  return `only ${requests.join(', ')} ${requests.length === 1 ? 'leads' : 'lead'} to it`;
}

function describeStrength(strength: 'sure' | 'undeclared' | 'guess'): string {
  switch (strength) {
    case 'sure':
      return '';
    case 'undeclared':
      return ', only protects: nobody declared the pattern';
    case 'guess':
      return ', only protects: a guess, for want of better';
  }
}

function describeProof(proof: string | undefined): string {
  return proof === undefined ? ', only protects: nothing proves that the image is ours' : `; ours by ${proof}`;
}

function describeOrigin({ relation, digest, tags, isAttestation }: LinkOrigin): string {
  const what = isAttestation ? 'the attestation ' : '';
  const name = tags[0] === undefined ? shortDigest(digest) : `${tags[0]} (${shortDigest(digest)})`;
  switch (relation) {
    case 'child':
      return `on ${what}${name}, which it lists`;
    case 'owner':
      return `on ${what}${name}, which it belongs to`;
    case 'sibling':
      return `on ${what}${name}, which belongs to the same image`;
  }
}
