import { fromMarkdown } from 'mdast-util-from-markdown'
import { looksLikeCommand } from './commandWord.ts'

type Root = ReturnType<typeof fromMarkdown>
type Block = Root['children'][number]
type Paragraph = Extract<Block, { readonly type: 'paragraph' }>
type Inline = Paragraph['children'][number]
type Html = Extract<Block, { readonly type: 'html' }>

/** A line of plain paragraph text that begins with the command word, or something that reads like it. */
export interface CommandLine {
  readonly text: string
  /** False = the rest of the line holds Markdown (code, links, HTML), which has no meaning in a command. */
  readonly plain: boolean
}

export type CommandLines = { readonly lines: readonly CommandLine[] } | { readonly unread: string }

const LINE_END = /\r\n|\n|\r/

/** Markdown can be built to cost a parser seconds: the time grows with the square of the length, and with nesting. */
const MOST_CHARACTERS = 10_000
const MOST_NESTING = 10
const MOST_CONTAINERS = 1000
const CONTAINERS = /^(?:[ \t]*(?:>|[-+*](?=[ \t\r\n]|$)|\d{1,9}[.)](?=[ \t\r\n]|$)))+/gm
const CONTAINER = />|[-+*]|\d{1,9}[.)]/g

/** HTML elements whose content is quoted, code, struck out or folded away; they stay open across paragraphs. */
const INERT =
  'blockquote|q|pre|code|samp|kbd|tt|xmp|del|s|strike|details|summary|template|title|textarea|script|style'
const INERT_TAG = new RegExp(`<(/?)(?:${INERT})(?![\\w-])[^>]*>`, 'gi')
const HTML_COMMENT = /<!--[^]*?(?:-->|$)/g

/** What GitHub adds to CommonMark inside a paragraph: struck out text and mathematics. */
const GITHUB_SPANS = /~~[^]+?~~|\$\$[^]+?\$\$/g
/** Also GitHub's: what follows a footnote's line without a blank one belongs to it. */
const FOOTNOTE = /^ {0,3}\[\^[^\]]+\]:/

/** False = the comment holds no command, nor anything that was meant as one. Its Markdown is not parsed for that. */
export function mayHoldCommand(body: string): boolean {
  return textOf(body).split(LINE_END).some(looksLikeCommand)
}

/**
 * The lines of a comment that may be commands: in paragraphs at the top level only, never in quotes, lists, headings, code, links,
 * tables, footnotes or HTML. A body that is too long or too nested to be read in good time is not read at all, and says why.
 */
export function commandLines(body: string): CommandLines {
  const text = textOf(body)
  const lines = text.split(LINE_END)
  if (!lines.some(looksLikeCommand)) return { lines: [] }
  const unread = tooMuch(text)
  if (unread !== null) return { unread }
  return { lines: linesOf(parsed(text), { text, lines, starts: startsOf(text) }) }
}

function textOf(body: string): string {
  return body.startsWith('\ufeff') ? body.slice(1) : body
}

function tooMuch(text: string): string | null {
  if (text.length > MOST_CHARACTERS)
    return `this comment has ${text.length} characters; commands are read from comments of at most ${MOST_CHARACTERS}`
  const counts = (text.match(CONTAINERS) ?? []).map((prefix) => prefix.match(CONTAINER)?.length ?? 0)
  const total = counts.reduce((sum, count) => sum + count, 0)
  return Math.max(0, ...counts) > MOST_NESTING || total > MOST_CONTAINERS
    ? 'this comment has too many nested quotes and lists to be read for commands'
    : null
}

/** Emphasis is left unread: it is the costliest part, and changes nothing about what a command is. */
function parsed(text: string): Root {
  return fromMarkdown(text, { extensions: [{ disable: { null: ['attention'] } }] })
}

interface Source {
  readonly text: string
  readonly lines: readonly string[]
  /** Offset of each line. */
  readonly starts: readonly number[]
}

function startsOf(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\r\n|\n|\r/g)].map((end) => end.index + end[0].length)]
}

function linesOf(root: Root, source: Source): readonly CommandLine[] {
  let open = 0
  return root.children.flatMap((node) => {
    const before = open
    open = Math.max(0, open + htmlOf(node).reduce((sum, html) => sum + opened(html.value), 0))
    return node.type === 'paragraph' ? linesOfParagraph(node, before, source) : []
  })
}

function linesOfParagraph(paragraph: Paragraph, openBefore: number, source: Source): readonly CommandLine[] {
  const asides = [...spansOf(paragraph), ...githubSpans(paragraph, source)]
  return candidatesOf(paragraph, source).flatMap(({ start, end }) => {
    const isInside = asides.some((aside) => aside.start < start && start < aside.end)
    if (isInside || isInert(paragraph, openBefore, start)) return []
    const plain = !asides.some((aside) => start <= aside.start && aside.start < end)
    return [{ text: source.text.slice(start, end), plain }]
  })
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Where the paragraph's lines that look like commands are, without the space around them. */
function candidatesOf(paragraph: Paragraph, { lines, starts }: Source): readonly Span[] {
  const [first, last] = [paragraph.position?.start.line ?? 1, paragraph.position?.end.line ?? 0]
  if (lines.slice(Math.max(0, first - 2), first).some((line) => FOOTNOTE.test(line))) return []
  const own = lines.slice(first - 1, last)
  return own.slice(0, tableStart(own)).flatMap((line, index) => {
    if (!looksLikeCommand(line)) return []
    const start = starts[first - 1 + index] ?? 0
    return [{ start: start + line.search(/[^ ]/), end: start + line.replace(/[ \t]+$/, '').length }]
  })
}

/** What is no plain text: code, links, images, HTML. */
function spansOf(paragraph: Paragraph): readonly Span[] {
  return paragraph.children.filter(isNotText).map((node) => ({
    start: node.position?.start.offset ?? 0,
    end: node.position?.end.offset ?? 0,
  }))
}

function isNotText(node: Inline): boolean {
  return node.type !== 'text' && node.type !== 'break'
}

function githubSpans(paragraph: Paragraph, source: Source): readonly Span[] {
  const start = paragraph.position?.start.offset ?? 0
  const text = source.text.slice(start, paragraph.position?.end.offset)
  return [...text.matchAll(GITHUB_SPANS)].map((span) => ({
    start: start + span.index,
    end: start + span.index + span[0].length,
  }))
}

/** Index of the line that heads a GitHub table, or the number of lines; a table ends with its paragraph. */
function tableStart(lines: readonly string[]): number {
  const delimiter = lines.findIndex(isDelimiterRow)
  return delimiter < 0 ? lines.length : Math.max(0, delimiter - 1)
}

function isDelimiterRow(line: string): boolean {
  if (!/[|:]/.test(line)) return false
  const cells = line.trim().replace(/^\|/, '').replace(/\|$/, '').split('|')
  return cells.every((cell) => /^:?-+:?$/.test(cell.trim()))
}

function isInert(paragraph: Paragraph, openBefore: number, offset: number): boolean {
  const before = htmlOf(paragraph).filter((html) => (html.position?.start.offset ?? 0) < offset)
  return before.reduce((sum, html) => Math.max(0, sum + opened(html.value)), openBefore) > 0
}

function htmlOf(node: Block | Inline): readonly Html[] {
  if (node.type === 'html') return [node]
  return node.type === 'paragraph' || node.type === 'link' ? node.children.flatMap(htmlOf) : []
}

function opened(html: string): number {
  const tags = [...html.replaceAll(HTML_COMMENT, '').matchAll(INERT_TAG)]
  return tags.reduce((sum, [, slash]) => sum + (slash === '' ? 1 : -1), 0)
}
