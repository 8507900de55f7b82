// werf.yaml as people write it: with templates, several documents, comments. What a template writes is never guessed.

import { describe, expect, it } from 'vitest';
import { isWerfFile, parseWerfFile } from '../../src/config/parse-werf-file.ts';

const META = 'project: shop\nconfigVersion: 1\n';
const POLICY = 'cleanup:\n  keepImagesBuiltWithinLastNHours: 5\n';
const FIVE = { cleanup: { keepImagesBuiltWithinLastNHours: 5 } };
const RENDER = '; render it: werf config render > rendered.yaml, then --config rendered.yaml';

const parse = (text: string) => parseWerfFile(text, 'werf.yaml');
const tell = (text: string) => parse(text).mistakes.map(({ place, text: said }) => `${place}: ${said}`);

describe('the blocks of a werf.yaml count', () => {
  it.each([
    ['in a file without templates', `${META}${POLICY}`],
    ['with the key configVersion alone', `configVersion: 1\n${POLICY}`],
    ['before project', `${POLICY}${META}`],
    [
      'with a template in another key',
      `project: {{ env "PROJECT" }}\nconfigVersion: 1\n${POLICY}deploy:\n  helmRelease: "{{ .Env }}"\n`,
    ],
    ['after a template that writes nothing', `{{- $base := "alpine" -}}\n{{/* made by hand */}}\n${META}${POLICY}`],
    [
      'before other documents with templates',
      `${META}${POLICY}---\n{{ range $i := list 1 2 }}\n---\nimage: app-{{ $i }}\n{{ end }}\n`,
    ],
    ['before a branch of documents that follows at once', `${META}${POLICY}{{ if .x }}\n---\nimage: a\n{{ end }}`],
    [
      'before a template that is only defined',
      `${META}${POLICY}{{ define "x" }}\n---\ncleanup:\n  disable: true\n{{ end }}\n`,
    ],
    [
      'after a template that is only defined',
      `{{ define "x" }}\ncleanup:\n  disable: true\n---\n{{ end }}\n${META}${POLICY}`,
    ],
    [
      'when a key stands between it and a template that writes keys',
      `${META}${POLICY}build: {}\n{{ include "rest" . }}\n`,
    ],
    [
      'around a template that is only defined',
      `${META}{{ define "x" }}\ncleanup:\n  disable: true\n{{ end }}\n${POLICY}`,
    ],
    [
      'with a comment of the template inside',
      `${META}cleanup:\n  {{/* a word }} on it */}}\n  keepImagesBuiltWithinLastNHours: 5\n`,
    ],
    [
      'with a comment that takes the line break before it',
      `${META}cleanup: # ours\n  {{- /* note */}}\n  keepImagesBuiltWithinLastNHours: 5\n`,
    ],
    [
      'with lines that end in carriage return and line feed',
      `${META}${POLICY}---\nimage: a\n`.replaceAll('\n', '\r\n'),
    ],
    ['behind a byte order mark', `\uFEFF${META}${POLICY}`],
    ['behind a byte order mark, when it is the first key', `\uFEFF${POLICY}${META}`],
    ['with its key in quotes', `${META}"cleanup":\n  'keepImagesBuiltWithinLastNHours': 5 # hours\n`],
    ['with a blank before the colon', `${META}cleanup :\n  keepImagesBuiltWithinLastNHours: 5\n`],
    ['in braces', `${META}cleanup: {keepImagesBuiltWithinLastNHours: 5}\n`],
    ['in braces that end at the margin', `${META}cleanup: {\n  keepImagesBuiltWithinLastNHours: 5\n  }\n`],
    ['in a document that begins with hyphens', `# a comment\n---\n${META}${POLICY}`],
    [
      'in a document with a wider margin',
      `  project: shop\n  configVersion: 1\n  cleanup:\n    keepImagesBuiltWithinLastNHours: 5\n`,
    ],
    ['in a later document, when the first one is an image', `image: a\nfrom: alpine\n---\n${META}${POLICY}`],
    ['beside hyphens in a text', `${META}deploy:\n  note: |\n    ---\n    cleanup:\n      disable: true\n${POLICY}`],
    ['beside braces that a template writes', `${META}deploy:\n  note: {{ "{{ cleanup: }}" }}\n${POLICY}`],
    ['beside a template over several lines', `{{ $x := dict\n  "cleanup" "---"\n---\n}}\n${META}${POLICY}`],
    ['with lines that end in a carriage return alone', `${META}${POLICY}`.replaceAll('\n', '\r')],
    ['with a line separator of Unicode before it', `${META.trim()}\u2028${POLICY}`],
    ['and those of a second document do not', `${META}${POLICY}---\ncleanup:\n  disable: true\n`],
  ])('%s', (_name, text) => {
    expect(tell(text)).toEqual([]);
    expect(parse(text).file).toEqual(FIVE);
  });

  it.each([
    ['no block', META, {}],
    ['an empty block', `${META}cleanup:\n  # nothing yet\n`, {}],
    ['a block that is null', `${META}cleanup: ~\ngitWorktree: null # no\n`, {}],
    [
      'both blocks',
      `${META}gitWorktree:\n  allowUnshallow: false\ncleanup:\n  disable: true\n`,
      { gitWorktree: { allowUnshallow: false }, cleanup: { disable: true } },
    ],
  ])('as %s', (_name, text, expected) => {
    expect(tell(text)).toEqual([]);
    expect(parse(text).file).toEqual(expected);
  });
});

describe('a block that a template writes is an error that says to render it', () => {
  it.each([
    [
      'a value in it',
      `${META}cleanup:\n  keepImagesBuiltWithinLastNHours: {{ .hours }}\n`,
      [`werf.yaml:4:36: the block cleanup has a template in it, "{{ .hours }}"${RENDER}`],
    ],
    [
      'an expression in it',
      `${META}cleanup:\n  keepPolicies:\n  - references:\n      branch: /^(main|{{ env "B" }})$/\n`,
      [`werf.yaml:6:23: the block cleanup has a template in it, "{{ env \\"B\\" }}"${RENDER}`],
    ],
    [
      'a branch in it',
      `${META}cleanup:\n  {{ if eq .Env "prod" }}\n  disable: true\n  {{ end }}\n`,
      [`werf.yaml:4:3: the block cleanup has a template in it, "{{ if eq .Env \\"prod\\" }}"${RENDER}`],
    ],
    [
      'a branch around it',
      `${META}{{ if .Env }}\n${POLICY}{{ end }}\n`,
      [`werf.yaml:3:1: the block cleanup stands inside "{{ if .Env }}"${RENDER}`],
    ],
    [
      'another one in each branch',
      `${META}{{ if .Env }}\n${POLICY}{{ else }}\n${POLICY}{{ end }}\n`,
      [
        `werf.yaml:3:1: the block cleanup stands inside "{{ if .Env }}"${RENDER}`,
        `werf.yaml:3:1: the block cleanup stands inside "{{ if .Env }}"${RENDER}`,
      ],
    ],
    [
      'a branch around the whole document',
      `{{ with .x }}\n${META}${POLICY}{{ end }}`,
      [`werf.yaml:1:1: the block cleanup stands inside "{{ with .x }}"${RENDER}`],
    ],
    [
      'a template that writes all of it',
      `${META}cleanup:\n{{ include "policies" . | indent 2 }}\n`,
      [
        `werf.yaml:4:1: "{{ include \\"policies\\" . | indent 2 }}" may go on with the block cleanup, which it follows: move the block before another key, or render it: werf config render > rendered.yaml, then --config rendered.yaml`,
      ],
    ],
    [
      'a template that may go on with it',
      `${META}${POLICY}\n{{ include "more" . }}\n---\nimage: a\n`,
      [
        `werf.yaml:6:1: "{{ include \\"more\\" . }}" may go on with the block cleanup, which it follows: move the block before another key, or render it: werf config render > rendered.yaml, then --config rendered.yaml`,
      ],
    ],
    [
      'a template at the margin that may write it',
      `${META}{{ include "cleanup" . }}\n`,
      [`werf.yaml:3:1: "{{ include \\"cleanup\\" . }}" may write the block cleanup, and no other one is here${RENDER}`],
    ],
    [
      'a template that takes the blanks before it, and may write it',
      `${META}    {{- tpl (.Files.Get "x") . | nindent 0 }}\n`,
      [
        `werf.yaml:3:5: "{{- tpl (.Files.Get \\"x\\") . | nindent 0 }}" may write the block cleanup, and no other one is here${RENDER}`,
      ],
    ],
    [
      'a template that takes the line before it, too',
      `${META}    {{- include "cleanup" . }}\n`,
      [
        `werf.yaml:3:5: "{{- include \\"cleanup\\" . }}" may write the block cleanup, and no other one is here${RENDER}`,
      ],
    ],
    [
      'a template that begins a line of its own behind another text',
      `project: shop\nconfigVersion: 1 {{- include "x" . | nindent 0 }}\n`,
      [
        `werf.yaml:2:18: "{{- include \\"x\\" . | nindent 0 }}" may write the block cleanup, and no other one is here${RENDER}`,
      ],
    ],
    [
      'a block of a template, which another one may replace',
      `${META}{{ block "x" . }}\nbuild: {}\n{{ end }}\n`,
      [`werf.yaml:3:1: "{{ block \\"x\\" . }}" may write the block cleanup, and no other one is here${RENDER}`],
    ],
    [
      'nothing but a template',
      `{{ include "werf" . }}\n`,
      [`werf.yaml:1:1: "{{ include \\"werf\\" . }}" may write the block cleanup, and no other one is here${RENDER}`],
    ],
    [
      'a comment that would join two lines',
      `${META}cleanup:\n  {{/* x */ -}}\n  disable: true\n`,
      [`werf.yaml:4:3: the block cleanup has a template in it, "{{/* x */ -}}"${RENDER}`],
    ],
    [
      'gitWorktree, beside a mistake in cleanup',
      `${META}gitWorktree:\n  allowUnshallow: {{ .x }}\ncleanup:\n  keepPolicys: []\n`,
      [
        `werf.yaml:4:19: the block gitWorktree has a template in it, "{{ .x }}"${RENDER}`,
        'werf.yaml:6:3: unknown key "keepPolicys"; did you mean "keepPolicies"?',
      ],
    ],
  ])('%s', (_name, text, expected) => {
    expect(tell(text)).toEqual(expected);
    expect(parse(text).file).toBeUndefined();
  });
});

describe('a werf.yaml without templates is told of by line', () => {
  it.each([
    [
      'a block that only a second document has',
      `${META}---\ncleanup:\n  disable: true\n`,
      ['werf.yaml:4:1: it stands in another document than configVersion: move it there, or take it out'],
    ],
    [
      'a block behind hyphens that a branch may write or not',
      `${META}{{ if .x }}\n---\n{{ end }}\n${POLICY}`,
      ['werf.yaml:6:1: it stands in another document than configVersion: move it there, or take it out'],
    ],
    [
      'an unknown key',
      `# one\n# two\n${META}cleanup:\n  keepPolicys: []\n`,
      ['werf.yaml:6:3: unknown key "keepPolicys"; did you mean "keepPolicies"?'],
    ],
    [
      'a number of images that werf would take',
      `${META}cleanup:\n  keepPolicies:\n  - references: {tag: a}\n    imagesPerReference: {last: x}\n`,
      ['werf.yaml:6:32: got "x", expected a whole number'],
    ],
    [
      'a block that stands there twice',
      `${META}${POLICY}${POLICY}`,
      ['werf.yaml:5:1: the key "cleanup" stands here a second time'],
    ],
    [
      'a tab for blanks',
      `${META}cleanup:\n\tdisable: true\n`,
      ['werf.yaml:4:1: not YAML: Tabs are not allowed as indentation'],
    ],
    [
      'a bracket that is not closed',
      `${META}cleanup: {disable: true\nbuild: {}\n`,
      [expect.stringMatching(/^werf\.yaml:\d+:1: not YAML: Flow map/)],
    ],
    [
      'an alias of another key',
      `${META}build: &x {disable: true}\ncleanup: *x\n`,
      ['werf.yaml:4:10: the alias *x has no anchor before it'],
    ],
    [
      'a document in braces',
      '{project: shop, configVersion: 1, cleanup: {disable: true}}\n',
      ['werf.yaml: none of its documents has the key configVersion at its left margin: this is no werf.yaml'],
    ],
    [
      'a key in the long form',
      `${META}? cleanup\n: disable: true\n`,
      [
        expect.stringContaining('werf.yaml:3:1: got "? cleanup", expected a key'),
        expect.stringContaining('werf.yaml:4:1:'),
      ],
    ],
    [
      'another file',
      'image: a\n',
      ['werf.yaml: none of its documents has the key configVersion at its left margin: this is no werf.yaml'],
    ],
  ])('%s', (_name, text, expected) => {
    expect(tell(text)).toEqual(expected);
  });
});

describe('the names of images', () => {
  it.each([
    [
      'one in each document',
      `${META}---\nimage: a\n---\nartifact: b # old\n---\nimage: "c/d"\ndockerfile: D\n`,
      ['a', 'b', 'c/d'],
      true,
    ],
    [
      'several in a list',
      `${META}---\nimage: [a, b]\nfrom: x\n---\nimage:\n- c\n- d\nfrom: x\n`,
      ['a', 'b', 'c', 'd'],
      true,
    ],
    ['the one without a name', `${META}---\nimage: ~\nfrom: x\n`, [''], true],
    ['the one whose name is left out', `${META}---\nimage:\nfrom: x\n`, [''], true],
    ['a Dockerfile without a key for it', `${META}---\ndockerfile: Dockerfile\n`, [''], true],
    ['none of what an image imports', `${META}---\nimage: a\nimport:\n- image: builder\n  add: /x\n`, ['a'], true],
    ['no image at all', META, [], true],
    ['one that a template tells', `${META}---\nimage: app-{{ .x }}\n---\nimage: b\n`, ['b'], false],
    [
      'those of both branches',
      `${META}{{ if .x }}\n---\nimage: a\n{{ else }}\n---\nimage: b\n{{ end }}`,
      ['a', 'b'],
      true,
    ],
    ['some that a template may write', `${META}---\nimage: a\n---\n{{ include "images" . }}\n`, ['a'], false],
    [
      'some that a template may write behind an image',
      `${META}---\nimage: a\n{{ tpl (.Files.Get "x") . }}\n`,
      ['a'],
      false,
    ],
    [
      'some that a template in the loop may write',
      `${META}{{ range .x }}{{ include "image" . }}{{ end }}\nbuild: {}\n`,
      [],
      false,
    ],
    [
      'one beside a template for something else',
      `${META}---\nimage: a\nfrom: {{ .base }}\nshell:\n  install:\n  - echo {{ .x }}\n`,
      ['a'],
      true,
    ],
    ['none of a template that is only defined', `${META}{{ define "x" }}\n---\nimage: a\n{{ end }}\n`, [], true],
    ['a number, which is no name', `${META}---\nimage: 12\n`, [], false],
    ['a document whose key a template writes', `${META}---\n{{ .kind }}: a\n`, [], false],
    ['no document that tells what it is', 'image: a\n', ['a'], false],
  ])('%s', (_name, text, imageNames, areNamesComplete) => {
    expect(parse(text).facts).toMatchObject({ imageNames, areNamesComplete });
  });
});

describe('the name of the project', () => {
  it.each([
    ['as it stands there', META, 'shop'],
    ['in quotes, with a comment', 'project: "shop" # ours\nconfigVersion: 1\n', 'shop'],
    ['unknown where a template tells it', 'project: {{ env "P" }}\nconfigVersion: 1\n', undefined],
    [
      'unknown inside a branch',
      '{{ if .x }}\nproject: a\n{{ else }}\nproject: b\n{{ end }}\nconfigVersion: 1\n',
      undefined,
    ],
    ['unknown where it is left out', 'configVersion: 1\n', undefined],
  ])('is %s', (_name, text, project) => {
    expect(parse(text).facts.project).toBe(project);
  });
});

describe('a file is taken for a werf.yaml', () => {
  it.each([
    ['with configVersion', 'configVersion: 1\n', true],
    ['with project alone', 'project: a\n', true],
    [
      'with templates all around',
      '{{ if .x }}\n{{ end }}\nproject: {{ .p }}\nconfigVersion: 1\n---\nimage: {{ .i }}\n',
      true,
    ],
    [
      'but not a policy file that has its words pasted in',
      'configVersion: 1\nproject: a\ncleanup: {}\npins: {}\n',
      false,
    ],
    ['but not a policy file', 'cleanup:\n  disable: true\n', false],
    ['but not any text', 'hello\n', false],
    ['but not nothing', '', false],
  ])('%s', (_name, text, expected) => {
    expect(isWerfFile(text)).toBe(expected);
  });
});
