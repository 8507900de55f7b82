// Reads all deployments of a project while others are made and change. Pages by the time of the last change: what changes meanwhile moves
// towards the end and is met there, and what is deleted shifts nothing.

import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { commitIdSchema, decodeWire, instantSchema } from '../forge/decode-wire.ts';
import { durationFromMs, type Instant, instantFromMs } from '../model/time.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import { type GitlabProject, READ_PERMISSION } from './project-evidence.ts';

/** https://docs.gitlab.com/api/deployments/#list-project-deployments; `deployable` is null where no job deployed. */
const deploymentSchema = z.object({
  id: z.int().positive(),
  sha: commitIdSchema,
  status: z.string(),
  created_at: instantSchema,
  updated_at: instantSchema,
  environment: z.object({ id: z.int().positive(), name: z.string() }),
  deployable: z.object({ finished_at: instantSchema.nullish() }).nullish(),
});

/** A deployment as GitLab lists it. */
export type WireDeployment = z.infer<typeof deploymentSchema>;

/** GitLab's most. */
const PAGE_SIZE = 100;
/** Two hundred thousand deployments. */
const MAX_PAGES = 2000;
const WINDOWS = 8;
/** How much the clocks of GitLab's servers may differ. */
const SKEW = durationFromMs(10 * 60_000);
const BEGINNING = instantFromMs(0);

/** What is read; both ends belong to it. */
interface Window {
  readonly after: Instant;
  readonly before?: Instant;
}

interface Page {
  readonly items: readonly WireDeployment[];
  readonly isLast: boolean;
}

/** Asks for one page. `sort`: by the time of the last change. */
type Ask = (window: Window, sort: 'asc' | 'desc') => Promise<Page>;

/**
 * All deployments to all environments, each once, as the latest look at it shows it; any order. What is there all the time is never missed:
 * what has changed by the time of the first look is read in windows side by side, and then everything that changed since.
 * @throws ProtocolError PROTOCOL when GitLab does not keep to the filter, or too many changed at one moment, or they do not end.
 */
export async function walkDeployments(source: GitlabProject, purpose: string): Promise<readonly WireDeployment[]> {
  const found = new Map<number, WireDeployment>();
  const note = ({ items }: Page): void => {
    for (const item of items) {
      const known = found.get(item.id);
      if (known === undefined || known.updated_at <= item.updated_at) found.set(item.id, item);
    }
  };
  const ask = askPages(source, purpose);
  const first = await ask({ after: BEGINNING }, 'asc');
  note(first);
  const start = first.items.at(-1)?.updated_at;
  if (first.isLast || start === undefined) return [...found.values()];
  const [newest] = (await ask({ after: BEGINNING }, 'desc')).items;
  const end = instantFromMs(Math.max(start, (newest?.updated_at ?? start) - SKEW));
  const windows = splitWindow(start, end);
  await mapConcurrently(windows, WINDOWS, (window) => walk(ask, window, { note, purpose }));
  await walk(ask, { after: end }, { note, purpose });
  return [...found.values()];
}

function splitWindow(start: Instant, end: Instant): readonly Window[] {
  if (end <= start) return [];
  const edge = (index: number): Instant => instantFromMs(start + Math.ceil(((end - start) * index) / WINDOWS));
  return Array.from({ length: WINDOWS }, (_, index) => ({ after: edge(index), before: edge(index + 1) }));
}

interface Walking {
  readonly note: (page: Page) => void;
  readonly purpose: string;
}

async function walk(ask: Ask, window: Window, { note, purpose }: Walking): Promise<void> {
  for (let { after } = window; ; ) {
    const page = await ask({ ...window, after }, 'asc');
    note(page);
    if (page.isLast) return;
    const reached = page.items.at(-1)?.updated_at ?? after;
    // The next page begins with the last of this one, or nobody would know of its like of the same moment.
    if (reached <= after) throw stuck(purpose);
    after = reached;
  }
}

function askPages({ gitlab, project }: GitlabProject, purpose: string): Ask {
  let pages = 0;
  return async ({ after, before }, sort) => {
    pages += 1;
    if (pages > MAX_PAGES) throw new ProtocolError(`Cannot ${purpose}: the pages do not end.`, { code: 'PROTOCOL' });
    const answer = await gitlab.request({
      method: 'GET',
      route: '/projects/{id}/deployments',
      parameters: {
        id: project,
        per_page: PAGE_SIZE,
        // GitLab wants the order and the filter to go together.
        order_by: 'updated_at',
        sort,
        updated_after: formatTime(after),
        ...(before === undefined ? {} : { updated_before: formatTime(before) }),
      },
      expect: [200],
      purpose,
      permission: READ_PERMISSION,
    });
    const items = decodeWire(z.array(deploymentSchema), answer.data, purpose);
    if (!isInOrder(items, after, sort)) throw unordered(purpose);
    return { items, isLast: items.length < PAGE_SIZE && (answer.header('x-next-page')?.trim() ?? '') === '' };
  };
}

/** A server that knows neither filter nor order would look as if nothing were left. */
function isInOrder(items: readonly WireDeployment[], after: Instant, sort: 'asc' | 'desc'): boolean {
  const ascending = sort === 'asc' ? items : items.toReversed();
  return ascending.every(({ updated_at }, index) => updated_at >= (ascending[index - 1]?.updated_at ?? after));
}

function formatTime(at: Instant): string {
  return new Date(at).toISOString();
}

function stuck(purpose: string): ProtocolError {
  return new ProtocolError(`Cannot ${purpose}: more than ${PAGE_SIZE} changed at one and the same moment.`, {
    code: 'PROTOCOL',
  });
}

function unordered(purpose: string): ProtocolError {
  return new ProtocolError(`Cannot ${purpose}: they do not come in the order that was asked for.`, {
    code: 'PROTOCOL',
  });
}
