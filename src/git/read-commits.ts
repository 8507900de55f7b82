// Reads the commit graph of a repository of our own in one pass of `git rev-list`.

import { EvidenceError } from '../errors.ts';
import { type CommitGraph, type CommitId, isCommitId } from '../model/history.ts';
import { graphFromColumns } from './commit-graph.ts';
import { createCommitTable } from './commit-table.ts';
import type { OwnRepository } from './own-repository.ts';
import { createRevListParser } from './parse-rev-list.ts';
import { readGit, streamGit } from './run-git.ts';

/**
 * All commits that the repository's references reach, over all parents. `onProgress` gets the number of commits so far.
 * @throws EvidenceError EVIDENCE_GIT when git fails, when a commit is missing, or when the output is cut off.
 */
export async function readCommits(
  repository: OwnRepository,
  onProgress: (commits: number) => void,
): Promise<CommitGraph> {
  const table = createCommitTable();
  const parser = createRevListParser(table);
  const call = repository.call('read the history', ['rev-list', '--all', '--parents', '--timestamp']);
  await streamGit(call, (chunk) => onProgress(parser.push(chunk)));
  parser.end();
  return graphFromColumns(table.finish());
}

type ObjectType = 'commit' | 'tag' | 'tree' | 'blob';

/** What a reference of the repository holds, by its number. */
export interface ReadObject {
  readonly type: ObjectType;
  /** What an annotated tag is on; a tag can be on a tag. */
  readonly tagged?: ObjectType;
  /** Tagger date in seconds since 1970; absent unless it is an annotated tag with a date. */
  readonly taggedSeconds?: number;
}

/**
 * The object that each reference holds, in the order they were set. Proves that every one of them is there, which
 * `rev-list --all` does not: it passes over references to missing objects.
 * @throws EvidenceError EVIDENCE_GIT when one is missing or the answer is short.
 */
export async function readReferencedObjects(
  repository: OwnRepository,
  expected: number,
): Promise<readonly ReadObject[]> {
  const chunks: Buffer[] = [];
  const format = '--format=%(objecttype) %(type) %(taggerdate:unix)';
  await streamGit(repository.call('read the branches and tags', ['for-each-ref', format]), (chunk) =>
    chunks.push(chunk),
  );
  const objects = Buffer.concat(chunks).toString('latin1').split('\n').slice(0, -1).map(parseObject);
  if (objects.length === expected) return objects;
  throw new EvidenceError(`git described ${objects.length} of ${expected} branches and tags.`, {
    code: 'EVIDENCE_GIT',
  });
}

/**
 * Where each annotated tag that a reference holds ends after all tags, by the tag's id. The repository must have a reference.
 * @throws EvidenceError EVIDENCE_GIT when an object on the way is missing or the answer is not understood.
 */
export async function readPeeledTags(repository: OwnRepository): Promise<ReadonlyMap<CommitId, CommitId>> {
  // Unlike `%(*objectname)` of git before 2.45, this looks through tags on tags.
  const text = await readGit(repository.call('look behind the tags', ['show-ref', '--dereference']));
  const peeled = new Map<CommitId, CommitId>();
  let outer: CommitId | undefined;
  for (const line of text.split('\n').slice(0, -1)) {
    const [id = '', name = ''] = line.split(' ');
    if (!isCommitId(id) || name === '') {
      throw new EvidenceError(`git described a tag as ${JSON.stringify(line)}, which is not understood.`, {
        code: 'EVIDENCE_GIT',
      });
    }
    if (!name.endsWith('^{}')) outer = id;
    else if (outer !== undefined) peeled.set(outer, id);
  }
  return peeled;
}

function parseObject(line: string): ReadObject {
  const [type = '', tagged = '', seconds = ''] = line.split(' ');
  if (!isObjectType(type) || (tagged !== '' && !isObjectType(tagged)) || !/^\d*$/.test(seconds)) {
    throw new EvidenceError(`git described a reference as ${JSON.stringify(line)}, which is not understood.`, {
      code: 'EVIDENCE_GIT',
    });
  }
  return {
    type,
    ...(tagged === '' ? {} : { tagged }),
    ...(seconds === '' ? {} : { taggedSeconds: Number(seconds) }),
  };
}

function isObjectType(text: string): text is ObjectType {
  return text === 'commit' || text === 'tag' || text === 'tree' || text === 'blob';
}
