// The hashes that dapp and werf put at the end of a name that had to be rewritten for a tag.

import murmurhash from 'murmurhash';
import { imageNameId } from './werf-names.ts';

/**
 * What may stand at the end of a tag that was made of the name: MurmurHash3 (x86, 32 bits, seed 0) of its UTF-8, first with the bytes
 * turned round and always 8 digits, as dapp and werf 1 write it (`v2.3.1` is `v2-3-1-5cb8b0a4`), then as werf 1.2 and later do. Whatever they
 * make of letters that no tag can hold, the hash is of the name itself.
 */
export function slugHashes(name: string): readonly string[] {
  const hash = murmurhash.v3(name, 0);
  const bytes = [hash, hash >>> 8, hash >>> 16, hash >>> 24].map((part) => part & 0xff);
  return [bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(''), imageNameId(name)];
}
