// BuildKit's cache configs by themselves: the newest time, or why there is none.

import { describe, expect, it } from 'vitest';
import type { Blob, Content } from '../../src/model/snapshot.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { cacheConfigsOf, decodeCacheTime } from '../../src/registry/decode-cache-config.ts';
import { sha256, TYPES } from '../builders/image.ts';
import { matching } from '../support/typed-matchers.ts';

const NOW = instantFromMs(Date.UTC(2026, 10, 21));
const NO_TIME = '0001-01-01T00:00:00Z';

function decode(config: unknown) {
  const bytes = config instanceof Uint8Array ? config : Buffer.from(JSON.stringify(config));
  return decodeCacheTime(bytes, NOW);
}

/** A record with one result a time. */
function record(...times: readonly string[]) {
  return { digest: 'sha256:any', layers: times.map((createdAt, layer) => ({ layer, createdAt })) };
}

describe('the time of a cache is the newest', () => {
  it.each<[string, unknown]>([
    ['of its results', { records: [record('2026-11-01T10:00:00Z'), record('2026-11-03T10:00:00Z'), record()] }],
    ['of several results of one record', { records: [record('2026-11-03T10:00:00Z', '2026-10-03T10:00:00Z')] }],
    [
      'of results that are no single layer',
      {
        records: [record('2026-11-01T10:00:00Z'), { chains: [{ layers: [0, 1], createdAt: '2026-11-03T10:00:00Z' }] }],
      },
    ],
    [
      'of its layers, where they tell one',
      {
        layers: [{ annotations: { createdAt: '2026-11-03T10:00:00Z' } }, { annotations: { createdAt: NO_TIME } }],
        records: [record('2026-11-01T10:00:00Z')],
      },
    ],
    ['in whatever zone', { records: [record('2026-11-03T12:00:00+02:00'), record('2026-11-03T09:59:59.999999999Z')] }],
    [
      'though Go writes empty lists as null',
      { layers: null, records: [{ layers: null, chains: null }, record('2026-11-03T10:00:00Z')] },
    ],
  ])('%s', (_name, config) => {
    expect(decode(config)).toEqual({ kind: 'known', at: Date.UTC(2026, 10, 3, 10) });
  });
});

describe('the time of a cache is unknown', () => {
  it.each<[string, unknown, RegExp]>([
    ['when it is empty', {}, /tells no time$/],
    ['when it has no results', { layers: [{ blob: 'sha256:any' }], records: [record()] }, /tells no time$/],
    [
      'when nobody knew the time of a result',
      { records: [record('2026-11-01T10:00:00Z', NO_TIME)] },
      /without a time$/,
    ],
    ['when a result has none', { records: [record('2026-11-01T10:00:00Z'), { layers: [{}] }] }, /without a time$/],
    ['when a chain has none', { records: [record('2026-11-01T10:00:00Z'), { chains: [{}] }] }, /without a time$/],
    ['when one is no date', { records: [record('2026-11-01T10:00:00Z', 'monday')] }, /"monday" in its cache config/],
    ['when it lies in the future', { records: [record('2027-01-01T00:00:00Z')] }, /lies in the future$/],
    ['when it was made up', { records: [record('1980-01-01T00:00:01Z')] }, /placeholder$/],
    ['when a time is no text', { records: [{ layers: [{ createdAt: 5 }] }] }, /malformed: records\.0\.layers\.0/],
    ['when it is no object', [], /malformed: it: /],
    ['when it is no JSON', Buffer.from('{'), /is not JSON/],
    ['when it is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /is not JSON/],
  ])('%s', (_name, config, why) => {
    expect(decode(config)).toEqual({ kind: 'unknown', why: matching(why) });
  });
});

describe('a cache config', () => {
  const config: Blob = { digest: sha256(Buffer.from('config')), sizeBytes: 6, mediaType: TYPES.cacheConfig };
  const other: Blob = { ...config, digest: sha256(Buffer.from('other')) };
  const layer: Blob = { ...config, digest: sha256(Buffer.from('layer')), mediaType: TYPES.layer };
  const image = { kind: 'image', facts: { kind: 'read', labels: {} }, layers: [layer, other] } as const;
  it.each<[string, Content, readonly Blob[]]>([
    ['is the config of an image', { ...image, config }, [config]],
    ['is not among the layers of an image', { ...image, config: { ...config, mediaType: TYPES.config } }, []],
    ['is an entry of an index', { kind: 'index', children: [], blobs: [layer, config] }, [config]],
    ['counts once', { kind: 'index', children: [], blobs: [config, config] }, [config]],
    ['may be one of two', { kind: 'index', children: [], blobs: [config, other] }, [config, other]],
    ['is not looked for where nothing is understood', { kind: 'opaque', why: 'any', mayListManifests: true }, []],
  ])('%s', (_name, content, found) => {
    expect(cacheConfigsOf({ content })).toEqual(found.map(({ digest }) => digest));
  });
});
