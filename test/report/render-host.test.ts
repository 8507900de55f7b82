import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { buildStoppedHost, hostExitCodeOf } from '../../src/report/build-host-report.ts';
import { describeHostStatus } from '../../src/report/describe-host.ts';
import type { HostReport } from '../../src/report/host-report.ts';
import { renderHost, renderHostMarkdown } from '../../src/report/render-host.ts';
import { FULL_DISK, makeHostReport, makePlan, makeStore, outcomesOf, STEPS } from '../builders/host-report.ts';
import { HOSTILE, HOSTILE_ON_GITLAB } from '../builders/hostile-text.ts';

const planned = await makeHostReport();
const applied = await makeHostReport({
  result: { kind: 'applied' },
  isConfirmed: true,
  outcomes: outcomesOf(),
  diskAfter: { ...FULL_DISK, availableBytes: 18_000_000_000 },
});
const refused = await makeHostReport({
  result: { kind: 'refused' },
  isConfirmed: true,
  plan: makePlan(await makeStore(), {
    findings: [
      {
        guard: 'empty-repository',
        text: 'registry.example.com/team/app has nothing at all',
        hint: 'Is it the right registry? If all is to go, say --flush.',
      },
    ],
  }),
});
const stopped = buildStoppedHost({
  tool: 'registry-cleanup 0.1.0',
  at: instantFromMs(Date.UTC(2026, 10, 21)),
  error: new EvidenceError('The engine at unix:///var/run/docker.sock does not answer.', {
    code: 'EVIDENCE_ENGINE',
    hint: 'Is it running?',
  }),
});

describe('the report of a host', () => {
  it.each([
    ['planned', planned],
    ['applied', applied],
    ['refused', refused],
    ['stopped', stopped],
  ] as const)('%s reads well as text, narrow text and Markdown', async (name, report) => {
    await expect(renderHost(report, { color: false, width: 120 })).toMatchFileSnapshot(`../golden/host-${name}.txt`);
    await expect(renderHost(report, { color: false, width: 60 })).toMatchFileSnapshot(`../golden/host-${name}-60.txt`);
    await expect(renderHostMarkdown(report)).toMatchFileSnapshot(`../golden/host-${name}.md`);
  });

  it('is whole as JSON', async () => {
    await expect(`${JSON.stringify(applied, null, 2)}\n`).toMatchFileSnapshot('../golden/host-applied.json');
  });

  it.each<[string, HostReport, number]>([
    ['0 for a plan, also one that a guard would refuse', planned, 0],
    ['1 when a step failed', applied, 1],
    ['6 when a guard refused', refused, 6],
    ['5 when the engine could not be read', stopped, 5],
  ])('ends with %s', (_what, report, code) => {
    expect(hostExitCodeOf(report)).toBe(code);
  });

  const done = (available: number | undefined) =>
    makeHostReport({
      result: { kind: 'applied' },
      isConfirmed: true,
      outcomes: STEPS.map((step) => ({ step, outcome: 'deleted' })),
      ...(available === undefined ? {} : { diskAfter: { ...FULL_DISK, availableBytes: available } }),
    });

  it.each([
    ['0 when the disk came to its goal', 20_000_000_000, 0],
    ['1 when the disk is still above its goal', 19_999_999_999, 1],
    ['1 when nobody can tell whether it is', undefined, 1],
  ])('ends with %s', async (_what, available, code) => {
    expect(hostExitCodeOf(await done(available))).toBe(code);
  });

  it('says like kubelet what was wanted and what was found', async () => {
    const text = renderHost(await done(19_000_000_000), { color: false, width: 200 });
    expect(text).toContain('wanted 7.5 GB free, found 7.1 GB that may go; 1.0 GB are still missing.');
  });

  it.each([
    ['a plan of nothing', { result: { kind: 'planned' } }, 'Nothing to delete.'],
    ['an apply of nothing', { result: { kind: 'applied' } }, 'Nothing to delete.'],
  ] as const)('of %s says so', async (_what, result, text) => {
    const store = await makeStore();
    const plan = makePlan(store, { steps: [] });
    expect(describeHostStatus(await makeHostReport({ ...result, plan }))).toBe(text);
  });

  it('counts nothing as freed that was skipped or failed', () => {
    const all = planned.totals.freesBytes;
    expect(applied.totals).toMatchObject({ deleted: STEPS.length - 2, skipped: 1, failed: 1 });
    expect(applied.totals.freesBytes).toBe(all - 4.2e9 - 1.5e9);
  });

  it('names by digest what was deleted and can be pulled again, and nothing else', async () => {
    const text = renderHost(await done(20_000_000_000), { color: false, width: 200 });
    const list = text.slice(text.indexOf('Can be pulled again')).split('\n').slice(1, 3);
    expect(list.map((line) => line.trim().replace(/@sha256:[0-9a-f]{64}$/, '@'))).toEqual([
      'registry.example.com/team/app@',
      'dimgstage-app@',
    ]);
    expect(renderHost(applied, { color: false, width: 200 })).not.toContain('Can be pulled again');
  });

  it('speaks in the words of the action where the action runs it', () => {
    expect(renderHostMarkdown(planned, { frontEnd: 'action' })).toContain('Do it with confirm.');
  });
});

describe('hostile names in the report of a host', () => {
  it('act upon no terminal, no log and no Markdown', async () => {
    const texts = [...HOSTILE, ...HOSTILE_ON_GITLAB, '::error::x', '\u001b[31mred', 'a\u202eb'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...texts), async (text) => {
        const report = hostile(planned, text);
        for (const line of renderHost(report, { color: false, width: 100 }).split('\n')) {
          expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
          expect(line.trimStart()).not.toMatch(/^(?:::|##\[)/);
        }
        const markdown = renderHostMarkdown(report);
        expect(countLines(markdown)).toBe(countLines(renderHostMarkdown(hostile(planned, 'harmless'))));
        for (const line of markdown.split('\n')) expect(line).not.toMatch(/^\/[a-z]/);
      }),
      { numRuns: texts.length * 2 },
    );
  });
});

/** The report with the text wherever an engine, a registry or a user put one. */
function hostile(report: HostReport, text: string): HostReport {
  const reason = { rule: 'pin', text };
  return {
    ...report,
    engine: { kind: 'docker', title: text, address: text },
    images: report.images.map((image) => ({ ...image, names: [text], digests: [text], reasons: [reason] })),
    steps: report.steps.map((step) => ({ ...step, names: [text], reasons: [reason], text, outcome: 'failed' })),
    notes: [text],
    guards: [{ guard: 'empty-repository', text, hint: text }],
  };
}

function countLines(text: string): number {
  return text.split('\n').length;
}
