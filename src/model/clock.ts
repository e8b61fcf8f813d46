/**
 * Nothing is put off for longer: GitHub's limits reset within the hour. What is due later was written while the clock ran ahead, and is
 * due now.
 */
export const LONGEST_WAIT_MS = 2 * 60 * 60_000
