// Everything that names an image, on a real API server: each kind, each way, each found.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceName } from '../../src/kubernetes/kinds/resource-kind.ts';
import { RESOURCE_KINDS } from '../../src/kubernetes/kinds/resource-kinds.ts';
import { formatImageReference } from '../../src/model/reference.ts';
import type { Usage } from '../../src/model/usage.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { CORE_OBJECTS, digestOf, NAMESPACE, type NamingObject, POD } from './objects/core-objects.ts';
import { CUSTOM_KINDS, CUSTOM_OBJECTS } from './objects/custom-objects.ts';
import { readRealUsage } from './read-real-cluster.ts';

const OBJECTS: readonly NamingObject[] = [...CORE_OBJECTS, ...CUSTOM_OBJECTS];

/** `registry.test/web:1 < Deployment shop/web`, one line for each that uses an image. */
function linesOf(usage: Usage): readonly string[] {
  return usage.uses.flatMap(({ reference, workloads }) =>
    workloads.map(
      ({ kind, namespace = '', name }) => `${formatImageReference(reference)} < ${kind} ${namespace}/${name}`,
    ),
  );
}

function expectedLines({ object, images, reported }: NamingObject): readonly string[] {
  const { name, namespace = '' } = object.metadata;
  const { kind, name: reportedName } = reported ?? { kind: object.kind, name };
  return images.map((image) => `${image} < ${kind} ${namespace}/${reportedName}`);
}

describe.runIf(requireKubeApiserver() && requireProgram('openssl'))('a real API server with everything', () => {
  let server: KubeApiserver;
  let usage: Usage;
  beforeAll(async () => {
    server = await startKubeApiserver();
    await server.putKinds(...CUSTOM_KINDS);
    await server.create(...OBJECTS.map(({ object }) => object));
    for (const { object, status } of OBJECTS) if (status !== undefined) await server.putStatus(object, status);
    await server.addEphemeralContainers(POD, { name: 'debug', image: 'registry.test/pod/debug:1' });
    usage = await readRealUsage(server);
  });
  afterAll(async () => server.stop());

  it('has an object of every kind that is read, so that none is left out here', () => {
    const plurals = new Map(CUSTOM_KINDS.map(({ group, kind, plural }) => [`${kind}.${group}`, `${plural}.${group}`]));
    const made = OBJECTS.map(({ object: { apiVersion, kind } }) => {
      const [group = ''] = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.split('/') : [];
      const core = `${kind.toLowerCase()}s`;
      return plurals.get(`${kind}.${group}`) ?? (group === '' ? core : `${core}.${group}`);
    });
    expect([...new Set(made)].toSorted()).toEqual(RESOURCE_KINDS.map(resourceName).toSorted());
  });

  it.each(OBJECTS.map((naming) => [`${naming.object.kind} ${naming.object.metadata.name}`, naming] as const))(
    'is read: %s',
    (_, naming) => {
      expect(linesOf(usage)).toEqual(expect.arrayContaining([...expectedLines(naming)]));
    },
  );

  it('is read: a debug container that was added to a running pod', () => {
    expect(linesOf(usage)).toContain(`registry.test/pod/debug:1 < Pod ${NAMESPACE}/pod`);
  });

  it('names nothing that no object names', () => {
    const named = new Set([...OBJECTS.flatMap(({ images }) => images), 'registry.test/pod/debug:1']);
    const found = usage.uses.map(({ reference }) => formatImageReference(reference));
    expect(found.filter((image) => !named.has(image))).toEqual([]);
    expect(usage.bareDigests.map(({ digest }) => digest)).toEqual([digestOf('a')]);
    // What is written to be filled in is told, and weak: these name nobody.
    expect(usage.unparsable.map(({ text }) => text)).toEqual(['$(params.builder)', '{{inputs.parameters.image}}']);
    expect(usage.unparsable.every(({ isWeak }) => isWeak === true)).toBe(true);
  });

  it('counts what it looked at', () => {
    const [source] = usage.sources;
    expect(source).toMatchObject({ kind: 'cluster', name: 'real', pods: 2 });
    expect(source?.objects).toBeGreaterThanOrEqual(OBJECTS.length);
  });
});
