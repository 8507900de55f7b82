// Which part of the Markdown gets its place first when not all of it fits.

/** Smaller is more important. What a reader must act on comes before what only explains. */
export const PRIORITY = {
  alarm: 0,
  missing: 0,
  verdict: 0,
  error: 1,
  difference: 2,
  guards: 3,
  verification: 3,
  recovery: 4,
  evidence: 5,
  verdicts: 6,
  problems: 7,
  reasons: 8,
  protectors: 9,
  remarks: 10,
  differingImages: 11,
  changes: 12,
  chart: 13,
} as const;
