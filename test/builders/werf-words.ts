// How werf writes names into tags, written down from its formats a second time and without any of `src/`: what makes repositories and what
// reads them check each other.

import { createHash } from 'node:crypto';

/** What stands between several texts that are hashed as one. */
const BETWEEN = ':::';
const DOCKER_TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** SHA3-224 of texts as werf joins them: 56 hex digits. */
export function stageDigest(...texts: readonly string[]): string {
  return createHash('sha3-224').update(texts.join(BETWEEN)).digest('hex');
}

/** SHA-256 of texts as werf joins them: 64 hex digits. */
export function longDigest(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join(BETWEEN)).digest('hex');
}

/**
 * MurmurHash3, x86, 32 bits, seed 0, in hex without zeros in front: what `meta-*` tags call an image.
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function nameHash(name: string): string {
  const bytes = Buffer.from(name);
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash ^= scramble(bytes.readUInt32LE(at));
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  const rest = [...bytes.subarray(whole)].reduce((sum, byte, at) => sum | (byte << (8 * at)), 0);
  if (whole < bytes.length) hash ^= scramble(rest);
  return (finish(hash ^ bytes.length) >>> 0).toString(16);
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function finish(value: number): number {
  const first = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}

/** The name of an image as `managed-image-` tags have it. */
export function nameSlug(name: string): string {
  const slug = name === '' ? '__nameless__' : name;
  return slug.split(' ').join('__space__').split('/').join('__slash__').split('+').join('__plus__');
}

/** A text as a tag of at most so many characters, with a hash of it at the end where something had to change. */
export function tagSlug(text: string, most = 128): string {
  if (DOCKER_TAG.test(text) && text.length <= most) return text;
  const words = text.toLowerCase().split(/[^a-z0-9_.]+/);
  const plain = words.filter((word) => word !== '').join('-');
  const hash = nameHash(text);
  return `${plain.slice(0, most - hash.length - 1)}-${hash}`;
}
