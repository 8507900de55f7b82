// What a container does, in the words that both engines share.

import type { ContainerState } from '../model/local-store.ts';

/**
 * Docker: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container. Podman has more words:
 * https://github.com/containers/podman/blob/v5.4.2/libpod/define/containerstate.go
 */
const STATES: Readonly<Record<string, ContainerState>> = {
  created: 'created',
  configured: 'created',
  initialized: 'created',
  running: 'running',
  stopping: 'running',
  paused: 'paused',
  restarting: 'restarting',
  removing: 'removing',
  exited: 'exited',
  stopped: 'exited',
  dead: 'dead',
};

/** The state that an engine's word means; a word that nobody here knows is `unknown`. */
export function containerStateOf(word: string): ContainerState {
  return Object.hasOwn(STATES, word) ? (STATES[word] ?? 'unknown') : 'unknown';
}
