// The newest so many, within so much time: for each product by itself, and without what is in use.

import { describe, expect, it } from 'vitest';
import type { TagSchemes } from '../../../src/model/policy.ts';
import { hours } from '../../../src/model/time.ts';
import { type NodeSpec, policyOf, usageOf } from '../../builders/snapshot.ts';
import { DAPP_SCHEMES, dapp, daysAgo, decideBySchemes, sha, werf1 } from './world.ts';

/** Images of the commits c0, c1 …, so many days old. */
function commitsOf(ages: readonly (number | null)[], more: Partial<NodeSpec> = {}): readonly NodeSpec[] {
  return ages.map((age, at) =>
    dapp('git_commit', sha(`c${at}`), { name: `i${at}`, created: age === null ? null : daysAgo(age), ...more }),
  );
}

function commitScheme(last: number, days?: number): TagSchemes {
  return { commit: { last, tags: [], ...(days === undefined ? {} : { in: hours(days * 24) }) } };
}

describe('of more than the limit', () => {
  it('the newest stay, in whatever order they are listed', () => {
    const nodes = commitsOf([5, 1, 4, 2, 3]);
    for (const order of [nodes, nodes.toReversed()]) {
      const { doomed } = decideBySchemes(order, { schemes: commitScheme(2, 30) });
      expect([...doomed].sort()).toEqual(['i0', 'i2', 'i4']);
    }
  });

  it('what is too old takes no place, and neither does what is gone', () => {
    const lost = dapp('git_commit', sha('lost'), { name: 'lost', created: daysAgo(0.5) });
    const { doomed, rulesOf } = decideBySchemes([...commitsOf([40, 1, 2, 3]), lost], { schemes: commitScheme(2, 30) });
    expect(doomed).toEqual(['i0', 'i3', 'lost']);
    expect(rulesOf('i0')).toEqual(['scheme-expired', 'older']);
    expect(rulesOf('i3')).toEqual(['scheme-over-limit', 'older']);
    expect(rulesOf('lost')).toEqual(['scheme-gone', 'older']);
  });

  it('what is equally old shares a place: all of them stay', () => {
    expect(decideBySchemes(commitsOf([1, 2, 2, 2, 3]), { schemes: commitScheme(2) }).doomed).toEqual(['i4']);
  });

  it('what has no known age stays, and takes no place', () => {
    const { doomed, rulesOf } = decideBySchemes(commitsOf([1, null, 2, 3]), { schemes: commitScheme(2) });
    expect(doomed).toEqual(['i3']);
    expect(rulesOf('i1')).toContain('scheme-unknown');
  });

  it('what has no known age stays even where none is to stay and nothing else keeps it', () => {
    const policy = { recent: { within: hours(0) } };
    expect(decideBySchemes(commitsOf([1, null]), { schemes: commitScheme(0), policy }).doomed).toEqual(['i0']);
  });

  it('what a cluster uses takes no place: what runs long is not what one goes back to', () => {
    const usage = usageOf([`registry.example.com/shop/app:${sha('c0')}`]);
    const nodes = commitsOf([1, 2, 3, 4]);
    expect(decideBySchemes(nodes, { schemes: commitScheme(2), usage }).doomed).toEqual(['i3']);
    expect(decideBySchemes(nodes, { schemes: commitScheme(2) }).doomed).toEqual(['i2', 'i3']);
  });

  it('what a cluster uses by a platform of an index takes no place either', () => {
    const schemes = { branch: { last: 1, tags: ['{branch}'] } };
    const nodes = [
      { name: 'used', tags: ['main'], lists: ['amd64'] },
      { name: 'amd64', created: daysAgo(1) },
      { name: 'next', tags: ['core-feature-add_settings'], created: daysAgo(2) },
    ];
    const usage = usageOf([`elsewhere.example.com/x@${decideBySchemes(nodes, { schemes }).of('amd64').digest}`]);
    expect(decideBySchemes(nodes, { schemes, usage }).doomed).toEqual([]);
    expect(decideBySchemes(nodes, { schemes }).doomed).toEqual(['next']);
  });

  it.each<[string, number, readonly string[]]>([
    ['0 keeps none', 0, ['i0', 'i1', 'i2']],
    ['one keeps the newest', 1, ['i1', 'i2']],
    ['as many as there are keeps all', 3, []],
    ['a negative one keeps all', -1, []],
  ])('%s', (_, last, doomed) => {
    expect(decideBySchemes(commitsOf([1, 2, 3]), { schemes: commitScheme(last) }).doomed).toEqual(doomed);
  });

  it('each scheme counts for itself, an image with several tags once', () => {
    const nodes = [
      { ...dapp('git_commit', sha('c1'), { name: 'twice', created: daysAgo(1) }), tags: [sha('c1'), sha('c2')] },
      ...[3, 4].map((at) => dapp('git_commit', sha(`c${at}`), { name: `c${at}`, created: daysAgo(at) })),
      dapp('git_tag', 'v1-9-0', { created: daysAgo(9) }),
    ];
    const schemes = { commit: { last: 2, tags: [] }, tag: { last: 1, tags: [] } };
    expect(decideBySchemes(nodes, { schemes }).doomed).toEqual(['c4']);
  });
});

describe('products are counted by themselves', () => {
  it('by the name that werf gave the image', () => {
    const nodes = ['api', 'web'].flatMap((name, product) =>
      [1, 2].map((at) =>
        werf1('git-commit', sha(`c${at + 4 * product}`), {
          name: `${name}${at}`,
          created: daysAgo(at + product),
          labels: { 'werf-image-name': name },
        }),
      ),
    );
    expect(decideBySchemes(nodes, { schemes: commitScheme(1) }).doomed).toEqual(['api2', 'web2']);
  });

  it('as the user groups them, where no label does', () => {
    const images = { ...policyOf().images, groupBy: { kind: 'label' as const, label: 'app' } };
    const nodes = commitsOf([1, 2, 3, 4]).map((node, at) => ({
      ...node,
      labels: { ...node.labels, app: at % 2 === 0 ? 'api' : 'web' },
    }));
    expect(decideBySchemes(nodes, { schemes: commitScheme(1), policy: { images } }).doomed).toEqual(['i2', 'i3']);
    expect(decideBySchemes(nodes, { schemes: commitScheme(1) }).doomed).toEqual(['i1', 'i2', 'i3']);
  });

  it('and what is among the newest as one of them stays', () => {
    const images = { ...policyOf().images, groupBy: { kind: 'tag' as const, expression: '^([a-z]+)-' } };
    const schemes = { branch: { last: 1, tags: ['api-{branch}', 'web-{branch}'] } };
    const nodes = [
      { name: 'new api', tags: ['api-main'], created: daysAgo(1) },
      { name: 'both', tags: ['api-core-feature-add_settings', 'web-main'], created: daysAgo(2) },
      { name: 'old api', tags: ['api-core.feature.add_settings'], created: daysAgo(3) },
    ];
    expect(decideBySchemes(nodes, { schemes, policy: { images } }).doomed).toEqual(['old api']);
  });
});

describe('the age is the one that all rules go by', () => {
  it("the registry's word before the image's own", () => {
    const [old, fresh] = commitsOf([40, 40]);
    const now = Date.parse(daysAgo(0));
    const nodes = [old, { ...fresh, pushed: (now - 86_400_000) as never }].flatMap((node) => node ?? []) as NodeSpec[];
    expect(decideBySchemes(nodes, { schemes: commitScheme(-1, 30) }).doomed).toEqual(['i0']);
  });

  it('a branch has no limit by default', () => {
    expect(DAPP_SCHEMES.branch).toEqual({ last: -1, tags: [] });
  });
});
