// `record`: states in the registry which commits an image was published for. It asks neither clusters nor Git servers.

import type { RecordSettings } from '../config/record-settings.ts';
import { type Digest, formatRepository } from '../model/reference.ts';
import { openRegistry } from '../registry/open-registry.ts';
import type { RecordReport, ReportedRecord } from '../report/record-report.ts';
import { TOOL } from '../version.ts';
import { chooseCommits } from './choose-commits.ts';
import type { RunContext } from './collect-evidence.ts';
import type { Statement } from './record-manifest.ts';
import { openPlace, writeRecord } from './write-record.ts';

/**
 * Writes what is not there yet, one record after another: what stands there by the time of an error stays true.
 * @throws UsageError when nobody can tell the commit; else what the registry throws, RegistryError REGISTRY_REFUSED when an image is absent.
 */
export async function runRecord(settings: RecordSettings, context: RunContext): Promise<RecordReport> {
  const { log, environment } = context;
  const { directory, built, images } = settings;
  const commits = await chooseCommits(built, { directory, environment, log });
  const records: ReportedRecord[] = [];
  for (const { target, digest } of images) {
    const registry = await openRegistry(target, {
      settings: settings.registry,
      environment,
      now: context.now(),
      // A step of a build reads a handful of manifests: no progress is worth a line of its log.
      log: { ...log, progress: () => undefined },
    });
    try {
      const place = await openPlace(registry, digest, { now: context.now(), source: settings.source, log });
      for (const one of commits) {
        const statement = stateOf(digest, { ...one, imageName: settings.imageName });
        const written = await writeRecord(place, statement);
        const record = { repository: formatRepository(registry.repository), ...statement, ...written };
        log.debug(`${record.outcome}: ${record.record} for commit ${record.commit}`);
        records.push(record);
      }
    } finally {
      await registry.close();
    }
  }
  return { version: 1, tool: TOOL, command: 'record', records };
}

function stateOf(
  image: Digest,
  said: { readonly commit: string; readonly reference?: string; readonly imageName: string | undefined },
): Statement {
  const { commit, reference, imageName } = said;
  return {
    image,
    commit,
    ...(reference === undefined ? {} : { reference }),
    ...(imageName === undefined ? {} : { imageName }),
  };
}
