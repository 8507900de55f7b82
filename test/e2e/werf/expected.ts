// What is to become of everything in the scene: a sentence for each stage.

import { stageDigest } from '../../builders/werf-words.ts';

/** The images of the project's werf.yaml; `cli` is only managed, `dropped` is neither any more. */
export const WERF_YAML = `project: shop
configVersion: 1
cleanup:
  keepPolicies:
  - references: {tag: '/^v.*/', limit: {last: 10}}
  - references: {branch: '/feature\\/.*/', limit: {last: 10, in: 168h, operator: And}}
    imagesPerReference: {last: 2, in: 168h, operator: And}
  - references: {branch: main}
    imagesPerReference: {last: 3}
---
image: backend
dockerfile: Dockerfile
---
image: [frontend, worker]
dockerfile: Dockerfile
`;

/** What becomes of a stage, by which rule, and the sentence. */
export interface Expected {
  readonly stage: string;
  readonly fate: 'stays' | 'goes';
  /** The rule of one of its reasons. */
  readonly rule: string;
  readonly because: string;
}

const stays = (stage: string, rule: string, because: string): Expected => ({ stage, fate: 'stays', rule, because });
const goes = (stage: string, rule: string, because: string): Expected => ({ stage, fate: 'goes', rule, because });

/** Every stage of the scene. */
export const EXPECTED: readonly Expected[] = [
  stays('at head', 'git', 'main leads to its commit'),
  stays('merged', 'git', 'main leads to its commit by a merge'),
  stays('at third', 'git', 'it is of the third commit of three'),
  stays('at third again', 'git', 'images of one commit count once'),
  goes('at second', 'git-superseded', 'three newer commits of main have images'),
  stays('at first', 'git', 'an annotated tag names its commit'),
  stays('released', 'git', 'a tag off all branches names its commit, and the clone was made before it'),
  stays('on topic', 'git', 'a young branch leads to its commit'),
  goes('on stale', 'git-superseded', 'the last commit of its branch is older than the policy asks for'),
  goes('of gone', 'git-gone', 'its commit is gone from Git, and a record proves that it is ours'),
  stays('front at second', 'git', 'policies count for each image by itself'),
  stays('front at first', 'git', 'policies count for each image by itself'),
  stays('cli at head', 'git', 'its image is managed, though no longer in werf.yaml'),
  stays('worker at head', 'git', 'an index counts by its record'),
  stays('worker at head amd64', 'git', 'the record of its index is its own'),
  stays('worker at head arm64', 'git', 'the record of its index is its own'),
  goes('worker on stale', 'git-superseded', 'no policy keeps the commit of the index'),
  goes('worker on stale amd64', 'git-superseded', 'the record of its index is its own'),
  goes('worker on stale arm64', 'git-superseded', 'the record of its index is its own'),
  goes('dropped', 'unrecorded', 'its only record is of an image that is neither managed nor in werf.yaml'),
  stays('used by tag', 'kubernetes', 'a Deployment runs its tag'),
  stays('used by custom tag', 'kubernetes', 'a Deployment runs a custom tag of it'),
  stays('used by digest', 'kubernetes', 'a pod runs its digest'),
  stays('used by init', 'kubernetes', 'an init container of a CronJob runs it'),
  stays('used by debugger', 'kubernetes', 'an ephemeral container runs it'),
  stays('used for rollback', 'kubernetes', 'an old ReplicaSet without pods names it'),
  stays('used platform', 'parent', 'a pod runs one of its platforms'),
  stays('used platform amd64', 'kubernetes', 'a pod reports its digest'),
  stays('used platform arm64', 'child', 'the index that lists it stays'),
  stays('parent', 'relative', 'a stage that stays was built on it'),
  stays('grandparent', 'relative', 'a stage that stays was built on what was built on it'),
  stays('base', 'relative', 'the configuration of a stage that stays names its configuration'),
  stays('imported', 'relative', 'a record of imports says that files of a stage that stays came from it'),
  stays('source', 'relative', 'a label of a stage that stays says that files came from it'),
  stays('dependency', 'relative', 'a stage that stays depends on it'),
  stays('parent of head', 'relative', 'relatives of what Git keeps stay, too'),
  stays('source of head', 'relative', 'import sources of what Git keeps stay, too'),
  goes('parent of second', 'unrecorded', 'it has no record, and what was built on it goes'),
  goes('source of second', 'unrecorded', 'it has no record, and what took files from it goes'),
  stays('fresh', 'recent', 'it was built ten minutes ago'),
  stays('listed', 'pin', 'the keep list has its tag'),
  stays('listed by custom tag', 'pin', 'the keep list has a custom tag of it'),
  goes('broken', 'rejected', 'werf marked it as broken, and Git does not protect such'),
  stays('broken in use', 'kubernetes', 'werf marked it as broken, but a cluster runs it'),
  goes('unrecorded', 'unrecorded', 'no record says what it was built for, and it is a month old'),
  stays('unrecorded young', 'unrecorded-young', 'no record says what it was built for, but it is three days old'),
  stays('of others', 'foreign', 'its label names another project'),
];

/** Images that somebody else pushed beside werf's, by tag; all of them stay. */
export const FOREIGN: readonly string[] = [
  'latest',
  'pr-12',
  stageDigest('of somebody else'),
  `${stageDigest('of somebody else')}-1234567890123`,
  `not-hexadecimal-but-as-long-as-the-id-of-an-index-is-------`.slice(0, 56),
  'cleanup-tool',
  'meta-data',
];
