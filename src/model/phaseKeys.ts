/** Names of the parts of a run that have an environment of their own: they, and whoever looks at the run later, know them by these. */
export function stageKey(name: string): string {
  return `stage:${name}`
}

/** @param attempt from 1 */
export function teardownKey(attempt: number): string {
  return `teardown:${attempt}`
}
