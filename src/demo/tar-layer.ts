// Layers as builders make them: a real ustar archive, gzipped, with content that is the same in every run.

import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** A layer's compressed bytes and the digest of the archive inside, which an image configuration lists. */
export interface Layer {
  readonly bytes: Uint8Array;
  /** `sha256:…` of the uncompressed archive. https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties */
  readonly diffId: string;
}

const BLOCK_BYTES = 512;

/** A layer with one file. `seed` decides its content, which compresses hardly at all: `contentBytes` is about its size. */
export function makeLayer(path: string, seed: string, contentBytes: number): Layer {
  const archive = Buffer.concat([
    renderTarEntry(path, pseudoRandomBytes(seed, contentBytes)),
    Buffer.alloc(2 * BLOCK_BYTES),
  ]);
  return {
    bytes: gzipSync(archive, { level: 1 }),
    diffId: `sha256:${createHash('sha256').update(archive).digest('hex')}`,
  };
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 (ustar interchange format) */
function renderTarEntry(path: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(path, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  // The checksum counts its own field as eight spaces.
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return Buffer.concat([header, content, padding]);
}

function pseudoRandomBytes(seed: string, count: number): Uint8Array {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(count));
}
