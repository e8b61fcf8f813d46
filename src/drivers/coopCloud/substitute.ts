/**
 * `replaceAll` that ends at a length: a few lines that use one another twice each would else fill the memory.
 * @param most so many characters are made; what would come after them is left out
 */
export function substitute(
  text: string,
  pattern: RegExp,
  most: number,
  value: (match: RegExpExecArray) => string,
): string {
  let made = ''
  let from = 0
  for (const match of text.matchAll(pattern)) {
    made += text.slice(from, match.index) + value(match).slice(0, most)
    from = match.index + match[0].length
    if (made.length >= most) return made.slice(0, most)
  }
  return (made + text.slice(from)).slice(0, most)
}
