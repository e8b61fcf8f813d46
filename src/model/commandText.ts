const MOST_SHOWN = 100

/** Characters that show nothing, move text about, or are only half of one: a reader cannot see what they do. */
const UNSEEN = /(?!\t)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u3164\uffa0]/u
const ALL_UNSEEN = new RegExp(UNSEEN, 'gu')
const OTHER_SPACE = /(?! )\p{Zs}/u
const OTHER_SPACES = new RegExp(OTHER_SPACE, 'gu')

/**
 * Untrusted text as a code span, cut to 100 characters: nothing in it can mention, link, embed HTML or end the span. The fence is
 * longer than any run of backticks inside (CommonMark 0.31, 6.1).
 */
export function inCode(text: string): string {
  const shown = cut(text.replaceAll('\t', ' ').replaceAll(ALL_UNSEEN, '\ufffd'))
  if (shown.trim() === '') return '(nothing)'
  const runs = shown.match(/`+/g) ?? []
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1)
  const pad = /^[ `]|[ `]$/.test(shown) ? ' ' : ''
  return `${fence}${pad}${shown}${pad}${fence}`
}

/** Trusted command lines in a block that GitHub offers to copy. */
export function toCopy(...lines: readonly string[]): string {
  return `\`\`\`text\n${lines.join('\n')}\n\`\`\``
}

/** The first character of a line that a reader cannot see as what it is, as `U+200B`; spaces other than the plain one count. */
export function unseenCharacter(line: string): string | null {
  const found = [...line].find(isUnseen)
  return found === undefined ? null : codePointName(found)
}

/** The line as a reader sees it: unseen characters gone, every kind of space a plain one; tabs stay. */
export function seen(line: string): string {
  return line.replaceAll(OTHER_SPACES, ' ').replaceAll(ALL_UNSEEN, '')
}

function isUnseen(character: string): boolean {
  return UNSEEN.test(character) || OTHER_SPACE.test(character)
}

function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Cut between characters, never inside a surrogate pair. */
function cut(text: string): string {
  const characters = [...text]
  return characters.length <= MOST_SHOWN ? text : `${characters.slice(0, MOST_SHOWN - 1).join('')}…`
}
