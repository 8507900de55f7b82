// Where people and git find a forge's repository.

import type { ForgeSettings } from '../config/settings.ts';

/** `https://github.com/acme/shop`: without credentials, without `.git`. */
export function addressOf(forge: ForgeSettings): string {
  return `${forge.serverUrl}/${forge.kind === 'gitlab' ? forge.project : `${forge.owner}/${forge.name}`}`;
}
