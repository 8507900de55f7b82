// Something between a client and a real API server that passes everything on as it is, and lets a test wait before it does.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { KubeApiserver } from './kube-apiserver.ts';

/** A running gate; it has the server's own certificate. */
export interface KubeGate {
  readonly url: string;
  readonly caFile: string;
  /** What passed, oldest first: `410 /api/v1/pods?limit=40&continue=…`. */
  readonly answers: readonly string[];
  stop(): Promise<void>;
}

/** Starts a gate. A request is passed on when `before` has ended for its path and query. */
export async function startKubeGate(server: KubeApiserver, before: (path: string) => Promise<void>): Promise<KubeGate> {
  const folder = dirname(server.caFile);
  const [key, cert, ca] = await Promise.all(
    ['server.key', 'server.crt', 'ca.crt'].map((name) => readFile(join(folder, name))),
  );
  const answers: string[] = [];

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? '/';
    await before(path);
    const outgoing = request(server.url + path, { method: incoming.method, headers: incoming.headers, ca });
    const answered = once(outgoing, 'response');
    outgoing.end();
    const [answer] = (await answered) as [IncomingMessage];
    answers.push(`${answer.statusCode} ${path}`);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    await pipeline(answer, response);
  }

  const gate = createServer({ key, cert }, (incoming, response) => {
    // The client sees a broken connection, and the test what it makes of it.
    pass(incoming, response).catch(() => response.destroy());
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const address = gate.address();
  return {
    url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    caFile: server.caFile,
    answers,
    stop: async () => {
      gate.closeAllConnections();
      await new Promise((resolve) => gate.close(resolve));
    },
  };
}
