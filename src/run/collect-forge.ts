// Collecting from a forge: what it says, the commits behind it from git, and what the images name that neither of them has.

import type { ForgeSettings, GitSettings, Settings } from '../config/settings.ts';
import { InternalError } from '../errors.ts';
import type { ForgeReading, ForgeSource } from '../forge/forge-source.ts';
import type { Log } from '../log.ts';
import type { Forge } from '../model/forge.ts';
import type { CommitId, History } from '../model/history.ts';
import type { Policy } from '../model/policy.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { imagesWithSchemes } from '../policy/schemes/scheme-patterns.ts';
import { listUnknownCommits } from '../policy/unknown-commits.ts';

/** What is read from a forge, and for which images. */
export interface ForgeRequest {
  readonly settings: Settings;
  readonly forge: ForgeSettings;
  readonly git: GitSettings;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Of all repositories, before clusters were looked at. */
  readonly snapshots: readonly Snapshot[];
}

/** The forge's word and the history that it is about. */
export interface ForgeEvidence {
  readonly forge: Forge;
  readonly history: History;
}

/** Missing commits that a message names. */
const MAX_NAMED = 3;

/**
 * Reads the forge and the history whole.
 * @throws EvidenceError EVIDENCE_FORGE or EVIDENCE_GIT when anything of them cannot be read.
 */
export async function collectForge(request: ForgeRequest): Promise<ForgeEvidence> {
  const { settings, log } = request;
  const source = await openSource(request);
  try {
    const { buildForge } = await import('../forge/build-forge.ts');
    const wants = listWanted(settings);
    const readings: ForgeReading[] = [];
    const history = await readHistoryOf(request, source, async () => {
      const reading = await source.read({
        pullRequests: wants('pullRequests'),
        releases: wants('releases'),
        deployments: wants('deployments'),
      });
      readings.push(reading);
      return reading;
    });
    // Where git lacked something the forge was asked again, and the history is that of the second answer.
    const last = readings.at(-1);
    if (last === undefined)
      throw new InternalError('A history came without a word of the forge.', { code: 'INTERNAL' });
    tellMissing(last, { history, log, repository: source.repository });
    const reading = { ...source, ...last };
    const known = buildForge(reading, history, new Map());
    const heads = last.pullRequests?.pullRequests.map(({ head }) => head) ?? [];
    if (heads.length === 0) return { history, forge: known };
    const images = imagesWithSchemes(settings.policy);
    const commits = listUnknownCommits(request.snapshots, { history, images, forge: known });
    const older = await source.findTestMerges({ commits, graph: history.graph, heads });
    return { history, forge: buildForge(reading, history, older) };
  } finally {
    await source.close();
  }
}

async function openSource({ settings, forge, environment, log }: ForgeRequest): Promise<ForgeSource> {
  const { caFile } = settings.registry;
  const options = { environment, log, ...(caFile === undefined ? {} : { caFile }) };
  switch (forge.kind) {
    case 'github': {
      const { openGithubForge } = await import('../github/open-forge.ts');
      return await openGithubForge(forge, options);
    }
    case 'gitlab': {
      const { openGitlabForge } = await import('../gitlab/open-forge.ts');
      return await openGitlabForge(forge, options);
    }
  }
}

/** Whether a rule needs its list: this policy's, or the one's that it is compared with. */
function listWanted({ policy, compareWith }: Settings): (rule: keyof Policy['forge']) => boolean {
  const policies = compareWith?.kind === 'policy' ? [policy, compareWith.policy] : [policy];
  return (rule) => policies.some(({ forge }) => forge[rule] !== 'off');
}

async function readHistoryOf(
  request: ForgeRequest,
  source: ForgeSource,
  read: () => Promise<ForgeReading>,
): Promise<History> {
  const { settings, git, environment, log } = request;
  const { readForgeHistory } = await import('../git/read-forge-history.ts');
  return await readForgeHistory({
    forge: source.git,
    list: async () => {
      const { listed, pullRequests, deployments } = await read();
      const required = pullRequests?.pullRequests.map(({ head }) => head) ?? [];
      return { listed, required, optional: deployments?.commits ?? [] };
    },
    git,
    ...(settings.cacheDirectory === undefined ? {} : { cacheDirectory: settings.cacheDirectory }),
    environment,
    log,
  });
}

interface Telling {
  readonly history: History;
  readonly repository: string;
  readonly log: Log;
}

/** What was deployed and is nowhere any more still protects the images that name it, but no image can be found through its history. */
function tellMissing({ deployments }: ForgeReading, { history, repository, log }: Telling): void {
  const isMissing = (commit: CommitId): boolean => history.graph.indexOf(commit) === undefined;
  const missing = (deployments?.deployments ?? []).filter(({ commit }) => isMissing(commit));
  const commits = [...new Set(missing.map(({ commit }) => commit))];
  if (commits.length === 0) return;
  const named = commits.slice(0, MAX_NAMED).map((commit) => commit.slice(0, 10));
  const text = `Deployed commits that ${repository} does not have any more: ${commits.length} (${named.join(', ')}${commits.length > MAX_NAMED ? ', …' : ''}). They protect only images that name them.`;
  const isPast = missing.every(({ state }) => state === 'inactive' || state === 'failed');
  if (isPast) log.info(text);
  else log.warn(text);
}
