// Which part of the Markdown gets its place first when not all of it fits.

/** Smaller is more important. What a reader must act on comes before what only explains. */
export const PRIORITY = {
  verdict: 0,
  error: 1,
  guards: 2,
  recovery: 3,
  evidence: 4,
  verdicts: 5,
  problems: 6,
  reasons: 7,
  clusters: 8,
  remarks: 9,
  changes: 10,
} as const;
