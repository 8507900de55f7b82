// A report of `host` in which every place that can hold text from outside holds it.

import type { HostDropReason, HostKeepReason, HostPlan, HostStep } from '../../src/model/host-plan.ts';
import type { LocalImage } from '../../src/model/local-store.ts';
import { hours, instantFromMs } from '../../src/model/time.ts';
import { buildHostReport } from '../../src/report/build-host-report.ts';
import type { HostReport } from '../../src/report/host-report.ts';
import { FULL_DISK } from './host-report.ts';
import { containerIdOf, createMemoryEngine, localImage } from './memory-engine.ts';

const AT = instantFromMs(Date.UTC(2026, 10, 21));

function keepsOf(text: string): readonly HostKeepReason[] {
  return [
    { rule: 'container', container: text, state: text },
    { rule: 'age-unknown', why: text },
    { rule: 'pin', pin: text },
    { rule: 'in-registry', reference: text },
    { rule: 'in-doubt', why: text },
  ];
}

function dropsOf(text: string): readonly HostDropReason[] {
  return [
    { rule: 'improper-cache-version', label: text, value: text, current: text },
    { rule: 'improper-git-commit', what: text, found: { kind: 'label', name: text } },
    { rule: 'absent-from-registry', reference: text },
  ];
}

/** Names of images are an engine's, and no text of anybody's is ever one: that they are escaped is seen all the same. */
function imagesOf(text: string): readonly LocalImage[] {
  const holds = { names: [text], digests: [text] };
  return [localImage('kept', holds), localImage('deleted', holds), localImage('untagged', holds)];
}

function stepsOf(text: string, { id }: LocalImage): readonly HostStep[] {
  const reasons = dropsOf(text);
  return [
    {
      action: 'delete-container',
      id: containerIdOf('c'),
      name: text,
      reasons: [{ rule: 'max-per-pod-container', unit: text, limit: 1 }],
    },
    { action: 'delete-image', id, names: [text], reasons, freesBytes: 1 },
    { action: 'untag-image', id, names: [text], reasons },
    { action: 'delete-folder', path: text, unusedFor: hours(1), freesBytes: 1 },
  ];
}

/** The report. Steps that went, failed and were skipped are told in different places. */
export async function hostReportFullOf(text: string): Promise<HostReport> {
  const images = imagesOf(text);
  const [kept, deleted, untagged] = images as [LocalImage, LocalImage, LocalImage];
  const store = await createMemoryEngine(images).gateway.readStore();
  const steps = stepsOf(text, deleted);
  const names = [text];
  const plan: HostPlan = {
    createdAt: AT,
    engine: { ...store.engine, title: text, address: text },
    images: [
      { decision: 'keep', id: kept.id, names, reasons: keepsOf(text) },
      { decision: 'delete', id: deleted.id, names, reasons: dropsOf(text) },
      { decision: 'untag', id: untagged.id, names, remove: names, reasons: dropsOf(text), keptFor: keepsOf(text) },
    ],
    containersKept: 1,
    steps: [...steps, ...steps],
    disk: { before: { ...FULL_DISK, path: text }, usedPercent: 88, wantedBytes: 1, eligibleBytes: 1 },
    findings: [{ guard: 'empty-repository', text, hint: text }],
    remarks: [text],
  };
  return buildHostReport({
    tool: text,
    startedAt: AT,
    finishedAt: AT,
    result: { kind: 'stopped', error: { name: 'EvidenceError', code: text, message: text, hint: text, exitCode: 5 } },
    isConfirmed: true,
    engine: plan.engine,
    store,
    plan,
    outcomes: [
      ...steps.map((step) => ({ step, outcome: 'deleted' as const, text })),
      ...steps.map((step, at) => ({ step, outcome: at % 2 === 0 ? ('failed' as const) : ('skipped' as const), text })),
    ],
    notes: [text],
  });
}
