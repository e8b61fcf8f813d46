import { seen } from './commandText.ts'

export const COMMAND_WORD = '!testme'

/** Up to three spaces, as Markdown has it; a tab or more is how people write code. */
const LIKE_COMMAND = /^ {0,3}!testme(?:[.,:;!?]*)(?:[ \t]|$)/i

/** Does a line begin with the command word, or with something that a reader would take for it. */
export function looksLikeCommand(line: string): boolean {
  return LIKE_COMMAND.test(line) || LIKE_COMMAND.test(seen(line))
}
