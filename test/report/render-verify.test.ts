// Golden files: read them when they change, they are what users see. `npx vitest run test/report -u` writes them anew.

import { describe, expect, it } from 'vitest';
import { AuthError, EvidenceError } from '../../src/errors.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { Availability, NoAnswer, VerifiedImage } from '../../src/model/verification.ts';
import {
  buildStoppedVerify,
  buildVerifyReport,
  type VerifyInput,
  verifyExitCodeOf,
} from '../../src/report/build-verify-report.ts';
import { decodeReport } from '../../src/report/decode-report.ts';
import { exitCodeAfter } from '../../src/report/exit-code-of.ts';
import { renderVerify, renderVerifyMarkdown } from '../../src/report/render-verify.ts';
import { digestOf } from '../builders/report.ts';
import { worlds } from '../builders/report-worlds.ts';

const AT = instantFromMs(Date.UTC(2026, 10, 21, 20, 24));
const NAME = 'ghcr.io/team/app';

function image(tag: string, availability: Availability, more: Partial<VerifiedImage> = {}): VerifiedImage {
  const workloads = [{ context: 'prod', namespace: 'shop', kind: 'Deployment', name: 'web', container: 'app' }];
  return { image: `${NAME}:${tag}`, availability, workloads, ...more };
}

function reportWith(images: readonly VerifiedImage[], more: Partial<VerifyInput> = {}) {
  return buildVerifyReport({
    tool: 'registry-cleanup 0.1.0',
    startedAt: AT,
    finishedAt: AT,
    result: { kind: 'verified' },
    scope: [NAME, 'registry.example.com'],
    sources: [{ kind: 'cluster', name: 'prod', pods: 214, objects: 1207 }],
    problems: [],
    notes: [],
    images,
    ...more,
  });
}

const noAnswer = (exitCode: number): NoAnswer => ({
  why: 'unavailable',
  name: 'NetworkError',
  code: 'TIMEOUT',
  message: 'read the manifest v4 of ghcr.io/team/app: no answer within 30s',
  hint: 'Run again later.',
  exitCode,
});
const many = Array.from({ length: 25 }, (_, at) => ({
  context: 'prod',
  namespace: 'shop',
  kind: 'Pod',
  name: `web-${at}`,
}));
const mixed = reportWith(
  [
    image('v1', { kind: 'available' }),
    image('v2', { kind: 'absent' }, { workloads: many, unlisted: 1000 }),
    image(
      'v3',
      { kind: 'incomplete', missing: [digestOf('part')] },
      { image: 'mirror.example.com/app:v3', askedIn: NAME },
    ),
    image('v4', { kind: 'unknown', error: noAnswer(4) }),
    image('x', { kind: 'bad-reference' }, { image: '$(IMAGE)\u202e|<b>' }),
  ],
  {
    notes: [
      'the platforms of context prod are not known (the right to list nodes is missing): images must be whole for all',
    ],
  },
);

describe('the report of a verify', () => {
  it('reads well in a terminal', async () => {
    const text = renderVerify(mixed, { color: false, width: 100 });
    await expect(text).toMatchFileSnapshot('../golden/verify-mixed.txt');
  });

  it('reads well as Markdown', async () => {
    await expect(renderVerifyMarkdown(mixed)).toMatchFileSnapshot('../golden/verify-mixed.md');
  });

  it.each([
    [
      'all there',
      reportWith([image('v1', { kind: 'available' }), image('v2', { kind: 'available' })]),
      /All 2 images/,
      0,
    ],
    ['one there', reportWith([image('v1', { kind: 'available' })]), /The one image that clusters use is there/, 0],
    ['nothing in use', reportWith([]), /nothing was looked for/, 0],
    ['absent', reportWith([image('v1', { kind: 'absent' })]), /1 ABSENT/, 1],
    ['unknown', reportWith([image('v1', { kind: 'unknown', error: noAnswer(4) })]), /1 not known/, 4],
    [
      'refused and unknown',
      reportWith([
        image('a', { kind: 'unknown', error: noAnswer(4) }),
        image('b', { kind: 'unknown', error: noAnswer(3) }),
      ]),
      /2 not known/,
      3,
    ],
    [
      'a repository that cannot be asked',
      reportWith([], { problems: [{ repository: NAME, error: noAnswer(4) }] }),
      /could not be told/,
      4,
    ],
    ['absent beside unknown', mixed, /1 ABSENT, 1 INCOMPLETE/, 1],
  ])('says in one sentence how everything stands, and ends accordingly: %s', (_name, report, text, code) => {
    expect(renderVerify(report, { color: false, width: 300 })).toMatch(text);
    expect(renderVerifyMarkdown(report)).toMatch(text);
    expect(verifyExitCodeOf(report)).toBe(code);
  });

  it.each([
    [new EvidenceError('The context staging cannot be read.', { code: 'EVIDENCE_KUBERNETES', hint: 'Grant it.' }), 5],
    [new AuthError('No.', { code: 'AUTH' }), 3],
  ])('that was stopped tells the error: %s', (error, code) => {
    const report = buildStoppedVerify({ tool: 'registry-cleanup 0.1.0', at: AT, error });
    expect(renderVerifyMarkdown(report)).toContain(error.message);
    expect(renderVerify(report, { color: false, width: 100 })).toContain(error.message);
    expect(verifyExitCodeOf(report)).toBe(code);
  });

  it('stays within a job summary, however many images have gone', () => {
    const images = Array.from({ length: 20_000 }, (_, at) => image(`v${at}`, { kind: 'absent' }));
    expect(new TextEncoder().encode(renderVerifyMarkdown(reportWith(images))).length).toBeLessThanOrEqual(900_000);
  });
});

it.each([
  ['an alarm', worlds['apply-alarm'], 130, 7],
  ['an alarm', worlds['apply-alarm'], undefined, 7],
  ['what was applied', worlds['apply-done'], 143, 143],
  ['what was applied', worlds['apply-done'], undefined, 0],
])('after %s and a signal the process ends accordingly', (_name, world, signal, code) => {
  expect(exitCodeAfter(world!(), signal)).toBe(code);
});

it('a later run takes the report of an alarm for what it knows', () => {
  const report = worlds['apply-alarm']!();
  expect(decodeReport(JSON.stringify(report), 'report.json').firstSeen).toEqual(report.firstSeen);
});
