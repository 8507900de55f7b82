// What docs/kubernetes.md says is so: its kinds, its policy files, its options.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePolicyFile } from '../../src/config/parse-policy-file.ts';
import { RESOURCE_KINDS } from '../../src/kubernetes/kinds/resource-kinds.ts';
import { isForCommand, type OptionCommand } from '../../src/options/option.ts';
import { selectOptions } from '../../src/options.ts';
import { root } from '../support/source-files.ts';

describe('docs/kubernetes.md', () => {
  const text = readFileSync(join(root, 'docs', 'kubernetes.md'), 'utf8');

  it('has a table of exactly the kinds that are read', () => {
    const [, table = ''] = /<!-- kinds:start -->(.*)<!-- kinds:end -->/s.exec(text) ?? [];
    const rows = table.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:API group|---)/.test(line));
    const told = rows.flatMap((row) => {
      const [groups = '', kinds = ''] = row.slice(2).split(' | ');
      const names = groups.replaceAll('`', '').replace('core', '').split(', ');
      return kinds.split(', ').map((kind) => ({ groups: names, kind }));
    });
    const read = RESOURCE_KINDS.map(({ kind, group }) => ({ kind, group }));
    expect(told.map(({ kind }) => kind).toSorted()).toEqual(read.map(({ kind }) => kind).toSorted());
    expect(
      read.filter(({ kind, group }) => !told.some((row) => row.kind === kind && row.groups.includes(group))),
    ).toEqual([]);
  });

  it('shows only policy files without mistakes', () => {
    const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) =>
      block.replaceAll(/^ {2}(?=kubernetes:| {2})/gm, ''),
    );
    const policies = blocks.filter((block) => block.includes('kubernetes:'));
    expect(policies.length).toBeGreaterThanOrEqual(3);
    for (const policy of policies) expect(parsePolicyFile(policy, 'docs').mistakes).toEqual([]);
  });

  it('names only commands and options that there are', () => {
    const flags = [...text.matchAll(/registry-cleanup (\w+)([^|\n]*)/g)].flatMap(([, command = '', rest = '']) =>
      [...rest.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => ({ command, name })),
    );
    expect(flags.length).toBeGreaterThan(5);
    const isKnown = ({ command, name }: { command: string; name: string }) =>
      selectOptions('cli').some((option) => option.name === name && isForCommand(option, command as OptionCommand));
    expect(flags.filter((flag) => /^(?:plan|apply|verify|rbac)$/.test(flag.command) && !isKnown(flag))).toEqual([]);
  });
});
