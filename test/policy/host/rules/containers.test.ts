import { describe, expect, it } from 'vitest';
import { hours } from '../../../../src/model/time.ts';
import { decideWorld, type HostWorld, type LocalContainerSpec } from '../../../builders/local-store.ts';

const POD = (uid: string, container: string) => ({
  'io.kubernetes.pod.uid': uid,
  'io.kubernetes.container.name': container,
});
const COMPOSE = (service: string, number: string) => ({
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': service,
  'com.docker.compose.container-number': number,
});

interface Case {
  readonly name: string;
  readonly containers: readonly LocalContainerSpec[];
  readonly per?: number;
  readonly all?: number;
  readonly minAge?: number;
  readonly keepLabel?: string;
  readonly goes: readonly string[];
}

/** So many ended containers of one unit, the first the newest. */
function unit(name: string, ages: readonly number[], labels = {}): readonly LocalContainerSpec[] {
  return ages.map((created, at) => ({ name: `${name}${at}`, of: 'app', image: name, created, labels }));
}

const CASES: readonly Case[] = [
  { name: 'no limit takes nothing', containers: unit('a', [10, 20, 30]), goes: [] },
  { name: 'the newest of a unit stay', containers: unit('a', [10, 20, 30]), per: 1, goes: ['a1', 'a2'] },
  {
    name: 'a limit of nothing per unit takes all that ended',
    containers: unit('a', [10, 20]),
    per: 0,
    goes: ['a0', 'a1'],
  },
  {
    name: 'containers of one image are one unit, those of another are another',
    containers: [...unit('a', [10, 20]), ...unit('b', [10, 20])],
    per: 1,
    goes: ['a1', 'b1'],
  },
  {
    name: 'containers of one name in different pods are of different units',
    containers: [...unit('a', [10, 20], POD('1', 'web')), ...unit('b', [30], POD('2', 'web'))],
    per: 1,
    goes: ['a1'],
  },
  {
    name: 'two containers of one pod are of different units',
    containers: [...unit('a', [10], POD('1', 'web')), ...unit('b', [30], POD('1', 'log'))],
    per: 1,
    goes: [],
  },
  {
    name: 'each number of a Compose service is a unit',
    containers: [...unit('a', [10, 40], COMPOSE('web', '1')), ...unit('b', [30], COMPOSE('web', '2'))],
    per: 1,
    goes: ['a1'],
  },
  {
    name: 'in conflict the limit on all wins: each unit keeps an equal share',
    containers: [...unit('a', [10, 20, 30]), ...unit('b', [11, 21, 31])],
    per: 3,
    all: 4,
    goes: ['a2', 'b2'],
  },
  {
    name: 'a share is rounded down, so that fewer than the limit may stay, as with kubelet',
    containers: [...unit('a', [10, 20, 30]), ...unit('b', [11, 21, 31])],
    all: 5,
    goes: ['a2', 'b2'],
  },
  {
    name: 'with more units than may stay each keeps one at most, and then the oldest go',
    containers: [...unit('a', [10, 20]), ...unit('b', [11, 21]), ...unit('c', [12, 22])],
    all: 2,
    goes: ['a1', 'b1', 'c0', 'c1'],
  },
  {
    name: 'a limit of nothing in all takes all that ended',
    containers: unit('a', [10, 20]),
    all: 0,
    goes: ['a0', 'a1'],
  },
  { name: 'fewer than the limit in all stay', containers: unit('a', [10, 20]), all: 2, goes: [] },
  { name: 'young ones stay and take no place', containers: unit('a', [1, 20, 30]), per: 1, goes: ['a2'] },
  {
    name: 'without a minimum age young ones go too',
    containers: unit('a', [0, 1]),
    per: 0,
    minAge: 0,
    goes: ['a0', 'a1'],
  },
  {
    name: 'one that came to its end a moment ago is young',
    containers: [{ name: 'x', of: 'app', created: 90, finished: 1 }],
    per: 0,
    goes: [],
  },
  { name: 'one of unknown age stays', containers: [{ name: 'x', of: 'app', created: null }], per: 0, goes: [] },
  {
    name: 'one with a label that is kept stays',
    containers: [{ name: 'x', of: 'app', labels: { 'com.example.keep': '' } }],
    per: 0,
    keepLabel: 'com.example.keep',
    goes: [],
  },
  ...(['running', 'paused', 'restarting', 'removing', 'unknown'] as const).map((state) => ({
    name: `one that is ${state} is never touched`,
    containers: [{ name: 'x', of: 'app', state }],
    per: 0,
    all: 0,
    goes: [],
  })),
  ...(['created', 'exited', 'dead'] as const).map((state) => ({
    name: `one that is ${state} goes by a limit`,
    containers: [{ name: 'x', of: 'app', state }],
    per: 0,
    goes: ['x'],
  })),
];

describe('ended containers', () => {
  it.each(CASES)('$name', ({ containers, per = -1, all = -1, minAge = 2, keepLabel, goes }) => {
    const world: HostWorld = {
      images: [{ name: 'app', names: ['registry.example.com/app:1'] }],
      containers,
      policy: {
        containers: { minAge: hours(minAge), maxPerPodContainer: per, maxContainers: all },
        keep: { labels: keepLabel === undefined ? [] : [{ label: keepLabel }], names: [] },
      },
    };
    const decided = decideWorld(world);
    expect([...decided.containers].sort()).toEqual(goes);
    expect(decided.decisions.containersKept).toBe(containers.length - goes.length);
  });

  it('says which unit had too many', () => {
    const { steps } = decideWorld({
      images: [],
      containers: unit('a', [10, 20], POD('7', 'web')),
      policy: { containers: { minAge: hours(2), maxPerPodContainer: 1, maxContainers: -1 } },
    });
    expect(steps).toMatchObject([
      { name: 'a1', reasons: [{ rule: 'max-per-pod-container', unit: 'pod 7, container web', limit: 1 }] },
    ]);
  });

  it('makes an image free whose only container goes in the same plan, after that', () => {
    const { steps } = decideWorld({
      images: [{ name: 'old', labels: { 'com.example.project': 'shop' } }],
      containers: [{ name: 'x', of: 'old' }],
      policy: { dangling: true, containers: { minAge: hours(2), maxPerPodContainer: 0, maxContainers: -1 } },
    });
    expect(steps.map(({ action }) => action)).toEqual(['delete-container', 'delete-image']);
  });
});
