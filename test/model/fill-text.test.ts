import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { couldBeFilled } from '../../src/model/fill-text.ts';
import { parseRepository } from '../../src/model/reference.ts';

const FULL = 'registry.example.com/team/app';
const MIRRORS = new Map([['mirror.example.net/x', 'registry.example.com/team']]);

function isFilled(text: string, fillings: readonly string[], repository = FULL): boolean {
  return couldBeFilled(text, parseRepository(repository), { fillings, mirrors: MIRRORS });
}

describe('a text with open parts, filled in with what stands beside it', () => {
  it.each<[string, string, readonly string[]]>([
    ['the whole name is one part', '$(params.repo):$(params.tag)', [FULL]],
    ['name and tag are one part', '$(params.builder)', [FULL]],
    ['host and path are two parts', '{{host}}/{{path}}:{{tag}}', ['registry.example.com', 'team/app']],
    ['a part holds the host and half of the path', '{{registry}}/{{name}}:v1', ['registry.example.com/team', 'app']],
    ['every component is a part', '{{a}}/{{b}}/{{c}}@{{d}}', ['app', 'team', 'registry.example.com']],
    ['a part ends in a slash', '{{registry}}{{name}}:{{tag}}', ['registry.example.com/team/', 'app']],
    ['the path is known and the host is not', '{{host}}/{{path}}:{{tag}}', ['team/app']],
    ['the path is known in two parts', '{{host}}/{{team}}/{{name}}:{{tag}}', ['team', 'app']],
    ['the path is known, and no host is asked for', '{{image}}:{{tag}}', ['team/app']],
    ['another host has the path', '{{image}}', ['pull.example.net/team/app']],
    ['another host has the path behind one of its own', '{{image}}', ['pull.example.net/cache/team/app']],
    ['the other host is fixed', 'pull.example.net/{{image}}:v1', ['team/app']],
    ['the other host and a path of its own are fixed', 'pull.example.net/cache/{{image}}:v1', ['team/app']],
    ['a mirror is filled in', '{{registry}}/{{name}}', ['mirror.example.net/x', 'app']],
    ['a part is empty', '{{prefix}}{{image}}{{suffix}}', [FULL]],
    ['a part in its midst is empty', 'registry.example.com/{{team}}{{group}}/app:v1', ['team']],
    ['some of it is fixed', 'registry.{{domain}}/{{team}}/app', ['example.com', 'team']],
    ['it has a scheme', 'oci://{{repo}}', [FULL]],
  ])('could mean our repository when %s', (_, text, fillings) => {
    expect(isFilled(text, ['main', 'build', 'v1', ...fillings, 'golang'])).toBe(true);
  });

  it.each<[string, string, readonly string[]]>([
    ['nothing stands beside it', '{{image}}', []],
    ['words stand beside it', '{{host}}/{{path}}:{{tag}}', ['main', 'build', 'v1']],
    ['only the last word of our path stands beside it', '{{host}}/{{team}}/{{name}}:{{tag}}', ['app']],
    ['only our host stands beside it', '{{host}}/{{path}}:{{tag}}', ['registry.example.com']],
    ['our host and team stand beside it', '{{registry}}/{{name}}:{{tag}}', ['registry.example.com/team']],
    ['a longer name stands beside it', '{{image}}', [`${FULL}/cache`, `${FULL}lication`, `${FULL}-debug`]],
    ['a name that ends in ours stands beside it', '{{image}}', ['pull.example.net/my-team/app', 'myteam/app']],
    ['our path stands behind another one on our host', '{{image}}', ['registry.example.com/x/team/app']],
    ['another team has a repository of that name', '{{image}}', ['registry.example.com/other/app', 'other/app']],
    ['our path is only its tag', 'golang:{{version}}', ['app', 'team/app']],
    ['its name is fixed to another one', 'golang/{{x}}/tools', ['team/app']],
    ['something else is fixed behind the open part', '{{image}}-debug', [FULL]],
    ['something else is fixed before it', 'my-{{image}}', ['team/app']],
    ['our host is fixed with another path', 'registry.example.com/x/{{image}}', ['team/app']],
  ])('does not mean our repository when %s', (_, text, fillings) => {
    expect(isFilled(text, fillings)).toBe(false);
  });

  it.each<[string, readonly string[], boolean]>([
    ['{{host}}/{{name}}:{{tag}}', ['app'], true],
    ['{{registry}}/{{name}}:{{tag}}', ['registry.example.com', 'app'], true],
    ['{{image}}:{{tag}}', ['registry.example.com/app'], true],
    ['{{image}}:{{tag}}', ['app'], false],
    ['{{image}}', ['app'], false],
    ['golang:{{version}}', ['app'], false],
  ])('means a repository of one word behind a slash only: %s beside %j: %j', (text, fillings, expected) => {
    expect(isFilled(text, fillings, 'registry.example.com/app')).toBe(expected);
  });

  it.each(['nginx', 'library/nginx', 'docker.io/nginx', 'index.docker.io/library/nginx'])(
    'could mean an image of Docker Hub: %s',
    (name) => {
      expect(isFilled('{{image}}', [name], 'nginx')).toBe(true);
      expect(isFilled('{{image}}', ['nginxx', 'my/nginx'], 'nginx')).toBe(false);
    },
  );

  it('means our repository however its name is cut into parts', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: FULL.length - 1 }), { maxLength: 4 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), FULL.length];
        const parts = places.slice(1).map((end, at) => FULL.slice(places[at], end));
        const text = parts.map((_, at) => `{{p${at}}}`).join('');
        expect(isFilled(`${text}:{{tag}}`, parts)).toBe(true);
        const [first = '', ...others] = parts;
        const hasPath = others.join('').includes('team/app') || first.includes('/');
        if (!hasPath && !cuts.includes(FULL.indexOf('team'))) expect(isFilled(`x${text}`, parts)).toBe(false);
      }),
    );
  });

  it('means no more the fewer texts stand beside it', () => {
    const words = fc.constantFrom(
      'team',
      'app',
      'team/app',
      'registry.example.com',
      'x',
      'registry.example.com/team',
      'a',
    );
    const texts = fc.array(fc.constantFrom('{{a}}', '/', ':', 'app', 'team', '$(b)', 'x'), { maxLength: 6 });
    fc.assert(
      fc.property(texts, fc.array(words), words, (parts, fillings, more) => {
        if (isFilled(parts.join(''), fillings)) expect(isFilled(parts.join(''), [...fillings, more])).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is judged quickly, however much there is to fill in', () => {
    const started = performance.now();
    const fillings = Array.from({ length: 2000 }, (_, at) => `registry.example.com/team/ap${'p'.repeat(at % 7)}${at}`);
    isFilled('{{a}}/{{b}}/{{c}}/{{d}}:{{e}}', fillings);
    isFilled('{{a}}'.repeat(50), ['r', 'e', 'registry', ...fillings]);
    isFilled(
      '{{a}}',
      Array.from({ length: 2000 }, (_, at) => `t/${'t/'.repeat(100)}${at}`),
    );
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
