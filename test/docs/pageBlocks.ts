import { readFileSync } from 'node:fs'

export interface Block {
  /** What stands behind the fence: yaml, sh, text. */
  readonly kind: string
  /** The file that its first line names, as a comment; null = it names none. */
  readonly file: string | null
  /** Without that line. */
  readonly text: string
}

/** All fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind = '', body = '']) => {
    const file = /^# (\S+)\n/.exec(body)?.[1] ?? null
    return { kind, file, text: file === null ? body : body.slice(body.indexOf('\n') + 1) }
  })
}

/** The text of the file that a page shows. */
export function shown(page: string, file: string): string {
  const block = blocksOf(page).find((one) => one.file === file)
  if (block === undefined) throw new Error(`docs/${page} shows no ${file}`)
  return block.text
}
