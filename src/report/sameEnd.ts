import { type Fields, fieldsOf, listOf, optional, textOf } from '../model/read.ts'

/**
 * Whether a check run, as GitHub shows it, is what this body of an end makes of it: then an earlier attempt has arrived, and only its answer
 * was lost.
 */
export function isSameEnd(shown: unknown, body: string): boolean {
  const is = fieldsOf(shown, 'check run')
  const wanted = fieldsOf(JSON.parse(body), 'body')
  const [output, wantedOutput] = [outputOf(is), outputOf(wanted)]
  const same = (one: Fields, other: Fields, key: string) => textIn(one, key) === textIn(other, key)
  return (
    is['status'] === 'completed' &&
    ['external_id', 'conclusion'].every((key) => same(is, wanted, key)) &&
    ['title', 'summary'].every((key) => same(output, wantedOutput, key))
  )
}

/** Whether GitHub adds something to the check run each time that it gets this body. */
export function hasAnnotations(body: string): boolean {
  const output = outputOf(fieldsOf(JSON.parse(body), 'body'))
  const annotations = optional(output, 'annotations', (fields, key) => listOf(fields, key, Boolean))
  return annotations !== null && annotations.length > 0
}

/** The same body without what GitHub may refuse of it. */
export function withoutAnnotations(body: string): string {
  const fields = fieldsOf(JSON.parse(body), 'body')
  const { annotations: _annotations, ...output } = outputOf(fields)
  return JSON.stringify({ ...fields, output })
}

function outputOf(fields: Fields): Fields {
  return optional(fields, 'output', (own, key) => fieldsOf(own[key], key)) ?? {}
}

function textIn(fields: Fields, key: string): string | null {
  return optional(fields, key, textOf)
}
