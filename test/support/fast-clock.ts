// Preloaded into a process under test: its timers and the time limits of its requests run 20 times faster.

import { ClientRequest } from 'node:http';

const FACTOR = 20;
const { setTimeout: setUsual } = globalThis;

globalThis.setTimeout = Object.assign(
  (callback: (...parameters: unknown[]) => void, delayMs = 0, ...parameters: unknown[]) =>
    setUsual(callback, delayMs / FACTOR, ...parameters),
  setUsual,
);

/** The time limit of `node:http` and `node:https`, for which Node has timers of its own. */
const quicker: ProxyHandler<ClientRequest['setTimeout']> = {
  apply: (limit, request, [limitMs, ...rest]: Parameters<ClientRequest['setTimeout']>) =>
    Reflect.apply(limit, request, [limitMs / FACTOR, ...rest]),
};

Object.assign(ClientRequest.prototype, {
  setTimeout: new Proxy<ClientRequest['setTimeout']>(Reflect.get(ClientRequest.prototype, 'setTimeout'), quicker),
});
