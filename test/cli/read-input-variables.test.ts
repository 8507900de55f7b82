// Options from variables, as the templates for GitLab CI give them.

import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { inputVariableOf, listVariableOptions, readInputVariables } from '../../src/cli/read-input-variables.ts';
import { UsageError } from '../../src/errors.ts';

/** What `plan` gets from variables with these ends of their names. */
function given(variables: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const named = Object.entries(variables).map(([end, text]) => [`REGISTRY_CLEANUP_INPUT_${end}`, text] as const);
  return Object.fromEntries(readInputVariables(Object.fromEntries(named), 'plan'));
}

function complaint(variables: Readonly<Record<string, string>>): string {
  try {
    given(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof UsageError ? error.message : '';
  }
  return 'nothing';
}

describe('a list in a variable', () => {
  it.each([
    ['one a line, blank lines and edges left out', ' a/b \n\n\tc/d\r\n', ['a/b', 'c/d']],
    ['one alone', 'a/b', ['a/b']],
    ['a JSON array, as an array comes out within a text', ' ["a/b", "c/d"]', ['a/b', 'c/d']],
    [
      'an array with what a shell would act on',
      String.raw`["a;b", "$(c)", "d'e", "f\"g", "-h"]`,
      ['a;b', '$(c)', "d'e", 'f"g', '-h'],
    ],
    ['a number among texts', '["a", 7]', ['a', '7']],
    ['an array whose entry has expanded to nothing: an empty entry, which is told later', '[""]', ['']],
  ])('is %s', (_, text, expected) => {
    expect(given({ NAMESPACE: text })).toEqual({ namespace: expected });
  });

  it.each([
    ['an empty text', ''],
    ['blanks', ' \n '],
    ['an empty array', ' []'],
  ])('that is %s is not given', (_, text) => {
    expect(given({ NAMESPACE: text })).toEqual({});
  });

  it.each([
    ['an array that does not end', '["a"'],
    ['an array of arrays', '[["a"]]'],
    ['an array with nothing in it but null', '[null]'],
    ['a flag in an array', '[true]'],
    ['a number that JSON cannot hold', '[12345678901234567890]'],
    ['an escape of another language', String.raw`["a\#$b"]`],
    ['a backslash that has become a control character', String.raw`["a\bc"]`],
    ['an entry of two lines', String.raw`["a\nb"]`],
  ])('that is %s is a mistake', (_, text) => {
    expect(complaint({ NAMESPACE: text })).toContain('expected an entry a line, or a JSON array of texts');
  });
});

describe('a variable', () => {
  it('gives a text as it is, and a flag as the text that should be one', () => {
    expect(given({ CONFIG: ' a b.yml', UNTAG: 'true', WITHOUT_KUBE: ' false' })).toEqual({
      config: ' a b.yml',
      untag: 'true',
      'without-kube': ' false',
    });
  });

  it('for another command says nothing', () => {
    expect(given({ JOURNAL: 'j.jsonl', METRICS: 'm.prom' })).toEqual({});
  });

  it('that no option has is a mistake, with the nearest name; all are told at once', () => {
    expect(complaint({ NAMESPCE: 'a', WHATEVER_IT_IS: '', CONFIG: 'x' })).toBe(
      '2 mistakes in the settings:\n' +
        '  REGISTRY_CLEANUP_INPUT_NAMESPCE: no option has this name; did you mean "REGISTRY_CLEANUP_INPUT_NAMESPACE"?\n' +
        '  REGISTRY_CLEANUP_INPUT_WHATEVER_IT_IS: no option has this name',
    );
  });

  it.each(['COMMAND', 'PASSWORD_STDIN'])('cannot give %s', (end) => {
    expect(complaint({ [end]: 'true' })).toContain('no option has this name');
  });

  it('has a name for every option, and no two share one', () => {
    const names = listVariableOptions().map(({ name }) => inputVariableOf(name));
    expect(names.length).toBeGreaterThan(30);
    expect(new Set(names).size).toBe(names.length);
    expect(inputVariableOf('kube-config-base64')).toBe('REGISTRY_CLEANUP_INPUT_KUBE_CONFIG_BASE64');
  });
});

it('the command line outranks an input variable, and that the older variables', () => {
  const environment = {
    REGISTRY_CLEANUP_USERNAME: 'old',
    REGISTRY_CLEANUP_INPUT_USERNAME: 'input',
    REGISTRY_CLEANUP_INPUT_CONFIG: 'input.yml',
  };
  expect(parseArguments(['plan', '--config', 'word.yml'], environment)).toMatchObject({
    raw: { username: 'input', config: 'word.yml' },
  });
});
