// The rules that ask for images by what they are: without a name, all of the project, everybody's.

import { describe, expect, it } from 'vitest';
import type { HostPolicy } from '../../../../src/model/host-policy.ts';
import { hours } from '../../../../src/model/time.ts';
import { decideWorld, type LocalImageSpec, OURS } from '../../../builders/local-store.ts';

const THEIRS = { 'com.example.project': 'else' };
const STAGE = { 'dapp-dimg': 'false', ...OURS };
const DEV = { 'dapp-dev-mode': 'true' };
const VERSION = { labels: ['dapp-cache-version', 'werf-cache-version'], current: '33' };

interface Case {
  readonly name: string;
  readonly image: Omit<LocalImageSpec, 'name'>;
  readonly policy: Partial<HostPolicy>;
  readonly goes: boolean;
}

const version = { improperCacheVersion: VERSION };
const names = ['dimgstage-shop:abc'];

const dangling = { dangling: true };
const DANGLING: readonly Case[] = [
  { name: 'one of the project goes', image: { labels: OURS }, policy: dangling, goes: true },
  {
    name: "one of another project stays: dapp took everybody's",
    image: { labels: THEIRS },
    policy: dangling,
    goes: false,
  },
  { name: 'one without a label stays', image: {}, policy: dangling, goes: false },
  {
    name: "none is the project's while no label is named",
    image: { labels: OURS },
    policy: { ...dangling, project: [] },
    goes: false,
  },
  {
    name: 'a label without a value means any',
    image: { labels: THEIRS },
    policy: { ...dangling, project: [{ label: 'com.example.project' }] },
    goes: true,
  },
  {
    name: 'one with a name stays',
    image: { labels: OURS, names: ['a.example.com/b:1'] },
    policy: dangling,
    goes: false,
  },
  {
    name: 'one that is pinned by a label stays',
    image: { labels: OURS },
    policy: { ...dangling, keep: { labels: [{ label: 'com.example.project' }], names: [] } },
    goes: false,
  },
  {
    name: 'one that is two hours old goes',
    image: { labels: OURS, created: 2, tagged: null },
    policy: dangling,
    goes: true,
  },
  {
    name: 'one that is younger stays',
    image: { labels: OURS, created: 1.99, tagged: null },
    policy: dangling,
    goes: false,
  },
  {
    name: 'without grace a young one goes',
    image: { labels: OURS, created: 0 },
    policy: { ...dangling, grace: hours(0) },
    goes: true,
  },
  {
    name: 'without grace one of unknown age goes',
    image: { labels: OURS, created: null, tagged: null },
    policy: { ...dangling, grace: hours(0) },
    goes: true,
  },
  { name: 'one of development mode stays', image: { labels: { ...OURS, ...DEV } }, policy: dangling, goes: false },
  {
    name: 'one of development mode goes when that is asked for',
    image: { labels: { ...OURS, ...DEV } },
    policy: { ...dangling, isDev: true },
    goes: true,
  },
  { name: 'no other goes then', image: { labels: OURS }, policy: { ...dangling, isDev: true }, goes: false },
];

const flush = { flush: true };
const named = ['a.example.com/b:1'];
const WORDS: readonly Case[] = [
  {
    name: 'flush takes a final image of the project',
    image: { names: named, labels: OURS },
    policy: flush,
    goes: true,
  },
  { name: 'flush leaves other projects alone', image: { names: named, labels: THEIRS }, policy: flush, goes: false },
  {
    name: 'flush leaves development mode alone',
    image: { names: named, labels: { ...OURS, ...DEV } },
    policy: flush,
    goes: false,
  },
  {
    name: 'flush leaves what a build may just have made',
    image: { names: named, labels: OURS, created: 1 },
    policy: flush,
    goes: false,
  },
  {
    name: 'flush leaves what is pinned',
    image: { names: named, labels: OURS },
    policy: { ...flush, keep: { labels: [], names: ['a.example.com/*'] } },
    goes: false,
  },
  { name: "mrproper all takes everybody's", image: { names: named }, policy: { mrproper: 'all' }, goes: true },
  { name: 'mrproper all takes development mode too', image: { labels: DEV }, policy: { mrproper: 'all' }, goes: true },
  {
    name: 'mrproper all leaves what is young',
    image: { names: named, tagged: 1 },
    policy: { mrproper: 'all' },
    goes: false,
  },
  {
    name: 'mrproper all leaves what is pinned',
    image: { names: named },
    policy: { mrproper: 'all', keep: { labels: [], names: ['*:1'] } },
    goes: false,
  },
  {
    name: "mrproper of development mode takes everybody's",
    image: { labels: { ...THEIRS, ...DEV } },
    policy: { mrproper: 'improper-dev-mode-cache' },
    goes: true,
  },
  {
    name: 'mrproper of development mode takes nothing else',
    image: { labels: OURS },
    policy: { mrproper: 'improper-dev-mode-cache' },
    goes: false,
  },
  {
    name: "mrproper by version takes everybody's stages",
    image: { names, labels: { ...STAGE, ...THEIRS, 'dapp-cache-version': '32' } },
    policy: { mrproper: 'improper-cache-version-stages', ...version },
    goes: true,
  },
  {
    name: 'mrproper by version leaves stages of this one',
    image: { names, labels: { ...STAGE, 'dapp-cache-version': '33' } },
    policy: { mrproper: 'improper-cache-version-stages', ...version },
    goes: false,
  },
  {
    name: 'mrproper by version takes nothing while none is told',
    image: { names, labels: { ...STAGE, 'dapp-cache-version': '32' } },
    policy: { mrproper: 'improper-cache-version-stages' },
    goes: false,
  },
];

function goes({ image, policy }: Case): boolean {
  return decideWorld({ images: [{ name: 'x', ...image }], policy }).going.length > 0;
}

describe('images without a name', () => {
  it.each(DANGLING)('$name', (one) => {
    expect(goes(one)).toBe(one.goes);
  });
});

describe('words that ask for everything', () => {
  it.each(WORDS)('$name', (one) => {
    expect(goes(one)).toBe(one.goes);
  });

  it.each([
    ['flush', { flush: true }],
    ['mrproper', { mrproper: 'all' }],
  ] as const)('%s takes the ended containers of its images first', (by, policy) => {
    const { steps } = decideWorld({
      images: [{ name: 'x', names: named, labels: OURS }],
      containers: [{ name: 'c', of: 'x' }],
      policy,
    });
    expect(steps).toMatchObject([
      { action: 'delete-container', name: 'c', reasons: [{ rule: 'image-goes', by }] },
      { action: 'delete-image' },
    ]);
  });

  it('take no ended container while another one that runs holds the image', () => {
    const { steps } = decideWorld({
      images: [{ name: 'x', names: named, labels: OURS }],
      containers: [
        { name: 'c', of: 'x' },
        { name: 'r', of: 'x', state: 'running' },
      ],
      policy: flush,
    });
    expect(steps).toEqual([]);
  });

  it('take no container that may be of an image which stays', () => {
    const { steps } = decideWorld({
      images: [
        { name: 'x', names: named, labels: OURS },
        { name: 'y', names: ['a.example.com/y:1'] },
      ],
      containers: [{ name: 'c', of: 'x', image: 'a.example.com/y:1' }],
      policy: flush,
    });
    expect(steps).toEqual([]);
  });

  it('no other rule takes a container with its image', () => {
    const { steps } = decideWorld({
      images: [{ name: 'x', labels: OURS }],
      containers: [{ name: 'c', of: 'x' }],
      policy: dangling,
    });
    expect(steps).toEqual([]);
  });
});
