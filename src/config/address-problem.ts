// What an address must look like before a token is sent there.

import { isLoopbackHost } from '../util/loopback-host.ts';

/**
 * What is expected instead, or undefined when it is an address to send a token to: https, or http on this machine, with nothing after the
 * path. `example` is one, for the message: `https://github.example.com`.
 */
export function addressProblem(text: string, example: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return `one such as ${example}`;
  if (url.username !== '' || url.password !== '') return 'one without user name and password';
  if (url.search !== '' || url.hash !== '') return 'one without anything after the path';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return 'one that begins with https://: the token goes there';
  return undefined;
}
