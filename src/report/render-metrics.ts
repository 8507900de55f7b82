// What a verify found, as metrics in the text format of Prometheus. The classes are those of the image-availability exporter.
// https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md

import type { VerifiedImage } from '../model/verification.ts';
import { compareText } from '../util/compare-text.ts';
import { countImages } from './build-verify-report.ts';

/** What the metrics tell. */
export interface MetricsInput {
  readonly images: readonly VerifiedImage[];
  /** RFC 3339: when the look ended. */
  readonly finishedAt: string;
}

/** The classes, each a metric of its own; exactly one of them is 1 for an image and its user. */
const CLASSES = [
  ['available', 'The image can be pulled.'],
  ['absent', 'The registry says that the image is not there.'],
  ['incomplete', 'The image is there, and a manifest that it lists is not.'],
  ['bad_image_format', 'The name of the image is no image reference.'],
  ['registry_unavailable', 'The registry did not answer in time, or not usably.'],
  ['authentication_failure', 'The registry did not accept the credentials, or asks for some.'],
  ['authorization_failure', 'The credentials may not read the repository, or it is hidden from them.'],
  ['unknown_error', 'Whether the image is there could not be told for another reason.'],
] as const;

type MetricClass = (typeof CLASSES)[number][0];

const PREFIX = 'registry_cleanup_';

/**
 * The metrics, which end in a newline. Series are sorted; no two have the same labels. Labels that do not apply are empty, as Prometheus
 * takes an absent label.
 */
export function renderMetrics({ images, finishedAt }: MetricsInput): string {
  const series = listSeries(images);
  const lines = CLASSES.flatMap(([name, help]) => [
    ...header(`image_${name}`, help),
    ...series.map(([labels, is]) => `${PREFIX}image_${name}{${labels}} ${is === name ? 1 : 0}`),
  ]);
  const totals = countImages(images);
  const counts = [
    ['absent', totals.absent],
    ['available', totals.available],
    ['bad_image_format', totals.badReference],
    ['incomplete', totals.incomplete],
    ['unknown', totals.unknown],
  ];
  return `${[
    ...lines,
    ...header('verify_images', 'How many images that clusters use stand in each way.'),
    ...counts.map(([state, count]) => `${PREFIX}verify_images{state="${state}"} ${count}`),
    ...header('verify_last_run_timestamp_seconds', 'When the last verify that came to its end was finished.'),
    `${PREFIX}verify_last_run_timestamp_seconds ${Math.floor(Date.parse(finishedAt) / 1000)}`,
  ].join('\n')}\n`;
}

function header(name: string, help: string): readonly string[] {
  return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} gauge`];
}

/** Labels with their class. A series that is there twice makes a collector refuse the whole file. */
function listSeries(images: readonly VerifiedImage[]): readonly (readonly [string, MetricClass])[] {
  const series = new Map<string, MetricClass>();
  for (const { image, availability, workloads } of images)
    for (const { context, namespace = '', kind, name, container = '' } of workloads) {
      const labels = Object.entries({ context, namespace, kind, name, container, image });
      const text = labels.map(([label, value]) => `${label}="${escapeLabel(value)}"`).join(',');
      series.set(text, classOf(availability));
    }
  return [...series].sort(([a], [b]) => compareText(a, b));
}

function classOf(availability: VerifiedImage['availability']): MetricClass {
  switch (availability.kind) {
    case 'available':
    case 'absent':
    case 'incomplete':
      return availability.kind;
    case 'bad-reference':
      return 'bad_image_format';
    case 'unknown':
      switch (availability.error.why) {
        case 'unavailable':
          return 'registry_unavailable';
        case 'unauthenticated':
          return 'authentication_failure';
        case 'forbidden':
          return 'authorization_failure';
        case 'other':
          return 'unknown_error';
      }
  }
}

/** As the format wants it; half a surrogate pair would be no UTF-8. */
function escapeLabel(value: string): string {
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
