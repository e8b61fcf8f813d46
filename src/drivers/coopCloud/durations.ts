import type { Path } from '../../model/keyPath.ts'
import { type ComposeDocument, lineOfPart, textsIn } from './composeDocument.ts'
import type { Fault } from './fault.ts'
import { usesIn } from './interpolate.ts'

/** Below `services.<name>`. */
const DURATIONS: readonly RegExp[] = [
  /^healthcheck\.(?:interval|timeout|start_period|start_interval)$/,
  /^stop_grace_period$/,
  /^deploy\.(?:update_config|rollback_config)\.(?:delay|monitor)$/,
  /^deploy\.restart_policy\.(?:delay|window)$/,
]

/** Durations that are variables. abra holds the files against their schema before it interpolates them too, and then no duration is there. */
export function durationFaults(document: ComposeDocument): readonly Fault[] {
  return textsIn(document).flatMap((text) => {
    const [use] = isDuration(text.path) ? usesIn(text.text) : []
    if (use === undefined) return []
    const fault = `${use.text} stands where a duration is read before variables are put in; write the duration itself`
    return [{ file: document.file, line: lineOfPart(document, text, use.text), key: text.key, text: fault }]
  })
}

function isDuration([first, , ...rest]: Path): boolean {
  return first === 'services' && DURATIONS.some((pattern) => pattern.test(rest.join('.')))
}
