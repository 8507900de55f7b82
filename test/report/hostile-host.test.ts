// Whatever an engine, a registry or a label says on a build machine: in the report of `host` it stays text.

import { describe, expect, it } from 'vitest';
import { renderHost, renderHostMarkdown } from '../../src/report/render-host.ts';
import { hostReportFullOf } from '../builders/hostile-host.ts';
import { HOSTILE } from '../builders/hostile-text.ts';

/** Line by line: what a Markdown line begins with, and how many cells it has. */
function shapeOf(markdown: string): readonly string[] {
  return markdown
    .split('\n')
    .map(
      (line) => `${/^(?:#+ |\||- |<\/?(?:details|summary)>|\*\*)?/.exec(line)?.[0]}${line.split(/(?<!\\)\|/).length}`,
    );
}

describe('the report of a host', () => {
  it.each(HOSTILE)('has as Markdown no line and no cell more for %j', async (text) => {
    const shape = shapeOf(renderHostMarkdown(await hostReportFullOf(text), { frontEnd: 'action' }));
    const lines = text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(() => 'benign');
    expect(shape).toEqual(
      shapeOf(renderHostMarkdown(await hostReportFullOf(lines.join('\n')), { frontEnd: 'action' })),
    );
  });

  it.each(HOSTILE)('has as text neither control characters nor a command of a runner for %j', async (text) => {
    const shown = renderHost(await hostReportFullOf(text), { color: false, width: 100, frontEnd: 'action' });
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    expect(shown.split('\n').filter((line) => /^\s*(?:::|##\[)/.test(line))).toEqual([]);
  });
});
