import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/kubernetes/manifests/parse-manifest.ts';
import { parsePlainYaml } from '../../../src/kubernetes/manifests/parse-plain-yaml.ts';
import { renderedDeployment } from '../../builders/helm-release.ts';

/** What the full parser says: a directive keeps the text from the quick one. */
function inFull(text: string): unknown {
  const documents = parseManifest({ text: `%YAML 1.2\n---\n${text}`, path: 'x.yaml' });
  return documents.length === 1 ? documents[0] : documents;
}

const TYPICAL = `# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/version: "1.10"
spec:
  replicas: 2
  template:
    spec:
      securityContext:
        {}
      containers:
        - name: app # the only one
          image: "registry.test/a:1"
          args: ["--listen", ":8080"]
          command:
          - sh
          - -c
          - |
            echo 'a: b' # no comment

              deeper
            done
          env:
            - name: EMPTY
              value: ''
            - name: QUOTED
              value: "a \\"b\\"\\n"

      # a comment in between
      volumes:
      - name: v
        emptyDir: {}
      - name: w
        configMap:
            name: w
  note: >-
    a b
    c

    d
`;

describe('the quick parser', () => {
  it.each<[string, string]>([
    ['what charts write', TYPICAL],
    ['a rendered Deployment', renderedDeployment('web', 'registry.test/web:1').replace('---\n', '')],
    ['a document without an end of its last line', 'kind: Pod\nimage: a:1'],
    ['numbers as they are written', 'tag: 1.10\nother: 0x1f\nthird: -7\n'],
    ['null, true and false, and what is none of them', 'a: ~\nb: null\nc: True\nd: yes\ne: off\nf:\ng: nulls\n'],
    ['lists in lists', 'a:\n- - b\n  - c\n-   - d\n    - e: f\n'],
    ['a dash alone', 'a:\n-\n- b\n-\n  c: d\n'],
    ['quoted keys', `"a b": c\n'd': e\n`],
    ['a text that holds signs', 'a: x{y}[z]&*!|>%@?,#\nb: $(A)\nc: --flag=x\nd: a#b\ne: http://x:80/\n'],
    ['lists of quoted texts', 'a: ["b", "c: d"]\ne: []\nf: [ "g" ]\n'],
    ['comments after everything', 'a: b # c\nd: "e" # f\ng: [] # h\ni: {} # j\nk: # l\n  m: n\no: | # p\n  q\n'],
  ])('reads %s as the full one does', (_, text) => {
    expect(parsePlainYaml(text)).toBeDefined();
    expect(parsePlainYaml(text)).toEqual(inFull(text));
  });

  it.each<[string, string]>([
    ['an anchor', 'a: &b c\n'],
    ['an alias', 'a: *b\n'],
    ['a merge key', 'a:\n  <<: b\n'],
    ['a tag', 'a: !!str b\n'],
    ['a mapping in flow style', 'a: {b: c}\n'],
    ['a list in flow style of plain texts', 'a: [b, c]\n'],
    ['a key that stands twice', 'a: b\na: c\n'],
    ['an escaped key', '"im\\u0061ge": a:1\n'],
    ['a key that is no text', 'null: a\n'],
    ['an explicit key', '? a\n: b\n'],
    ['a text over two lines', 'a: b\n  c\n'],
    ['a quoted text over two lines', 'a: "b\n  c"\n'],
    ['an escape that JSON does not have', 'a: "\\x31"\n'],
    ['a template', 'a: {{ .Values.b }}\n'],
    ['a tab', 'a:\n\tb: c\n'],
    ['Windows line ends', 'a: b\r\nc: d\r\n'],
    ['two documents', 'a: b\n---\nc: d\n'],
    ['an end of a document', 'a: b\n...\n'],
    ['a directive', '%YAML 1.2\n---\na: b\n'],
    ['a list as the document', '- a\n'],
    ['a text as the document', 'a\n'],
    ['nothing', ''],
    ['JSON', '{"a": "b"}\n'],
    ['a mapping within a text', 'a: b: c\n'],
    ['indentation that fits nowhere', 'a:\n    b: c\n  d: e\n'],
    ['a document that begins further right', '  a: b\n'],
    ['a block text with an indentation of its own', 'a: |2\n    b\n'],
    ['a block text that keeps its last lines', 'a: |+\n  b\n\n'],
    ['a folded text with lines further right', 'a: >\n  b\n    c\n  d\n'],
    ['a block text with a line further left', 'a: |\n    b\n  c\n'],
    ['a block text with a longer blank line', 'a: |\n  b\n     \n  c\n'],
    ['a block text without an end of its last line', 'a: |\n  b'],
    ['a block text that begins with a tab', 'a: |\n  \tb\n'],
    ['a line between a block text and its key', 'a:\n  b: |\n      c\n    d: e\n'],
    ['a line that is indented further than a list', 'a:\n- b\n  c: d\n'],
    ['a key that JavaScript knows', '__proto__: a\n'],
    ['nesting without end', Array.from({ length: 1000 }, (__, depth) => `${' '.repeat(depth)}a:\n`).join('')],
  ])('leaves %s to the full one', (_, text) => {
    expect(parsePlainYaml(text)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['spaces within a text', `a: b${' '.repeat(1_000_000)}c\n`],
    ['spaces in a list', `a: [${' '.repeat(1_000_000)}b\n`],
    ['spaces behind a key', `a:${' '.repeat(1_000_000)}b\n`],
    ['spaces before a comment', `a: "b"${' '.repeat(1_000_000)}c\n`],
    ['quotes', `a: ${"'".repeat(1_000_000)}b\n`],
    ['quoted texts in a list', `a: [${'"b",'.repeat(300_000)}c\n`],
    ['signs of a key', `${'a'.repeat(1_000_000)}\n`],
    ['characters', `a: "${'b'.repeat(20_000_000)}"\n`],
    ['lines', 'a:\n'.repeat(300_000)],
  ])('takes no longer for a great many %s', (_, text) => {
    const start = performance.now();
    parsePlainYaml(text);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  const sign = fc.constantFrom(
    ...' :-#"\'{}[]&*!|>\\%?,\t\r\n~a1é\u00a0\u2028\ufeff'.split(''),
    ': ',
    '- ',
    ' #',
    '  ',
    '---',
    '...',
    '<<: ',
  );
  const change = fc.record({ at: fc.nat(TYPICAL.length), cut: fc.nat(3), put: fc.option(sign, { nil: '' }) });

  it('agrees with the full one, or leaves it the word, whatever is changed in a typical text', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const text = changes.reduce((all, { at, cut, put }) => all.slice(0, at) + put + all.slice(at + cut), TYPICAL);
        const plain = parsePlainYaml(text);
        if (plain === undefined) return;
        read++;
        expect(plain).toEqual(inFull(text));
      }),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(50);
  });

  it('agrees with the full one, or leaves it the word, on lines put together at random', () => {
    const key = fc.constantFrom(
      'image:',
      'a.b/c:',
      '"q k":',
      "'s':",
      'true:',
      '8080:',
      'é:',
      '-',
      '- -',
      '- name:',
      '#',
      '',
    );
    const text = fc.constantFrom(
      '',
      'a',
      'a b',
      'a: b',
      'a #b',
      '"a"',
      "'it''s'",
      '|',
      '>-',
      '{}',
      '[]',
      '["a"]',
      '[ "a" , ]',
      '{a: b}',
      '*a',
      '~',
      '- a',
      '-a',
      '#c',
      'a:',
    );
    const line = fc.tuple(fc.nat(5), key, text).map(([indent, left, right]) => `${' '.repeat(indent)}${left} ${right}`);
    let read = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        const whole = `kind:\n${lines.join('\n')}\n`;
        const plain = parsePlainYaml(whole);
        if (plain === undefined) return;
        read++;
        expect(plain).toEqual(inFull(whole));
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(50);
  });
});
