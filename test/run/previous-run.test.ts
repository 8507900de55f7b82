// What runs leave for each other, and what of it survives a run that stops.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPlan } from '../../src/cleanup.ts';
import type { Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { hours, type Instant, instantFromMs } from '../../src/model/time.ts';
import { decodeReport } from '../../src/report/decode-report.ts';
import type { Report } from '../../src/report/report.ts';
import { addToLayout, buildImage, makeLayout } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW, policyOf } from '../builders/snapshot.ts';

const NAME = 'registry.example.com/shop/app';
const OLD = '2026-01-01T00:00:00Z';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-cleanup-runs-'));
  await makeLayout(join(folder, 'layout'));
  await addToLayout(join(folder, 'layout'), buildImage({ seed: 'first', created: OLD }), ['first']);
  await use('elsewhere.example.com/other:1');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function use(image: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'app', image }] },
  };
  await writeFile(join(folder, 'pod.json'), JSON.stringify(pod));
}

function settingsFor(more: Partial<Settings>): Settings {
  return {
    command: 'plan',
    repositories: [{ kind: 'oci-layout', directory: join(folder, 'layout'), repository: parseRepository(NAME) }],
    policy: policyOf(),
    registry: { plainHttp: false },
    git: 'off',
    kubernetes: kubernetesSettings({ manifests: [join(folder, 'pod.json')] }),
    forge: 'off',
    missing: [],
    journal: join(folder, 'journal.jsonl'),
    format: 'text',
    logLevel: 'info',
    ...more,
  };
}

/** Plans `hoursLater` than {@link NOW}, with the report of the run before. */
async function run(
  hoursLater: number,
  files: { readonly previous?: string; readonly report: string },
): Promise<Report> {
  const now = (): Instant => instantFromMs(NOW + hours(hoursLater));
  const settings = settingsFor({
    reportFile: join(folder, files.report),
    ...(files.previous === undefined ? {} : { previousReport: join(folder, files.previous) }),
  });
  return await runPlan(settings, { log: silentLog, environment: {}, now });
}

function decisionOn(report: Report, tag: string): string | undefined {
  const decisions = report.plan?.repositories.flatMap((repository) => repository.decisions) ?? [];
  return decisions.find(({ tags }) => tags.some((other) => other === tag))?.decision;
}

describe('an image whose date lies', () => {
  it('counts as new when it was not there in the run before, and as old when it was', async () => {
    await run(0, { report: '1.json' });
    await addToLayout(join(folder, 'layout'), buildImage({ seed: 'cached', created: OLD }), ['cached']);
    const second = await run(1, { previous: '1.json', report: '2.json' });
    expect([decisionOn(second, 'first'), decisionOn(second, 'cached')]).toEqual(['delete', 'keep']);
    const third = await run(6, { previous: '2.json', report: '3.json' });
    expect(decisionOn(third, 'cached')).toBe('delete');
  });

  it('counts as new in a repository that the run before did not look at', async () => {
    await run(0, { report: '1.json' });
    const report = JSON.parse(await readFile(join(folder, '1.json'), 'utf8')) as Record<string, unknown>;
    await writeFile(join(folder, 'other.json'), JSON.stringify({ ...report, firstSeen: {} }));
    expect(decisionOn(await run(1, { previous: 'other.json', report: '2.json' }), 'first')).toBe('keep');
  });
});

describe('a run that stops', () => {
  it('hands on what the run before it knew: ages and evidence', async () => {
    const first = await run(0, { report: '1.json' });
    await writeFile(join(folder, 'pod.json'), '{');
    const stopped = await run(1, { previous: '1.json', report: '2.json' });
    expect(stopped.result.kind).toBe('stopped');
    const known = decodeReport(await readFile(join(folder, '2.json'), 'utf8'), '2.json');
    expect(known.firstSeen).toEqual(first.firstSeen);
    expect(known.evidence).toEqual(first.plan?.evidence);
  });
});

describe('an image that somebody fills in later', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what stands in the manifest
  it.each(['${IMAGE}', 'ghcr.io/$ORG/app:v1', '$(REGISTRY)/app', '<image>'])('stops the run: %s', async (image) => {
    await use(image);
    const report = await run(0, { report: '1.json' });
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'EVIDENCE_KUBERNETES', exitCode: 5 } });
  });
});

describe('a report file', () => {
  it('that cannot be written is told before anything is read, and the run ends so', async () => {
    await writeFile(join(folder, 'file'), '');
    const report = await run(0, { report: 'file/report.json' });
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'USAGE', exitCode: 2 } });
    expect(report).not.toHaveProperty('plan');
  });

  it('that is a folder is told with the result, which is not lost', async () => {
    const report = await run(0, { report: '.' });
    expect(report.result).toMatchObject({ kind: 'stopped', error: { code: 'USAGE', exitCode: 2 } });
    expect(report).toHaveProperty('plan');
  });
});
