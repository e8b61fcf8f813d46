/** Asked when it is first wanted, and not again. */
export function once<T>(ask: () => T): () => T {
  let answer: { readonly value: T } | null = null
  return () => {
    answer ??= { value: ask() }
    return answer.value
  }
}
