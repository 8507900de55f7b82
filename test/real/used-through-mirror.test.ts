// A cluster runs an index that no tag names any more, pulled through a mirror: what it lists stays.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIndex } from '../builders/image.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { buildAppImage, deployment, makeRealWorld, type RealWorld } from './real-world.ts';

const hasAll = (['docker-registry', 'skopeo', 'git'] as const).every(requireProgram);

describe.runIf(hasAll)('an untagged index in use', () => {
  let server: RegistryServer;
  let world: RealWorld;
  beforeAll(async () => {
    server = await startRegistry();
    world = await makeRealWorld(server);
  });
  afterAll(async () => {
    await world.remove();
    await server.stop();
  });

  it.each(['mirror.example.com/team/app', 'mirror.example.com/proxy/team/app', 'mirror.example.com/mine/app'])(
    'keeps its children when it is named as %s',
    async (name) => {
      const child = buildAppImage(`child for ${name}`, world.commits.old);
      const index = buildIndex([{ manifest: child }]);
      await world.push(child, 'old-child');
      await world.push(index);
      await writeFile(join(world.clusters, 'mirrored.yaml'), deployment('mirrored', `${name}@${index.digest}`));
      const planned = await world.plan();
      const [repository] = planned.plan?.repositories ?? [];
      const decided = repository?.decisions.find(({ digest }) => digest === child.digest);
      expect(decided).toMatchObject({ decision: 'keep', reasons: [{ rule: 'child', of: index.digest }] });
    },
  );
});
