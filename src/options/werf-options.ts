// The options about repositories that werf made: which others belong to the one that is cleaned.

import { type Option, PLANNING } from './option.ts';

/** The group werf. */
export const WERF_OPTIONS = [
  {
    name: 'final-repo',
    kind: 'text',
    group: 'werf',
    help: "werf's final repository of the one repository that is cleaned: its copies stay and go with their stages, and what clusters run from it keeps them.",
    value: 'NAME',
    commands: PLANNING,
  },
  {
    name: 'meta-repo',
    kind: 'text',
    group: 'werf',
    help: "werf's repository of records (werf 3) of the one repository that is cleaned. Where werf has left a mark that there is one, nothing is decided without it.",
    value: 'NAME',
    commands: [...PLANNING, 'managed-images'],
  },
  {
    name: 'cache-repo',
    kind: 'list',
    group: 'werf',
    help: "werf's cache repository of the one repository that is cleaned: its copies go with their stages.",
    value: 'NAME',
    commands: PLANNING,
  },
] as const satisfies readonly Option[];
