const FIRST_PAUSE_MS = 2000
const LONGEST_PAUSE_MS = 5 * 60_000

/** After so many attempts, in about half an hour, a delivery is decided as one that could not be. */
export const MOST_ATTEMPTS = 12

/** How long to wait after the n-th failed attempt, in milliseconds: twice as long each time, up to 5 minutes. */
export function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
}
