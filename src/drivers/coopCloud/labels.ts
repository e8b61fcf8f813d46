import { type ComposeDocument, fieldsOf, itemsOf, lineAt } from './composeDocument.ts'
import { servicesIn } from './composeParts.ts'
import type { Fault } from './fault.ts'
import { interpolated, type Values } from './interpolate.ts'

/** A label of a service (`deploy.labels`), interpolated. */
export interface Label {
  readonly service: string
  readonly key: string
  readonly value: string
  readonly file: string
  readonly line: number
}

/** Of a label that several files give one service, the last one counts. */
export function deployLabels(documents: readonly ComposeDocument[], values: Values): readonly Label[] {
  const labels = new Map<string, Label>()
  for (const { service, value, document, path } of servicesIn(documents)) {
    const written = fieldsOf(value['deploy'])['labels']
    for (const [at, key, text] of Array.isArray(written)
      ? listed(written, values)
      : mapped(written, values)) {
      const line = lineAt(document, [...path, 'deploy', 'labels', at])
      labels.set(`${service} ${key}`, { service, key, value: text, file: document.file, line })
    }
  }
  return [...labels.values()]
}

type Written = readonly [at: PropertyKey, key: string, value: string]

/** In a list a label is one text, and its key is interpolated as well. */
function listed(labels: readonly unknown[], values: Values): readonly Written[] {
  return itemsOf(labels).map((item, index): Written => {
    const [key = '', ...value] = interpolated(String(item), values).split('=')
    return [index, key, value.join('=')]
  })
}

/** In a map the key stays as it is written: compose interpolates values only. */
function mapped(labels: unknown, values: Values): readonly Written[] {
  return Object.entries(fieldsOf(labels)).map(
    ([key, value]): Written => [key, key, interpolated(String(value ?? ''), values)],
  )
}

/** The service that abra looks at (abra, pkg/upstream/stack and pkg/recipe); others are asked where it has no such label. */
const MAIN_SERVICE = 'app'

/** `coop-cloud.<stack>.<name>`, or null. */
function coopCloudLabel(labels: readonly Label[], stackName: string, name: string): Label | null {
  const found = labels.filter(({ key }) => key === `coop-cloud.${stackName}.${name}`)
  return found.find(({ service }) => service === MAIN_SERVICE) ?? found[0] ?? null
}

/** What the recipe says its version is, or null; an empty label says nothing. */
export function versionLabel(labels: readonly Label[], stackName: string): string | null {
  return coopCloudLabel(labels, stackName, 'version')?.value || null
}

export interface DeployTimeout {
  /** How long the recipe lets a deploy take until it has converged; null = it does not say. */
  readonly timeoutMs: number | null
  readonly faults: readonly Fault[]
}

/** `coop-cloud.<stack>.timeout`, in seconds. */
export function timeoutLabel(labels: readonly Label[], stackName: string): DeployTimeout {
  const label = coopCloudLabel(labels, stackName, 'timeout')
  if (label === null) return { timeoutMs: null, faults: [] }
  if (/^[1-9]\d{0,6}$/.test(label.value)) return { timeoutMs: Number(label.value) * 1000, faults: [] }
  const { file, line, key, value } = label
  return { timeoutMs: null, faults: [{ file, line, key, text: `"${value}" is no number of seconds` }] }
}
