import { html } from 'hono/html'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { isWebUrl } from '../webUrl.ts'
import { tableOf } from './table.ts'

export type Html = ReturnType<typeof html>
type Node = ReturnType<typeof fromMarkdown>['children'][number]
type Container = { readonly children: readonly Node[] }

/**
 * GitHub's Markdown as far as reports and comments use it: CommonMark, tables, and `<details>` with a plain summary. No other
 * HTML of the writer's reaches the page: it is shown as the text that it is.
 */
export function markdown(source: string): Html {
  return html`<div class="markdown">${blocks(fromMarkdown(source).children, source)}</div>`
}

function blocks(nodes: readonly Node[], source: string): Html[] {
  const out: Html[] = []
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index]
    if (node === undefined) break
    const summary = node.type === 'html' ? detailsSummary(node.value) : null
    if (summary === null) {
      out.push(block(node, source))
      continue
    }
    const end = endOfDetails(nodes, index + 1)
    out.push(
      html`<details data-key="${summary}"><summary>${summary}</summary>${blocks(nodes.slice(index + 1, end), source)}</details>`,
    )
    index = end
  }
  return out
}

function block(node: Node, source: string): Html {
  switch (node.type) {
    case 'paragraph':
      return table(sourceOf(node, source)) ?? html`<p>${inlines(node)}</p>`
    case 'heading':
      return heading(node.depth, inlines(node))
    case 'code':
      return html`<pre tabindex="0"><code>${node.value}</code></pre>`
    case 'blockquote':
      return html`<blockquote>${blocks(node.children, source)}</blockquote>`
    case 'list':
      return node.ordered === true
        ? html`<ol start="${node.start ?? 1}">${items(node, source)}</ol>`
        : html`<ul>${items(node, source)}</ul>`
    case 'thematicBreak':
      return html`<hr>`
    case 'html':
      return isComment(node.value) ? html`` : html`<p>${node.value}</p>`
    case 'definition':
      return html``
    default:
      return html`<p>${inline(node)}</p>`
  }
}

/** A page has its own headings above; a comment's begin below them. */
function heading(depth: number, content: Html[]): Html {
  if (depth === 1) return html`<h3>${content}</h3>`
  return depth === 2 ? html`<h4>${content}</h4>` : html`<h5>${content}</h5>`
}

function items(list: Container, source: string): Html[] {
  return list.children.map((item) =>
    'children' in item ? html`<li>${itemContent(item, source)}</li>` : html``,
  )
}

/** A list without blank lines shows its items without paragraphs. */
function itemContent(item: Container, source: string): Html[] {
  const [only] = item.children
  return only?.type === 'paragraph' && item.children.length === 1
    ? inlines(only)
    : blocks(item.children, source)
}

function inlines(node: Container): Html[] {
  return node.children.map(inline)
}

function inline(node: Node): Html {
  switch (node.type) {
    case 'text':
      return html`${node.value}`
    case 'inlineCode':
      return html`<code>${node.value}</code>`
    case 'emphasis':
      return html`<em>${inlines(node)}</em>`
    case 'strong':
      return html`<strong>${inlines(node)}</strong>`
    case 'break':
      return html`<br>`
    case 'link':
      return link(node.url, inlines(node))
    case 'image':
      return link(node.url, [html`${node.alt ?? node.url}`])
    case 'html':
      return isComment(node.value) ? html`` : html`${node.value}`
    default:
      return 'children' in node ? html`${inlines(node)}` : html``
  }
}

/** Links lead to the web, or are no links. */
function link(url: string, content: Html[]): Html {
  return isWebUrl(url)
    ? html`<a href="${url}" rel="noopener noreferrer nofollow">${content}</a>`
    : html`${content}`
}

function table(source: string): Html | null {
  const rows = tableOf(source)
  if (rows === null) return null
  const cells = (texts: readonly string[]) => texts.map((text) => inlineMarkdown(text))
  return html`<div class="scroll" tabindex="0"><table>
    <thead><tr>${cells(rows.head).map((cell) => html`<th>${cell}</th>`)}</tr></thead>
    <tbody>${rows.body.map((row) => html`<tr>${cells(row).map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`
}

function inlineMarkdown(source: string): Html[] {
  return fromMarkdown(source).children.flatMap((node) =>
    node.type === 'paragraph' ? inlines(node) : [block(node, source)],
  )
}

function sourceOf(node: Node, source: string): string {
  return source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0)
}

function isComment(text: string): boolean {
  return /^\s*<!--[\s\S]*-->\s*$/.test(text)
}

function detailsSummary(text: string): string | null {
  return /^<details>\s*<summary>([^<]*)<\/summary>\s*$/.exec(text)?.[1]?.trim() ?? null
}

/** Without its end, a `<details>` holds all that follows. */
function endOfDetails(nodes: readonly Node[], from: number): number {
  const end = nodes.findIndex((node, index) => index >= from && isEndOfDetails(node))
  return end === -1 ? nodes.length : end
}

function isEndOfDetails(node: Node): boolean {
  return node.type === 'html' && /^<\/details>\s*$/.test(node.value)
}
