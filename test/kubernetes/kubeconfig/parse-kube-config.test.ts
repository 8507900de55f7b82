import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { UsageError } from '../../../src/errors.ts';
import { loadKubeContexts } from '../../../src/kubernetes/kubeconfig/load-kube-contexts.ts';
import { parseKubeConfig } from '../../../src/kubernetes/kubeconfig/parse-kube-config.ts';
import { kubeConfigText } from '../../fakes/kubernetes-server.ts';

const SERVER = { url: 'https://127.0.0.1:6443', caFile: '/etc/ca.crt' };

function config(...names: string[]): string {
  return kubeConfigText(names.map((name) => ({ name, server: SERVER, user: { token: `s3cret-${name}` } })));
}

/** It begins with the clusters. */
function bare(name: string): string {
  return config(name).replaceAll(/^(?:apiVersion|kind|current-context):.*\n/gm, '');
}

function namesIn(text: string): string[] {
  return [...parseKubeConfig(text, 'it').contexts.keys()];
}

describe('the text of a kubeconfig', () => {
  it.each<[string, string]>([
    ['YAML', config('a', 'b')],
    ['JSON', JSON.stringify(parse(config('a', 'b')))],
    ['JSON with tabs', JSON.stringify(parse(config('a', 'b')), undefined, '\t')],
    ['text with a byte order mark', `\uFEFF${config('a', 'b')}`],
    ['text with the line ends of Windows', config('a', 'b').replaceAll('\n', '\r\n')],
    ['a stream', `${config('a')}---\n${config('b')}`],
    ['a stream that begins and ends with a line of dashes', `---\n${config('a')}---\n${config('b')}---\n`],
    ['a stream of JSON', [config('a'), config('b')].map((text) => JSON.stringify(parse(text))).join('\n---\n')],
    // Else the mark would become a part of the first key, and what stands under it would be lost.
    ['files that were joined, each with its mark', `\uFEFF${bare('a')}---\n\uFEFF${bare('b')}`],
    ['a stream that says the same twice', `${config('a')}---\n${config('a', 'b')}`],
    ['text without current-context', config('a', 'b').replace(/^current-context:.*\n/m, '')],
  ])('may be %s', (_, text) => {
    const entries = parseKubeConfig(text, 'it');
    expect([...entries.contexts.keys()]).toEqual(['a', 'b']);
    expect([...entries.users.values()].map(({ token }) => token)).toEqual(['s3cret-a', 's3cret-b']);
    expect([...entries.clusters.keys()]).toEqual(['a', 'b']);
  });

  it.each<[string, string, RegExp]>([
    [
      'a stream with something else',
      `${config('a')}---\nkind: Secret\ndata: {x: s3cret}\n`,
      /^it \(document 2\) is no.*kind/,
    ],
    ['a stream that breaks off', `${config('a')}---\nusers: [s3cret`, /^it:\d+:\d+ is no usable .*not YAML/],
    [
      'a stream that disagrees',
      `${config('a')}---\n${config('a').replace('s3cret-a', 's3cret-b')}`,
      /^it \(document 2\) \(user\)/,
    ],
    ['a mark alone', '\uFEFF\n', /it is empty/],
    ['a comment alone', '# s3cret\n', /it is empty/],
    ['lines of dashes alone', '---\n---\n', /it is empty/],
    ['groups that are no list', 'users: [{name: u, user: {as-groups: s3cret}}]', /users\.0\.user\.as-groups/],
    ['a plugin without command', 'users: [{name: u, user: {exec: {args: [s3cret]}}}]', /users\.0\.user\.exec\.command/],
  ])('must not be %s, and no line of it shows', (_, text, why) => {
    const refused = (): unknown => parseKubeConfig(text, 'it');
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(why);
    expect(refused).not.toThrow(/s3cret/);
  });

  it('gives the same contexts, however they are spread over documents', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(names, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (all, breaks) => {
        const parts: string[][] = [[]];
        all.forEach((name, at) => {
          if (breaks[at] === true) parts.push([]);
          parts.at(-1)?.push(name);
        });
        const text = parts.filter((part) => part.length > 0).map((part) => config(...part));
        expect(namesIn(text.join('---\n'))).toEqual(namesIn(config(...all)));
      }),
    );
  });
});

describe('a kubeconfig that is a text', () => {
  const load = (user: object, cluster: object = {}) => {
    const contexts = [
      { name: 'a', server: SERVER, user, cluster },
      { name: 'other', server: { ...SERVER, caFile: 'not-asked.crt' } },
    ];
    return loadKubeContexts({ kind: 'inline', text: kubeConfigText(contexts) }, ['a'], { environment: {} });
  };

  it('may name files by whole paths, and has data in front of files', async () => {
    const user = { 'client-certificate': 'c', 'client-certificate-data': 'eA==', tokenFile: '/run/token' };
    expect(await load(user)).toHaveLength(1);
    expect(await load({ exec: { command: 'kubelogin' } })).toHaveLength(1);
  });

  it.each([
    ['certificate-authority', {}, { 'certificate-authority': 's3cret/ca.crt' }],
    ['client-key', { 'client-key': 's3cret.key' }, {}],
    ['tokenFile', { tokenFile: './s3cret' }, {}],
    ['exec.command', { exec: { command: './s3cret' } }, {}],
  ])('is refused for a relative path in %s, because it lies in no folder', async (key, user, cluster) => {
    const error: unknown = await load(user, cluster).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(`${key} of context "a" is a relative path`);
    expect(String(error)).not.toContain('s3cret');
  });
});
