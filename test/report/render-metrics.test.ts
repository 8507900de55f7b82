import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Availability, NoAnswer, VerifiedImage } from '../../src/model/verification.ts';
import { renderMetrics } from '../../src/report/render-metrics.ts';

const AT = '2026-11-22T03:04:05Z';
const noAnswer = (why: NoAnswer['why']): Availability => ({
  kind: 'unknown',
  error: { why, name: 'NetworkError', code: 'NETWORK', message: 'no', exitCode: 4 },
});
const image = (name: string, availability: Availability, ...users: readonly string[]): VerifiedImage => ({
  image: name,
  availability,
  workloads: users.map((user) => ({
    context: 'prod',
    namespace: 'shop',
    kind: 'Deployment',
    name: user,
    container: 'app',
  })),
});

/** The line grammar of the text format, strictly: what it does not match, a collector refuses. */
const SERIES = /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>.*)\})? (?<value>-?\d+)$/su;
const LABEL = /^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"(?:,|$)/u;

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function parse(text: string): readonly Sample[] {
  expect(text.endsWith('\n')).toBe(true);
  const typed = new Set<string>();
  const done = new Set<string>();
  const seen = new Set<string>();
  let current = '';
  return text
    .slice(0, -1)
    .split('\n')
    .flatMap((line): Sample[] => {
      const comment = /^# (?<word>HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<rest>.+)$/u.exec(line)?.groups;
      if (comment !== undefined) {
        if (comment['word'] === 'TYPE') {
          expect(comment['rest']).toBe('gauge');
          expect(typed).not.toContain(comment['name']);
          typed.add(comment['name'] ?? '');
        }
        return [];
      }
      const sample = parseSeries(line);
      expect(typed).toContain(sample.name);
      // All lines of a metric stand together.
      if (sample.name !== current) expect(done).not.toContain(sample.name);
      done.add(current);
      current = sample.name;
      const key = JSON.stringify([sample.name, sample.labels]);
      expect(seen).not.toContain(key);
      seen.add(key);
      return [sample];
    });
}

function parseSeries(line: string): Sample {
  const found = SERIES.exec(line)?.groups;
  if (found === undefined) throw new Error(`no line of the format: ${line}`);
  const labels: Record<string, string> = {};
  let rest = found['labels'] ?? '';
  while (rest !== '') {
    const label = LABEL.exec(rest);
    if (label?.groups === undefined) throw new Error(`no label: ${rest}`);
    labels[label.groups['name'] ?? ''] = (label.groups['value'] ?? '').replace(/\\(.)/g, (_whole, char: string) =>
      char === 'n' ? '\n' : char,
    );
    rest = rest.slice(label[0].length);
  }
  return { name: found['name'] ?? '', labels, value: Number(found['value']) };
}

const classes = (samples: readonly Sample[], name: string) =>
  samples
    .filter((sample) => sample.value === 1 && sample.labels['image'] === name)
    .map((sample) => sample.name.replace('registry_cleanup_image_', ''));

describe('metrics', () => {
  it.each<[string, Availability]>([
    ['available', { kind: 'available' }],
    ['absent', { kind: 'absent' }],
    ['incomplete', { kind: 'incomplete', missing: [] }],
    ['bad_image_format', { kind: 'bad-reference' }],
    ['registry_unavailable', noAnswer('unavailable')],
    ['authentication_failure', noAnswer('unauthenticated')],
    ['authorization_failure', noAnswer('forbidden')],
    ['unknown_error', noAnswer('other')],
  ])('exactly one class is 1 for an image and its user: %s', (name, availability) => {
    const samples = parse(renderMetrics({ images: [image('app:1', availability, 'web')], finishedAt: AT }));
    expect(classes(samples, 'app:1')).toEqual([name]);
    expect(samples.filter(({ labels }) => labels['image'] === 'app:1')).toHaveLength(8);
  });

  it('tell who uses the image, how many stand how, and when', () => {
    const images = [image('app:1', { kind: 'absent' }, 'web', 'api'), image('app:2', { kind: 'available' }, 'web')];
    const text = renderMetrics({ images, finishedAt: AT });
    expect(text).toContain(
      'registry_cleanup_image_absent{context="prod",namespace="shop",kind="Deployment",name="api",container="app",image="app:1"} 1\n',
    );
    expect(text).toContain('registry_cleanup_verify_images{state="absent"} 1\n');
    expect(text).toContain('registry_cleanup_verify_images{state="available"} 1\n');
    expect(text).toContain(`registry_cleanup_verify_last_run_timestamp_seconds ${Date.parse(AT) / 1000}\n`);
    expect(text).toContain('# TYPE registry_cleanup_image_available gauge\n');
    expect(text.match(/^# HELP /gm)).toHaveLength(10);
  });

  it('are the same in whatever order the images come, and name no series twice', () => {
    const a = image('app:1', { kind: 'available' }, 'web', 'web', 'api');
    const b = image('app:2', { kind: 'absent' }, 'web');
    expect(renderMetrics({ images: [a, b], finishedAt: AT })).toBe(renderMetrics({ images: [b, a], finishedAt: AT }));
    parse(renderMetrics({ images: [a, b, a], finishedAt: AT }));
  });

  it('survive whatever a cluster writes into names: property', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\\', '"', '\n', '",x="', '} 1\n# ', '\ud800'),
    );
    fc.assert(
      fc.property(text, text, text, (name, namespace, label) => {
        const workload = { context: label, namespace, kind: 'Pod', name };
        const images = [{ image: label, availability: { kind: 'absent' }, workloads: [workload] } as const];
        const [sample] = parse(renderMetrics({ images, finishedAt: AT })).filter(({ value }) => value === 1);
        expect(sample?.labels).toEqual({
          context: label.toWellFormed(),
          namespace: namespace.toWellFormed(),
          kind: 'Pod',
          name: name.toWellFormed(),
          container: '',
          image: label.toWellFormed(),
        });
      }),
    );
  });
});
