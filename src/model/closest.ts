/** The word that was most likely meant, or null when none is close: at most one slip in three characters. */
export function closest(word: string, words: readonly string[]): string | null {
  const meant = word.toLowerCase()
  const ranked = words
    .map((candidate) => ({ candidate, slips: slipsBetween(meant, candidate.toLowerCase()) }))
    .sort((one, other) => one.slips - other.slips)[0]
  if (ranked === undefined) return null
  return ranked.slips <= Math.max(1, Math.floor(meant.length / 3)) ? ranked.candidate : null
}

/** ` Did you mean x?`, to be appended to a message; empty when nothing is close. */
export function didYouMean(word: string, words: readonly string[]): string {
  const meant = closest(word, words)
  return meant === null ? '' : ` Did you mean ${meant}?`
}

/** Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment). */
function slipsBetween(one: string, other: string): number {
  let before: readonly number[] = []
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row]
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1]
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      next[column] = Math.min(
        at(last, column) + 1,
        at(next, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = last
    last = next
  }
  return at(last, other.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
