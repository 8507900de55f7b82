import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { checksumOf } from '../../src/plan/canonical-json.ts';
import { decodePlan } from '../../src/plan/decode-plan.ts';
import { decisionsOn } from '../builders/decision.ts';
import { ANY_AGE, digestOf, NOW } from '../builders/snapshot.ts';

type Json = Record<string, unknown>;

const PLAN = makePlan();

describe('a plan file', () => {
  it('comes back as it was made', () => {
    const back = decodePlan(JSON.stringify(PLAN), 'p.json');
    expect(back).toEqual({
      createdAt: PLAN.createdAt,
      repositories: PLAN.repositories.map(({ name, steps }) => ({ name, steps })),
    });
    expect(back.repositories[0]?.steps.length).toBeGreaterThan(0);
  });

  it('comes back however its JSON is laid out', () => {
    const turned = Object.fromEntries(Object.entries(PLAN).reverse());
    expect(decodePlan(JSON.stringify(turned, undefined, 4), 'p.json').repositories).toHaveLength(1);
  });

  it('tells that it looks ahead', () => {
    const ahead = makePlan(true);
    expect(decodePlan(JSON.stringify(ahead), 'p.json').asOf).toBe('2026-11-21T12:00:00Z');
  });

  it.each<[string, string, RegExp]>([
    ['is not empty', '', /^p\.json is not JSON/],
    ['is not cut off', JSON.stringify(PLAN).slice(0, -20), /^p\.json is not JSON/],
    ['is not YAML', 'version: 1', /^p\.json is not JSON/],
    ['is no list', '[]', /is not a plan of this version/],
    ['is no number', '7', /is not a plan of this version/],
    ['is not null', 'null', /is not a plan of this version/],
    [
      'is no report',
      JSON.stringify({ ...PLAN, result: { kind: 'planned' }, totals: {}, version: 2 }),
      /^p\.json is a report, not a plan/,
    ],
    ['is of this version', remade({ version: 2 }), /is not a plan of this version/],
    ['has a version', remade({ version: undefined }), /is not a plan of this version/],
    ['has a checksum', JSON.stringify({ ...PLAN, sha256: undefined }), /is not a plan of this version/],
    ['has its own checksum', JSON.stringify({ ...PLAN, sha256: '0'.repeat(64) }), /was changed after it was made/],
    ['is not edited in its steps', edited((steps) => steps.slice(1)), /was changed after it was made/],
    ['is not edited where we do not read', JSON.stringify({ ...PLAN, note: 'x' }), /was changed after it was made/],
    ['has steps of a kind we know', withStep({ action: 'purge' }), /is not a plan of this version/],
    ['has digests that are ones', withStep({ digest: 'sha256:abc' }), /is not a plan of this version/],
    ['has tags that are ones', withStep({ action: 'untag', tag: '../x' }), /is not a plan of this version/],
    ['names the tag to take off', withStep({ action: 'untag' }), /is not a plan of this version/],
    ['has no tag on a delete', withStep({ tag: 'x' }), /is not a plan of this version/],
    ['has preconditions', withStep({ precondition: undefined }), /is not a plan of this version/],
    ['has whole preconditions', withStep({ precondition: { tags: [] } }), /is not a plan of this version/],
    [
      'has owners that are digests',
      withStep({ precondition: { tags: [], owners: ['x'] } }),
      /is not a plan of this version/,
    ],
    [
      'has nothing unknown in a precondition',
      withStep({ precondition: { tags: [], owners: [], force: true } }),
      /is not a plan of this version/,
    ],
    ['has nothing unknown in a step', withStep({ force: true }), /is not a plan of this version/],
    ['has repositories', remade({ repositories: undefined }), /is not a plan of this version/],
    ['has an asOf that is text', remade({ asOf: 7 }), /is not a plan of this version/],
  ])('%s, or it is refused', (_, text, message) => {
    const refusal = refusalOf(text);
    expect(refusal).toBeInstanceOf(UsageError);
    expect(refusal).toMatchObject({ code: 'PLAN_INVALID' });
    expect(refusal.message).toMatch(message);
  });
});

describe('the checksum is made over JSON that', () => {
  it.each<[string, unknown, string]>([
    ['sorts keys at every depth', { b: 1, a: { d: [], c: null } }, '{"a":{"c":null,"d":[]},"b":1}'],
    ['keeps the order of lists', [2, 1], '[2,1]'],
    ['leaves out what is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['escapes as JSON does', { 'a"': '\u2028\n' }, JSON.stringify({ 'a"': '\u2028\n' })],
    ['sorts by code unit, not by language', { ä: 1, z: 2, Z: 3 }, '{"Z":3,"z":2,"ä":1}'],
    ['knows true, false and numbers', [true, false, 1.5, -0], '[true,false,1.5,0]'],
  ])('%s', (_, value, expected) => {
    expect(checksumOf(value)).toBe(createHash('sha256').update(expected).digest('hex'));
  });

  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a big integer', 1n],
    ['a list with undefined', [undefined]],
  ])('has no text for %s', (_, value) => {
    expect(() => checksumOf(value)).toThrow(TypeError);
  });
});

function makePlan(isAhead = false) {
  const nodes = [
    { name: 'a', tags: ['old'] },
    { name: 'b', tags: ['keep', 'loose'] },
  ];
  const { graph, decisions, records, remarks, collectsUntagged } = decisionsOn({
    nodes,
    policy: { ...ANY_AGE, pins: { tags: ['keep'], expressions: [], list: [] }, untag: true },
  });
  return buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: isAhead ? instantFromMs(NOW + 86_400_000) : undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards: { maxDeleteShare: 1, allowDeleteAll: true },
    repositories: [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }],
  });
}

/** A plan with these members, and a checksum that fits. */
function remade(change: Json): string {
  const { sha256: _, ...body } = PLAN;
  const whole: unknown = JSON.parse(JSON.stringify({ ...body, ...change }));
  return JSON.stringify({ ...Object(whole), sha256: checksumOf(whole) });
}

function edited(change: (steps: readonly unknown[]) => readonly unknown[]): string {
  return JSON.stringify({
    ...PLAN,
    repositories: PLAN.repositories.map((repository) => ({ ...repository, steps: change(repository.steps) })),
  });
}

/** A plan of one step with these members, and a checksum that fits. */
function withStep(change: Json): string {
  const step = { action: 'delete', digest: digestOf('a'), precondition: { tags: ['old'], owners: [] }, ...change };
  return remade({ repositories: [{ name: 'app', steps: [step] }] });
}

function refusalOf(text: string): Error {
  try {
    decodePlan(text, 'p.json');
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('the plan was taken');
}
