// Keeps credentials out of everything people see: what git prints may quote an address with its password.

/** Takes credentials out of a text. */
export type Redact = (text: string) => string;

const MASK = '***';
/** Shorter texts are no secrets, and masking them would garble messages. */
const MIN_SECRET_LENGTH = 4;

/** Removes the user part of every `scheme://user:password@host` in a text, and every given secret. */
export function redactWith(secrets: readonly string[]): Redact {
  const longestFirst = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const withoutUsers = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]*@/gi, `$1${MASK}@`);
    return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, MASK), withoutUsers);
  };
}

/** The secrets in git configuration: passwords in addresses, values of `extraheader`, proxy credentials. Order as given. */
export function secretsOf(config: readonly ConfigEntry[]): readonly string[] {
  const found = new Set<string>();
  for (const { key, value } of config) {
    for (const part of userParts(key)) found.add(part);
    for (const part of userParts(value)) found.add(part);
    if (key.endsWith('.extraheader')) {
      const header = value.slice(value.indexOf(':') + 1).trim();
      found.add(header);
      found.add(header.slice(header.lastIndexOf(' ') + 1));
    }
  }
  return [...found].filter((secret) => secret.length >= MIN_SECRET_LENGTH);
}

/** One value of git's configuration. Keys as git prints them: section and name in lower case. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
}

/** User and password of an address, and the password alone, as written and decoded. A user alone counts where tokens stand there. */
function userParts(text: string): readonly string[] {
  const match = /^(?:url\.|http\.|credential\.)?([a-z][a-z0-9+.-]*):\/\/([^\s/]*)@/i.exec(text);
  const [, scheme = '', user = ''] = match ?? [];
  const colon = user.indexOf(':');
  if (colon === -1) return /^https?$/i.test(scheme) ? [user] : [];
  const password = user.slice(colon + 1);
  return [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all: the text as written is the secret.
    return text;
  }
}
