import { describe, expect, it } from 'vitest';
import { knownApiUrl, readGithubAddresses, registryHostOf } from '../../src/config/github-addresses.ts';
import { parseRegistryHost } from '../../src/model/reference.ts';

const COM = { apiUrl: 'https://api.github.com', serverUrl: 'https://github.com' };
const ENTERPRISE = { apiUrl: 'https://ghe.example.com:8443/api/v3', serverUrl: 'https://ghe.example.com:8443' };
const RESIDENCY = { apiUrl: 'https://api.octo.ghe.com', serverUrl: 'https://octo.ghe.com' };

describe('one address follows from the other', () => {
  it.each([
    ['nothing', {}, COM],
    ['empty texts', { GITHUB_API_URL: ' ', GITHUB_SERVER_URL: '' }, COM],
    ['the server of github.com', { GITHUB_SERVER_URL: 'https://github.com' }, COM],
    ['the interface of github.com', { GITHUB_API_URL: 'https://api.github.com/' }, COM],
    ['an Enterprise Server', { GITHUB_SERVER_URL: ENTERPRISE.serverUrl }, ENTERPRISE],
    ['the interface of an Enterprise Server', { GITHUB_API_URL: ENTERPRISE.apiUrl }, ENTERPRISE],
    ['a server with data residency', { GITHUB_SERVER_URL: RESIDENCY.serverUrl }, RESIDENCY],
    ['an interface with data residency', { GITHUB_API_URL: RESIDENCY.apiUrl }, RESIDENCY],
  ])('from %s', (_, environment, expected) => {
    expect(readGithubAddresses(environment)).toEqual(expected);
  });

  it('or it is a mistake: a token is sent to no guessed server', () => {
    expect(readGithubAddresses({ GITHUB_API_URL: 'https://proxy.example.com/github' })).toEqual({
      mistakes: [
        {
          place: 'GITHUB_SERVER_URL',
          text: 'missing, and it does not follow from GITHUB_API_URL, which is "https://proxy.example.com/github"',
        },
      ],
    });
  });
});

it.each([
  [COM, 'ghcr.io'],
  [ENTERPRISE, 'containers.ghe.example.com:8443'],
  [RESIDENCY, 'containers.octo.ghe.com'],
  [{ apiUrl: 'http://127.0.0.1:1', serverUrl: 'http://127.0.0.1:2' }, undefined],
  [{ apiUrl: 'https://[fe80::1]/api/v3', serverUrl: 'https://[fe80::1]' }, undefined],
])('%j has the registry %s', (addresses, host) => {
  expect(registryHostOf(addresses)).toBe(host);
});

it.each([
  ['ghcr.io', undefined, COM.apiUrl],
  ['ghcr.io', ENTERPRISE, COM.apiUrl],
  ['containers.octo.ghe.com', COM, RESIDENCY.apiUrl],
  ['containers.ghe.example.com:8443', ENTERPRISE, ENTERPRISE.apiUrl],
  ['containers.ghe.example.com', COM, undefined],
  ['notghcr.io', COM, undefined],
  ['containers.a.b.ghe.com', COM, undefined],
  ['registry.example.com', ENTERPRISE, undefined],
])('beside %s, on %j, stands %s', (host, addresses, expected) => {
  expect(knownApiUrl(parseRegistryHost(host), addresses)).toBe(expected);
});
