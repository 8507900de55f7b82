// The name and version that plans and reports carry; a test holds it to package.json.

/** `registry-cleanup 0.1.0`. */
export const TOOL = 'registry-cleanup 0.1.0';
