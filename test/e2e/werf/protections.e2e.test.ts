// Every family of tags and every protection of werf's in one repository of a real registry: planned, applied, explained, brought back.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShownDecision } from '../../../src/plan/plan.ts';
import { requireDistribution, requireProgram } from '../../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../../support/registry-server.ts';
import { EXPECTED, FOREIGN } from './expected.ts';
import { decisionsOf, makePlace, type Place, type PlaceRun, told } from './place.ts';
import { readCleanupTime } from './read-cleanup-time.ts';
import { makeScene, type Scene } from './scene.ts';

const hasGit = requireProgram('git');
const distribution = requireDistribution();

const KINDS: readonly { readonly name: string; readonly program: string | undefined }[] = [
  { name: 'docker-registry', program: requireProgram('docker-registry') ? 'docker-registry' : undefined },
  { name: 'CNCF distribution 3', program: distribution },
];

describe.each(KINDS.filter(({ program }) => hasGit && program !== undefined))(
  'a repository of werf’s in $name',
  ({ program = '' }) => {
    let server: RegistryServer;
    let place: Place;
    let scene: Scene;
    let planned: PlaceRun;
    let decisions: ReadonlyMap<string, ShownDecision>;
    let before: readonly string[];
    beforeAll(async () => {
      const now = Date.now();
      server = await startRegistry({ program });
      place = await makePlace(server, { now });
      scene = await makeScene(place, now);
      before = await place.tags();
      planned = await place.run('plan', '--keep-list', 'keep-list');
      decisions = decisionsOf(planned);
    });
    afterAll(async () => {
      await place.remove();
      await server.stop();
    });

    const decisionOf = (tag: string) => {
      const found = decisions.get(tag);
      return { decision: found?.decision, rules: found?.reasons.map(({ rule }) => rule) ?? [], found };
    };
    const expectFate = (tag: string, fate: string) =>
      expect(decisionOf(tag).decision, JSON.stringify(decisionOf(tag), undefined, 1)).toBe(fate);

    it('is planned without a request that changes anything', () => {
      expect(planned.code, told(planned)).toBe(0);
      expect(planned.requests).toBeGreaterThan(before.length);
      expect(planned.writes).toEqual([]);
    });

    it('has a sentence for each of its stages', () => {
      const named = new Set(EXPECTED.map(({ stage }) => stage));
      expect(named.size).toBe(EXPECTED.length);
      for (const { stage } of EXPECTED) expect(before).toContain(scene.shelf.find(stage).id);
    });

    it.each(EXPECTED)('$fate, the stage "$stage": $because', ({ stage, fate, rule }) => {
      const { id } = scene.shelf.find(stage);
      expectFate(id, fate === 'stays' ? 'keep' : 'delete');
      expect(decisionOf(id).rules).toContain(rule);
    });

    it.each(FOREIGN)('leaves the image alone that somebody else tagged %s', (tag) => {
      expectFate(tag, 'keep');
      expect(decisionOf(tag).rules).toContain('foreign');
    });

    it('keeps the records that are needed, or not old enough', () => {
      for (const tag of Object.values(scene.records.staying)) expectFate(tag, 'keep');
    });

    it('deletes the records that nobody needs', () => {
      for (const tag of Object.values(scene.records.going)) expectFate(tag, 'delete');
    });

    it('says how many stages have no record, and which project is another’s', () => {
      const remarks = planned.report?.plan?.repositories[0]?.remarks.map(({ code }) => code);
      expect(remarks).toEqual(expect.arrayContaining(['unrecorded-stages', 'foreign-tags', 'foreign-project']));
    });

    it('explains a stage by the record of werf’s that keeps it', async () => {
      const explained = await place.run('explain', scene.shelf.find('merged').id);
      expect(explained.code, told(explained)).toBe(0);
      expect(explained.stdout).toContain(place.history.commit('merged').slice(0, 10));
      expect(explained.stdout).toMatch(/werf's record/);
      expect(explained.stdout).toContain('backend');
    });

    it('is applied as planned, in the order of the steps', async () => {
      const applied = await place.run('apply', '--keep-list', 'keep-list');
      expect(applied.code, told(applied)).toBe(0);
      const deleted = applied.writes.filter((line) => line.startsWith('DELETE '));
      const steps = planned.report?.plan?.repositories[0]?.steps ?? [];
      expect(deleted).toEqual(steps.map(({ digest }) => `DELETE /v2/${place.name}/manifests/${digest} 202`));
      const going = new Set(steps.flatMap(({ precondition }) => precondition.tags));
      expect(await place.tags()).toEqual(before.filter((tag) => !going.has(tag as never)));
    });

    it('deletes a marker of a broken stage only after the stage and its custom tag', () => {
      const steps = planned.report?.plan?.repositories[0]?.steps ?? [];
      const at = (tag: string) => steps.findIndex(({ precondition }) => precondition.tags.includes(tag as never));
      const { id } = scene.shelf.find('broken');
      expect(at(id)).toBeGreaterThanOrEqual(0);
      expect(at('of-broken')).toBe(at(id));
      expect(at(`${id}-rejected`)).toBeGreaterThan(at(id));
    });

    it('has the time of the cleanup in it after the apply, for werf', async () => {
      const at = (await readCleanupTime(place)) ?? 0;
      expect(Date.now() - at).toBeLessThan(120_000);
    });

    it('has nothing left to do', async () => {
      const again = await place.run('apply', '--keep-list', 'keep-list');
      expect(again.code, told(again)).toBe(0);
      expect(again.report?.plan?.repositories[0]?.steps).toEqual([]);
      expect(again.writes.filter((line) => line.startsWith('DELETE '))).toEqual([]);
    });

    it('comes back whole with a restore', async () => {
      const restored = await place.runAlone(
        'restore',
        '--journal',
        join(place.folder, 'registry-cleanup-journal.jsonl'),
      );
      expect(restored.code, told(restored)).toBe(0);
      expect(await place.tags()).toEqual(before);
    });
  },
);
