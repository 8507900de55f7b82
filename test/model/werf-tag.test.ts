// Every family of werf's tags, and what only looks like one.

import { describe, expect, it } from 'vitest';
import { parseWerfTag } from '../../src/model/werf-tag.ts';

const HEX = '2604b86b2c7a1c6d19c62601aadb19e7d5c6bb8f17bc2bf26a390ea7';
const STAGE = `${HEX}-1611836746968`;
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const SHA256 = 'ab'.repeat(32);

describe('what a tag of werf says', () => {
  it.each([
    [STAGE, { kind: 'stage', stage: STAGE, at: 1611836746968 }],
    [HEX, { kind: 'index', stage: HEX }],
    [`${STAGE}-rejected`, { kind: 'rejected', stage: STAGE }],
    [`${HEX}-0-rejected`, { kind: 'rejected', stage: HEX }],
    [`meta-c8c39214_${COMMIT}_${STAGE}`, { kind: 'image-metadata', nameId: 'c8c39214', commit: COMMIT, stage: STAGE }],
    [`meta-0_${COMMIT}_${HEX}`, { kind: 'image-metadata', nameId: '0', commit: COMMIT, stage: HEX }],
    ['managed-image-web', { kind: 'managed-image', name: 'web' }],
    ['managed-image-app__slash__web', { kind: 'managed-image', name: 'app/web' }],
    ['managed-image-__nameless__', { kind: 'managed-image', name: '' }],
    [`import-metadata-${SHA256}`, { kind: 'import-metadata', id: SHA256 }],
    ['custom-tag-meta-v1-0-54dcf7ce', { kind: 'custom-tag-metadata' }],
    ['client-id-8a7a9a2e-0d3b-4b3a-9c1e-0f5f2d1c7b11-1611836746968', { kind: 'service', service: 'client-id' }],
    ['sync-server', { kind: 'service', service: 'sync-server' }],
    ['cleanup', { kind: 'service', service: 'cleanup' }],
    ['werf-meta-repo-marker-shop', { kind: 'service', service: 'meta-repo-marker' }],
  ])('%s', (tag, expected) => {
    expect(parseWerfTag(tag)).toEqual(expected);
  });
});

describe('what only looks like a tag of werf', () => {
  it.each([
    ['55 hex digits', HEX.slice(1)],
    ['57 hex digits', `${HEX}a`],
    ['56 digits in upper case', HEX.toUpperCase()],
    ['56 characters that are no hex digits', 'g'.repeat(56)],
    ['a stage of 12 digits', `${HEX}-161183674696`],
    ['a stage of 14 digits', `${HEX}-16118367469680`],
    ['a stage of letters', `${HEX}-161183674696x`],
    ['a stage with more behind it', `${STAGE}-1`],
    ['a marker without digits', `${HEX}-rejected`],
    ['a marker of 12 digits', `${HEX}-161183674696-rejected`],
    ['a marker of a marker', `${STAGE}-rejected-rejected`],
    ['a record of two parts', `meta-c8c39214_${COMMIT}`],
    ['a record of four parts', `meta-c8c39214_${COMMIT}_${STAGE}_x`],
    ['a record of a short commit', `meta-c8c39214_0123456_${STAGE}`],
    ['a record of a SHA-256 commit', `meta-c8c39214_${SHA256}_${STAGE}`],
    ['a record with an id of nine digits', `meta-c8c392141_${COMMIT}_${STAGE}`],
    ['a record with a zero in front of its id', `meta-0afa96f8_${COMMIT}_${STAGE}`],
    ['a record with an id in upper case', `meta-C8C39214_${COMMIT}_${STAGE}`],
    ['a record without an id', `meta-_${COMMIT}_${STAGE}`],
    ['a record of no stage', `meta-c8c39214_${COMMIT}_latest`],
    ['metadata of something else', 'meta-data'],
    ['a managed image without a name', 'managed-image-'],
    ['an import of 63 digits', `import-metadata-${SHA256.slice(1)}`],
    ['an import of no digits', 'import-metadata-'],
    ['a custom tag without a name', 'custom-tag-meta-'],
    ['a client without an id', 'client-id-'],
    ['another cleanup', 'cleanup-old'],
    ['another server', 'sync-server-2'],
    ['a marker of no project', 'werf-meta-repo-marker-'],
    ['a plain tag', 'latest'],
    ['nothing', ''],
  ])('%s', (_, tag) => {
    expect(parseWerfTag(tag)).toBeUndefined();
  });
});
