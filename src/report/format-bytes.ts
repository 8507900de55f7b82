// Sizes for people: decimal units, as registries bill them.

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/**
 * A number of bytes for people: `0 B`, `999 B`, `1.5 kB`, `52 MB`, `1.2 GB`. Decimal units (1 kB is 1,000 bytes), one
 * decimal below ten, none from ten on. Takes any finite number that is not negative.
 */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 of a unit would be shown as 1000: take the next one.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? 'B'}`;
}
