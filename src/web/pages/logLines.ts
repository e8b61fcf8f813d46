import { PLAIN, type Style, styled } from '../ansi.ts'
import { escaped } from './html.ts'

/** Lines of a log as markup. A text that begins or ends within a line gives a line that goes on elsewhere, under the same number. */
export interface ShownLines {
  readonly markup: string
  /** The number of the line that comes next, or goes on. */
  readonly next: number
  readonly style: Style
}

/** Where a line of a log can be linked to, on the page of its run. */
export function lineUrl(log: string, line: number): string {
  return `?log=${encodeURIComponent(log)}&line=${line}#L${line}`
}

/** @param first number of the line that the text begins in, from 1 */
export function logLines(log: string, text: string, first: number, before: Style = PLAIN): ShownLines {
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  let style = before
  let shown = ''
  const add = (line: string, number: number, end: string) => {
    const look = styled(line, style)
    style = look.style
    const url = escaped(lineUrl(log, number))
    // Out of the tab order: hundreds of stops would stand between the reader and the rest of the page; the form goes to a line, too.
    shown += `<span class="line" id="L${number}"><a href="${url}" data-line="${number}" tabindex="-1" aria-hidden="true"></a>${look.pieces.map(pieceOf).join('')}${end}</span>`
  }
  for (const [index, line] of lines.entries()) add(line, first + index, '\n')
  if (last !== '') add(last, first + lines.length, '')
  return { markup: shown, next: first + lines.length, style }
}

function pieceOf({ text, classes }: ReturnType<typeof styled>['pieces'][number]): string {
  return classes === '' ? escaped(text) : `<span class="${classes}">${escaped(text)}</span>`
}
