import type { operations } from '@octokit/openapi-types'
import type { Annotation } from '../model/annotation.ts'
import { type Annotations, countsOf, foundWords } from '../model/annotations.ts'
import { inCell } from './text.ts'

type Output = NonNullable<operations['checks/create']['requestBody']['content']['application/json']['output']>
type CheckAnnotation = NonNullable<Output['annotations']>[number]

/** Of one that has no place in the repository, and of what could not be read, this much is in the summary. */
const MOST_ITEMS = 6
const MOST_FAULTS = 3

/** Those that GitHub shows at their lines. It adds those of every call to what it has: they go with a run's end only. */
export function checkAnnotations(annotations: Annotations | null): readonly CheckAnnotation[] {
  return (annotations?.placed ?? []).map(checkAnnotation)
}

/** What the summary says of a run's annotations, in Markdown; empty = nothing. */
export function annotationsText(annotations: Annotations | null): string {
  if (annotations === null) return ''
  return [foundText(annotations), faultsText(annotations)].filter((text) => text !== '').join('\n\n')
}

function checkAnnotation(annotation: Annotation): CheckAnnotation {
  const { path, line, endLine, startColumn, endColumn, level, title, message, details } = annotation
  return {
    path: path ?? '',
    start_line: line,
    end_line: endLine,
    ...(startColumn === null || endColumn === null
      ? {}
      : { start_column: startColumn, end_column: endColumn }),
    annotation_level: level,
    message,
    ...(title === null ? {} : { title }),
    ...(details === null ? {} : { raw_details: details }),
  }
}

function foundText(annotations: Annotations): string {
  const { placed, unplaced, found } = annotations
  const { all, hidden } = countsOf(annotations)
  if (all === 0) return ''
  const shown = unplaced.slice(0, MOST_ITEMS)
  const more = hidden + unplaced.length - shown.length
  const facts = [
    ...(placed.length === 0 ? [] : [`${placed.length} at their lines`]),
    ...(more === 0 ? [] : [`${more} more are in no list`]),
  ]
  const line = `Annotations: ${[foundWords(found), ...facts].join('; ')}.`
  return shown.length === 0 ? line : `${line}\n\n${shown.map(itemOf).join('\n')}`
}

function itemOf({ level, title, message }: Annotation): string {
  return `- ${level} ${title === null || title === message ? '' : `${inCell(title)}: `}${inCell(message)}`
}

function faultsText({ faults, faultCount }: Annotations): string {
  if (faultCount === 0) return ''
  const shown = faults.slice(0, MOST_FAULTS)
  const more = faultCount - shown.length
  const lines = [...shown.map((fault) => `- ${inCell(fault)}`), ...(more === 0 ? [] : [`- and ${more} more`])]
  return `Annotations that could not be read:\n\n${lines.join('\n')}`
}
