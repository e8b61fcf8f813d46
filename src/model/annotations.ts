import {
  type Annotation,
  annotationOf,
  LEVELS,
  type Level,
  type Remark,
  readAnnotation,
} from './annotation.ts'
import { cutToBytes, oneLine } from './cutText.ts'
import { plainText } from './plainText.ts'
import { type Fields, fieldsOf, listOf, numberOf, textsOf } from './read.ts'

/** What the stages of a run said of the files that they worked on; bounded, whatever they said. */
export interface Annotations {
  /** With a place in the repository, the worst first, else in the order in which they were found. */
  readonly placed: readonly Annotation[]
  /** Without one, in the same order. */
  readonly unplaced: readonly Annotation[]
  /** All that were found, also those that are not kept. */
  readonly found: Readonly<Record<Level, number>>
  /** What could not be read, each with file and line; the first ones. */
  readonly faults: readonly string[]
  /** All that could not be read. */
  readonly faultCount: number
}

/** GitHub takes so many in a call, and each later call adds to them: so many in all. */
const MOST_PLACED = 50
/** Of a level: whether a path leads anywhere is known when it has been looked at, which takes its time. */
const MOST_LOOKED_AT = 5_000
const MOST_UNPLACED = 10
const MOST_FAULTS = 5
const MOST_FAULT = 200
const MOST_LINE = 200
/** All texts of a run's annotations together; a long one at the end of many is cut shorter. */
const MOST_BYTES = 512 * 1024
const LEAST_MESSAGE_BYTES = 1_024

/** A text without the run's secrets. */
export type Hide = (text: string) => string

export interface Collector {
  readonly add: (remark: Remark) => void
  readonly fault: (text: string) => void
  readonly all: () => Annotations
}

/**
 * Keeps what is worth keeping of any number of remarks. Texts are hidden in before they are cut: half a secret would not be found.
 * @param workspace where the checkout was
 */
export function collectorIn(workspace: string, hide: Hide = (text) => text): Collector {
  const placed = newShelf()
  const unplaced = newShelf()
  const found = { failure: 0, warning: 0, notice: 0 }
  const faults: string[] = []
  let faultCount = 0
  return {
    add(remark) {
      const { level } = remark
      const [here, nowhere] = [placed[level], unplaced[level]]
      found[level] += 1
      const isFull = remark.path === null ? isShelfFull(nowhere) : isShelfFull(here)
      if (isFull || found[level] > MOST_LOOKED_AT) return
      const annotation = annotationOf(hidden(remark, hide), workspace)
      const shelf = annotation.path === null ? nowhere : here
      if (!isShelfFull(shelf)) shelf.push(annotation)
    },
    fault(text) {
      faultCount += 1
      if (faults.length < MOST_FAULTS) faults.push(oneLine(hiddenIn(text, hide), MOST_FAULT))
    },
    all: () => ({
      placed: withinBytes(inOrder(placed, MOST_PLACED)),
      unplaced: withinBytes(inOrder(unplaced, MOST_UNPLACED)),
      found,
      faults,
      faultCount,
    }),
  }
}

function hidden(remark: Remark, hide: Hide): Remark {
  const shown = (text: string | null) => (text === null ? null : hiddenIn(text, hide))
  const { path, title, message, details } = remark
  return {
    ...remark,
    path: path === null || hiddenIn(path, hide) === plainText(path) ? path : hiddenIn(path, hide),
    title: shown(title),
    message: hiddenIn(message, hide),
    details: shown(details),
  }
}

/** Looked through again without what nobody sees: a colour in the middle of a secret keeps it from being found, and is taken out later. */
function hiddenIn(text: string, hide: Hide): string {
  const once = hide(text.replaceAll(/\r\n?/g, '\n'))
  const plain = plainText(once)
  return plain === once ? once : hide(plain)
}

function isShelfFull(shelf: readonly Annotation[]): boolean {
  return shelf.length >= MOST_PLACED
}

/** Reads them back; whatever the file says, what comes out keeps the rules. */
export function readAnnotations(value: unknown): Annotations {
  const fields = fieldsOf(value, 'annotations')
  const found = fieldsOf(fields['found'], 'found')
  return {
    placed: listOf(fields, 'placed', readAnnotation)
      .filter(({ path }) => path !== null)
      .slice(0, MOST_PLACED),
    unplaced: listOf(fields, 'unplaced', readAnnotation).slice(0, MOST_UNPLACED),
    found: {
      failure: countIn(found, 'failure'),
      warning: countIn(found, 'warning'),
      notice: countIn(found, 'notice'),
    },
    faults: textsOf(fields, 'faults')
      .slice(0, MOST_FAULTS)
      .map((fault) => oneLine(fault, MOST_FAULT)),
    faultCount: countIn(fields, 'faultCount'),
  }
}

function countIn(fields: Fields, key: string): number {
  const count = numberOf(fields, key)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new TypeError(`${key} must be a count, and is ${count}`)
}

/** How many were found, and how many of them are not kept. */
export function countsOf({ placed, unplaced, found }: Annotations) {
  const all = LEVELS.reduce((sum, level) => sum + found[level], 0)
  return { all, hidden: Math.max(0, all - placed.length - unplaced.length) }
}

/** `2 failures, 1 warning`. */
export function foundWords(found: Annotations['found']): string {
  return LEVELS.filter((level) => found[level] > 0)
    .map((level) => `${found[level]} ${level}${found[level] === 1 ? '' : 's'}`)
    .join(', ')
}

/** All of it in lines of plain text; none where nothing was said. */
export function annotationLines(annotations: Annotations | null): readonly string[] {
  if (annotations === null) return []
  const { placed, unplaced, found, faults, faultCount } = annotations
  const { all, hidden } = countsOf(annotations)
  return [
    ...(all === 0 ? [] : [`annotations: ${foundWords(found)}`]),
    ...[...placed, ...unplaced].map((annotation) => `  ${lineOf(annotation)}`),
    ...(hidden === 0 ? [] : [`  and ${hidden} more`]),
    ...(faultCount === 0 ? [] : [`annotations that could not be read: ${faultCount}`]),
    ...faults.map((fault) => `  ${fault}`),
  ]
}

function lineOf({ level, path, line, title, message }: Annotation): string {
  const place = path === null ? '' : ` ${path}:${line}`
  const words = title === null || title === message ? message : `${title}: ${message}`
  return oneLine(`${level}${place} ${words}`, MOST_LINE)
}

type Shelf = Readonly<Record<Level, Annotation[]>>

function newShelf(): Shelf {
  return { failure: [], warning: [], notice: [] }
}

function inOrder(shelf: Shelf, most: number): readonly Annotation[] {
  return LEVELS.flatMap((level) => shelf[level]).slice(0, most)
}

/** Every one keeps its beginning. */
function withinBytes(annotations: readonly Annotation[]): readonly Annotation[] {
  let room = MOST_BYTES
  return annotations.map((annotation) => {
    const most = Math.max(LEAST_MESSAGE_BYTES, room)
    const message = cutToBytes(annotation.message, most)
    const details = annotation.details === null ? null : cutToBytes(annotation.details, most)
    room -= Buffer.byteLength(message) + Buffer.byteLength(details ?? '')
    return { ...annotation, message, details }
  })
}
