// Texts that must never be shown, and how they are kept out of what is.

/** A set of secrets. */
export interface SecretMask {
  /**
   * Registers a secret, and the longer lines of one that has several: messages may quote just one of them. One of less than four
   * characters cannot be masked, and is not registered: it stands in half of all words, and the gaps would tell it.
   */
  add(secret: string): readonly string[];
  /** The text with every secret replaced by `***`. */
  mask(text: string): string;
}

const SHORTEST_SECRET = 4;
/** A shorter line says too little to be one, and masking it would blacken innocent words. */
const SHORTEST_LINE = 8;

/** An empty set. Blank and very short texts are never registered. `add` returns what is masked from now on. */
export function createSecretMask(): SecretMask {
  const secrets = new Set<string>();
  return {
    add(secret) {
      if (secret.trim().length < SHORTEST_SECRET) return [];
      const lines = secret.split(/\r?\n/).map((line) => line.trim());
      const added = [secret, ...lines.filter((line) => line.length >= SHORTEST_LINE)];
      for (const one of added) secrets.add(one);
      return [...new Set(added)];
    },
    mask(text) {
      // The longest first: one may contain another.
      const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
      return longestFirst.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
    },
  };
}
