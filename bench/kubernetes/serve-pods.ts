// An API server with nothing but pods, in a process of its own: `node serve-pods.ts PAGES LATENCY_MS`. Prints its port. Every page lies
// ready, zipped and not, so that hardly anything but sending it takes time.

import { createServer, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { discoveryAnswer } from '../../test/fakes/kubernetes-discovery.ts';
import { renderPage } from './make-pods.ts';

const [, , pagesText = '', latencyText = ''] = process.argv;
const count = Number(pagesText);
const latencyMs = Number(latencyText);

const plain = Array.from({ length: count }, (_, page) =>
  Buffer.from(renderPage(page, page + 1 < count ? String(page + 1) : '')),
);
// 1 is the level of kube-apiserver.
const zipped = plain.map((page) => gzipSync(page, { level: 1 }));
/** What every cluster has. All but pods are empty. */
const resources = [
  { group: '', version: 'v1', resource: 'pods', kind: 'Pod' },
  { group: '', version: 'v1', resource: 'replicationcontrollers', kind: 'ReplicationController' },
  { group: '', version: 'v1', resource: 'podtemplates', kind: 'PodTemplate' },
  { group: '', version: 'v1', resource: 'secrets', kind: 'Secret' },
  { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' },
  { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
  { group: 'apps', version: 'v1', resource: 'replicasets', kind: 'ReplicaSet' },
  { group: 'apps', version: 'v1', resource: 'statefulsets', kind: 'StatefulSet' },
  { group: 'apps', version: 'v1', resource: 'daemonsets', kind: 'DaemonSet' },
  { group: 'apps', version: 'v1', resource: 'controllerrevisions', kind: 'ControllerRevision' },
  { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job' },
  { group: 'batch', version: 'v1', resource: 'cronjobs', kind: 'CronJob' },
];

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly isZipped: boolean;
}

function answerTo(request: IncomingMessage): Answer {
  const url = new URL(request.url ?? '', 'http://server');
  const isZipped = String(request.headers['accept-encoding'] ?? '').includes('gzip');
  const page = Number(url.searchParams.get('continue') ?? '0');
  const body = url.pathname === '/api/v1/pods' ? (isZipped ? zipped : plain)[page] : undefined;
  if (body !== undefined) return { status: 200, body, isZipped };
  const accept = String(request.headers.accept ?? '');
  const discovered = discoveryAnswer({ resources, stale: new Set(), isOld: false }, url.pathname, accept);
  const empty = resources.find(({ resource }) => url.pathname.endsWith(`/${resource}`));
  const { status, body: object } = discovered ?? {
    status: empty === undefined ? 404 : 200,
    body: { kind: `${empty?.kind}List`, metadata: {}, items: [] },
  };
  return { status, body: Buffer.from(JSON.stringify(object)), isZipped: false };
}

const server = createServer((request, response) => {
  setTimeout(() => {
    const { status, body, isZipped } = answerTo(request);
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(body);
  }, latencyMs);
});
// Answers are sent at once, as a server does that writes to many.
server.on('connection', (socket) => socket.setNoDelay(true));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
