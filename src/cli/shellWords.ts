/** The words of a command line that is being typed, as a shell would split it; the last one is what has been begun, empty after a space. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? ''
    if (quote === '' && /\s/.test(char)) {
      words.push(word)
      word = ''
      while (/\s/.test(line[at + 1] ?? '')) at += 1
    } else if (char === '\\' && quote !== "'") {
      at += 1
      word += line[at] ?? ''
    } else if (quote === '' && (char === '"' || char === "'")) {
      quote = char
    } else if (char === quote) {
      quote = ''
    } else {
      word += char
    }
  }
  return [...words, word]
}
