// What is said in several places is said alike: action.yml, the README, the JSON Schema and the version follow the code.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import {
  ACTION_MARKS,
  README_MARKS,
  renderActionInputs,
  renderOptionTable,
  replaceBetween,
} from '../scripts/write-readme-tables.ts';
import { renderPolicySchema } from '../src/config/policy-schema.ts';
import type { Option } from '../src/options/option.ts';
import { OPTIONS } from '../src/options/option-table.ts';
import { listDeprecations, selectOptions } from '../src/options.ts';
import { TOOL } from '../src/version.ts';

const root = join(import.meta.dirname, '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');

interface Action {
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly default?: string; readonly required?: boolean }>
  >;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: { readonly using: string; readonly main: string };
}

describe('action.yml', () => {
  const text = read('action.yml');
  const action = parseYaml(text) as Action;

  it('has exactly the inputs of the option table, in its order and with its defaults', () => {
    const expected = selectOptions('action').map((option) => [
      option.name,
      option.fileKey === undefined ? (option.actionDefault ?? option.default) : undefined,
    ]);
    expect(expected.length).toBeGreaterThan(20);
    expect(Object.entries(action.inputs).map(([name, input]) => [name, input.default])).toEqual(expected);
  });

  it('describes every input as the table does (node scripts/write-readme-tables.ts)', () => {
    expect(text).toBe(replaceBetween(text, ACTION_MARKS, renderActionInputs()));
  });

  it('describes every input and output, and starts the bundle with Node 24', () => {
    const described = [...Object.values(action.inputs), ...Object.values(action.outputs)];
    expect(described.filter(({ description }) => description.length < 10)).toEqual([]);
    expect(Object.keys(action.outputs).sort()).toEqual(
      [
        'plan-file',
        'kept-count',
        'deleted-count',
        'untagged-count',
        'failed-count',
        'left-count',
        'restored-count',
        'recorded-count',
        'absent-count',
        'reclaimable-bytes',
        'report-file',
      ].sort(),
    );
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' });
  });
});

describe('the option table', () => {
  it('names every option once', () => {
    const names = OPTIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has a word for every value, a default among the choices, and no default for a secret', () => {
    for (const option of OPTIONS as readonly Option[]) {
      expect([option.name, option.kind === 'flag']).toEqual([option.name, option.value === undefined]);
      if (option.choices !== undefined) expect(option.choices).toContain(option.default);
      if (option.secret === true) expect(option).not.toHaveProperty('default');
    }
  });

  it('says of a deprecated option what to use instead, wherever it is shown or given', () => {
    const old: Option = {
      name: 'old-name',
      kind: 'flag',
      group: 'Guards',
      help: 'Does something.',
      deprecated: { since: '0.3.0', instead: 'new-name' },
    };
    expect(renderActionInputs([old])).toContain('    deprecationMessage: "deprecated since 0.3.0: use new-name"\n');
    expect(listDeprecations({ 'old-name': true }, [old])).toEqual(['--old-name: deprecated since 0.3.0: use new-name']);
    expect(listDeprecations({}, [old])).toEqual([]);
    expect(renderActionInputs()).not.toContain('deprecationMessage');
  });
});

it('docs/policy.schema.json is what the code says (npm run schema)', () => {
  expect(read('docs/policy.schema.json')).toBe(renderPolicySchema());
});

it('the version is the same in package.json and in reports', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(TOOL).toBe(`registry-cleanup ${version}`);
});

it('README.md has the option table (node scripts/write-readme-tables.ts)', () => {
  expect(existsSync(join(root, 'README.md')), 'README.md is there').toBe(true);
  const readme = read('README.md');
  expect(readme).toBe(replaceBetween(readme, README_MARKS, `\n${renderOptionTable()}\n`));
});
