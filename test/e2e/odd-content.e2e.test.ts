// Content that cannot be understood is no mistake of the user's: the run goes on, keeps it, names it, and is careful around it.

import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildImage, buildOdd, pushImage, TYPES } from '../builders/image.ts';
import { type BadInputRun, IMAGES, runBadInput, type Stage } from '../support/bad-input.ts';

const GONE = ['<amd64>', '<arm64>', '<multi>', '<old>'];
const WITHOUT_CHILDREN = ['<multi>', '<old>'];

const reportSchema = z.object({
  result: z.object({ kind: z.string() }),
  totals: z.object({ deleted: z.number(), skipped: z.number(), failed: z.number() }),
  plan: z.object({
    repositories: z.array(
      z.object({
        decisions: z.array(
          z.object({
            tags: z.array(z.string()),
            decision: z.string(),
            reasons: z.array(z.looseObject({ rule: z.string(), text: z.string() })),
          }),
        ),
        remarks: z.array(z.object({ code: z.string(), text: z.string() })),
      }),
    ),
  }),
});

/** The digests that were deleted, by name. */
function deletedIn({ requests }: BadInputRun): readonly string[] {
  return requests.flatMap((line) => /^DELETE \/v2\/team\/app\/manifests\/(.+)$/.exec(line)?.[1] ?? []).sort();
}

/** Puts a manifest under a tag with one request, whatever it is. */
async function put(stage: Stage, tag: string, { mediaType, bytes }: { mediaType: string; bytes: Uint8Array }) {
  await pushImage(stage.registry.origin, 'team/app', { manifest: buildOdd(mediaType, bytes), tags: [tag] });
}

const configOf = (tag: string): string => IMAGES[tag]?.blobs[0]?.digest ?? 'none';

interface Row {
  readonly title: string;
  readonly arrange: (stage: Stage) => Promise<void> | void;
  readonly gone: readonly string[];
  /** Of the tag `odd`, or of the one named here. */
  readonly kept?: { readonly tag: string; readonly rule: string; readonly text: RegExp };
  readonly remark?: string;
}

const rows: readonly Row[] = [
  { title: 'nothing odd: what is old goes, the children of the index too', arrange: () => undefined, gone: GONE },
  {
    title: 'a manifest of 5 MB is kept and named; nobody knows what it lists, so nothing goes',
    arrange: (stage) =>
      put(stage, 'odd', {
        mediaType: TYPES.index,
        bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [], padding: 'x'.repeat(5_000_000) })),
      }),
    gone: [],
    kept: { tag: 'odd', rule: 'unreadable', text: /oversized: a manifest of 50\d{5} bytes is not read/ },
    remark: 'unreadable-manifest',
  },
  {
    title: 'a manifest that is broken JSON is kept, and no untagged manifest goes',
    arrange: (stage) => put(stage, 'odd', { mediaType: TYPES.index, bytes: Buffer.from('{"schemaVersion":2,"mani') }),
    gone: WITHOUT_CHILDREN,
    kept: { tag: 'odd', rule: 'unreadable', text: /cannot be understood/ },
    remark: 'unreadable-manifest',
  },
  {
    title: 'an image whose digest stands in broken JSON stays, too, though it has a tag',
    arrange: (stage) => {
      const bytes = Buffer.from(`{"schemaVersion":2,"manifests":[{"digest":"${IMAGES['old']?.digest}","mediaT`);
      return put(stage, 'odd', { mediaType: TYPES.index, bytes });
    },
    gone: ['<multi>'],
    kept: { tag: 'old', rule: 'in-doubt', text: /might list it/ },
    remark: 'unreadable-manifest',
  },
  {
    title: 'a manifest of a type that nobody knows is kept, and no untagged manifest goes',
    arrange: (stage) =>
      put(stage, 'odd', { mediaType: 'application/vnd.example.v9+json', bytes: Buffer.from('{"things":[]}') }),
    gone: WITHOUT_CHILDREN,
    kept: { tag: 'odd', rule: 'unreadable', text: /application\/vnd\.example\.v9\+json/ },
    remark: 'unreadable-manifest',
  },
  {
    title: 'an image whose config is garbage has no age, so it is kept; that says nothing of other manifests',
    arrange: async ({ registry }) => {
      const garbage = buildOdd(TYPES.config, Buffer.from('\u0000 this is no JSON'));
      const image = buildImage({ seed: 'with a garbage config' });
      const manifest = {
        ...buildOdd(TYPES.image, {
          schemaVersion: 2,
          mediaType: TYPES.image,
          config: { mediaType: TYPES.config, digest: garbage.digest, size: garbage.bytes.length },
          layers: [],
        }),
        blobs: [garbage, ...image.blobs],
      };
      await pushImage(registry.origin, 'team/app', { manifest, tags: ['odd'] });
    },
    gone: GONE,
    kept: { tag: 'odd', rule: 'age-unknown', text: /config/ },
    remark: 'age-unknown',
  },
  {
    title: 'an image whose config has other bytes than its digest says is kept',
    arrange: ({ registry }) => {
      registry.script = ({ path }) =>
        path.endsWith(`/blobs/${configOf('old')}`)
          ? { status: 200, body: '{"created":"2020-01-01T00:00:00Z"}' }
          : undefined;
    },
    gone: GONE.filter((name) => name !== '<old>'),
    kept: { tag: 'old', rule: 'age-unknown', text: /digest/ },
    remark: 'age-unknown',
  },
  {
    title: 'an image whose config is gone is kept',
    arrange: ({ registry }) => {
      registry.script = ({ path }) => (path.endsWith(`/blobs/${configOf('old')}`) ? { status: 404 } : undefined);
    },
    gone: GONE.filter((name) => name !== '<old>'),
    kept: { tag: 'old', rule: 'age-unknown', text: /not there/ },
    remark: 'age-unknown',
  },
  {
    title: 'a tag that is listed and not there is remembered, and no untagged manifest goes',
    arrange: ({ registry }) => {
      const body = JSON.stringify({ name: 'team/app', tags: [...Object.keys(IMAGES), 'ghost'] });
      registry.script = ({ path }) => (path.startsWith('/v2/team/app/tags/') ? { status: 200, body } : undefined);
    },
    gone: WITHOUT_CHILDREN,
    remark: 'vanished-tag',
  },
];

describe('an apply over', () => {
  it.each(rows)('$title', async ({ arrange, gone, kept, remark }) => {
    const run = await runBadInput(async (stage) => {
      await arrange(stage);
      return {};
    });
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    const { result, totals, plan } = reportSchema.parse(run.report);
    const { decisions = [], remarks = [] } = plan.repositories[0] ?? {};
    expect({ result, deleted: deletedIn(run) }).toEqual({ result: { kind: 'applied' }, deleted: gone });
    // Nothing skipped: what is doubtful was not even planned.
    expect(totals).toEqual({ deleted: gone.length, skipped: 0, failed: 0 });
    if (kept !== undefined) {
      const decision = decisions.find(({ tags }) => tags.includes(kept.tag));
      expect(decision?.decision).toBe('keep');
      expect(decision?.reasons.find(({ rule }) => rule === kept.rule)?.text).toMatch(kept.text);
    }
    expect(remarks.map(({ code }) => code)).toEqual(remark === undefined ? [] : [remark]);
    expect(run.left.toSorted()).toEqual([...(gone.length > 0 ? ['journal.jsonl'] : []), 'report.json']);
    expect(run.changedInputs).toEqual([]);
  });
});

describe('an empty repository', () => {
  it.each([
    ['an empty list', []],
    ['null', null],
  ])('whose tags are %s: there is nothing to do', async (_title, tags) => {
    const run = await runBadInput(({ registry }) => {
      const body = JSON.stringify({ name: 'team/app', tags });
      registry.script = ({ path }) => (path.startsWith('/v2/team/app/tags/') ? { status: 200, body } : undefined);
      return {};
    });
    expect({ code: run.code, stderr: run.stderr, requests: run.requests }).toEqual({
      code: 0,
      stderr: '',
      requests: ['GET /v2/team/app/tags/list?n=1000'],
    });
    expect(run.report).toMatchObject({ result: { kind: 'applied' }, totals: { kept: 0, deleted: 0 } });
    expect(run.left).toEqual(['report.json']);
  });
});
