import { type At, allowing, below, isPlain, type Look, pairsOf, refuse } from './look.ts'
import { routingFault } from './routing.ts'

/** Ours, and those that the engine and its clients keep for themselves: who has them belongs to a stack, a run or a project. */
const RESERVED = /^(?:berth|com\.docker|io\.docker|org\.dockerproject|desktop\.docker|docker)\./i

/**
 * Known to do nothing on an engine that other stacks share: notes, and what backup programs and abra read of the object itself. Other labels are
 * orders to programs that the operator runs (proxies, cron, updaters).
 */
const HARMLESS =
  /^(?:coop-cloud|backupbot|org\.opencontainers|org\.label-schema)\.|^(?:maintainer|description|version)$/

const MOST_LABELS = 300

/** A map of labels, in either form; ours are set later, over these. */
export const labels: Look = (value, at) => {
  const pairs = pairsOf(value)
  if (pairs === null) return refuse(at, 'must be a map of texts', 'write label: text')
  if (pairs.length > MOST_LABELS) return refuse(at, `has more than ${MOST_LABELS} labels`, 'write fewer')
  const kept = pairs.map(([name, text]) => {
    const line = text === null || !isPlain(text) ? '' : String(text)
    look(name, line, below(at, name, '*'))
    return [name, line] as const
  })
  return Object.fromEntries(kept)
}

function look(name: string, line: string, at: At): void {
  if (RESERVED.test(name)) {
    refuse(at, `the label ${name} says whose an object is, and is not the file's to set`, 'leave it out')
    return
  }
  if (HARMLESS.test(name) || at.scene.allow.labels.some((start) => name.startsWith(start))) return
  const fault = /^traefik\./i.test(name) ? routingFault(name, line, at.scene) : null
  if (/^traefik\./i.test(name)) {
    if (fault !== null) refuse(at, fault.text, fault.wayOut)
    return
  }
  refuse(
    at,
    `the label ${name} may be an order to a program beside the engine`,
    allowing(`labels: ['${name}']`),
  )
}
