// Collects what werf pushes into one repository, by short names, and puts it there.

import {
  buildPlatforms,
  buildStage,
  customTag,
  imageRecord,
  pushTagged,
  type StageParts,
  type Tagged,
  type WerfMaker,
  type WerfStage,
} from '../../builders/werf-repository.ts';

export const DAY_MS = 86_400_000;

/** What one repository is to hold. */
export interface Shelf {
  readonly maker: WerfMaker;
  /** Everything so far; grows. */
  readonly tagged: readonly Tagged[];
  /** Milliseconds since 1970, so many days before the scene's now. */
  daysAgo(days: number): number;
  /** Builds a stage under a short name; `days` old, 60 by default. */
  stage(name: string, parts?: Partial<StageParts> & { readonly days?: number; readonly project?: string }): WerfStage;
  /** Builds a stage for two platforms, both stages of their own, and the index under a short name. */
  platforms(name: string, days?: number): WerfStage;
  /** Puts further stages, or records, on it. */
  put(...tagged: readonly Tagged[]): void;
  /** Says that an image was published at a commit as a stage of this short name, so many days ago: 60 by default. */
  publish(image: string, commit: string, stage: string, days?: number): Tagged;
  /** Puts a custom tag on a stage of this short name. Returns the tag and its record. */
  label(tag: string, stage: string): readonly [Tagged, Tagged];
  /** All short names. */
  names(): readonly string[];
  /** The stage of a short name. @throws Error when there is none. */
  readonly find: (name: string) => WerfStage;
  push(origin: string, repository: string): Promise<void>;
  /** The same as version 3 does with a meta repository: there go the records, but for markers of broken stages. */
  pushApart(origin: string, names: { readonly primary: string; readonly meta: string }): Promise<void>;
}

const KEPT_APART = /^(?:meta-|managed-image-|custom-tag-meta-|cleanup$)/;

const OLD = 60;

/** An empty one; `now` in milliseconds since 1970. */
export function makeShelf(maker: WerfMaker, now: number): Shelf {
  const tagged: Tagged[] = [];
  const stages = new Map<string, WerfStage>();
  const daysAgo = (days: number): number => now - Math.round(days * DAY_MS);
  const keep = (name: string, stage: WerfStage): WerfStage => {
    if (stages.has(name)) throw new Error(`there is a stage ${name}`);
    stages.set(name, stage);
    tagged.push(stage);
    return stage;
  };
  const shelf: Shelf = {
    maker,
    tagged,
    daysAgo,
    stage: (name, { days = OLD, project = maker.project, ...parts } = {}) =>
      keep(name, buildStage({ ...maker, project }, { seed: name, at: daysAgo(days), ...parts })),
    platforms: (name, days = OLD) => {
      const each = (['amd64', 'arm64'] as const).map((platform) =>
        shelf.stage(`${name} ${platform}`, { platform, days }),
      );
      return keep(name, buildPlatforms(maker, each));
    },
    put: (...more) => void tagged.push(...more),
    publish: (image, commit, stage, days = OLD) => {
      const made = imageRecord(maker, { name: image, commit, stage: shelf.find(stage), at: daysAgo(days) });
      tagged.push(made);
      return made;
    },
    label: (tag, stage) => {
      const both = customTag(maker, { tag, stage: shelf.find(stage), at: daysAgo(OLD) });
      tagged.push(...both);
      return both;
    },
    names: () => [...stages.keys()],
    find: (name) => {
      const stage = stages.get(name);
      if (stage === undefined) throw new Error(`there is no stage ${name}`);
      return stage;
    },
    push: (origin, repository) => pushTagged(origin, repository, tagged),
    pushApart: async (origin, { primary, meta }) => {
      const [records, others] = [true, false].map((isApart) =>
        tagged.filter(({ tag }) => KEPT_APART.test(tag) === isApart),
      );
      await pushTagged(origin, primary, others ?? []);
      await pushTagged(origin, meta, records ?? []);
    },
  };
  return shelf;
}
