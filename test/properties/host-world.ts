// Local stores of every shape: names, labels, ancestors, lists, shared layers, containers, words of a registry, full disks.

import fc from 'fast-check';
import type { HostPolicy } from '../../src/model/host-policy.ts';
import { hours } from '../../src/model/time.ts';
import type { RegistryFinal, RegistryWord } from '../../src/policy/host/host-evidence.ts';
import {
  type HostWorld,
  type LocalContainerSpec,
  type LocalImageSpec,
  localId,
  OURS,
} from '../builders/local-store.ts';

/** Where the images of these worlds have their names. */
const REPOSITORY = 'registry.example.com/shop/app';
const MOST = 8;
const AGES = [0, 1, 3, 60, 90, null] as const;

/** A world; `policy` asks for anything. */
export function hostWorlds(): fc.Arbitrary<HostWorld> {
  return fc
    .record({
      images: fc.array(someImage(), { minLength: 1, maxLength: MOST }),
      containers: fc.array(someContainer(), { maxLength: 5 }),
      words: fc.array(fc.constantFrom<RegistryWord>('there', 'absent', 'never-pushed', 'in-doubt'), {
        minLength: 2 * MOST,
        maxLength: 2 * MOST,
      }),
      finals: fc.option(fc.array(someFinal(), { maxLength: 2 }), { nil: undefined }),
      uses: fc.array(fc.option(someUse(), { nil: undefined }), { minLength: MOST, maxLength: MOST }),
      available: fc.nat({ max: 1000 }),
      policy: somePolicy(),
    })
    .map(({ images, containers, words, finals, uses, available, policy }) => {
      const specs = images.map((draft, at) => finish(draft, at));
      const names = specs.flatMap((spec) => spec.names ?? []);
      return {
        images: specs,
        containers: containers.map((container, at) => ({ ...container, name: `c${at}` })),
        disk: { capacity: 1000, available },
        uses: Object.fromEntries(uses.flatMap((use, at) => (use === undefined ? [] : [[`i${at}`, use]]))),
        policy,
        evidence: {
          repositories: [
            {
              repository: REPOSITORY,
              state: 'read',
              words: new Map(names.map((name, at) => [name, words[at] ?? 'there'])),
            },
          ],
          ...(finals === undefined ? {} : { finals }),
        },
      };
    });
}

interface ImageDraft {
  readonly kind: 'plain' | 'stage' | 'list' | 'closed-list';
  readonly names: number;
  readonly isOurs: boolean;
  readonly isDev: boolean;
  readonly created: number | null;
  readonly tagged: number | null;
  /** Of an earlier image, by number; what is no earlier one is none. */
  readonly on: number;
  readonly isLinked: boolean;
  readonly isOpaque: boolean;
}

function someImage(): fc.Arbitrary<ImageDraft> {
  return fc.record({
    kind: fc.constantFrom('plain', 'plain', 'plain', 'stage', 'stage', 'list', 'closed-list'),
    names: fc.constantFrom(0, 0, 1, 1, 2),
    isOurs: fc.boolean(),
    isDev: fc.constantFrom(false, false, false, true),
    created: fc.constantFrom(...AGES),
    tagged: fc.constantFrom(...AGES),
    on: fc.nat({ max: 2 * MOST }),
    isLinked: fc.boolean(),
    isOpaque: fc.constantFrom(false, false, false, true),
  });
}

function finish(draft: ImageDraft, at: number): LocalImageSpec {
  const { kind, isOurs, isDev, created, tagged, on, isLinked, isOpaque } = draft;
  const below = on < at ? `i${on}` : undefined;
  const prefix = kind === 'stage' ? 'dimgstage-shop' : REPOSITORY;
  const isList = kind === 'list' || kind === 'closed-list';
  const listed = below === undefined ? `sha256:${'0'.repeat(64)}` : localId(below);
  return {
    name: `i${at}`,
    names: Array.from({ length: draft.names }, (_, number) => `${prefix}:${at}-${number}`),
    labels: {
      ...(isOurs ? OURS : {}),
      ...(isDev ? { 'dapp-dev-mode': 'true' } : {}),
      ...(kind === 'stage' ? { 'dapp-dimg': 'false', 'dapp-cache-version': `${at % 2}` } : {}),
    },
    created,
    tagged,
    layers: isOpaque ? null : [...(below === undefined ? [] : [below]), `i${at}`],
    ...(isLinked && below !== undefined && !isList ? { parent: below } : {}),
    ...(isList ? { lists: kind === 'list' ? [listed] : null } : {}),
  };
}

function someContainer(): fc.Arbitrary<LocalContainerSpec> {
  return fc.record({
    name: fc.constant(''),
    of: fc.constantFrom('i0', 'i1', 'i2', 'i3', 'i4', 'nobody'),
    state: fc.constantFrom('running', 'created', 'exited', 'exited', 'dead', 'unknown'),
    created: fc.constantFrom(...AGES),
    image: fc.constantFrom('sha256:0', 'sha256:0', `${REPOSITORY}:1-0`, `${REPOSITORY}:2-0`),
  });
}

function someUse(): fc.Arbitrary<{ readonly firstSeen: number; readonly lastUsed?: number }> {
  return fc.record(
    { firstSeen: fc.constantFrom(0, 3, 80), lastUsed: fc.constantFrom(0, 3, 60, 70) },
    { requiredKeys: ['firstSeen'] },
  );
}

function someFinal(): fc.Arbitrary<RegistryFinal> {
  return fc
    .record({ at: fc.nat({ max: MOST }), isRead: fc.constantFrom(true, true, true, false) })
    .map(({ at, isRead }) => ({
      reference: `${REPOSITORY}:final`,
      madeFrom: localId(`i${at}`),
      labels: isRead ? { 'dapp-dimg': 'true' } : undefined,
    }));
}

function somePolicy(): fc.Arbitrary<Partial<HostPolicy>> {
  const limit = fc.constantFrom(-1, -1, 0, 1, 2);
  return fc
    .record({
      absentFromRegistry: fc.boolean(),
      dangling: fc.boolean(),
      improperRepoCache: fc.boolean(),
      flush: fc.constantFrom(false, false, false, true),
      isDev: fc.constantFrom(false, false, true),
      version: fc.boolean(),
      mrproper: fc.constantFrom(undefined, undefined, undefined, 'all', 'improper-dev-mode-cache'),
      maxAge: fc.constantFrom(undefined, undefined, hours(50)),
      maxPerPodContainer: limit,
      maxContainers: limit,
      pinned: fc.constantFrom('none', 'none', '*:3-*'),
    })
    .map(({ version, mrproper, maxAge, maxPerPodContainer, maxContainers, pinned, ...rest }) => ({
      ...rest,
      ...(version ? { improperCacheVersion: { labels: ['dapp-cache-version'], current: '1' } } : {}),
      ...(mrproper === undefined ? {} : { mrproper }),
      ...(maxAge === undefined ? {} : { maxAge }),
      containers: { minAge: hours(2), maxPerPodContainer, maxContainers },
      keep: { labels: [], names: [pinned] },
    }));
}
